package btrfs

import (
	"math"

	"github.com/guestctl/guestctl/engine/binread"
)

// Forms of an extent.
const (
	extentInline   = 0
	extentRegular  = 1
	extentPrealloc = 2

	inlineStart = 21
	extentSize  = 53

	maxExtents    = 1 << 20 // of one file
	maxCompressed = 1 << 20 // bytes of one extent, of which the kernel makes 128 KiB
)

// extent is a stretch of a file's content.
type extent struct {
	at, length int64  // in the file
	zero       bool   // a hole, or not written
	inline     []byte // nil where the content is elsewhere
	packing    uint8  // how it is compressed
	disk       uint64 // the logical address
	diskBytes  uint64
	offset     uint64 // into what is at disk, uncompressed
	rawBytes   uint64 // of what is at disk, uncompressed
}

func decodeExtent(k key, b []byte) (extent, error) {
	c := binread.Little(b)
	e := extent{at: int64(k.offset), rawBytes: c.At(8).U64(), packing: c.U8()}
	encryption, encoding, form := c.U8(), c.U16(), c.U8()
	if k.offset > math.MaxInt64 {
		return extent{}, binread.Corrupt("content at %#x, want it below 2^63", k.offset)
	}
	if encryption != 0 || encoding != 0 || e.packing >= packings {
		return extent{}, binread.Unsupported("content with compression %d, encryption %d and encoding %d", e.packing, encryption, encoding)
	}
	if form == extentInline {
		if len(b) < inlineStart {
			return extent{}, c.Err()
		}
		e.inline, e.length = b[inlineStart:], int64(e.rawBytes)
		if e.rawBytes > maxCompressed || e.packing == packNone && e.rawBytes > uint64(len(e.inline)) {
			return extent{}, binread.Corrupt("content of %d bytes in an item of %d", e.rawBytes, len(b))
		}
		return e, e.validate()
	}
	e.disk, e.diskBytes, e.offset = c.U64(), c.U64(), c.U64()
	length := c.U64()
	e.zero = form == extentPrealloc || e.disk == 0
	switch {
	case c.Err() != nil:
		return extent{}, c.Err()
	case form > extentPrealloc:
		return extent{}, binread.Corrupt("an extent of form %d", form)
	case length == 0 || length > math.MaxInt64 || e.disk > maxSize || e.diskBytes > maxSize:
		return extent{}, binread.Corrupt("an extent of %d bytes, %d at %#x", length, e.diskBytes, e.disk)
	case e.zero:
	case e.packing == packNone && (e.offset > e.diskBytes || length > e.diskBytes-e.offset):
		return extent{}, binread.Corrupt("%d bytes at %d of an extent of %d", length, e.offset, e.diskBytes)
	case e.packing != packNone && (e.rawBytes > maxCompressed || e.diskBytes > maxCompressed):
		return extent{}, binread.Limit("a compressed extent of %d bytes, uncompressed %d, want at most %d", e.diskBytes, e.rawBytes, maxCompressed)
	case e.packing != packNone && (e.offset > e.rawBytes || length > e.rawBytes-e.offset):
		return extent{}, binread.Corrupt("%d bytes at %d of a compressed extent of %d", length, e.offset, e.rawBytes)
	}
	e.length = int64(length)
	return e, e.validate()
}

func (e *extent) validate() error {
	if e.length > math.MaxInt64-e.at {
		return binread.Corrupt("%d bytes of content at %#x, want their end below 2^63", e.length, e.at)
	}
	return nil
}

// fillExtent reads len(b) bytes of an extent, from off on. They are inside of it. Where they are all that the file has of it, nobody
// comes back for more, and what was uncompressed is not kept.
func (f *FS) fillExtent(b []byte, e *extent, off int64, whole bool) error {
	switch {
	case e.zero:
		clear(b)
		return nil
	case e.packing == packNone && e.inline == nil:
		return f.fill(b, e.disk+e.offset+uint64(off))
	case e.inline != nil && e.packing == packNone:
		copy(b, e.inline[off:])
		return nil
	case whole && uint64(len(b)) == e.rawBytes:
		return f.load(e, b)
	case whole || e.inline != nil:
		raw := f.unpackers.take(int(e.rawBytes))
		defer f.unpackers.give(raw)
		err := f.load(e, *raw)
		copy(b, (*raw)[e.offset+uint64(off):])
		return err
	}
	raw, err := f.unpacked(e)
	if err != nil {
		return err
	}
	copy(b, raw[e.offset+uint64(off):])
	return nil
}

// unpacked returns all that an extent holds, uncompressed. It is shared.
func (f *FS) unpacked(e *extent) ([]byte, error) {
	cached, mine := f.extents.Get(int64(e.disk<<2 | uint64(e.packing)))
	if mine {
		raw := make([]byte, e.rawBytes)
		err := f.load(e, raw)
		f.extents.Put(cached, raw, err)
	}
	raw, err := cached.Wait()
	if err == nil && uint64(len(raw)) != e.rawBytes { // another file says otherwise
		raw = make([]byte, e.rawBytes)
		return raw, f.load(e, raw)
	}
	return raw, err
}

// load uncompresses all of an extent.
func (f *FS) load(e *extent, raw []byte) error {
	if e.inline != nil {
		return f.unpack(e.packing, e.inline, raw)
	}
	packed := f.unpackers.take(int(e.diskBytes))
	defer f.unpackers.give(packed)
	if err := f.fill(*packed, e.disk); err != nil {
		return err
	}
	return f.unpack(e.packing, *packed, raw)
}
