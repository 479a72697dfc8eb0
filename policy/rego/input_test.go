package rego

import (
	"testing"
	"unicode/utf8"
)

// FuzzNames: whatever bytes a guest uses for two names, policies see two names.
func FuzzNames(f *testing.F) {
	for _, pair := range [][2]string{
		{"\xff", `\xff`},
		{"\xff", `\x5cxff`},
		{`\` + "\xff", `\\xff`},
		{`\x`, `\x5cx`},
		{"a\xffb", "a\xfeb"},
		{"\ufffd", "\xef"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(text(a)) {
			t.Errorf("%q is no text", text(a))
		}
		if a != b && text(a) == text(b) {
			t.Errorf("%q and %q are both %q", a, b, text(a))
		}
	})
}
