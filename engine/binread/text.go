package binread

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// GUID is an identity as Windows and VirtualBox store it: its first three numbers with the low byte first.
type GUID [16]byte

// String is the GUID in lower case, without braces.
func (g GUID) String() string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(g[:]), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:10], g[10:])
}

// GUID decodes a GUID.
func (c *Cursor) GUID() GUID {
	var g GUID
	copy(g[:], c.Bytes(len(g)))
	return g
}

// UTF16 decodes the rest as text in UTF-16, up to the first zero.
func (c *Cursor) UTF16() string {
	var units []uint16
	for c.Len() >= 2 {
		u := c.U16()
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
