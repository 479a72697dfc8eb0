package apt

import (
	"errors"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// oneLine reads lines "deb [ option=value ... ] uri suite component ...".
func (c *collector) oneLine(path string) error {
	return c.s.Lines(path, func(n int, text string) {
		line, _, _ := strings.Cut(text, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			return
		}
		source := newSource(path, n, text)
		if words[0] != "deb" && words[0] != "deb-src" {
			c.s.Problem(path, n, fmt.Errorf("source has the type %.40q, want deb or deb-src", words[0]))
			return
		}
		source.Types = append(source.Types, words[0])
		rest := strings.TrimSpace(strings.TrimSpace(line)[len(words[0]):])
		if strings.HasPrefix(rest, "[") {
			options, after, ok := strings.Cut(rest[1:], "]")
			if !ok {
				c.s.Problem(path, n, errors.New("options of the source have no ]"))
				return
			}
			for option := range strings.FieldsSeq(options) {
				name, value, _ := strings.Cut(option, "=")
				c.option(&source, n, strings.ToLower(strings.TrimRight(name, "+-")), value)
			}
			rest = after
		}
		words = strings.Fields(rest)
		if len(words) < 2 {
			c.s.Problem(path, n, errors.New("source has no address and suite"))
			return
		}
		source.URIs, source.Suites = append(source.URIs, facts.Redact(words[0])), append(source.Suites, words[1])
		source.Components = append(source.Components, words[2:]...)
		c.add(source)
	})
}

// stanza is one paragraph of a .sources file: lines "Field: value", continued by lines that begin with a blank.
type stanza struct {
	start  int
	text   string
	fields map[string]string
	lines  map[string]int
	last   string
	broken bool
}

const maxField = 1 << 20 // bytes of one field

func (c *collector) stanzas(path string) error {
	now := stanza{}
	err := c.s.Lines(path, func(n int, text string) {
		switch trimmed := strings.TrimSpace(text); {
		case trimmed == "":
			c.stanza(path, now)
			now = stanza{}
		case text[0] == '#':
		case text[0] == ' ' || text[0] == '\t':
			if now.last == "" {
				c.s.Problem(path, n, errors.New("line continues no field"))
			} else if len(now.fields[now.last]) < maxField {
				now.fields[now.last] += "\n" + trimmed
			}
		default:
			name, value, ok := strings.Cut(text, ":")
			if !ok {
				c.s.Problem(path, n, errors.New("line is no field"))
				now.broken = true
				return
			}
			if now.start == 0 {
				now.start, now.text, now.fields, now.lines = n, text, map[string]string{}, map[string]int{}
			}
			now.last = strings.ToLower(strings.TrimSpace(name))
			now.fields[now.last], now.lines[now.last] = strings.TrimSpace(value), n
		}
	})
	c.stanza(path, now)
	return err
}

func (c *collector) stanza(path string, now stanza) {
	if now.start == 0 {
		return
	}
	source := newSource(path, now.start, now.text)
	for field, value := range now.fields {
		words := strings.Fields(value)
		switch field {
		case "types":
			source.Types = append(source.Types, words...)
		case "uris":
			source.URIs = append(source.URIs, strings.Fields(facts.Redact(value))...)
		case "suites":
			source.Suites = append(source.Suites, words...)
		case "components":
			source.Components = append(source.Components, words...)
		case "enabled":
			on, ok := truth(value)
			if !ok {
				c.s.Problem(path, now.lines[field], fmt.Errorf("enabled is %.40q, want yes or no", value))
			}
			source.Enabled = on || !ok
		case "signed-by":
			source.SignedBy = strings.Join(words, " ")
			if strings.Contains(value, "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
				source.SignedBy = "embedded"
			}
		case "x-repolib-name", "description":
		default:
			c.option(&source, now.lines[field], field, value)
		}
	}
	if len(source.Types) == 0 || len(source.URIs) == 0 || len(source.Suites) == 0 {
		c.s.Problem(path, now.start, errors.New("source has no types, addresses or suites"))
		return
	}
	c.add(source)
}
