package policy

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// search is one expression that a file's content must match, or must not.
type search struct {
	expr   string
	wanted bool
	words  string
}

// searchKeys are the keys that say what a file's content must be.
func searchKeys() []string { return []string{"contains", "excludes", "matches", "match", "not_match"} }

// content reads "/path" = { contains = "...", excludes = "...", matches = "...", not_match = "..." }. Each takes a string or a
// list.
func content(c *compiler, n *node) {
	own := searchKeys()
	if n.table == nil {
		c.fail(n.at, "%s is %s, want a table such as { contains = \"...\" }", n.path, n.kind())
		return
	}
	o, ok := c.entryTable(n, own...)
	if !ok {
		return
	}
	searches, ok := c.searches(n)
	if !ok {
		return
	}
	if len(searches) == 0 {
		c.fail(n.at, "%s says nothing about its content, want %s", n.path, listed(own))
		return
	}
	var exprs, texts []string
	for _, s := range searches {
		exprs, texts = append(exprs, s.expr), append(texts, s.words)
	}
	p := n.name
	c.add(n, Check{
		ID: "files.content:" + p, Path: p, Title: p + " " + strings.Join(texts, ", "),
		Needs: facts.Request{Files: map[string]facts.FileRequest{p: {Content: exprs}}},
		Eval:  func(doc *facts.Document) Outcome { return judgeContent(p, file(doc, p), searches) },
	}, o)
}

func (c *compiler) searches(n *node) ([]search, bool) {
	before := c.failures
	var searches []search
	for _, name := range n.keys {
		v := n.table[name]
		items := []*node{v}
		if v.list != nil {
			items = v.list
		}
		for _, item := range items {
			switch name {
			case "contains", "excludes":
				text := c.text(item)
				verb := map[string]string{"contains": "contains", "excludes": "does not contain"}[name]
				searches = append(searches, search{regexp.QuoteMeta(text), name == "contains", verb + " " + quote(text)})
			case "matches", "match":
				searches = append(searches, search{c.lineRegexp(item), true, "matches " + quote(fmt.Sprint(item.value))})
			case "not_match":
				searches = append(searches, search{c.lineRegexp(item), false, "does not match " + quote(fmt.Sprint(item.value))})
			}
		}
	}
	return searches, c.failures == before
}

// lineRegexp reads an expression in which ^ and $ are the begin and the end of a line, as they are for grep.
func (c *compiler) lineRegexp(n *node) string { return "(?m)" + c.regexp(n).String() }

func judgeContent(p string, f *facts.File, searches []search) Outcome {
	var texts, wrong []string
	onlyExcludes := true
	for _, s := range searches {
		texts = append(texts, s.words)
		onlyExcludes = onlyExcludes && !s.wanted
	}
	expected := strings.Join(texts, ", ")
	if !f.Exists {
		o := missing(p, f)
		if o.Expected = expected; onlyExcludes {
			o.Status = finding.NotApplicable
		}
		return o
	}
	o := Outcome{Status: finding.Pass, Expected: expected, Actual: expected, Message: expected, Where: fileWhere(p, f)}
	if f.Type != "file" {
		o.Status, o.Actual, o.Message = finding.Fail, f.Type, fmt.Sprintf("is no file with content (%s)", f.Type)
		return o
	}
	at := o.Where[0]
	for _, s := range searches {
		m, ok := f.Content[s.expr]
		if !ok {
			return unknown(fmt.Sprintf("%s was not searched for what it %s", p, s.words))
		}
		if m.Found {
			o.Where = append(o.Where, finding.Location{Path: at.Path, Line: m.Line, Note: "matches " + s.expr})
		}
		if m.Found != s.wanted {
			wrong = append(wrong, "want: "+s.words)
		}
	}
	if len(wrong) > 0 {
		o.Status, o.Actual, o.Message = finding.Fail, strings.Join(wrong, "; "), strings.Join(wrong, "; ")
		o.Actual = strings.ReplaceAll(o.Actual, "want: ", "not true: ")
	}
	return o
}
