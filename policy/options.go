package policy

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

// options is what the long form of any entry can say beside its value.
type options struct {
	id, reason, fix string
	severity        finding.Severity
	refs            []string
	when            *condition
}

func optionKeys() []string { return []string{"severity", "reason", "refs", "when", "id", "fix"} }

// options reads the options of an inline table. Keys in own belong to the entry itself; any other is refused.
func (c *compiler) options(n *node, own ...string) (o options, ok bool) {
	before := c.failures
	for _, name := range n.keys {
		v := n.table[name]
		switch {
		case slices.Contains(own, name) || free(name):
		case name == "severity":
			o.severity = c.severity(v)
		case name == "reason":
			o.reason = c.text(v)
		case name == "refs":
			o.refs = textsOf(c.texts(v))
		case name == "when":
			if cond, ok := c.condition(v); ok {
				o.when = &cond
			}
		case name == "id":
			if o.id = c.text(v); strings.ContainsFunc(o.id, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
				c.fail(v.at, "%s is %q, want a word without blanks", v.path, o.id)
			}
		case name == "fix":
			o.fix = c.text(v)
		default:
			c.unknownKey(v, slices.Concat(own, optionKeys()))
		}
	}
	return o, c.failures == before
}

// shortOrLong returns the value of an entry: the entry itself, or what stands under key in its long form. Own are more keys
// of that.
func (c *compiler) shortOrLong(n *node, key string, own ...string) (v *node, o options, ok bool) {
	if n.table == nil {
		return n, o, true
	}
	if o, ok = c.options(n, append(own, key)...); !ok {
		return nil, o, false
	}
	if v = n.table[key]; v == nil {
		c.fail(n.at, "%s has no %s", n.describe(), key)
	}
	return v, o, v != nil
}

// textEntry reads an entry whose value is a text, such as a path.
func (c *compiler) textEntry(n *node, key string, own ...string) (v *node, o options, ok bool) {
	if n.table == nil && n.kind() != kindString {
		c.fail(n.at, "%s is %s, want a %s or { %s = \"...\" }", n.describe(), n.kind(), key, key)
		return nil, o, false
	}
	v, o, ok = c.shortOrLong(n, key, own...)
	return v, o, ok && c.text(v) != ""
}

func (c *compiler) severity(n *node) finding.Severity {
	s := finding.Severity(c.text(n))
	if s != "" && s.Rank() < 0 {
		var known []string
		for _, one := range finding.Severities() {
			known = append(known, string(one))
		}
		suggestion := nearest.Word(string(s), known)
		c.failSuggest(n.at, suggestion, "%s is %q%s", n.path, string(s), hint(suggestion, known))
		return ""
	}
	return s
}
