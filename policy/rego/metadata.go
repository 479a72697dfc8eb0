package rego

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/fault"
	"github.com/guestctl/guestctl/internal/nearest"
)

// custom is what stands under "custom" in the metadata of a check.
type custom struct {
	ID          string              `json:"id"`
	Severity    finding.Severity    `json:"severity"`
	Scope       string              `json:"scope"`
	Facts       []string            `json:"facts"`
	MayBeAbsent []string            `json:"may_be_absent"`
	Files       []string            `json:"files"`
	Globs       []string            `json:"globs"`
	Content     map[string][]string `json:"content"`
	Levels      []string            `json:"levels"`
	Controls    map[string][]string `json:"controls"`
	Params      map[string]Param    `json:"params"`
	Remediation string              `json:"remediation"`
}

// The domains of the paths and patterns that a check names.
const (
	filesDomain = "files"
	globsDomain = "globs"
)

var idForm = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// checkOf reads the metadata of a module. It returns nil where the module has none with an id: a library, or a policy in the
// manner of conftest.
func (d document) checkOf(m *ast.Module) (*Check, []*fault.Error) {
	i := slices.IndexFunc(m.Annotations, func(a *ast.Annotations) bool { return a.Scope == "package" })
	if i < 0 {
		return nil, nil
	}
	a := m.Annotations[i]
	c, err := customOf(a)
	if err != nil {
		return nil, []*fault.Error{err}
	}
	if c.ID == "" {
		return nil, nil
	}
	check := &Check{
		ID: c.ID, Title: a.Title, Description: a.Description, Severity: c.Severity, Scope: c.Scope, Levels: c.Levels,
		Controls: c.Controls, Params: c.Params, Fix: c.Remediation, Absent: c.MayBeAbsent,
		Position: finding.Position{File: a.Location.File, Line: a.Location.Row},
		Package:  packageOf(m),
	}
	for _, r := range a.RelatedResources {
		check.References = append(check.References, r.Ref.String())
	}
	var faults []*fault.Error
	wrong := func(format string, args ...any) { faults = append(faults, at(a.Location, format, args...)) }
	switch {
	case !idForm.MatchString(c.ID):
		wrong("id %q, want words in lower case with hyphens between them", c.ID)
	case a.Title == "":
		wrong("check %s has no title", c.ID)
	}
	if check.Severity == "" {
		check.Severity = finding.Medium
	}
	if check.Severity.Rank() < 0 {
		wrong("severity %q, want one of %s", c.Severity, words(finding.Severities()))
	}
	if check.Scope == "" {
		check.Scope = "full"
	} else if c.Scope != "full" && c.Scope != "persisted" {
		wrong("scope %q, want full or persisted", c.Scope)
	}
	for _, level := range c.Levels {
		if _, ok := ladderOf(level); !ok {
			err := at(a.Location, "no level %s", level)
			err.Suggestion = nearest.Word(level, Levels())
			faults = append(faults, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		if p := c.Params[name]; !p.Accepts(p.Default) {
			wrong("parameter %s: the default %v is no %s", name, p.Default, p.Type)
		}
	}
	return check, append(faults, d.needs(check, c, a)...)
}

// needs fills in what facts a check needs.
func (d document) needs(check *Check, c *custom, a *ast.Annotations) []*fault.Error {
	var faults []*fault.Error
	for _, path := range c.Facts {
		ref, err := ast.ParseRef("input." + path)
		if err != nil {
			faults = append(faults, at(a.Location, "facts: %q is no path of facts, such as sshd.effective.permitrootlogin", path))
			continue
		}
		for _, t := range ref {
			t.Location = a.Location
		}
		if _, err := d.resolve(nil, ref); err != nil {
			faults = append(faults, err)
			continue
		}
		domain := string(ref[1].Value.(ast.String)) //nolint:errcheck // resolve knows the domain by its name
		if domain != metaFacts {
			check.Needs = check.Needs.Merge(facts.Request{Domains: []string{domain}})
		}
		if len(ref) > 2 {
			check.Paths = append(check.Paths, allNames(ref))
		}
	}
	for _, domain := range c.MayBeAbsent {
		if !slices.Contains(check.Needs.Domains, domain) {
			faults = append(faults, at(a.Location, "may_be_absent: %s is not among the facts", domain))
		}
	}
	for _, path := range c.Files {
		check.Needs = check.Needs.Merge(facts.Request{Files: map[string]facts.FileRequest{path: {}}})
	}
	for path, exprs := range c.Content {
		for _, expr := range exprs {
			if _, err := regexp.Compile(expr); err != nil {
				faults = append(faults, at(a.Location, "content of %s: %v", path, err))
			}
		}
		check.Needs = check.Needs.Merge(facts.Request{Files: map[string]facts.FileRequest{path: {Content: exprs}}})
	}
	check.Needs = check.Needs.Merge(facts.Request{Globs: c.Globs})
	for _, path := range slices.Concat(c.Files, c.Globs, slices.Collect(maps.Keys(c.Content))) {
		if !strings.HasPrefix(path, "/") {
			faults = append(faults, at(a.Location, "%q is not a path from the root of the guest", path))
		}
	}
	return faults
}

// allNames are the names of a path of facts, which has nothing but names.
func allNames(ref ast.Ref) []string {
	var names []string
	for _, t := range ref[1:] {
		if s, ok := t.Value.(ast.String); ok {
			names = append(names, string(s))
		}
	}
	return names
}

func customOf(a *ast.Annotations) (*custom, *fault.Error) {
	b, err := json.Marshal(a.Custom)
	if err != nil {
		return nil, at(a.Location, "metadata: %v", err)
	}
	if _, ours := a.Custom["id"]; !ours { // somebody else's metadata
		if a.Custom["facts"] != nil {
			return nil, at(a.Location, "custom.facts is for a check of guestctl, and there is no custom.id")
		}
		return &custom{}, nil
	}
	known := slices.Sorted(maps.Keys(fieldsOf(reflect.TypeFor[custom]())))
	for _, name := range slices.Sorted(maps.Keys(a.Custom)) {
		if !slices.Contains(known, name) && !strings.HasPrefix(name, "x-") {
			wrong := at(a.Location, "unknown metadata custom.%s", name)
			wrong.Suggestion = nearest.Word(name, known)
			return nil, wrong
		}
	}
	var c custom
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&c); err != nil {
		return nil, at(a.Location, "metadata: %v", strings.TrimPrefix(err.Error(), "json: "))
	}
	return &c, nil
}

// Accepts reports whether a value has the type of a parameter.
func (p Param) Accepts(v any) bool {
	switch v.(type) {
	case []any:
		return p.Type == "array"
	case string:
		return p.Type == "string"
	case bool:
		return p.Type == "boolean"
	case float64, int64, int, json.Number:
		return p.Type == "number"
	}
	return false
}

func words[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i := range list {
		texts[i] = string(list[i])
	}
	return strings.Join(texts, ", ")
}

// someOf lists the first of many names.
func someOf(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func at(l *ast.Location, format string, args ...any) *fault.Error {
	err := &fault.Error{Message: fmt.Sprintf(format, args...)}
	if l != nil {
		err.File, err.Line, err.Column = l.File, l.Row, max(1, l.Col)
	}
	return err
}
