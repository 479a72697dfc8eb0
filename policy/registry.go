package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy/rego"
)

// Entry describes one check for people and documentation. Nothing is evaluated or compiled to know it.
type Entry struct {
	ID          string                `json:"id"`
	Title       string                `json:"title"`
	Description string                `json:"description,omitempty"`
	Severity    finding.Severity      `json:"severity"`
	Scope       string                `json:"scope,omitempty"` // "persisted" for what a running system may have changed
	Levels      []string              `json:"levels"`
	Controls    map[string][]string   `json:"controls"`
	References  []string              `json:"references"`
	Params      map[string]rego.Param `json:"params"`
	Facts       []string              `json:"facts"` // domains, and paths in them
	Files       []string              `json:"files"` // paths and patterns of the guest, and of its registry
	Remedy      string                `json:"remediation,omitempty"`
	Position    finding.Position      `json:"policy"`
}

// Registry describes the checks of the policy, by id.
func (p *Policy) Registry() []Entry {
	entries := make([]Entry, 0, len(p.Checks))
	for i := range p.Checks {
		entries = append(entries, p.Checks[i].entry())
	}
	return entries
}

// BuiltinRegistry describes the built-in checks, by id.
func BuiltinRegistry() ([]Entry, error) {
	program, err := rego.Builtin()
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(program.Checks))
	for _, r := range program.Checks {
		check := (&compiler{}).ruled(r)
		entries = append(entries, check.entry())
	}
	return entries, nil
}

func (c *Check) entry() Entry {
	e := Entry{
		ID: c.ID, Title: c.Title, Description: c.Description, Severity: c.Severity, Controls: c.Controls, References: c.References,
		Remedy: c.Fix, Position: c.Position,
		Facts: slices.Clone(c.Needs.Domains), Files: slices.Concat(slices.Sorted(maps.Keys(c.Needs.Files)), c.Needs.Globs, c.Needs.Registry),
	}
	if r := c.rule; r != nil {
		e.Scope, e.Levels, e.Params = r.Scope, r.Levels, r.Params
		e.Remedy = r.Fix
		for _, path := range r.Paths {
			e.Facts = append(e.Facts, strings.Join(path, "."))
		}
	}
	slices.Sort(e.Facts)
	return e
}

// In reports whether a level asks for the check.
func (e Entry) In(level string) bool { return (&rego.Check{Levels: e.Levels}).In(level) }
