package report

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape makes a string from a guest safe to print on one line: bytes that are not UTF-8, control characters, and
// characters that change the direction or hide text become \x.. or \u.... escapes. A backslash is doubled, so that two
// different names never look the same.
func Escape(s string) string { return escape(s, true) }

// EscapeText is Escape for text that is read rather than parsed: a backslash stays single.
func EscapeText(s string) string { return escape(s, false) }

func escape(s string, backslash bool) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\' && backslash:
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case !unicode.IsPrint(r) && r != ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// plain reports whether s is printable ASCII without a backslash, as nearly every string is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '\\' {
			return false
		}
	}
	return true
}

// valid returns a deep copy of v in which every string is valid UTF-8: JSON cannot carry other bytes, and replacing them
// would make different names equal. Lists and maps that are nil become empty ones, but for the fields in which null says that
// something is not known. Values behind interfaces and pointers are copied too.
func valid(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		if utf8.ValidString(v.String()) {
			return v
		}
		return reflect.ValueOf(invalidBytes(v.String())).Convert(v.Type())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		inner := valid(v.Elem())
		if v.Kind() == reflect.Interface {
			return inner
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(inner)
		return p
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return v
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(valid(v.Index(i)))
		}
		return c
	case reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			c.SetMapIndex(valid(it.Key()), valid(it.Value()))
		}
		return c
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && (!unknown(v.Field(i)) || f.Tag.Get("jsonschema") != "nullable") {
				c.Field(i).Set(valid(v.Field(i)))
			}
		}
		return c
	}
	return v
}

func unknown(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil()
}

func invalidBytes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
