package policy

import (
	"fmt"
	"slices"
	"strings"
)

// labelTerm wants a label of the image to have one of some values. Labels are given by whoever judges: see Options.
type labelTerm struct {
	key   string
	want  []string
	value string
	given bool // the image has the label
}

func (l labelTerm) holds() bool { return slices.Contains(l.want, l.value) }

func (l labelTerm) is() string {
	if !l.given {
		return "no label " + l.key + " was given"
	}
	return fmt.Sprintf("the label is %s=%s", l.key, l.value)
}

func (l labelTerm) text() string { return l.key + "=" + strings.Join(l.want, "|") }

// labelTerms reads labels = { role = "web", site = ["a", "b"] }.
func (c *compiler) labelTerms(n *node) (terms []labelTerm, ok bool) {
	before := c.failures
	if !c.wantKind(n, kindTable) {
		return nil, false
	}
	for _, key := range n.keys {
		v := n.table[key]
		l := labelTerm{key: key}
		l.value, l.given = c.labels[key]
		if v.list != nil {
			l.want = textsOf(c.texts(v))
		} else {
			l.want = []string{c.text(v)}
		}
		if len(l.want) == 0 {
			c.fail(v.at, "%s allows no value", v.path)
		}
		terms = append(terms, l)
	}
	return terms, c.failures == before
}

// needsOS reports whether the condition asks something of the guest.
func (c condition) needsOS() bool { return len(c.os)+len(c.arch) > 0 }
