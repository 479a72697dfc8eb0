package ntfs

import (
	"github.com/guestctl/guestctl/engine/binread"
)

const (
	fixupStride = 512 // bytes, whatever the size of a sector

	flagInUse = 1
	flagDir   = 2

	typeStandard   = 0x10
	typeList       = 0x20
	typeName       = 0x30
	typeLabel      = 0x60
	typeVolume     = 0x70
	typeData       = 0x80
	typeIndexRoot  = 0x90
	typeIndexAlloc = 0xa0
	typeBitmap     = 0xb0
	typeReparse    = 0xc0
	typeEnd        = 0xffffffff

	attrCompressed = 0x00ff
	attrEncrypted  = 0x4000
)

// reference names a record, and the use of it that is meant.
type reference uint64

func (r reference) number() uint64   { return uint64(r) & (1<<48 - 1) }
func (r reference) sequence() uint16 { return uint16(r >> 48) }

// record is a decoded record of $MFT.
type record struct {
	sequence uint16
	links    uint16 // names, also short ones
	flags    uint16
	base     reference // of which this one is an extension
	attrs    []attribute
}

// attribute is one attribute, or one piece of it.
type attribute struct {
	kind     uint32
	name     string
	id       uint16
	flags    uint16
	resident bool
	value    []byte // of a resident one
	first    int64  // the cluster of the stream that this piece begins with
	last     int64
	unit     uint8 // power of two of clusters that are compressed together
	pairs    []byte
	alloc    int64 // bytes; these three are in the first piece only
	size     int64
	valid    int64
}

// unfix checks and removes the numbers that tell a half-written record.
func unfix(b []byte) error {
	c := binread.Little(b)
	at, count := int(c.At(4).U16()), int(c.U16())
	if count != len(b)/fixupStride+1 || at < 8 || at+2*count > fixupStride-2 {
		return binread.Corrupt("%d update numbers at %d, want %d", count, at, len(b)/fixupStride+1)
	}
	for i := 1; i < count; i++ {
		end := b[i*fixupStride-2 : i*fixupStride]
		if end[0] != b[at] || end[1] != b[at+1] {
			return binread.Corrupt("sector %d was not written with the rest", i-1)
		}
		copy(end, b[at+2*i:at+2*i+2])
	}
	return nil
}

// decodeRecord decodes a record, which it changes and keeps.
func decodeRecord(b []byte, number uint64) (*record, error) {
	if string(b[:4]) != "FILE" {
		return nil, binread.Corrupt("record %d begins with %q, want FILE", number, b[:4])
	}
	if err := unfix(b); err != nil {
		return nil, binread.Corrupt("record %d: %w", number, err)
	}
	c := binread.Little(b)
	r := &record{sequence: c.At(0x10).U16(), links: c.U16(), flags: c.At(0x16).U16(), base: reference(c.At(0x20).U64())}
	if is := c.At(0x2c).U32(); c.At(4).U16() > 0x2c && is != uint32(number) { // before NTFS 3.1 there was no such field
		return nil, binread.Corrupt("record %d says it is %d", number, is)
	}
	at, used := int(c.At(0x14).U16()), int64(c.At(0x18).U32())
	if used > int64(len(b)) {
		return nil, binread.Corrupt("record %d: %d bytes used, want at most %d", number, used, len(b))
	}
	for b = b[:used]; ; {
		if at+4 > len(b) {
			return nil, binread.Corrupt("record %d: attributes without an end", number)
		}
		a := binread.Little(b[at:])
		kind, length := a.U32(), int64(a.U32())
		if kind == typeEnd {
			return r, nil
		}
		if length < 24 || length > int64(len(b)-at) {
			return nil, binread.Corrupt("record %d: attribute %#x of %d bytes at %d", number, kind, length, at)
		}
		attr, err := decodeAttribute(b[at : at+int(length)])
		if err != nil {
			return nil, binread.Corrupt("record %d: attribute %#x: %w", number, kind, err)
		}
		r.attrs = append(r.attrs, attr)
		at += int(length)
	}
}

func decodeAttribute(b []byte) (attribute, error) {
	c := binread.Little(b)
	a := attribute{kind: c.U32(), resident: c.At(8).U8() == 0}
	nameLength, nameAt := int(c.U8()), int(c.U16())
	a.flags, a.id = c.U16(), c.U16()
	a.name = utf16At(c.At(nameAt), nameLength)
	if a.resident {
		length, at := int(c.At(0x10).U32()), int(c.U16())
		a.value = c.At(at).Bytes(length)
		return a, c.Err()
	}
	a.first, a.last = int64(c.At(0x10).U64()), int64(c.U64())
	at := int(c.U16())
	a.unit = c.U8()
	if a.first == 0 {
		a.alloc, a.size, a.valid = int64(c.At(0x28).U64()), int64(c.U64()), int64(c.U64())
	}
	a.pairs = c.At(at).Bytes(max(0, len(b)-at))
	if err := c.Err(); err != nil {
		return a, err
	}
	if a.first < 0 || a.last < a.first-1 || a.size < 0 || a.valid < 0 || a.alloc < 0 {
		return a, binread.Corrupt("clusters %d to %d, %d bytes of which %d are valid", a.first, a.last, a.size, a.valid)
	}
	return a, nil
}

// utf16At decodes n units of UTF-16.
func utf16At(c *binread.Cursor, n int) string { return binread.WTF8(unitsAt(c, n)) }

func unitsAt(c *binread.Cursor, n int) []uint16 {
	b := binread.Little(c.Bytes(2 * n))
	units := make([]uint16, 0, b.Len()/2)
	for b.Len() >= 2 {
		units = append(units, b.U16())
	}
	return units
}
