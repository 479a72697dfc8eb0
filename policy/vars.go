package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/internal/nearest"
)

const maxExpanded = 4 << 20 // bytes that the variables of one file may put in

// substitute puts the values of [vars] into every string below n.
func (c *compiler) substitute(n *node, path []string, vars map[string]string) {
	if s, ok := n.value.(string); ok && c.expanded <= maxExpanded {
		n.value = c.expand(n, s, vars)
	}
	for _, name := range n.keys {
		below := append(path[:len(path):len(path)], name)
		if found, _ := find(c.words, below); found == nil && free(name) || len(path) == 0 && (name == "meta" || name == "vars") {
			continue
		}
		c.substitute(n.table[name], below, vars)
	}
	for _, item := range n.list {
		c.substitute(item, path, vars)
	}
}

// expand replaces ${name}. $${ stands for a plain ${.
func (c *compiler) expand(n *node, s string, vars map[string]string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		if plain, escaped := strings.CutSuffix(before, "$"); escaped && found {
			out.WriteString(plain + "${")
			s = rest
			continue
		}
		out.WriteString(before)
		if !found {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			c.fail(n.at, "%s has ${ without its }", n.describe())
			return s
		}
		value, ok := vars[name]
		if !ok {
			value = name // so that an empty value is not complained about too
			if !c.incomplete {
				known := slices.Sorted(maps.Keys(vars))
				c.failSuggest(n.at, nearest.Word(name, known), "unknown variable %s in %s", name, n.describe())
			}
		}
		out.WriteString(value)
		if c.expanded += len(value); c.expanded > maxExpanded {
			c.fail(n.at, "%s: the variables of this file grow to more than %d bytes", n.describe(), maxExpanded)
			return ""
		}
		s = after
	}
}
