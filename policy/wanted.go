package policy

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/nearest"
)

// value is one value that a baseline asks for.
type value struct {
	text   string
	number bool // written as a number: compared as one
	truth  bool // written as true or false: compared with every way to write that
}

// wanted reads one value of a setting, and refuses what the setting can never be.
func (c *compiler) wanted(n *node, s *setting) value {
	switch s.kind {
	case boolSetting:
		c.wantKind(n, kindBoolean)
		return value{text: fmt.Sprint(n.value)}
	case openSetting:
		return c.scalar(n, s)
	}
	text := c.text(n)
	if len(s.values) > 0 && text != "" && !slices.Contains(s.values, text) {
		suggestion := nearest.Word(text, s.values)
		c.failSuggest(n.at, suggestion, "%s is %q%s", n.path, text, hint(suggestion, s.values))
	}
	if s.kind == versionSetting && text != "" {
		if _, err := parseConstraint(text); err != nil {
			c.fail(n.at, "%s: %v", n.path, err)
		}
	}
	if s.check != nil && text != "" {
		s.check(c, n, text)
	}
	return value{text: text}
}

// scalar reads text, a number or a truth value.
func (c *compiler) scalar(n *node, s *setting) value {
	w := value{}
	switch v := n.value.(type) {
	case string:
		w.text = v // may be empty: a file can hold an empty value
	case int64:
		w.text, w.number = strconv.FormatInt(v, 10), true
	case float64:
		w.text, w.number = strconv.FormatFloat(v, 'f', -1, 64), true
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.fail(n.at, "%s is %v, want a number", n.describe(), v)
		}
	case bool:
		w.text, w.truth = strconv.FormatBool(v), true
	default:
		c.wantKind(n, kindString, kindInteger, kindFloat, kindBoolean)
		return w
	}
	if s.normal != nil && !w.truth {
		text, err := s.normal(w.text)
		if err != nil {
			c.fail(n.at, "%v", err)
			return w
		}
		w.text = text
	}
	return w
}

// equal returns the test for one value of a setting.
func (s *setting) equal(w value) test {
	if s.kind == versionSetting {
		if c, err := parseConstraint(w.text); err == nil {
			return versionTest(c)
		}
	}
	return func(r reading) (bool, error) {
		if !r.set {
			return false, nil
		}
		if r.many {
			return slices.ContainsFunc([]string{" ", ","}, func(sep string) bool { return s.sameAs(w, r.joined(sep)) }), nil
		}
		return s.sameAs(w, r.value) || slices.ContainsFunc(r.also, func(got string) bool { return s.sameAs(w, got) }), nil
	}
}

func (s *setting) sameAs(w value, got string) bool {
	if w.truth {
		on, ok := facts.ParseBool(got)
		return ok && strconv.FormatBool(on) == w.text
	}
	if s.same != nil {
		return s.same(w.text, got)
	}
	if n, ok := compareNumbers(w.text, got); ok && w.number {
		return n == 0
	}
	return w.text == got
}

// numberBound reads the bound of a number.
func (c *compiler) numberBound(n *node, s *setting, op, words string) (test, string) {
	before := c.failures
	w := c.scalar(n, s)
	if _, ok := compareNumbers(w.text, "0"); (!ok || w.truth) && c.failures == before {
		c.fail(n.at, "%s is %q, want a number", n.describe(), w.text)
	}
	return func(r reading) (bool, error) {
		if !r.set || r.many {
			return false, nil
		}
		if s.unlimited != nil && s.unlimited(r.value) {
			return op == ">=", nil
		}
		order, ok := compareNumbers(r.value, w.text)
		return ok && (order == 0 || order > 0 == (op == ">=")), nil
	}, words + w.text
}

const maxDigits = 100 // of a number that is compared

// compareNumbers compares two numbers; false when one of them is none.
func compareNumbers(a, b string) (int, bool) {
	if len(a) > maxDigits || len(b) > maxDigits {
		return 0, false
	}
	x, okX := new(big.Int).SetString(a, 10)
	y, okY := new(big.Int).SetString(b, 10)
	if okX && okY {
		return x.Cmp(y), true
	}
	f, errF := strconv.ParseFloat(a, 64)
	g, errG := strconv.ParseFloat(b, 64)
	if errF != nil || errG != nil || math.IsNaN(f) || math.IsNaN(g) {
		return 0, false
	}
	switch {
	case f < g:
		return -1, true
	case f > g:
		return 1, true
	}
	return 0, true
}

// listWanted reads a list of values as the facts write them.
func (c *compiler) listWanted(n *node, s *setting) []string {
	if s.kind != openSetting {
		return textsOf(c.texts(n))
	}
	all := []string{}
	if !c.wantKind(n, kindList) {
		return all
	}
	for _, item := range n.list {
		all = append(all, c.scalar(item, &setting{}).text)
	}
	return all
}

// partsWanted reads one value or several.
func (c *compiler) partsWanted(n *node, s *setting) []string {
	switch {
	case s.kind == textSetting:
		return []string{c.text(n)}
	case n.list != nil:
		return c.listWanted(n, s)
	case s.kind == openSetting:
		return []string{c.scalar(n, &setting{}).text}
	}
	return []string{c.text(n)}
}

// has reports whether a list has an entry, or a text a part.
func (r reading) has(part string, s *setting) bool {
	if s.kind == listSetting || r.many {
		return slices.Contains(r.list, part)
	}
	return r.set && strings.Contains(r.value, part)
}

// items are the entries of a list, or the words of a text.
func (r reading) items() []string {
	if !r.set || r.many || len(r.list) > 0 {
		return r.list
	}
	return strings.FieldsFunc(r.value, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' })
}

func (r reading) joined(sep string) string {
	if len(r.list) > 0 || r.many {
		return strings.Join(r.list, sep)
	}
	return r.value
}
