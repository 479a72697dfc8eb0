package hive

import (
	"unicode"
	"unicode/utf16"

	"github.com/guestctl/guestctl/engine/binread"
)

// name decodes the name of a key or a value, of one byte for a character or of two.
func name(b []byte, latin1 bool) string {
	if !latin1 {
		return binread.WTF8(units(b))
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

// units are the whole units of UTF-16 in b.
func units(b []byte) []uint16 {
	all := make([]uint16, 0, len(b)/2)
	for c := binread.Little(b); c.Len() >= 2; {
		all = append(all, c.U16())
	}
	return all
}

// sameName tells whether Windows takes two names for one.
func sameName(a, b string) bool {
	if a == b {
		return true
	}
	return upper(a) == upper(b)
}

func upper(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		runes[i] = upcase(r)
	}
	return string(runes)
}

// upcase is the upper case of a character for the registry: one for one, inside of the first plane, and never ASCII for what is not.
func upcase(r rune) rune {
	u := unicode.ToUpper(r)
	const micro = 0xb5
	if r > 0xffff || u > 0xffff || r == micro || r >= 0x80 && u < 0x80 {
		return r
	}
	return u
}

// hashOf is the hash of a name in a hash leaf.
func hashOf(s string) uint32 {
	var hash uint32
	for _, u := range utf16.Encode([]rune(upper(s))) {
		hash = hash*37 + uint32(u)
	}
	return hash
}
