package sudoers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// scopes has what the mark behind Defaults binds an option to.
var scopes = map[byte]string{':': "user", '@': "host", '>': "runas", '!': "command"}

func isDefaults(text string) bool {
	rest, ok := strings.CutPrefix(text, "Defaults")
	return ok && (rest == "" || strings.IndexByte(" \t:@>!", rest[0]) >= 0)
}

// defaults reads "Defaults[:@>!names] option, option".
func (r *reader) defaults(text string, at facts.Source) error {
	rest := strings.TrimPrefix(text, "Defaults")
	scope := ""
	var names []string
	if rest != "" {
		scope = scopes[rest[0]]
	}
	if scope != "" {
		l := lexer{text: rest[1:]} // commands have no arguments here
		var err error
		if names, err = l.names(); err != nil {
			return err
		}
		rest = l.text
	}
	for _, option := range splitOptions(rest) {
		key, value, op, err := parseOption(option)
		if err != nil {
			return err
		}
		if scope != "" {
			r.scoped = append(r.scoped, facts.SudoDefault{Scope: scope, Names: names, Key: key, Value: value, Source: at})
			continue
		}
		old := r.out.Defaults[key]
		if old != nil {
			switch op {
			case '+':
				value = strings.TrimSpace(old.Value + " " + value)
			case '-':
				removed := strings.Fields(value)
				value = strings.Join(slices.DeleteFunc(strings.Fields(old.Value), func(w string) bool { return slices.Contains(removed, w) }), " ")
			}
		} else if op == '-' {
			value = "" // taken out of sudo's own list, which is not shown
		}
		r.out.Defaults[key] = facts.Override(old, value, at)
	}
	return nil
}

// splitOptions splits at commas outside of quotes.
func splitOptions(text string) []string {
	var all []string
	quoted, start := false, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ',' && !quoted:
			if option := strings.TrimSpace(text[start:i]); option != "" {
				all = append(all, option)
			}
			start = i + 1
		case text[i] == '\\':
			i++
			if i >= len(text) {
				i = len(text) - 1
			}
		case text[i] == '"':
			quoted = !quoted
		}
	}
	return all
}

// parseOption reads name, !name, name=value, name+=value or name-=value.
func parseOption(text string) (key, value string, op byte, err error) {
	name := strings.TrimLeft(text, "! \t")
	off := strings.Count(text[:len(text)-len(name)], "!")%2 == 1
	end := strings.IndexFunc(name, func(c rune) bool {
		return c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z')
	})
	if end < 0 {
		end = len(name)
	}
	key, rest := name[:end], strings.TrimSpace(name[end:])
	if key == "" {
		return "", "", 0, fmt.Errorf("option %q of Defaults, want a name", text)
	}
	if rest == "" {
		return key, map[bool]string{true: "false", false: "true"}[off], 0, nil
	}
	if rest[0] == '+' || rest[0] == '-' {
		op, rest = rest[0], rest[1:]
	}
	rest, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return "", "", 0, fmt.Errorf("option %s of Defaults is followed by %q, want = and a value", key, rest)
	}
	value, err = unquote(strings.TrimSpace(rest))
	return key, value, op, err
}

func unquote(text string) (string, error) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '"':
			quoted = !quoted
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return b.String(), errors.New("value has an open quote")
	}
	return b.String(), nil
}
