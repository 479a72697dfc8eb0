package rego

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/finding"
)

const (
	maxTold  = 5    // findings of one check whose sentences are told
	maxWhere = 100  // places of one check
	maxText  = 2000 // bytes of one text: a guest may make it as long as it likes
)

// outcome makes one verdict of the findings of a check.
func outcome(c *Check, found []ast.Value) (finding.Outcome, error) {
	o := finding.Outcome{Status: finding.Pass, Message: c.Title, Fix: c.Fix}
	if len(found) == 0 {
		return o, nil
	}
	o.Status = finding.Fail
	var messages, actual, expected, fixes []string
	for _, v := range found {
		m, err := messageOf(v)
		if err != nil {
			return finding.Outcome{}, err
		}
		messages = append(messages, m)
		object, ok := v.(ast.Object)
		if !ok {
			continue
		}
		actual = appendText(actual, object, "actual")
		expected = appendText(expected, object, "expected")
		fixes = appendText(fixes, object, "fix")
		if o.Where, err = appendEvidence(o.Where, object.Get(ast.StringTerm("evidence"))); err != nil {
			return finding.Outcome{}, err
		}
	}
	o.Message, o.Actual, o.Expected = told(messages, "; "), told(actual, ", "), told(expected, ", ")
	if 0 < len(fixes) && len(fixes) <= maxTold { // of more, what the check says in general is of more use than some
		o.Fix = strings.Join(fixes, "; ")
	}
	return o, nil
}

func unknownOutcome(reasons []ast.Value) (finding.Outcome, error) {
	o := finding.Outcome{Status: finding.Unknown}
	var messages []string
	for _, v := range reasons {
		m, err := messageOf(v)
		if err != nil {
			return finding.Outcome{}, err
		}
		messages = append(messages, m)
		if object, ok := v.(ast.Object); ok {
			if o.Where, err = appendEvidence(o.Where, object.Get(ast.StringTerm("evidence"))); err != nil {
				return finding.Outcome{}, err
			}
		}
	}
	o.Message = told(messages, "; ")
	return o, nil
}

// messageOf is the sentence of a finding: the finding itself, or its msg.
func messageOf(v ast.Value) (string, error) {
	switch v := v.(type) {
	case ast.String:
		return string(v), nil
	case ast.Boolean:
		return "the rule holds", nil
	case ast.Object:
		if msg := v.Get(ast.StringTerm("msg")); msg != nil {
			if s, ok := msg.Value.(ast.String); ok {
				return string(s), nil
			}
		}
		return "", errors.New("a finding of this check has no msg")
	}
	return "", fmt.Errorf("a finding of this check is %s, want an object with msg", ast.ValueName(v))
}

func appendText(texts []string, object ast.Object, key string) []string {
	t := object.Get(ast.StringTerm(key))
	if t == nil || t.Value.Compare(ast.NullValue) == 0 {
		return texts
	}
	s := textOf(t.Value)
	if slices.Contains(texts, s) {
		return texts
	}
	return append(texts, s)
}

func textOf(v ast.Value) string {
	switch v := v.(type) {
	case ast.String:
		return string(v)
	case *ast.Array:
		var parts []string
		v.Foreach(func(t *ast.Term) { parts = append(parts, textOf(t.Value)) })
		return strings.Join(parts, ", ")
	case ast.Set:
		var parts []string
		for _, t := range v.Slice() {
			parts = append(parts, textOf(t.Value))
		}
		return strings.Join(parts, ", ")
	}
	return v.String()
}

// told joins the first of many texts.
func told(texts []string, separator string) string {
	var first []string
	for _, t := range texts[:min(len(texts), maxTold)] {
		first = append(first, short(t))
	}
	joined := strings.Join(first, separator)
	if len(texts) > maxTold {
		joined += fmt.Sprintf(" and %d more", len(texts)-maxTold)
	}
	return joined
}

// short is a text, or its beginning.
func short(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

// appendEvidence reads places in the guest: objects with path, line, text and note, or plain paths. A null, which is the source of a
// value that nobody wrote down, is left out.
func appendEvidence(where []finding.Location, t *ast.Term) ([]finding.Location, error) {
	if t == nil {
		return where, nil
	}
	list, ok := t.Value.(*ast.Array)
	if !ok {
		return nil, fmt.Errorf("evidence of this check is %s, want a list", ast.ValueName(t.Value))
	}
	var wrong error
	list.Foreach(func(t *ast.Term) {
		var l finding.Location
		switch v := t.Value.(type) {
		case ast.Null:
			return
		case ast.String:
			l.Path = short(string(v))
		case ast.Object:
			l = location(v)
		default:
			wrong = fmt.Errorf("evidence of this check has %s, want an object with path", ast.ValueName(v))
			return
		}
		if l.Path != "" && len(where) < maxWhere && !slices.Contains(where, l) {
			where = append(where, l)
		}
	})
	return where, wrong
}

func location(o ast.Object) finding.Location {
	get := func(key string) string {
		if t := o.Get(ast.StringTerm(key)); t != nil {
			if s, ok := t.Value.(ast.String); ok {
				return short(string(s))
			}
		}
		return ""
	}
	l := finding.Location{Path: get("path"), Text: get("text"), Note: get("note")}
	if t := o.Get(ast.StringTerm("line")); t != nil {
		if n, ok := t.Value.(ast.Number); ok {
			l.Line, _ = n.Int()
		}
	}
	return l
}
