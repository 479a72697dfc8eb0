package hive

import (
	"bytes"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// Type is the type of a value.
type Type uint32

// The types of values that are decoded, by their number in the hive.
const (
	None      Type = 0
	SZ        Type = 1
	ExpandSZ  Type = 2
	Binary    Type = 3
	DWord     Type = 4
	DWordBE   Type = 5
	Link      Type = 6
	MultiSZ   Type = 7
	QWord     Type = 11
	typeNames      = 12
)

// String is the type as reg.exe names it: "REG_DWORD", and "0x2a" where it has no name.
func (t Type) String() string {
	names := [typeNames]string{
		"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK", "REG_MULTI_SZ",
		"REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTOR", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD",
	}
	if t < typeNames {
		return names[t]
	}
	return fmt.Sprintf("%#x", uint32(t))
}

// Value is a value of a key.
type Value struct {
	Name string // "" is the default value
	Type Type
	Data []byte // as it is in the hive
}

// Text returns the text of a REG_SZ, REG_EXPAND_SZ or REG_LINK up to its first zero, with variables as they are written. Another type is
// ErrCorrupt: who asks for a text expects one.
func (v Value) Text() (string, error) {
	switch v.Type {
	case SZ, ExpandSZ, Link:
		return text(v.Data), nil
	default:
		return "", v.not("text")
	}
}

// Texts returns the texts of a REG_MULTI_SZ, up to the first that is empty.
func (v Value) Texts() ([]string, error) {
	if v.Type != MultiSZ {
		return nil, v.not("REG_MULTI_SZ")
	}
	var all []string
	for b := v.Data; ; {
		end := zero(b)
		if end == 0 {
			return all, nil
		}
		all = append(all, text(b[:end]))
		b = b[min(len(b), end+2):]
	}
}

// Number returns the number of a REG_DWORD, REG_DWORD_BIG_ENDIAN or REG_QWORD.
func (v Value) Number() (uint64, error) {
	c := binread.Little(v.Data)
	var n uint64
	switch v.Type {
	case DWord:
		n = uint64(c.U32())
	case DWordBE:
		c = binread.Big(v.Data)
		n = uint64(c.U32())
	case QWord:
		n = c.U64()
	default:
		return 0, v.not("a number")
	}
	if c.Err() != nil || c.Len() != 0 {
		return 0, binread.Corrupt("hive: value %q: %s of %d bytes", v.Name, v.Type, len(v.Data))
	}
	return n, nil
}

func (v Value) not(want string) error {
	return binread.Corrupt("hive: value %q: is %s, want %s", v.Name, v.Type, want)
}

// text decodes UTF-16 up to the first zero. Half a unit at the end is no text, as it is none to Windows.
func text(b []byte) string {
	return binread.WTF8(units(b[:zero(b)]))
}

// zero is where the first zero of UTF-16 is, or where the last whole unit ends.
func zero(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		if bytes.Equal(b[i:i+2], []byte{0, 0}) {
			return i
		}
	}
	return len(b) &^ 1
}
