package firewall

import (
	"errors"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

var families = []string{"ip", "ip6", "inet", "arp", "bridge", "netdev"}

// cutFamily takes the family off, which is ip where none is named.
func cutFamily(args []string) (family string, rest []string) {
	if len(args) > 0 && slices.Contains(families, args[0]) {
		return args[0], args[1:]
	}
	return "ip", args
}

// get returns the table, made where it is missing. The pointer holds until the next table.
func (n *nft) get(family, name string) *facts.NFTTable {
	for i := range n.out.Tables {
		if t := &n.out.Tables[i]; t.Family == family && t.Name == name {
			return t
		}
	}
	n.out.Tables = append(n.out.Tables, facts.NFTTable{Family: family, Name: name, Chains: []facts.NFTChain{}})
	return &n.out.Tables[len(n.out.Tables)-1]
}

func chain(t *facts.NFTTable, name string, at facts.Source) *facts.NFTChain {
	for i := range t.Chains {
		if t.Chains[i].Name == name {
			return &t.Chains[i]
		}
	}
	t.Chains = append(t.Chains, facts.NFTChain{Name: name, Lines: []facts.NFTRule{}, Source: at})
	return &t.Chains[len(t.Chains)-1]
}

// room counts tables, chains and rules together.
func (n *nft) room(line int) bool {
	if n.rules++; n.rules > maxRules {
		n.problem(line, binread.Limit("more than %d chains and rules", maxRules))
		return false
	}
	return true
}

func (n *nft) table(args []string, block bool) {
	family, args := cutFamily(args)
	if len(args) == 0 || !n.room(0) {
		n.skipIf(block)
		return
	}
	t := n.get(family, args[0])
	for block && len(n.tokens) > 0 {
		words, inner := n.take(isObject)
		switch {
		case len(words) == 0:
			if len(n.tokens) > 0 {
				n.tokens = n.tokens[1:] // the brace that ends the table
			}
			return
		case words[0].text == "chain" && len(words) > 1 && n.room(words[0].line):
			n.chain(chain(t, words[1].text, facts.Source{Path: n.path, Line: words[0].line}), inner)
		default:
			n.skipIf(inner)
		}
	}
	if block {
		n.problem(0, errors.New("a table is not closed"))
	}
}

func (n *nft) skipIf(block bool) {
	if block {
		n.skipBlock()
	}
}

// chain reads the block of a chain.
func (n *nft) chain(c *facts.NFTChain, block bool) {
	for block && len(n.tokens) > 0 {
		words, _ := n.take(func([]token) bool { return false })
		if len(words) == 0 {
			if len(n.tokens) > 0 {
				n.tokens = n.tokens[1:]
			}
			return
		}
		n.chainLine(c, words)
	}
	if block {
		n.problem(c.Source.Line, errors.New("chain "+c.Name+" is not closed"))
	}
}

func (n *nft) chainLine(c *facts.NFTChain, words []token) {
	args := texts(words)
	switch args[0] {
	case "type":
		n.base(c, args)
	case "policy":
		if len(args) > 1 {
			c.Policy, _ = n.expand(args[1:2])
		}
	case "comment", "devices", "flags":
	default:
		n.rule(c, args, words[0].line)
	}
}

// base reads "type filter hook input priority 0".
func (n *nft) base(c *facts.NFTChain, args []string) {
	after := func(word string) string {
		if i := slices.Index(args, word); i >= 0 && i+1 < len(args) {
			text, _ := n.expand(args[i+1 : i+2])
			return text
		}
		return ""
	}
	c.Type, c.Hook = after("type"), after("hook")
	if i := slices.Index(args, "priority"); i >= 0 {
		c.Priority, _ = n.expand(args[i+1:])
	}
	if c.Policy == "" {
		c.Policy = "accept"
	}
}

func (n *nft) rule(c *facts.NFTChain, args []string, line int) {
	if !n.room(line) {
		return
	}
	text, ok := n.expand(args)
	if !ok {
		n.problem(line, binread.Limit("rule of more than %d bytes", maxRuleText))
		return
	}
	c.Rules++
	if len(c.Lines) < maxLines {
		c.Lines = append(c.Lines, facts.NFTRule{Text: text, Source: facts.Source{Path: n.path, Line: line}})
	}
}

// chainOf reads "chain inet filter input { … }" outside of a table.
func (n *nft) chainOf(args []string, line int, block bool) {
	family, args := cutFamily(args)
	if len(args) < 2 || !n.room(line) {
		n.skipIf(block)
		return
	}
	n.chain(chain(n.get(family, args[0]), args[1], facts.Source{Path: n.path, Line: line}), block)
}

// ruleOf reads "rule inet filter input tcp dport 22 accept" outside of a table.
func (n *nft) ruleOf(args []string, line int) {
	family, args := cutFamily(args)
	if len(args) < 3 {
		n.problem(line, errors.New("rule without a table, a chain or a statement"))
		return
	}
	c := chain(n.get(family, args[0]), args[1], facts.Source{Path: n.path, Line: line})
	args = args[2:]
	if (args[0] == "position" || args[0] == "index" || args[0] == "handle") && len(args) > 2 {
		args = args[2:]
	}
	n.rule(c, args, line)
}

// remove runs flush and delete.
func (n *nft) remove(verb string, args []string) {
	if args[0] == "ruleset" {
		family := ""
		if len(args) > 1 {
			family = args[1]
		}
		n.out.Tables = slices.DeleteFunc(n.out.Tables, func(t facts.NFTTable) bool { return family == "" || t.Family == family })
		return
	}
	kind := args[0]
	family, rest := cutFamily(args[1:])
	if len(rest) == 0 {
		return
	}
	is := func(t *facts.NFTTable) bool { return t.Family == family && t.Name == strings.Trim(rest[0], `"`) }
	if kind == "table" && verb != "flush" {
		n.out.Tables = slices.DeleteFunc(n.out.Tables, func(t facts.NFTTable) bool { return is(&t) })
		return
	}
	for i := range n.out.Tables {
		t := &n.out.Tables[i]
		if !is(t) {
			continue
		}
		for j := range t.Chains {
			if kind == "table" || kind == "chain" && len(rest) > 1 && t.Chains[j].Name == rest[1] {
				t.Chains[j].Rules, t.Chains[j].Lines = 0, []facts.NFTRule{}
			}
		}
		if kind == "chain" && verb != "flush" && len(rest) > 1 {
			t.Chains = slices.DeleteFunc(t.Chains, func(c facts.NFTChain) bool { return c.Name == rest[1] })
		}
	}
}
