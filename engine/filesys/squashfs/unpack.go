package squashfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/anchore/go-lzo"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/guestctl/guestctl/engine/binread"
)

// maxDictionary is the most that a stream may ask for to look back, in bytes: no block is larger.
const maxDictionary = 1 << maxBlockLog

// compressor is how blocks are packed.
type compressor uint16

const (
	compGzip compressor = 1 + iota
	compLZMA
	compLZO
	compXZ
	compLZ4
	compZstd
)

func (c compressor) String() string {
	switch c {
	case compGzip:
		return "gzip"
	case compLZMA:
		return "lzma"
	case compLZO:
		return "lzo"
	case compXZ:
		return "xz"
	case compLZ4:
		return "lz4"
	case compZstd:
		return "zstd"
	}
	return fmt.Sprintf("compressor %d", uint16(c))
}

// unpacker unpacks blocks. It is safe for concurrent use.
type unpacker interface {
	// unpack unpacks src into dst, and returns how many bytes that were. More than dst has room for is an error.
	unpack(dst, src []byte) (int, error)
}

func newUnpacker(c compressor) (unpacker, error) {
	switch c {
	case compGzip:
		return &zlibUnpacker{}, nil
	case compLZMA:
		return unpackFunc(unpackLZMA), nil
	case compLZO:
		return unpackFunc(unpackLZO), nil
	case compXZ:
		return unpackFunc(unpackXZ), nil
	case compLZ4:
		return unpackFunc(unpackLZ4), nil
	case compZstd:
		d, err := zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
		return zstdUnpacker{d}, err
	}
	return nil, binread.Unsupported("%v, want gzip, lzma, lzo, xz, lz4 or zstd", c)
}

type unpackFunc func(dst, src []byte) (int, error)

func (f unpackFunc) unpack(dst, src []byte) (int, error) { return f(dst, src) }

// zlibUnpacker keeps readers (RFC 1950): to make one costs more than to unpack a small block.
type zlibUnpacker struct{ readers sync.Pool }

func (u *zlibUnpacker) unpack(dst, src []byte) (int, error) {
	var err error
	r, _ := u.readers.Get().(io.ReadCloser)
	if again, ok := r.(zlib.Resetter); ok {
		err = again.Reset(bytes.NewReader(src), nil)
	} else {
		r, err = zlib.NewReader(bytes.NewReader(src))
	}
	if err != nil {
		return 0, binread.Corrupt("gzip: %w", err)
	}
	defer u.readers.Put(r)
	n, err := drain(dst, r)
	if err != nil {
		return n, fmt.Errorf("gzip: %w", err)
	}
	return n, nil
}

// drain reads a stream to its end, which has to come before dst is more than full.
func drain(dst []byte, r io.Reader) (n int, err error) {
	var more [1]byte
	for err == nil {
		b := dst[n:]
		if len(b) == 0 {
			b = more[:]
		}
		var count int
		count, err = r.Read(b)
		if n == len(dst) && count > 0 {
			return n, binread.Corrupt("a block unpacks to more than %d bytes", len(dst))
		}
		n += count
	}
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, binread.Corrupt("after %d bytes: %w", n, err)
	}
	return n, nil
}

func unpackXZ(dst, src []byte) (int, error) {
	r, err := xz.NewReader(bytes.NewReader(src), maxDictionary)
	if err != nil {
		return 0, binread.Corrupt("xz: %w", err)
	}
	n, err := drain(dst, r)
	if err != nil {
		return n, fmt.Errorf("xz: %w", err)
	}
	return n, nil
}

// unpackLZMA unpacks what is called LZMA_alone.
func unpackLZMA(dst, src []byte) (int, error) {
	r, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(bytes.NewReader(src))
	if err != nil {
		return 0, binread.Corrupt("lzma: %w", err)
	}
	n, err := drain(dst, r)
	if err != nil {
		return n, fmt.Errorf("lzma: %w", err)
	}
	return n, nil
}

func unpackLZO(dst, src []byte) (int, error) {
	n, err := lzo.Decompress(src, dst)
	if err != nil {
		return 0, binread.Corrupt("lzo: %w", err)
	}
	return n, nil
}

func unpackLZ4(dst, src []byte) (int, error) {
	n, err := lz4.UncompressBlock(src, dst)
	if err != nil {
		return 0, binread.Corrupt("lz4: %w", err)
	}
	return n, nil
}

type zstdUnpacker struct{ decoder *zstd.Decoder }

func (u zstdUnpacker) unpack(dst, src []byte) (int, error) {
	out, err := u.decoder.DecodeAll(src, dst[:0:len(dst)])
	if err != nil {
		return 0, binread.Corrupt("zstd: %w", err)
	}
	return len(out), nil
}

// readOptions reads the options of the compressor, which stand behind the superblock as a block of metadata. Those that say how hard the
// compressor tried do not matter here.
func (f *FS) readOptions() error {
	if f.super.flags&flagOptions == 0 {
		return nil
	}
	header := make([]byte, metadataHeader)
	if err := f.fill(header, superSize); err != nil {
		return err
	}
	if _, packed := stored(header); packed {
		return binread.Corrupt("packed, want them as they are")
	}
	b, _, err := f.metadataBlock(superSize)
	if err != nil {
		return err
	}
	return checkOptions(f.super.compressor, b)
}

func checkOptions(of compressor, b []byte) error {
	c := binread.Little(b)
	first, second := c.U32(), uint32(0)
	if of != compZstd {
		second = c.U32()
	}
	switch {
	case c.Err() != nil:
		return c.Err()
	case of == compLZ4 && first != 1:
		return binread.Unsupported("lz4 in version %d, want 1", first)
	case of == compXZ && first > maxDictionary:
		return binread.Limit("xz with a dictionary of %d bytes, want at most %d", first, maxDictionary)
	case of == compXZ && second>>6 != 0:
		return binread.Unsupported("xz with filters %#x", second)
	}
	return nil
}
