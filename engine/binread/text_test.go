package binread

import (
	"testing"
	"unicode/utf8"
)

func TestGUIDsHaveTheirFirstNumbersLowByteFirst(t *testing.T) {
	c := Little([]byte{0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42, 0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08})
	if got, want := c.GUID().String(), "2dc27766-f623-4200-9d64-115e9bfd4a08"; got != want || c.Err() != nil {
		t.Errorf("%s, %v, want %s", got, c.Err(), want)
	}
	if c.GUID(); c.Err() == nil {
		t.Error("no error past the end")
	}
}

func TestUTF16EndsWithZero(t *testing.T) {
	for _, c := range []struct{ b, want string }{
		{"a\x00\xe4\x00=\xd8\x00\xde\x00\x00b\x00", "aä😀"},
		{"a\x00b", "a"},
		{"=\xd8a\x00", "\ufffda"},
		{"", ""},
	} {
		cursor := Little([]byte(c.b))
		if got := cursor.UTF16(); got != c.want || cursor.Err() != nil {
			t.Errorf("%q: %q, %v, want %q", c.b, got, cursor.Err(), c.want)
		}
	}
	if c := Big([]byte("\x00a")); c.UTF16() != "a" {
		t.Error("high byte first is not decoded")
	}
}

// TestHalvesOfSurrogatesStayApart: two names that differ in what is no character are two names.
func TestHalvesOfSurrogatesStayApart(t *testing.T) {
	names := map[string][]uint16{
		"a😀b":                      {'a', 0xd83d, 0xde00, 'b'},
		"\xed\xa0\xbd":             {0xd83d},
		"\xed\xb8\x80x":            {0xde00, 'x'},
		"\xed\xa0\xbd\xed\xa0\xbd": {0xd83d, 0xd83d},
		"\xed\xb8\x80\xed\xa0\xbd": {0xde00, 0xd83d},
	}
	for want, units := range names {
		if got := WTF8(units); got != want {
			t.Errorf("%x: %q, want %q", units, got, want)
		}
	}
	if utf8.ValidString(WTF8([]uint16{0xd800})) {
		t.Error("half a pair is valid UTF-8")
	}
}
