package sudoers

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// lexer takes parts off the front of a statement.
type lexer struct {
	text     string
	commands bool // names are commands
}

func (l *lexer) skip() { l.text = strings.TrimLeft(l.text, " \t") }

// take takes one mark off.
func (l *lexer) take(mark byte) bool {
	l.skip()
	if l.text == "" || l.text[0] != mark {
		return false
	}
	l.text = l.text[1:]
	return true
}

// names takes a list of names between commas off.
func (l *lexer) names() ([]string, error) {
	var all []string
	for {
		name, err := l.member()
		if err != nil {
			return nil, err
		}
		all = append(all, name)
		if !l.take(',') {
			return all, nil
		}
	}
}

// member takes one name with the negations before it off.
func (l *lexer) member() (string, error) {
	not := false
	for l.take('!') {
		not = !not
	}
	var name string
	var err error
	if l.commands {
		name, err = l.command()
	} else {
		name, err = l.word()
	}
	if not {
		name = "!" + name
	}
	return name, err
}

// inet6 is a host's address, whose colons separate nothing.
var inet6 = regexp.MustCompile(`^(?:[0-9A-Fa-f]{1,4})?(?::[0-9A-Fa-f]{0,4}){2,7}(?:/[0-9A-Fa-f:]+)?`)

// word takes the name of a user, a group, a host or an alias off, without quotes and escapes.
func (l *lexer) word() (string, error) {
	l.skip()
	if at := inet6.FindString(l.text); at != "" {
		l.text = l.text[len(at):]
		return at, nil
	}
	var b strings.Builder
	quoted, i := false, 0
	for ; i < len(l.text); i++ {
		c := l.text[i]
		switch {
		case c == '\\' && i+1 < len(l.text) && (!quoted || l.text[i+1] == '"'):
			i++
			b.WriteByte(l.text[i])
			continue
		case c == '"':
			quoted = !quoted
			continue
		case !quoted && strings.IndexByte(" \t,=:()!", c) >= 0:
		default:
			b.WriteByte(c)
			continue
		}
		break
	}
	if quoted {
		return "", errors.New("name has an open quote")
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("want a name before %q", short(l.text))
	}
	l.text = l.text[i:]
	return b.String(), nil
}

// command takes a command with its arguments off: up to a comma, colon or equals sign that nothing escapes.
func (l *lexer) command() (string, error) {
	l.skip()
	var b strings.Builder
	i := 0
	if l.text != "" && l.text[0] != '/' && l.text[0] != '^' && !strings.HasPrefix(l.text, "sudoedit") && !strings.HasPrefix(l.text, "list") {
		return l.word() // ALL or an alias
	}
	quoted := false
	for ; i < len(l.text); i++ {
		c := l.text[i]
		if c == '\\' && i+1 < len(l.text) {
			i++
			if strings.IndexByte(`:,=#\ `, l.text[i]) < 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(l.text[i])
			continue
		}
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && strings.IndexByte(",:=", c) >= 0 {
			break
		}
		b.WriteByte(c)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	if text == "" {
		return "", fmt.Errorf("want a command before %q", short(l.text))
	}
	l.text = l.text[i:]
	return text, nil
}

func short(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
