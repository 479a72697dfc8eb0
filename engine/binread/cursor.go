package binread

import "encoding/binary"

// Cursor decodes a structure field by field. It never reads past its bytes: a field beyond the end is zero, and Err says
// so afterwards. Decode a structure whole, ask Err once, then validate it.
//
//	c := binread.Little(b)
//	magic := c.At(0x38).U16() // s_magic
//	if err := c.Err(); err != nil { … }
type Cursor struct {
	b     []byte
	off   int
	big   bool
	short bool
}

// Little returns a cursor at the start of little-endian bytes.
func Little(b []byte) Cursor { return Cursor{b: b} }

// Big returns a cursor at the start of big-endian bytes.
func Big(b []byte) Cursor { return Cursor{b: b, big: true} }

// At moves to byte off and returns the cursor, so that a field reads like its specification: c.At(0x38).U16().
func (c *Cursor) At(off int) *Cursor {
	if off < 0 {
		c.short = true
		off = len(c.b)
	}
	c.off = off
	return c
}

// Offset is the position of the next field in bytes.
func (c *Cursor) Offset() int { return c.off }

// Len is how many bytes follow the position.
func (c *Cursor) Len() int { return max(0, len(c.b)-c.off) }

// Skip moves n bytes on.
func (c *Cursor) Skip(n int) { c.Bytes(n) }

// Bytes returns the next n bytes without copying them, or nil when there are fewer.
func (c *Cursor) Bytes(n int) []byte {
	if n < 0 || c.off > len(c.b) || n > len(c.b)-c.off {
		c.short = true
		return nil
	}
	b := c.b[c.off : c.off+n : c.off+n]
	c.off += n
	return b
}

// U8 decodes one byte.
func (c *Cursor) U8() uint8 {
	b := c.Bytes(1)
	if b == nil {
		return 0
	}
	return b[0]
}

// U16 decodes two bytes.
func (c *Cursor) U16() uint16 {
	b := c.Bytes(2)
	switch {
	case b == nil:
		return 0
	case c.big:
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

// U32 decodes four bytes.
func (c *Cursor) U32() uint32 {
	b := c.Bytes(4)
	switch {
	case b == nil:
		return 0
	case c.big:
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// U64 decodes eight bytes.
func (c *Cursor) U64() uint64 {
	b := c.Bytes(8)
	switch {
	case b == nil:
		return 0
	case c.big:
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// Err is ErrCorrupt when a field lay beyond the end of the bytes.
func (c *Cursor) Err() error {
	if c.short {
		return Corrupt("structure of %d bytes ends before its last field", len(c.b))
	}
	return nil
}
