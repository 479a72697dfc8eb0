package policy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tomlString writes a text as a basic string of TOML. What cannot be seen is escaped.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// tomlList writes a list of texts.
func tomlList(words []string) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = tomlString(w)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// tomlKey writes one part of a key.
func tomlKey(s string) string {
	if s != "" && strings.Trim(s, bareKey) == "" {
		return s
	}
	return tomlString(s)
}

// learnable reports whether a text of a guest can stand in a baseline: it is no bytes that TOML cannot write, and no
// pattern or variable that would mean something else.
func learnable(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsAny(s, "\x00*?[]") && !strings.Contains(s, "${")
}

// commentText makes a text of a guest one line of a comment.
func commentText(s string) string {
	quoted := strconv.Quote(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}
