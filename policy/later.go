package policy

import (
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
)

// later makes a check of which this version cannot collect the facts: it is unknown on every guest. What the baseline says
// about it is checked for its form, so that the file stays right when the facts come.
func later(domain, title string, shape func(c *compiler, n *node)) func(*compiler, *node) {
	return func(c *compiler, n *node) {
		before := c.failures
		shape(c, n)
		if c.failures > before {
			return
		}
		c.add(n, Check{
			ID: n.path, Title: title,
			Needs: facts.Request{Domains: []string{domain}},
			Eval: func(*facts.Document) Outcome {
				return Outcome{Status: finding.Unknown, Message: n.path + " is not judged by this version"}
			},
		}, options{})
	}
}

func shapeTexts(c *compiler, n *node) { c.texts(n) }

func shapeVerdict(c *compiler, n *node) {
	known := []string{"allow", "warn", "deny"}
	if s := c.text(n); s != "" && s != known[0] && s != known[1] && s != known[2] {
		suggestion := nearest.Word(s, known)
		c.failSuggest(n.at, suggestion, "%s is %q%s", n.path, s, hint(suggestion, known))
	}
}

func shapeDays(c *compiler, n *node) {
	if days, ok := n.value.(int64); c.wantKind(n, kindInteger) && ok && days < 0 {
		c.fail(n.at, "%s is negative", n.path)
	}
}

func shapeTextTable(c *compiler, n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	for _, name := range n.keys {
		c.text(n.table[name])
	}
}

func shapeVerify(c *compiler, n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	for _, name := range n.keys {
		switch v := n.table[name]; name {
		case "files", "allow_config_changes":
			c.wantKind(v, kindBoolean)
		case "ignore":
			c.texts(v)
		default:
			if !free(name) {
				c.unknownKey(v, []string{"files", "allow_config_changes", "ignore"})
			}
		}
	}
}
