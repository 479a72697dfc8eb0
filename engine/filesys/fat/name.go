package fat

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxLongName  = 255 // units of UTF-16
	unitsOfPiece = 13  // of a long name in one directory entry
	maxPieces    = 20
	lastPiece    = 0x40 // of LDIR_Ord: the end of the name, which comes first on the disk

	lowerBase      = 0x08 // DIR_NTRes: the name is in lower case
	lowerExtension = 0x10
)

// longName collects the pieces of a long name, which stand in front of the short entry, the last one first. The zero value
// waits for the first piece.
type longName struct {
	units    [maxPieces * unitsOfPiece]uint16
	pieces   int
	next     int // number of the piece that is to come; 0 when the name is whole
	checksum uint8
}

// add takes a piece. One that does not fit the ones before it begins anew, or is left over from something that was removed. It
// reports whether nothing was left over and all of the piece is as it should be.
func (l *longName) add(raw []byte) (ordered bool) {
	c := binread.Little(raw)
	order := c.U8()
	checksum := c.At(13).U8()
	number := int(order &^ lastPiece)
	ordered = l.pieces == 0 || order&lastPiece == 0
	switch {
	case number == 0 || number > maxPieces:
		l.pieces = 0
		return false
	case order&lastPiece != 0:
		l.pieces, l.checksum = number, checksum
	case l.pieces == 0 || number != l.next || checksum != l.checksum:
		l.pieces = 0
		return false
	}
	l.next = number - 1
	units := l.units[l.next*unitsOfPiece:]
	for i, at := range [unitsOfPiece]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30} {
		units[i] = c.At(at).U16()
	}
	return ordered && c.At(12).U8() == 0 && c.At(26).U16() == 0
}

// take returns the name that belongs to a short name, or "" when there is none, and waits for the next.
func (l *longName) take(short [11]byte) string {
	pieces := l.pieces
	l.pieces = 0
	if pieces == 0 || l.next != 0 || l.checksum != checksum(short) {
		return ""
	}
	n := 0
	for n < pieces*unitsOfPiece && l.units[n] != 0 {
		n++
	}
	if n > maxLongName {
		return ""
	}
	return binread.WTF8(l.units[:n])
}

// checksum is that of a short name, by which the pieces of its long name know it.
func checksum(short [11]byte) (sum uint8) {
	for _, c := range short {
		sum = sum<<7 | sum>>1
		sum += c
	}
	return sum
}

// shortName is the name of an entry that has no long one.
func (e *entry) shortName() string {
	raw := e.short
	if raw[0] == entryE5 {
		raw[0] = 0xe5
	}
	name := decodeShort(raw[:8], e.lower&lowerBase != 0)
	if extension := decodeShort(raw[8:], e.lower&lowerExtension != 0); extension != "" {
		name += "." + extension
	}
	return name
}

// decodeShort decodes one of the two parts of a short name, without the spaces that fill it.
func decodeShort(raw []byte, lower bool) string {
	text, _, _ := strings.Cut(string(raw), "\x00") // Linux takes the byte for the end
	text = strings.TrimRight(text, " ")
	var b strings.Builder
	for _, c := range []byte(text) {
		r := charmap.CodePage437.DecodeByte(c)
		if small := unicode.ToLower(r); lower && small != r {
			if _, ok := charmap.CodePage437.EncodeRune(small); ok {
				r = small
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fold makes the letters A to Z small: names that differ in them only are one name.
func fold(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			b := []byte(name)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return name
}
