package nearest

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	known := []string{"required", "forbidden", "versions", "only", "holds"}
	for word, want := range map[string]string{
		"requierd": "required", "Required": "required", "require": "required", "forbidddn": "forbidden", "version": "versions",
		"only": "", "zzz": "", "": "", "o": "", strings.Repeat("required", 100): "",
	} {
		if got := Word(word, known); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
	for _, c := range []struct {
		a, b string
		n    int
	}{{"", "", 0}, {"a", "", 1}, {"ab", "ba", 1}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"é", "e", 1}} {
		if got := distance(c.a, c.b); got != c.n {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.n)
		}
	}
}
