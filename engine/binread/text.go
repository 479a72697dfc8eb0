package binread

import (
	"encoding/binary"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
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

// WTF8 turns UTF-16 into UTF-8. Half a surrogate pair becomes the three bytes that UTF-8 would have for it, which is
// not valid UTF-8: no two names become one.
func WTF8(units []uint16) string {
	b := make([]byte, 0, len(units)+8)
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if !utf16.IsSurrogate(r) {
			b = utf8.AppendRune(b, r)
			continue
		}
		if i+1 < len(units) {
			if pair := utf16.DecodeRune(r, rune(units[i+1])); pair != unicode.ReplacementChar {
				b = utf8.AppendRune(b, pair)
				i++
				continue
			}
		}
		b = append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
	return string(b)
}
