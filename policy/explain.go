package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/policy/rego"
)

// Explanation is why a check came to its verdict.
type Explanation struct {
	Finding finding.Finding `json:"finding"`
	Check   Entry           `json:"check"`
	// Facts are what the check reads, with their values; for a check of a baseline the domains and files.
	Facts []rego.Fact `json:"facts"`
	// Read are the files of the guest that these facts were read from.
	Read []string `json:"read"`
	// Changes are the fewest changes of the facts that were found to make a failing check pass. A check of a baseline has its
	// fix in the finding instead.
	Changes []string `json:"changes"`
}

// Only returns the policy with one check of it. The error names a check that is near when there is none of that id.
func (p *Policy) Only(id string) (*Policy, error) {
	i := slices.IndexFunc(p.Checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return nil, p.noCheck(id)
	}
	one := *p
	one.Checks = p.Checks[i : i+1]
	return &one, nil
}

// Explain judges one check of the policy and says what it went by. The error names a check that is near when there is none of that id.
func (p *Policy) Explain(ctx context.Context, doc *facts.Document, id string) (*Explanation, error) {
	i := slices.IndexFunc(p.Checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return nil, p.noCheck(id)
	}
	c := &p.Checks[i]
	a := &asking{ctx, doc, map[*rego.Judge]*rego.Session{}}
	e := &Explanation{Finding: c.finding(a.ask(c)), Check: c.entry(), Facts: []rego.Fact{}, Read: []string{}, Changes: []string{}}
	for _, domain := range c.needs().Domains {
		e.Read = append(e.Read, doc.Collectors[domain].Files...)
	}
	slices.Sort(e.Read)
	e.Read = slices.Compact(e.Read)
	if c.rule == nil {
		e.Facts = c.factsUsed(doc)
		return e, ctx.Err()
	}
	e.Facts = c.judge.Facts(ctx, doc, c.rule)
	if e.Finding.Status == finding.Fail {
		e.Changes = append(e.Changes, c.judge.Changes(ctx, doc, c.rule, e.Finding.Expected)...)
	}
	return e, ctx.Err()
}

// noCheck is the error about an id that no check has.
func (p *Policy) noCheck(id string) error {
	ids := make([]string, len(p.Checks))
	for i := range p.Checks {
		ids[i] = p.Checks[i].ID
	}
	if near := nearest.Word(id, ids); near != "" {
		return fmt.Errorf("no check %s, did you mean %s?", id, near)
	}
	return fmt.Errorf("no check %s in %s", id, strings.Join(p.Files, ", "))
}

// factsUsed lists the domains and files that a check of a baseline is judged by, with their states.
func (c *Check) factsUsed(doc *facts.Document) []rego.Fact {
	used := []rego.Fact{}
	for _, domain := range c.needs().Domains {
		used = append(used, rego.Fact{Path: domain, Value: string(doc.Collectors[domain].State)})
	}
	for _, path := range slices.Sorted(maps.Keys(c.Needs.Files)) {
		state := "read"
		if problem := fileProblem(doc, path); problem != "" {
			state = problem
		}
		used = append(used, rego.Fact{Path: path, Value: state})
	}
	for _, pattern := range c.Needs.Globs {
		state := globProblem(doc, pattern)
		if state == "" {
			state = countOf(matched(doc, pattern))
		}
		used = append(used, rego.Fact{Path: pattern, Value: state})
	}
	for _, path := range c.Needs.Registry {
		state := registryProblem(doc, path)
		if state == "" {
			state = cmp.Or(cmpText(registryFact(doc, path)), notSet)
		}
		used = append(used, rego.Fact{Path: path, Value: state})
	}
	return used
}
