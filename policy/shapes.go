package policy

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/internal/nearest"
)

func shapeVerdict(c *compiler, n *node) { shapeWord(verdictAllow, verdictWarn, verdictDeny)(c, n) }

// shapeWord wants one of some words.
func shapeWord(known ...string) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		if s := c.text(n); s != "" && !slices.Contains(known, s) {
			suggestion := nearest.Word(s, known)
			c.failSuggest(n.at, suggestion, "%s is %q%s", n.path, s, hint(suggestion, known))
		}
	}
}

// shapeCount wants an integer from 0 to most.
func shapeCount(most int64) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		if v, ok := n.value.(int64); c.wantKind(n, kindInteger) && ok && (v < 0 || v > most) {
			c.fail(n.at, "%s is %d, want a number from 0 to %d", n.path, v, most)
		}
	}
}

func shapeDigests(c *compiler, n *node) {
	for _, t := range c.texts(n) {
		digits := strings.TrimPrefix(strings.ToLower(t.text), "sha256:")
		if len(digits) != 64 || strings.Trim(digits, "0123456789abcdef") != "" {
			c.fail(t.at, "%q is no SHA-256 digest, want 64 hexadecimal digits", shorten(t.text))
		}
	}
}

func shapeTextTable(c *compiler, n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	for _, name := range n.keys {
		c.text(n.table[name])
	}
}
