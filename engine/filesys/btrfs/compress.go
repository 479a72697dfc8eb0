package btrfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

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

// unpackers are what uncompresses, for who comes next: to make one costs more than an extent.
type unpackers struct {
	zstd, zlib, bytes sync.Pool
}

// take returns n bytes that hold anything, which are given back with give.
func (u *unpackers) take(n int) *[]byte {
	b, ok := u.bytes.Get().(*[]byte)
	if !ok {
		b = new([]byte)
	}
	*b = slices.Grow((*b)[:0], n)[:n]
	return b
}

func (u *unpackers) give(b *[]byte) { u.bytes.Put(b) }

// unpack uncompresses an extent into b. Where it holds less, the file was shorter when it was written, and the rest is zeros.
func (f *FS) unpack(packing uint8, packed, b []byte) error {
	var n int
	var err error
	switch packing {
	case packZlib:
		n, err = f.unpackers.unpackZlib(packed, b)
	case packLZO:
		n, err = unpackLZO(packed, b, int(f.super.sectorSize))
	default:
		n, err = f.unpackers.unpackZstd(packed, b)
	}
	clear(b[n:])
	return err
}

func (u *unpackers) zlibReader(packed []byte) (io.ReadCloser, error) {
	r, ok := u.zlib.Get().(io.ReadCloser)
	if !ok {
		return zlib.NewReader(bytes.NewReader(packed))
	}
	again, ok := r.(zlib.Resetter)
	if !ok {
		return zlib.NewReader(bytes.NewReader(packed))
	}
	return r, again.Reset(bytes.NewReader(packed), nil)
}

func (u *unpackers) unpackZlib(packed, b []byte) (n int, err error) {
	r, err := u.zlibReader(packed)
	if err != nil {
		return 0, packError("zlib", err)
	}
	defer u.zlib.Put(r)
	for n < len(b) {
		more, err := r.Read(b[n:])
		n += more
		switch {
		case errors.Is(err, io.EOF):
			return n, nil
		case err != nil:
			return n, packError("zlib", err)
		}
	}
	return n, nil
}

func (u *unpackers) unpackZstd(packed, b []byte) (n int, err error) {
	frame, err := zstdFrame(packed)
	if err != nil {
		return 0, packError("zstd", err)
	}
	d, ok := u.zstd.Get().(*zstd.Decoder)
	if !ok {
		d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxCompressed),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return 0, packError("zstd", err)
		}
	}
	defer u.zstd.Put(d)
	whole, err := d.DecodeAll(frame, b[:0:len(b)])
	if err != nil {
		return 0, packError("zstd", err)
	}
	return copy(b, whole), nil // they are the same bytes unless there are more than b has room for
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

func packError(packing string, err error) error {
	return binread.Corrupt("content compressed with %s: %v", packing, err)
}

// unpackLZO uncompresses pieces of one sector each, which have their lengths in front of them. No length lies across two sectors.
func unpackLZO(packed, b []byte, sector int) (n int, err error) {
	c := binread.Little(packed)
	total := int(c.U32())
	if total < 4 || total > len(packed) {
		return 0, binread.Corrupt("%d bytes compressed with lzo in an extent of %d", total, len(packed))
	}
	c = binread.Little(packed[:total])
	c.Skip(4)
	for n < len(b) && c.Len() > 0 {
		if left := sector - c.Offset()%sector; left < 4 {
			c.Skip(left)
		}
		piece := c.Bytes(int(c.U32()))
		if c.Err() != nil {
			return n, binread.Corrupt("content compressed with lzo ends after %d of %d bytes", n, len(b))
		}
		room := b[n:]
		if len(room) < sector {
			room = make([]byte, sector)
		}
		size, err := pieceLZO(piece, room[:sector:sector])
		if err != nil {
			return n, packError("lzo", err)
		}
		if size < sector && n+size < len(b) && c.Len() > 0 {
			return n, binread.Corrupt("a piece of %d bytes compressed with lzo, want %d", size, sector)
		}
		n += copy(b[n:], room[:size])
	}
	return n, nil
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
