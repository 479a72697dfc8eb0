package btrfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/anchore/go-lzo"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
)

// Ways to compress an extent.
const (
	packNone = iota
	packZlib
	packLZO
	packZstd
	packings
)

// maxWindow is what the kernel's zstd uses at most for 128 KiB, and some.
const maxWindow = 1 << 20

// unpack uncompresses an extent to n bytes.
func (f *FS) unpack(packing uint8, packed []byte, n int) ([]byte, error) {
	switch packing {
	case packZlib:
		r, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, packError("zlib", err)
		}
		return readExtent("zlib", r, n)
	case packLZO:
		return unpackLZO(packed, n, int(f.super.sectorSize))
	}
	frame, err := zstdFrame(packed)
	if err != nil {
		return nil, packError("zstd", err)
	}
	r, err := zstd.NewReader(bytes.NewReader(frame), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, packError("zstd", err)
	}
	defer r.Close()
	return readExtent("zstd", r, n)
}

// zstdFrame is the first frame of what zeros follow, up to the end of a sector.
func zstdFrame(packed []byte) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(packed); err != nil {
		return nil, err
	}
	c := binread.Little(packed)
	c.Skip(h.HeaderSize)
	for last := false; !last && c.Err() == nil; {
		head := uint32(c.U16()) | uint32(c.U8())<<16
		last = head&1 != 0
		if head>>1&3 == 1 { // one byte again and again
			c.Skip(1)
		} else {
			c.Skip(int(head >> 3))
		}
	}
	if h.HasCheckSum {
		c.Skip(4)
	}
	return packed[:c.Offset()], c.Err()
}

// readExtent reads n bytes. Where there are fewer, the file was shorter when it was written, and the rest is zeros.
func readExtent(packing string, r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	for done := 0; done < n; {
		more, err := r.Read(b[done:])
		done += more
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, packError(packing, err)
		}
	}
	return b, nil
}

func packError(packing string, err error) error {
	return binread.Corrupt("content compressed with %s: %v", packing, err)
}

// unpackLZO uncompresses pieces of one sector each, which have their lengths in front of them. No length lies across two sectors.
func unpackLZO(packed []byte, n, sector int) ([]byte, error) {
	c := binread.Little(packed)
	total := int(c.U32())
	if total < 4 || total > len(packed) {
		return nil, binread.Corrupt("%d bytes compressed with lzo in an extent of %d", total, len(packed))
	}
	c = binread.Little(packed[:total])
	c.Skip(4)
	b := make([]byte, 0, n+sector)
	for len(b) < n && c.Len() > 0 {
		if left := sector - c.Offset()%sector; left < 4 {
			c.Skip(left)
		}
		piece := c.Bytes(int(c.U32()))
		if c.Err() != nil {
			return nil, binread.Corrupt("content compressed with lzo ends after %d of %d bytes", len(b), n)
		}
		room := b[len(b) : len(b)+sector]
		size, err := pieceLZO(piece, room)
		if err != nil {
			return nil, packError("lzo", err)
		}
		if size < sector && len(b)+size < n && c.Len() > 0 {
			return nil, binread.Corrupt("a piece of %d bytes compressed with lzo, want %d", size, sector)
		}
		b = b[:len(b)+size]
	}
	whole := make([]byte, n)
	copy(whole, b)
	return whole, nil
}

// pieceLZO bounds what the library does with bytes that no one has checked.
func pieceLZO(piece, room []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("lzo: %v", p)
		}
	}()
	if len(piece) == 0 {
		return 0, errors.New("an empty piece")
	}
	return lzo.Decompress(piece, room)
}
