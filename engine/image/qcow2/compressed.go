package qcow2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
)

// cluster returns a decompressed cluster. Its descriptor has the offset in its low bits and above them the number of
// sectors of 512 bytes that the data takes beyond its first. The result is shared: it must not be changed.
func (m *Image) cluster(descriptor int64) ([]byte, error) {
	block, mine := m.clusters.Get(descriptor)
	if !mine {
		return block.Wait()
	}
	b, err := m.decompress(descriptor)
	m.clusters.Put(block, b, err)
	return b, err
}

// place is where in the file a compressed cluster lies, by its descriptor.
func (h *header) place(descriptor int64) (off, n int64) {
	bits := 62 - (h.clusterBits - 8) // of the offset
	off = descriptor & (1<<bits - 1)
	return off, (descriptor>>bits+1)*512 - off&511
}

func (m *Image) decompress(descriptor int64) ([]byte, error) {
	off, n := m.head.place(descriptor)
	if off >= m.fileSize {
		return nil, binread.Corrupt("compressed cluster at %#x, want it inside of a file of %d bytes", off, m.fileSize)
	}
	n = min(n, m.fileSize-off) // the last sector need not be whole
	in, ok := m.inflate.Get().(*inflater)
	if !ok {
		in = new(inflater)
	}
	defer m.inflate.Put(in)
	in.buf = append(in.buf[:0], make([]byte, n)...)
	if err := binread.Fill(m.r, in.buf, off); err != nil {
		return nil, fmt.Errorf("compressed cluster: %w", err)
	}
	b := make([]byte, m.head.clusterSize())
	var err error
	if m.head.compressionType == compressionZstd {
		err = m.decodeZstd(b, in.buf)
	} else {
		err = in.decode(b)
	}
	if err != nil {
		return nil, fmt.Errorf("compressed cluster of %d bytes at %#x: %w", n, off, err)
	}
	return b, nil
}

// inflater holds what decompressing a cluster needs besides the cluster.
type inflater struct {
	buf    []byte // compressed
	src    bytes.Reader
	stream io.Reader
}

// decode fills b from the deflate stream (RFC 1951) in in.buf.
//
// The specification has decompression stop when a cluster is full, so that a stream without its end mark is accepted.
// One that goes on is not: no writer makes it.
func (in *inflater) decode(b []byte) error {
	in.src.Reset(in.buf)
	if used, ok := in.stream.(flate.Resetter); !ok {
		in.stream = flate.NewReader(&in.src)
	} else if err := used.Reset(&in.src, nil); err != nil {
		return err
	}
	if n, err := io.ReadFull(in.stream, b); err != nil {
		return binread.Corrupt("after %d bytes of a cluster of %d: %w", n, len(b), err)
	}
	var more [1]byte
	if n, _ := in.stream.Read(more[:]); n > 0 {
		return binread.Corrupt("more than a cluster of %d bytes", len(b))
	}
	return nil
}

// newZstd returns the zstd decoder of an image, which is made when the first cluster needs it.
func newZstd() func() (*zstd.Decoder, error) {
	return sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(true))
	})
}

// decodeZstd fills b from the zstd frame (RFC 8878) at the start of src.
func (m *Image) decodeZstd(b, src []byte) error {
	decoder, err := m.zstd()
	if err != nil {
		return err
	}
	frame, err := cutFrame(src)
	if err != nil {
		return err
	}
	out, err := decoder.DecodeAll(frame, b[:0:len(b)])
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return binread.Corrupt("more than a cluster of %d bytes", len(b))
	case err != nil:
		return binread.Corrupt("after %d bytes of a cluster of %d: %w", len(out), len(b), err)
	case len(out) != len(b):
		return binread.Corrupt("%d bytes, want a cluster of %d", len(out), len(b))
	}
	return nil
}

// cutFrame returns the zstd frame at the start of b without the bytes that follow it in its last sector.
func cutFrame(b []byte) ([]byte, error) {
	var head zstd.Header
	if err := head.Decode(b); err != nil {
		return nil, binread.Corrupt("zstd frame: %w", err)
	}
	if head.Skippable {
		return nil, binread.Corrupt("zstd frame is skippable, want data")
	}
	c := binread.Little(b)
	c.At(head.HeaderSize)
	for last := false; !last && c.Err() == nil; {
		block := uint32(c.U16()) | uint32(c.U8())<<16 // last, type (2 bits), size
		last = block&1 != 0
		if n := int(block >> 3); block>>1&3 == 1 { // one byte, repeated n times
			c.Skip(1)
		} else {
			c.Skip(n)
		}
	}
	if head.HasCheckSum {
		c.Skip(4)
	}
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("zstd frame: %w", err)
	}
	return b[:c.Offset()], nil
}
