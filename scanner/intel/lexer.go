package intel

import (
	"fmt"
	"strings"
)

// token is a part of a pattern of STIX.
type token struct {
	kind tokenKind
	text string // of a string without its quotes and escapes
}

type tokenKind byte

const (
	endToken    tokenKind = iota
	mark                  // one of []() and ,
	operator              // = != < <= > >=
	keyword               // AND, LIKE, ...
	objectPath            // file:hashes.'SHA-256'
	text                  // 'x'
	number                // 1, -1.5, true
	otherString           // t'...', h'...' and b'...'
)

// lex takes a pattern apart.
func lex(s string) (tokens []token, err error) {
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return tokens, nil
		}
		t, n := lexOne(s)
		if n == 0 {
			return nil, fmt.Errorf("%.20q is no part of a pattern", s)
		}
		tokens = append(tokens, t)
		s = s[n:]
	}
}

// lexOne reads the token that s begins with, and its length; 0 is none.
func lexOne(s string) (token, int) {
	switch c := s[0]; {
	case strings.IndexByte("[](),", c) >= 0:
		return token{mark, s[:1]}, 1
	case strings.IndexByte("=!<>", c) >= 0:
		for _, op := range []string{"==", "!=", "<>", "<=", ">=", "=", "<", ">"} {
			if strings.HasPrefix(s, op) {
				return token{operator, map[string]string{"==": "=", "<>": "!="}[op] + map[bool]string{true: op}[op != "==" && op != "<>"]}, len(op)
			}
		}
		return token{}, 0
	case c == '\'':
		v, n := quoted(s)
		return token{text, v}, n
	case len(s) > 1 && s[1] == '\'' && strings.IndexByte("thb", c) >= 0:
		v, n := quoted(s[1:])
		if n == 0 {
			return token{}, 0
		}
		return token{otherString, v}, n + 1
	}
	return lexWord(s)
}

// lexWord reads a keyword, a number, or the path of an object, which may have strings in it.
func lexWord(s string) (token, int) {
	n := 0
	for n < len(s) {
		c := s[n]
		switch {
		case c == '\'' || c == '"':
			end := strings.IndexByte(s[n+1:], c)
			if end < 0 {
				return token{}, 0
			}
			n += end + 2
			continue
		case c == '[' && n > 0 && strings.Contains(s[:n], ":"):
			end := strings.IndexByte(s[n:], ']')
			if end < 0 {
				return token{}, 0
			}
			n += end + 1
			continue
		case isWordByte(c):
			n++
			continue
		}
		break
	}
	w := s[:n]
	switch {
	case n == 0:
		return token{}, 0
	case strings.Contains(w, ":"):
		return token{objectPath, strings.NewReplacer("'", "", `"`, "").Replace(w)}, n
	case w[0] == '-' || w[0] == '+' || w[0] >= '0' && w[0] <= '9' || w == "true" || w == "false":
		return token{number, w}, n
	}
	return token{keyword, strings.ToUpper(w)}, n
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-+.:", c) >= 0
}

// quoted reads a string with its quotes; in it, a backslash takes the next byte as it is.
func quoted(s string) (v string, n int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\'':
			return b.String(), i + 1
		case '\\':
			if i++; i == len(s) {
				return "", 0
			}
		}
		b.WriteByte(s[i])
	}
	return "", 0
}
