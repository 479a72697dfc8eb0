package erofs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz/lzma"

	"github.com/guestctl/guestctl/engine/binread"
)

// codec is how a cluster is packed.
type codec uint8

const (
	codecLZ4 codec = iota
	codecLZMA
	codecDeflate
	codecZstd
	codecs
)

func (c codec) String() string {
	switch c {
	case codecLZ4:
		return "lz4"
	case codecLZMA:
		return "lzma"
	case codecDeflate:
		return "deflate"
	case codecZstd:
		return "zstd"
	}
	return fmt.Sprintf("codec %d", uint8(c))
}

// unpacker unpacks clusters. It is safe for concurrent use, and keeps what is costly to make. The zero value is ready.
type unpacker struct {
	buffers  sync.Pool // *[]byte, of maxStored bytes
	inflates sync.Pool // io.ReadCloser and flate.Resetter
	zstd     sync.Pool // *zstd.Decoder
	streams  sync.Pool // *zstd.Decoder
}

// buffer returns n bytes, maxStored at most, until they are released.
func (u *unpacker) buffer(n int) (b []byte, release func()) {
	kept, _ := u.buffers.Get().(*[]byte)
	if kept == nil || len(*kept) < n {
		fresh := make([]byte, n)
		kept = &fresh
	}
	return (*kept)[:n], func() { u.buffers.Put(kept) }
}

// unpack unpacks src, which has to fill dst and no more, but for a cluster of which only the first is wanted. With padding, zeros stand in
// front of what is packed; without it, which only lz4 knows, anything can stand behind. It may change src.
func (u *unpacker) unpack(dst, src []byte, c *cluster, padding bool) error {
	if padding || c.codec != codecLZ4 {
		src = bytes.TrimLeft(src, "\x00")
	}
	if len(src) == 0 {
		return binread.Corrupt("only zeros")
	}
	switch c.codec {
	case codecLZ4:
		return unpackLZ4(dst, src, c.partial || !padding)
	case codecLZMA:
		return unpackLZMA(dst, src, c.partial)
	case codecDeflate:
		return u.inflate(dst, src, c.partial)
	}
	return u.unpackZstd(dst, src, c.partial)
}

// fill reads a stream until dst is full, where it has to end but for one of which only the first is wanted.
func fill(dst []byte, r io.Reader, partial bool) error {
	n, err := io.ReadFull(r, dst)
	if err != nil {
		return binread.Corrupt("after %d of %d bytes: %w", n, len(dst), err)
	}
	if partial {
		return nil
	}
	var more [1]byte
	if n, err = io.ReadFull(r, more[:]); n > 0 {
		return binread.Corrupt("more than %d bytes", len(dst))
	}
	if !errors.Is(err, io.EOF) {
		return binread.Corrupt("after %d bytes: %w", len(dst), err)
	}
	return nil
}

func (u *unpacker) inflate(dst, src []byte, partial bool) error {
	r, _ := u.inflates.Get().(io.ReadCloser)
	if again, ok := r.(flate.Resetter); ok {
		if err := again.Reset(bytes.NewReader(src), nil); err != nil {
			return binread.Corrupt("%w", err)
		}
	} else {
		r = flate.NewReader(bytes.NewReader(src))
	}
	defer u.inflates.Put(r)
	return fill(dst, r, partial)
}

// unpackZstd keeps decoders of whole clusters apart from those that stopped in the middle of one, which still hold on to it.
func (u *unpacker) unpackZstd(dst, src []byte, partial bool) error {
	pool := &u.zstd
	if partial {
		pool = &u.streams
	}
	d, _ := pool.Get().(*zstd.Decoder)
	if d == nil {
		var err error
		if d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxUnpacked),
			zstd.WithDecodeAllCapLimit(true)); err != nil {
			return err
		}
	}
	defer pool.Put(d)
	if partial {
		if err := d.Reset(bytes.NewReader(src)); err != nil {
			return binread.Corrupt("%w", err)
		}
		return fill(dst, d, true)
	}
	out, err := d.DecodeAll(src, dst[:0:len(dst)])
	switch {
	case err != nil:
		return binread.Corrupt("%w", err)
	case len(out) != len(dst):
		return binread.Corrupt("%d bytes, want %d", len(out), len(dst))
	}
	return nil
}

// unpackLZMA unpacks MicroLZMA: LZMA whose properties stand, inverted, where the first byte is that would always be zero, and whose length
// and window are not in front of it.
func unpackLZMA(dst, src []byte, partial bool) error {
	alone := make([]byte, 0, lzma.HeaderLen+len(src))
	alone = append(alone, ^src[0])
	for _, n := range [...]struct{ value, bytes int }{{max(len(dst), lzma.MinDictCap), 4}, {len(dst), 8}} {
		for i := range n.bytes {
			alone = append(alone, byte(n.value>>(8*i)))
		}
	}
	alone = append(append(alone, 0), src[1:]...)
	r, err := lzma.ReaderConfig{DictCap: maxUnpacked}.NewReader(bytes.NewReader(alone))
	if err != nil {
		return binread.Corrupt("%w", err)
	}
	if !partial {
		return fill(dst, r, false)
	}
	// What is behind the bytes that are wanted is an error, and the reader gives what it has only when it is asked once more.
	n, err := io.ReadFull(r, dst)
	if err != nil {
		var more int
		more, err = io.ReadFull(r, dst[n:])
		if n += more; n == len(dst) {
			err = nil
		}
	}
	if err != nil {
		return binread.Corrupt("after %d of %d bytes: %w", n, len(dst), err)
	}
	return nil
}

func unpackLZ4(dst, src []byte, partial bool) error {
	if !partial {
		return decodeLZ4(dst, src)
	}
	src, length := cutLZ4(src, len(dst))
	switch {
	case length < len(dst):
		return binread.Corrupt("%d bytes, want %d", length, len(dst))
	case length > maxUnpacked:
		return binread.Corrupt("more than %d bytes", maxUnpacked)
	case length == len(dst):
		return decodeLZ4(dst, src)
	}
	whole := make([]byte, length)
	if err := decodeLZ4(whole, src); err != nil {
		return err
	}
	copy(dst, whole)
	return nil
}

func decodeLZ4(dst, src []byte) error {
	n, err := lz4.UncompressBlock(src, dst)
	switch {
	case err != nil:
		return binread.Corrupt("%w", err)
	case n != len(dst):
		return binread.Corrupt("%d bytes, want %d", n, len(dst))
	}
	return nil
}

// cutLZ4 makes a block of the sequences that unpack to at least the bytes that are wanted, and says to how many. The decoder itself knows
// no end but that of the block. The last sequence of a block has no match: where one is cut off, src is changed so that it has none.
func cutLZ4(src []byte, want int) (block []byte, length int) {
	c := binread.Little(src)
	count := func(n uint8) int {
		total := int(n)
		for more := uint8(255); n == 15 && more == 255 && total <= maxUnpacked; total += int(more) {
			more = c.U8()
		}
		return total
	}
	for c.Len() > 0 && length <= maxUnpacked {
		at := c.Offset()
		token := c.U8()
		literals := count(token >> 4)
		c.Skip(literals)
		if length += literals; c.Len() == 0 {
			break
		}
		if length >= want {
			src[at] = token &^ 15
			return src[:c.Offset()], length
		}
		c.Skip(2) // how far back the match is
		length += 4 + count(token&15)
	}
	return src, length
}
