package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// offline is the assessable of a rule that is judged. Any other text says how people judge it.
const offline = "offline"

// ruleKeys are the keys of a [[rule]] beside the options of every entry.
func ruleKeys() []string {
	return slices.Concat([]string{"title", "file", "exists", "assessable"}, searchKeys(), rightsKeys())
}

// fileRules reads [[rule]]: checks of one file each, written without a policy language.
func fileRules(c *compiler, n *node) {
	if !c.wantKind(n, kindList) {
		return
	}
	for _, item := range n.list {
		c.rule(item)
	}
}

func (c *compiler) rule(n *node) {
	if !c.wantKind(n, kindTable) {
		return
	}
	o, ok := c.options(n, ruleKeys()...)
	if !ok {
		return
	}
	check := Check{}
	for _, need := range []string{"id", "title"} {
		if n.table[need] == nil {
			c.fail(n.key, "a rule without %s", need)
			ok = false
		}
	}
	if v := n.table["title"]; v != nil {
		check.Title = c.text(v)
		ok = ok && check.Title != ""
	}
	assessable := offline
	if v := n.table["assessable"]; v != nil {
		assessable = c.text(v)
		ok = ok && assessable != ""
	}
	if !ok {
		return
	}
	if assessable != offline {
		c.manual(n, check, o, assessable)
		return
	}
	c.fileRule(n, check, o)
}

// manual is a rule for people: what it says of a file is read, and not judged.
func (c *compiler) manual(n *node, check Check, o options, how string) {
	if _, _, ok := c.ruleParts(n); !ok {
		return
	}
	check.Eval = func(*facts.Document) Outcome {
		return Outcome{Status: finding.Manual, Message: how}
	}
	c.add(n, check, o)
}

func (c *compiler) fileRule(n *node, check Check, o options) {
	at := n.table["file"]
	if at == nil {
		c.fail(n.key, "rule %s has no file; a rule that people judge says how in assessable", o.id)
		return
	}
	p := c.text(at)
	if p == "" || !c.guestPath(at.at, p, false) {
		return
	}
	parts, request, ok := c.ruleParts(n)
	if !ok {
		return
	}
	if len(parts) == 0 {
		c.fail(n.key, "rule %s asks nothing of %s, want %s", o.id, p, listed(slices.Concat([]string{"exists"}, searchKeys(), rightsKeys())))
		return
	}
	check.Path, check.Needs = p, facts.Request{Files: map[string]facts.FileRequest{p: request}}
	check.Eval = func(doc *facts.Document) Outcome { return judgeParts(p, file(doc, p), parts) }
	c.add(n, check, o)
}

// rulePart is one of the things that a rule asks of its file.
type rulePart func(p string, f *facts.File) Outcome

func (c *compiler) ruleParts(n *node) (parts []rulePart, request facts.FileRequest, ok bool) {
	searches, ok := c.searches(n)
	if !ok {
		return nil, request, false
	}
	if len(searches) > 0 {
		for _, s := range searches {
			request.Content = append(request.Content, s.expr)
		}
		parts = append(parts, func(p string, f *facts.File) Outcome { return judgeContent(p, f, searches) })
	}
	if slices.ContainsFunc(rightsKeys(), func(k string) bool { return n.table[k] != nil }) {
		want, ok := c.rights(n)
		if !ok {
			return nil, request, false
		}
		parts = append(parts, func(p string, f *facts.File) Outcome { return judgePermissions(p, f, want) })
	}
	if v := n.table["exists"]; v != nil {
		if !c.wantKind(v, kindBoolean) {
			return nil, request, false
		}
		want := v.value == true
		if !want && len(parts) > 0 {
			c.fail(v.key, "a rule whose file must not exist can ask nothing else of it")
			return nil, request, false
		}
		parts = append(parts, func(p string, f *facts.File) Outcome { return judgeExists(p, f, want) })
	}
	return parts, request, true
}

func judgeExists(p string, f *facts.File, want bool) Outcome {
	switch {
	case want && f.Exists:
		return Outcome{Status: finding.Pass, Expected: "exists", Actual: f.Type, Message: "exists", Where: fileWhere(p, f)}
	case want:
		return missing(p, f)
	case f.Exists:
		return Outcome{Status: finding.Fail, Expected: "absent", Actual: f.Type, Message: "exists: " + f.Type, Where: fileWhere(p, f)}
	case f.Type != "":
		o := missing(p, f)
		o.Expected, o.Message = "absent", "exists: a link that leads to nothing"
		return o
	}
	return Outcome{Status: finding.Pass, Expected: "absent", Actual: "absent", Message: "absent"}
}

// judgeParts puts the outcomes of all parts together: unknown before fail, and fail before the others.
func judgeParts(p string, f *facts.File, parts []rulePart) Outcome {
	var all []Outcome
	for _, part := range parts {
		all = append(all, part(p, f))
	}
	for _, status := range []finding.Status{finding.Unknown, finding.Fail, finding.NotApplicable, finding.Pass} {
		var some []Outcome
		for _, o := range all {
			if o.Status == status {
				some = append(some, o)
			}
		}
		if len(some) == 0 {
			continue
		}
		o := some[0]
		for _, more := range some[1:] {
			if more.Message == o.Message { // the file is not there, which every part tells
				continue
			}
			o.Expected, o.Actual = o.Expected+", "+more.Expected, o.Actual+", "+more.Actual
			o.Message = o.Message + "; " + more.Message
			o.Notes = append(slices.Clip(o.Notes), more.Notes...)
			o.Fix = strings.TrimSuffix(fmt.Sprintf("%s && %s", o.Fix, more.Fix), " && ")
			o.Fix = strings.TrimPrefix(o.Fix, " && ")
		}
		return o
	}
	return unknown("nothing was asked of " + p)
}
