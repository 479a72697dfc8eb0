package archive

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/guestctl/guestctl/engine/binread"
)

// maxDictionary is the largest window or dictionary that a compressed file may ask for: that of xz -9.
const maxDictionary = 64 << 20

// peeked is how many bytes decide what a compressed file holds, and the buffer before it.
const peeked = 16 << 10

// compression is one way to compress a file.
type compression struct {
	is   func(content []byte) bool
	open func(content []byte) (io.ReadCloser, error)
}

var compressions = []compression{
	{prefix("\x1f\x8b\x08"), openGzip},
	{isXZ, openXZ},
	{isZstd, openZstd},
	{isBzip2, openBzip2},
	{isLZ4, openLZ4},
	{isLZMA, openLZMA},
}

// compressionOf returns how content is compressed, or nil.
func compressionOf(content []byte) *compression {
	for i := range compressions {
		if compressions[i].is(content) {
			return &compressions[i]
		}
	}
	return nil
}

// compressed opens a compressed file: the archive in it, or else the one member that it is.
func (w *walker) compressed(content []byte) error {
	r, err := compressionOf(content).open(content)
	if err != nil {
		return w.problem("", err)
	}
	defer func() { _ = r.Close() }() // of a reader of memory
	return w.stream(r)
}

// stream opens what a compressed file becomes.
func (w *walker) stream(r io.Reader) error {
	b := bufio.NewReaderSize(w.meter(r), peeked)
	head, _ := b.Peek(tarBlock) // an error comes again
	switch {
	case isTar(head):
		return w.tar(b)
	case isCpio(head):
		if err := w.cpio(b); err != nil {
			return err
		}
		return w.noMore(b)
	case bytes.HasPrefix(head, []byte("07070X")): // rpm's cpio without names
		if err := w.problem("", binread.Unsupported("an rpm package without names in its payload is looked into as one file")); err != nil {
			return err
		}
	}
	return w.member(Member{Size: -1, Reader: b})
}

// noMore tells bytes that follow the end of an archive, and the error of the stream that it is in.
func (w *walker) noMore(b *bufio.Reader) error {
	switch _, err := b.Peek(1); err {
	case nil:
		return w.problem("", binread.Corrupt("something follows the end of the archive"))
	case io.EOF:
		return nil
	default:
		return w.problem("", err)
	}
}

func isXZ(content []byte) bool { return bytes.HasPrefix(content, []byte("\xfd7zXZ\x00")) }

func openXZ(content []byte) (io.ReadCloser, error) {
	r, err := xz.NewReader(bytes.NewReader(content), maxDictionary)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(r), nil
}

func isBzip2(content []byte) bool {
	return len(content) >= 10 && string(content[:3]) == "BZh" && content[3] >= '1' && content[3] <= '9' &&
		(string(content[4:10]) == "1AY&SY" || string(content[4:10]) == "\x17\x72\x45\x38\x50\x90") // a block, or the end
}

func openBzip2(content []byte) (io.ReadCloser, error) {
	return io.NopCloser(bzip2.NewReader(bytes.NewReader(content))), nil
}

// isZstd takes frames that are to be skipped, too, when a real one follows the first of them.
func isZstd(content []byte) bool {
	const frame = "\x28\xb5\x2f\xfd"
	if bytes.HasPrefix(content, []byte(frame)) {
		return true
	}
	c := binread.Little(content)
	if c.U32()&^0xf != 0x184d2a50 {
		return false
	}
	size := c.U32()
	return int64(size) < int64(c.Len()) && bytes.HasPrefix(content[c.Offset()+int(size):], []byte(frame))
}

func openZstd(content []byte) (io.ReadCloser, error) {
	d, err := zstd.NewReader(bytes.NewReader(content), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxDictionary), zstd.WithDecoderMaxMemory(maxDictionary))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func openGzip(content []byte) (io.ReadCloser, error) {
	return concatenate(content, prefix("\x1f\x8b"), func(r *bytes.Reader) (io.Reader, error) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		z.Multistream(false)
		return z, nil
	})
}

func isLZ4(content []byte) bool {
	return bytes.HasPrefix(content, []byte("\x04\x22\x4d\x18")) || bytes.HasPrefix(content, []byte("\x02\x21\x4c\x18")) // of Linux
}

func openLZ4(content []byte) (io.ReadCloser, error) {
	return concatenate(content, isLZ4, func(r *bytes.Reader) (io.Reader, error) { return lz4.NewReader(r), nil })
}

func openLZMA(content []byte) (io.ReadCloser, error) {
	return concatenate(content, isLZMA, func(r *bytes.Reader) (io.Reader, error) {
		return lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(r)
	})
}

// concatenated reads compressed files one after the other, as gzip -d does. Zeros at the end are padding; else that something
// follows is an error.
type concatenated struct {
	content []byte
	rest    *bytes.Reader
	is      func(content []byte) bool
	open    func(r *bytes.Reader) (io.Reader, error) // reads no byte beyond its end
	now     io.Reader
}

func concatenate(content []byte, is func([]byte) bool, open func(*bytes.Reader) (io.Reader, error)) (io.ReadCloser, error) {
	c := &concatenated{content: content, rest: bytes.NewReader(content), is: is, open: open}
	var err error
	c.now, err = open(c.rest)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(c), nil
}

// Read reads from the file that is its turn. Between two files it returns nothing, so that the budget sees each: millions that hold
// nothing can follow each other.
func (c *concatenated) Read(p []byte) (int, error) {
	n, err := c.now.Read(p)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	if n > 0 {
		return n, nil
	}
	follows := c.content[len(c.content)-c.rest.Len():]
	switch {
	case isZero(follows):
		return 0, io.EOF
	case !c.is(follows):
		return 0, binread.Corrupt("%d bytes follow the compressed content", len(follows))
	}
	c.now, err = c.open(c.rest)
	return 0, err
}

func isZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
