package intel

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

// pattern reads a pattern of STIX 2.1, section 9: observations in brackets, of which one has to be true. What asks for the order or
// number of observations is not what a disk can tell.
type pattern struct {
	tokens []token
	depth  int
	unused []string
}

// parsePattern returns in which ways a pattern is true, as far as they can be told of a file, and a reason for each part of it that
// cannot. An error is one of its syntax.
func parsePattern(s string) (a alternatives, unused []string, err error) {
	if len(s) > maxPattern {
		return nil, nil, binread.Limit("a pattern of %d bytes, want at most %d", len(s), maxPattern)
	}
	p := &pattern{}
	if p.tokens, err = lex(s); err != nil {
		return nil, nil, err
	}
	whole := p.spanning()
	if a, err = p.observations(); err != nil {
		return nil, nil, err
	}
	if t := p.next(); t.kind != endToken {
		return nil, nil, fmt.Errorf("%q after the pattern", t.text)
	}
	if whole != "" {
		return nil, []string{whole}, nil
	}
	return a, p.unused, nil
}

// spanning is the word that makes a pattern speak of several observations.
func (p *pattern) spanning() string {
	for _, t := range p.tokens {
		if t.kind == keyword && slices.Contains([]string{"FOLLOWEDBY", "WITHIN", "REPEATS", "START"}, t.text) {
			return t.text
		}
	}
	depth := 0
	for _, t := range p.tokens {
		switch {
		case t.kind == mark && t.text == "[":
			depth++
		case t.kind == mark && t.text == "]":
			depth--
		case t.kind == keyword && t.text == "AND" && depth == 0:
			return "AND of observations"
		}
	}
	return ""
}

func (p *pattern) next() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

// take consumes a token with a text, if it is the next.
func (p *pattern) take(kind tokenKind, texts ...string) (string, bool) {
	if len(p.tokens) == 0 || p.tokens[0].kind != kind || !slices.Contains(texts, p.tokens[0].text) {
		return "", false
	}
	return p.next().text, true
}

func (p *pattern) want(text string) error {
	if _, ok := p.take(mark, text); !ok {
		return fmt.Errorf("%q, want %q", p.next().text, text)
	}
	return nil
}

// nested reads what stands in parentheses.
func (p *pattern) nested(read func() (alternatives, error)) (a alternatives, err error) {
	if p.depth++; p.depth > maxPatternIn {
		return nil, binread.Limit("parentheses more than %d levels deep", maxPatternIn)
	}
	if a, err = read(); err != nil {
		return nil, err
	}
	p.depth--
	return a, p.want(")")
}

func (p *pattern) observations() (alternatives, error) {
	return p.chain([]string{"OR", "AND", "FOLLOWEDBY"}, func() (a alternatives, err error) {
		if _, ok := p.take(mark, "("); ok {
			a, err = p.nested(p.observations)
		} else {
			if err := p.want("["); err != nil {
				return nil, err
			}
			if a, err = p.anyOf(); err == nil {
				err = p.want("]")
			}
		}
		if err != nil {
			return nil, err
		}
		return a, p.qualifiers()
	})
}

// qualifiers passes over WITHIN 5 SECONDS, REPEATS 3 TIMES and START t'...' STOP t'...'.
func (p *pattern) qualifiers() error {
	for {
		word, ok := p.take(keyword, "WITHIN", "REPEATS", "START")
		if !ok {
			return nil
		}
		for range map[string]int{"WITHIN": 2, "REPEATS": 2, "START": 3}[word] {
			if t := p.next(); t.kind == endToken || t.kind == mark {
				return fmt.Errorf("%s without what it needs", word)
			}
		}
	}
}

// chain reads alternatives with words between them.
func (p *pattern) chain(words []string, one func() (alternatives, error)) (alternatives, error) {
	a, err := one()
	for err == nil {
		if _, ok := p.take(keyword, words...); !ok {
			break
		}
		var b alternatives
		if b, err = one(); err == nil {
			a, err = fits(a.or(b))
		}
	}
	return a, err
}

func fits(a alternatives, ok bool) (alternatives, error) {
	if !ok {
		return nil, binread.Limit("a pattern with more than %d alternatives, or %d terms in one", maxJoined, maxTerms)
	}
	return a, nil
}

// anyOf reads comparisons with OR between them; AND binds them first.
func (p *pattern) anyOf() (alternatives, error) { return p.chain([]string{"OR"}, p.allOf) }

func (p *pattern) allOf() (alternatives, error) {
	a, err := p.one()
	for err == nil {
		if _, ok := p.take(keyword, "AND"); !ok {
			break
		}
		var b alternatives
		if b, err = p.one(); err == nil {
			a, err = fits(a.and(b))
		}
	}
	return a, err
}

// comparison is "path operator value", or of IN "path IN (value, value)".
type comparison struct {
	path   string
	not    bool
	op     string
	values []string
	plain  bool // the values are strings or numbers
}

func (p *pattern) one() (alternatives, error) {
	if _, ok := p.take(mark, "("); ok {
		return p.nested(p.anyOf)
	}
	if _, ok := p.take(keyword, "EXISTS"); ok {
		p.unused = append(p.unused, "EXISTS")
		if t := p.next(); t.kind != objectPath {
			return nil, fmt.Errorf("EXISTS of %q, want the path of an object", t.text)
		}
		return nil, nil
	}
	c := comparison{plain: true}
	t := p.next()
	if t.kind != objectPath {
		return nil, fmt.Errorf("%q, want the path of an object", t.text)
	}
	c.path = t.text
	_, c.not = p.take(keyword, "NOT")
	if t = p.next(); t.kind != operator && !slices.Contains([]string{"IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"}, t.text) {
		return nil, fmt.Errorf("%q after %s, want an operator", t.text, c.path)
	}
	c.op = t.text
	if c.op == "!=" {
		c.op, c.not = "=", !c.not
	}
	if err := p.values(&c); err != nil {
		return nil, err
	}
	a, why := c.alternatives()
	if why != "" {
		p.unused = append(p.unused, why)
	}
	return fits(a, len(a) <= maxJoined)
}

func (p *pattern) values(c *comparison) error {
	value := func() error {
		t := p.next()
		if t.kind != text && t.kind != number && t.kind != otherString {
			return fmt.Errorf("%q after %s %s, want a value", t.text, c.path, c.op)
		}
		c.values = append(c.values, t.text)
		c.plain = c.plain && t.kind != otherString
		return nil
	}
	if c.op != "IN" {
		return value()
	}
	if err := p.want("("); err != nil {
		return err
	}
	for {
		if err := value(); err != nil {
			return err
		}
		if _, ok := p.take(mark, ","); !ok {
			return p.want(")")
		}
	}
}
