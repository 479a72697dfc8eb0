package policy

import (
	"strings"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/rules/frameworks"
)

func minCoverage(c *compiler, n *node) {
	var v float64
	switch x := n.value.(type) {
	case int64:
		v = float64(x)
	case float64:
		v = x
	default:
		c.wantKind(n, kindInteger, kindFloat)
		return
	}
	if !(v >= 0 && v <= 100) { // so that NaN is refused too
		c.fail(n.at, "%s is %v, want a percentage from 0 to 100", n.path, v)
		return
	}
	c.header.minCoverage = &v
}

// frameworkNames reads the frameworks that a report is asked for. Names of others are the author's business: they warn.
func frameworkNames(c *compiler, n *node) {
	names := c.texts(n)
	c.header.frameworks = textsOf(names)
	for _, name := range names {
		key, exact := frameworks.Resolve(name.text)
		if key == "" {
			suggestion := nearest.Word(strings.ToLower(name.text), frameworks.Keys())
			if suggestion != "" {
				suggestion = ", did you mean " + suggestion + "?"
			}
			c.warn(name.at, "no framework %s is known: no report shows it%s", quote(name.text), suggestion)
			continue
		}
		if f, err := frameworks.Load(key); err == nil && !exact {
			c.warn(name.at, "%s is reported by the numbers of %s %s", quote(name.text), f.Name, f.Version)
		}
	}
}

func appliesTo(c *compiler, n *node) {
	if cond, ok := c.condition(n); ok {
		c.header.appliesTo = &cond
	}
}

// disable reads disable = [{ id = "...", reason = "..." }].
func disable(c *compiler, n *node) {
	if !c.wantKind(n, kindList) {
		return
	}
	for _, item := range n.list {
		if !c.wantKind(item, kindTable) {
			continue
		}
		d := disabled{Disabled: Disabled{Position: finding.Position{File: c.src.name, Line: c.src.line(item.key)}}}
		at := item.at
		for _, name := range item.keys {
			switch v := item.table[name]; name {
			case "id":
				d.ID, at = c.text(v), v.at
			case "reason":
				d.Reason = c.text(v)
			default:
				if !free(name) {
					c.unknownKey(v, []string{"id", "reason"})
				}
			}
		}
		if d.ID == "" || strings.TrimSpace(d.Reason) == "" {
			c.fail(item.at, "an entry of %s wants an id and a reason", n.path)
			continue
		}
		d.err = func(suggestion string) error {
			err := c.src.errorf(at, "no check %s to disable", d.ID)
			err.Suggestion = suggestion
			return err
		}
		c.disabled = append(c.disabled, d)
	}
}
