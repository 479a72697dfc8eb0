package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// settingKind is the kind of values a setting has, which decides the operators it takes.
type settingKind int

const (
	textSetting settingKind = iota
	versionSetting
	boolSetting
	listSetting
)

// setting is one value of a guest that a baseline can ask for.
type setting struct {
	title    string // what it is: "The time zone"
	severity finding.Severity
	kind     settingKind
	values   []string                                // the values it can have, when these are few
	check    func(c *compiler, n *node, want string) // looks at a wanted value further
	domains  []string
	absent   []string                                     // domains without which the setting has a value all the same
	same     func(want, got string) bool                  // nil: the same text
	read     func(doc *facts.Document) (reading, Outcome) // Outcome with a Status ends the check; otherwise it has Where and Notes
	fix      func(doc *facts.Document, want string) string
}

// setting makes the check of one setting.
func (c *compiler) setting(n *node, s *setting) {
	tests, want, o, ok := c.matcher(n, s)
	if !ok {
		return
	}
	// An exact value can be proposed as a fix; "not permissive" cannot.
	exact := n.table == nil || len(tests) == 1 && n.table["equals"] != nil
	c.add(n, Check{
		ID:       n.path,
		Title:    fmt.Sprintf("%s is %s", s.title, want),
		Severity: s.severity,
		Needs:    facts.Request{Domains: s.domains},
		Absent:   s.absent,
		Eval: func(doc *facts.Document) Outcome {
			r, o := s.read(doc)
			if o.Status != "" {
				return o
			}
			o = r.judge(tests, want, o)
			if o.Status == finding.Fail && exact && s.fix != nil {
				o.Fix = s.fix(doc, want)
			}
			return o
		},
	}, o)
}

// judge asks all tests of a reading. o has what goes with the reading: Where and Notes.
func (r reading) judge(tests []test, want string, o Outcome) Outcome {
	o.Status, o.Expected, o.Actual = finding.Pass, want, r.text()
	for _, t := range tests {
		ok, err := t(r)
		if err != nil {
			o.Status, o.Message = finding.Unknown, err.Error()
			return o
		}
		if !ok {
			o.Status = finding.Fail
		}
	}
	o.Message = o.Actual
	if o.Status == finding.Fail {
		o.Message = fmt.Sprintf("want %s, is %s", want, o.Actual)
	}
	return o
}

func (r reading) text() string {
	switch {
	case len(r.list) > 0:
		return strings.Join(r.list, ", ")
	case !r.set:
		return "not set"
	}
	return r.value
}

// equal returns the test for one value of a setting.
func (s *setting) equal(want string) test {
	if s.kind == versionSetting {
		c, err := parseConstraint(want)
		if err == nil {
			return versionTest(c)
		}
	}
	same := s.same
	if same == nil {
		same = func(want, got string) bool { return want == got }
	}
	return func(r reading) (bool, error) {
		if !r.set {
			return false, nil
		}
		return same(want, r.value) || slices.ContainsFunc(r.also, func(got string) bool { return same(want, got) }), nil
	}
}

// valueReading reads a domain that is one value with its provenance.
func valueReading(doc *facts.Document, domain string) (reading, Outcome) {
	v, ok := facts.Get[facts.Value[string]](doc, domain)
	if !ok { // the guest does not have it; anything else was stopped by the gate
		return reading{}, Outcome{}
	}
	return reading{set: v.Value != "", value: v.Value}, Outcome{Where: valueWhere(v)}
}

// valueWhere lists the line a value comes from, and those that lost against it.
func valueWhere[T any](v *facts.Value[T]) []finding.Location {
	var where []finding.Location
	for _, lost := range v.Shadowed {
		where = append(where, location(lost.Source, ""))
	}
	if v.Source != nil {
		note := ""
		if len(where) > 0 {
			note = "wins"
		}
		where = append(where, location(*v.Source, note))
	}
	return where
}

func location(s facts.Source, note string) finding.Location {
	return finding.Location{Path: s.Path, Line: s.Line, Text: s.Text, Note: note}
}
