package policy

import (
	"cmp"
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
	openSetting // whatever the file of a program holds: text, a number, a truth value or a list
)

// setting is one value of a guest that a baseline can ask for.
type setting struct {
	id       string // of the check; "" is the path of its key
	title    string // what it is: "The time zone"
	severity finding.Severity
	kind     settingKind
	values   []string                                // the values it can have, when these are few
	check    func(c *compiler, n *node, want string) // looks at a wanted value further
	domains  []string
	absent   []string // domains without which the setting has a value all the same
	files    map[string]facts.FileRequest
	globs    []string
	registry []string                    // paths, as the facts have them
	same     func(want, got string) bool // nil: the same text
	// unlimited says which values of a number mean that there is no limit: they are more than any number.
	unlimited func(value string) bool
	// normal writes a wanted value as the facts have it; its error refuses a value that the setting can never have.
	normal func(value string) (string, error)
	read   func(doc *facts.Document) (reading, Outcome) // Outcome with a Status ends the check; otherwise it has Where and Notes
	// readAll takes the place of read where the setting has several values at once, each of which must be as wanted.
	readAll func(doc *facts.Document) ([]place, Outcome)
	fix     func(doc *facts.Document, want string) string
	unset   string // the command that takes the setting away, where there is one
}

// setting makes the check of one setting.
func (c *compiler) setting(n *node, s *setting) {
	tests, want, o, ok := c.matcher(n, s)
	if !ok {
		return
	}
	fixed, exact := exactly(n)
	c.add(n, Check{
		ID:       cmp.Or(s.id, n.path),
		Title:    fmt.Sprintf("%s is %s", s.title, want),
		Severity: s.severity,
		Needs:    facts.Request{Domains: s.domains, Files: s.files, Globs: s.globs, Registry: s.registry},
		Absent:   s.absent,
		Eval: func(doc *facts.Document) Outcome {
			o := s.judge(doc, tests, want)
			switch {
			case o.Status != finding.Fail:
			case exact && s.fix != nil:
				o.Fix = s.fix(doc, cmp.Or(fixed, want))
			case want == notSet:
				o.Fix = s.unset
			}
			return o
		},
	}, o)
}

// exactly returns the value to propose as a fix: the one that is wanted, or a bound. Nothing can be proposed for "not
// permissive".
func exactly(n *node) (text string, ok bool) {
	v := n
	if n.table != nil {
		var given []*node
		for _, op := range operators() {
			if one := n.table[op.name]; one != nil {
				given = append(given, one)
			}
		}
		if len(given) != 1 || !slices.Contains([]string{"equals", "min", "max"}, given[0].name) {
			return "", false
		}
		v = given[0]
	}
	if v.list == nil {
		return fmt.Sprint(v.value), true
	}
	var all []string
	for _, item := range v.list {
		all = append(all, fmt.Sprint(item.value))
	}
	return strings.Join(all, " "), true
}

func (s *setting) judge(doc *facts.Document, tests []test, want string) Outcome {
	if s.readAll != nil {
		places, o := s.readAll(doc)
		if o.Status != "" {
			return o
		}
		return judgePlaces(places, tests, want, o)
	}
	r, o := s.read(doc)
	if o.Status != "" {
		return o
	}
	return r.judge(tests, want, o)
}

// place is one of the places where a setting has a value.
type place struct {
	name    string // "in Match user bob"; "" for the one that holds for all
	reading reading
	where   []finding.Location
}

// judgePlaces wants all places to be as wanted, and tells of those that are not. One that cannot be judged makes the whole
// unknown unless another fails.
func judgePlaces(places []place, tests []test, want string, o Outcome) Outcome {
	var wrong, unclear []string
	all := o
	for i, p := range places {
		one := p.reading.judge(tests, want, Outcome{})
		if i == 0 {
			o = one
			o.Where, o.Notes = all.Where, all.Notes
		}
		name := p.name
		if name != "" {
			name = " " + name
		}
		switch one.Status {
		case finding.Fail:
			wrong = append(wrong, one.Actual+name)
			o.Where = append(o.Where, p.where...)
		case finding.Unknown:
			unclear = append(unclear, one.Message+name)
			o.Where = append(o.Where, p.where...)
		default:
			if i == 0 {
				o.Where = append(o.Where, p.where...)
			}
		}
	}
	switch {
	case len(wrong) > 0:
		o.Status, o.Expected, o.Actual = finding.Fail, want, strings.Join(wrong, "; ")
		o.Message = fmt.Sprintf("want %s, is %s", want, o.Actual)
	case len(unclear) > 0:
		o.Status, o.Message = finding.Unknown, strings.Join(unclear, "; ")
	}
	return o
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
		return notSet
	case r.many:
		return "nothing"
	}
	return r.value
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
