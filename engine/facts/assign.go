package facts

import (
	"errors"
	"strings"
)

// Assignment is one NAME=value line of a file in the manner of os-release(5) and locale.conf(5).
type Assignment struct {
	Name, Value string
	Source      Source
}

// Assignments returns the assignments of the file that path leads to, in order: the last one of a name is in effect.
// Values are as the shell sees them, without expansion. A value with an open quote is returned as far as its line goes
// and recorded as a problem. Errors are those of ReadFile.
func (s *Scope) Assignments(path string) ([]Assignment, error) {
	var all []Assignment
	err := s.Lines(path, func(n int, text string) {
		name, value, ok, err := parseAssignment(text)
		if err != nil {
			s.Problem(path, n, err)
		}
		if ok {
			all = append(all, Assignment{name, value, Source{path, n, text}})
		}
	})
	return all, err
}

// LastAssignment returns the value in effect of name, with the earlier ones shadowed, or nil when it is not assigned.
func LastAssignment(all []Assignment, name string) *Value[string] {
	var v *Value[string]
	for _, a := range all {
		if a.Name != name {
			continue
		}
		next := &Value[string]{Value: a.Value, Explicit: true, Source: &a.Source}
		if v != nil {
			next.Shadowed = append(v.Shadowed, Shadow[string]{*v.Source, v.Value})
		}
		v = next
	}
	return v
}

// parseAssignment reads one line. Comments, blank lines and lines that assign nothing are not ok.
func parseAssignment(line string) (name, value string, ok bool, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' || line[0] == ';' {
		return "", "", false, nil
	}
	name, rest, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
	if !ok || !isName(name) {
		return "", "", false, nil
	}
	value, err = unquoteValue(rest)
	return name, value, true, err
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// unquoteValue takes quotes and escapes off as sh(1) does: between double quotes a backslash escapes $ " \ ` only.
func unquoteValue(s string) (string, error) {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && quote != '\'' && i+1 < len(s) && (quote == 0 || strings.IndexByte("$\"\\`", s[i+1]) >= 0):
			i++
			b.WriteByte(s[i])
		case quote == 0 && c == '#' && i > 0 && (s[i-1] == ' ' || s[i-1] == '\t'):
			return strings.TrimRight(b.String(), " \t"), nil
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return b.String(), errors.New("value has an open quote")
	}
	return b.String(), nil
}
