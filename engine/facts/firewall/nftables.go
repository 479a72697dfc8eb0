package firewall

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxIncludes  = 16 // nested, MAX_INCLUDE_DEPTH of nft
	maxFiles     = 1000
	maxVariables = 10_000
	maxRuleText  = 64 << 10 // bytes, with variables filled in
)

// nftPaths are the files of the distributions.
var nftPaths = []string{"/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables.nft"}

func nftables(ctx context.Context, s *facts.Scope) (*facts.NFTables, error) {
	main := nftMain(s)
	if main == "" {
		return nil, nil
	}
	n := &nft{ctx: ctx, s: s, vars: map[string]string{}, out: &facts.NFTables{
		Enabled: facts.Started(s, "nftables.service", "nftables"), Files: []string{}, Tables: []facts.NFTTable{},
	}}
	n.file(main)
	return n.out, ctx.Err()
}

// nftMain returns the file that the unit loads, or the first of the usual ones.
func nftMain(s *facts.Scope) string {
	if units, ok := facts.Of[facts.Units](s, "units"); ok && (*units)["nftables.service"] != nil {
		for _, e := range (*units)["nftables.service"].ExecStart {
			words := strings.Fields(e.Value)
			if i := slices.Index(words, "-f"); i >= 0 && i+1 < len(words) && s.Exists(words[i+1]) {
				return words[i+1]
			}
		}
	}
	for _, p := range nftPaths {
		if s.Exists(p) {
			return p
		}
	}
	return ""
}

// nft runs scripts as far as tables, chains and rules are made.
type nft struct {
	ctx             context.Context
	s               *facts.Scope
	out             *facts.NFTables
	vars            map[string]string
	path            string
	tokens          []token
	depth           int // files that include each other
	rules, problems int
}

func (n *nft) problem(line int, err error) {
	if n.problems++; n.problems <= maxProblems {
		n.s.Problem(n.path, line, err)
	}
}

func (n *nft) file(p string) {
	if n.depth == maxIncludes || len(n.out.Files) == maxFiles {
		n.problem(0, binread.Limit("files include each other more than %d deep, or are more than %d", maxIncludes, maxFiles))
		return
	}
	b, ok := text(n.s, p)
	if !ok {
		if !n.s.Exists(p) {
			n.problem(0, errors.New("includes "+p+", which does not exist: nft loads nothing"))
		}
		return
	}
	n.out.Files = append(n.out.Files, p)
	path, tokens := n.path, n.tokens
	n.path, n.tokens = p, lex(b)
	n.depth++
	for len(n.tokens) > 0 && n.ctx.Err() == nil {
		n.top()
	}
	n.depth--
	n.path, n.tokens = path, tokens
}

// take cuts a statement off: the words up to its end, and whether a block follows. Braces that belong to the statement
// itself, as those of sets, are words of it.
func (n *nft) take(opens func(words []token) bool) (words []token, block bool) {
	depth := 0
	for len(n.tokens) > 0 {
		t := n.tokens[0]
		switch {
		case t.text == "}" && depth == 0:
			return words, false
		case t.text == "{" && depth == 0 && opens(words):
			n.tokens = n.tokens[1:]
			return words, true
		}
		n.tokens = n.tokens[1:]
		switch t.text {
		case "{":
			depth++
		case "}":
			depth--
		case ";":
			if depth > 0 {
				continue
			}
			if len(words) == 0 {
				continue
			}
			return words, false
		}
		words = append(words, t)
	}
	if depth > 0 {
		n.problem(words[0].line, errors.New("a brace is not closed"))
	}
	return words, false
}

var objects = []string{"table", "chain", "set", "map", "flowtable", "counter", "quota", "limit", "secmark", "synproxy", "ct"}

// isObject tells the head of a block from a statement with a set in it.
func isObject(words []token) bool {
	if len(words) > 0 && slices.Contains([]string{"add", "create"}, words[0].text) {
		words = words[1:]
	}
	return len(words) > 0 && slices.Contains(objects, words[0].text)
}

// top reads one statement outside of a table.
func (n *nft) top() {
	words, block := n.take(isObject)
	if len(words) == 0 {
		if len(n.tokens) > 0 && n.tokens[0].text == "}" {
			n.problem(n.tokens[0].line, errors.New("a brace is closed and none is open"))
			n.tokens = n.tokens[1:]
		}
		return
	}
	line := words[0].line
	args := texts(words)
	verb := args[0]
	if slices.Contains([]string{"add", "create", "insert", "replace", "delete", "destroy", "flush"}, verb) && len(args) > 1 {
		args = args[1:]
	}
	switch {
	case verb == "include" && len(args) > 1:
		n.include(strings.Trim(args[1], `"`))
	case verb == "define" || verb == "redefine":
		n.define(args[1:], line)
	case verb == "flush" || verb == "delete" || verb == "destroy":
		n.remove(verb, args)
	case args[0] == "table":
		n.table(args[1:], block)
	case args[0] == "chain":
		n.chainOf(args[1:], line, block)
	case args[0] == "rule":
		n.ruleOf(args[1:], line)
	case block:
		n.skipBlock()
	}
}

func texts(words []token) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = w.text
	}
	return all
}

// include reads files relative to /etc, and in order where the name is a pattern, which may match nothing.
func (n *nft) include(name string) {
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "./") && !strings.HasPrefix(name, "../") {
		name = "/etc/" + name
	}
	name = path.Clean("/" + name)
	if !strings.ContainsAny(name, "*?[") {
		n.file(name)
		return
	}
	for _, p := range n.s.Glob(name) {
		if o, err := n.s.Stat(p); err != nil || !o.IsDir() {
			n.file(p)
		}
	}
}

func (n *nft) define(args []string, line int) {
	if len(args) < 3 || args[1] != "=" {
		args = strings.SplitN(strings.Join(args, " "), "=", 2)
		if len(args) < 2 {
			n.problem(line, errors.New("define without a value"))
			return
		}
		args = []string{strings.TrimSpace(args[0]), "=", args[1]}
	}
	value, ok := n.expand(args[2:])
	if !ok || len(n.vars) == maxVariables {
		n.problem(line, binread.Limit("more than %d variables, or one of more than %d bytes", maxVariables, maxRuleText))
		return
	}
	n.vars[args[0]] = value
}

// expand joins words with variables filled in. It is not ok when the text becomes too long.
func (n *nft) expand(words []string) (string, bool) {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if !strings.Contains(w, "$") || strings.HasPrefix(w, `"`) {
			b.WriteString(w)
			continue
		}
		for j, part := range strings.Split(w, "$") {
			end := 0
			for j > 0 && end < len(part) && isNameByte(part[end]) {
				end++
			}
			value, ok := n.vars[part[:end]]
			switch {
			case j == 0:
			case ok:
				b.WriteString(strings.TrimSpace(value))
			default:
				b.WriteString("$" + part[:end])
			}
			b.WriteString(part[end:])
			if b.Len() > maxRuleText {
				return "", false
			}
		}
	}
	return b.String(), b.Len() <= maxRuleText
}

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// skipBlock passes over a block of which nothing is told.
func (n *nft) skipBlock() {
	for depth := 1; depth > 0 && len(n.tokens) > 0; n.tokens = n.tokens[1:] {
		switch n.tokens[0].text {
		case "{":
			depth++
		case "}":
			depth--
		}
	}
}
