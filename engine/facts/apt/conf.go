package apt

import (
	"errors"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxNesting  = 50
	maxSettings = 100_000
	maxKey      = 1000 // bytes
)

// conf reads a file of apt.conf(5): "Scope::Key "value";", "Scope { Key "value"; };", and lists "Scope { "value"; };" or
// "Scope:: "value";". Comments are // and # to the end of the line, and /* */.
func (c *collector) conf(path string) error {
	b, err := c.s.ReadFile(path)
	if err != nil {
		return err
	}
	p := parser{c: c, path: path, text: string(b), line: 1}
	if err := p.parse(); err != nil {
		c.s.Problem(path, p.line, err)
	}
	return nil
}

type parser struct {
	c      *collector
	path   string
	text   string
	line   int
	scopes []string
	words  []string // of the statement at hand
	start  int      // its line
	count  int
}

func (p *parser) parse() error {
	for p.skip() {
		switch ch := p.text[0]; ch {
		case '{':
			p.text = p.text[1:]
			if len(p.words) == 0 || len(p.scopes) >= maxNesting {
				return binread.Corrupt("block without a name, or in more than %d others", maxNesting)
			}
			if len(p.words) > 1 {
				p.set(p.words[0], p.words[1])
			}
			p.scopes = append(p.scopes, p.key(p.words[0]))
			p.words = nil
		case '}':
			p.text = p.text[1:]
			if len(p.scopes) == 0 {
				return errors.New("} closes no block")
			}
			p.end()
			p.scopes = p.scopes[:len(p.scopes)-1]
		case ';':
			p.text = p.text[1:]
			p.end()
		default:
			word, err := p.word()
			if err != nil {
				return err
			}
			if len(p.words) == 0 {
				p.start = p.line
			}
			if p.words = append(p.words, word); len(p.words) > 2 {
				return errors.New("statement has more than a key and a value, or no ; at its end")
			}
		}
		if p.count > maxSettings {
			return binread.Limit("more than %d settings; the rest is left out", maxSettings)
		}
	}
	if len(p.scopes) > 0 || len(p.words) > 0 {
		return errors.New("file ends in a block or statement")
	}
	return nil
}

// skip passes blanks and comments and reports whether something is left.
func (p *parser) skip() bool {
	for p.text != "" {
		switch {
		case p.text[0] == '\n':
			p.line++
			p.text = p.text[1:]
		case p.text[0] == ' ' || p.text[0] == '\t' || p.text[0] == '\r':
			p.text = p.text[1:]
		case strings.HasPrefix(p.text, "#clear "), strings.HasPrefix(p.text, "#clear\t"):
			p.clear()
		case p.text[0] == '#', strings.HasPrefix(p.text, "//"):
			_, p.text, _ = strings.Cut(p.text, "\n")
			p.line++
		case strings.HasPrefix(p.text, "/*"):
			comment, rest, _ := strings.Cut(p.text, "*/")
			p.line += strings.Count(comment, "\n")
			p.text = rest
		default:
			return true
		}
	}
	return false
}

// clear reads "#clear Key;", which takes out a key and all below it.
func (p *parser) clear() {
	statement, rest, _ := strings.Cut(p.text, "\n")
	p.text = rest
	p.line++
	names, _, _ := strings.Cut(strings.TrimSpace(statement[len("#clear"):]), ";")
	for name := range strings.FieldsSeq(names) {
		name = strings.TrimSuffix(p.key(name), "::")
		for key := range p.c.apt.Conf {
			if key == name || strings.HasPrefix(key, name+"::") {
				delete(p.c.apt.Conf, key)
			}
		}
		for key := range p.c.apt.Lists {
			if key == name || strings.HasPrefix(key, name+"::") {
				delete(p.c.apt.Lists, key)
			}
		}
	}
}

func (p *parser) word() (string, error) {
	if p.text[0] == '"' {
		end := strings.IndexByte(p.text[1:], '"')
		if end < 0 {
			return "", errors.New("string has no end")
		}
		word := p.text[1 : 1+end]
		p.text = p.text[end+2:]
		p.line += strings.Count(word, "\n")
		return word, nil
	}
	end := strings.IndexAny(p.text, " \t\r\n;{}\"")
	if end < 0 {
		end = len(p.text)
	}
	word := p.text[:end]
	p.text = p.text[end:]
	return word, nil
}

// end closes a statement: a key and a value, or a value alone, which goes into the list that the block is.
func (p *parser) end() {
	switch len(p.words) {
	case 1:
		p.set("::", p.words[0])
	case 2:
		p.set(p.words[0], p.words[1])
	}
	p.words = nil
}

func (p *parser) key(name string) string {
	if len(p.scopes) > 0 {
		name = strings.TrimSuffix(p.scopes[len(p.scopes)-1], "::") + "::" + strings.TrimPrefix(name, "::")
	}
	return strings.ToLower(name)
}

func (p *parser) set(name, value string) {
	p.count++
	key := p.key(name)
	if len(key) > maxKey {
		p.c.s.Problem(p.path, p.start, binread.Limit("key of %d bytes, want at most %d", len(key), maxKey))
		return
	}
	shown := facts.Redact(value)
	if strings.HasPrefix(key, "acquire::") {
		shown = facts.Redact(key + "=" + value)[len(key)+1:]
	}
	at := facts.Source{Path: p.path, Line: p.start, Text: key + ` "` + shown + `"`}
	if list, ok := strings.CutSuffix(key, "::"); ok {
		p.c.apt.Lists[list] = append(p.c.apt.Lists[list], facts.Value[string]{Value: shown, Explicit: true, Source: &at})
		return
	}
	p.c.apt.Conf[key] = facts.Override(p.c.apt.Conf[key], shown, at)
}
