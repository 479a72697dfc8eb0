package policy

import (
	"context"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy/rego"
)

// Policy is what one or several baselines ask for.
type Policy struct {
	ID, Title, Version string
	Frameworks         []string
	AppliesTo          string   // of the last file that has one, for people; "" is every guest
	MinCoverage        float64  // percent of the needed facts that must be readable; 0 when no file says
	Files              []string // that were read, in order
	Checks             []Check  // by id
	Disabled           []Disabled
	Warnings           []Warning
	// Digest tells this policy from any other that would judge differently, or word its findings differently.
	Digest  string
	Waivers Waivers
	Malware Malware
	Verify  Verify
	Drift   Drift
	Backup  Backup

	inputs []Input // built-in rules left out
}

// Disabled is a check that a baseline took away.
type Disabled struct {
	ID       string
	Reason   string
	Position finding.Position
}

// Check is one question to a guest's facts, whatever it was written in.
type Check struct {
	ID       string
	Title    string // the state wanted
	Severity finding.Severity
	Controls map[string][]string
	Position finding.Position
	// Description says more than Title, and References where to read on; both are the author's and may be empty.
	Description string
	References  []string
	// Needs are the facts the check is judged by. Unless all of them were read, Eval is not called and the check is
	// unknown.
	Needs facts.Request
	// Absent lists domains of Needs for which Eval is called although the guest does not have them. For the others the
	// check is then notapplicable.
	Absent []string
	// Key and Path tell findings of one check apart across runs; both may be empty.
	Key, Path string
	// Fix and Notes are the author's; Fix takes the place of what Eval proposes.
	Fix   string
	Notes []string
	// Remedy is what helps in general, where neither the author nor Eval says something better.
	Remedy string
	// Eval judges. It may count on all of Needs.
	Eval func(*facts.Document) Outcome
	// By is the judge that decides the check by the image itself; "" is this package, by the facts. What Eval says holds where there
	// is no image.
	By By

	asks       string // what is written, in one form
	conditions []condition
	rule       *rego.Check // in place of Eval, with the judge that asks it
	judge      *rego.Judge
}

// By is a judge beside this package.
type By string

// ByScan is the scan of files for malware.
const ByScan By = "scan"

// Elsewhere lists the ids of the checks that judges beside this package decide.
func (p *Policy) Elsewhere(by ...By) []string {
	var ids []string
	for i := range p.Checks {
		if slices.Contains(by, p.Checks[i].By) {
			ids = append(ids, p.Checks[i].ID)
		}
	}
	return ids
}

// Outcome is what a check found.
type Outcome = finding.Outcome

// Request returns the facts that the checks need, and those their conditions need.
func (p *Policy) Request() facts.Request {
	var r facts.Request
	for i := range p.Checks {
		r = r.Merge(p.Checks[i].needs())
	}
	return r
}

// needs is Needs and what the conditions need.
func (c *Check) needs() facts.Request {
	if !slices.ContainsFunc(c.conditions, condition.needsOS) {
		return c.Needs
	}
	return c.Needs.Merge(facts.Request{Domains: []string{domainOS}})
}

// Judge asks every check of the document and returns one finding for each, in the order of their ids. When ctx ends, the
// checks that were not asked are unknown.
func (p *Policy) Judge(ctx context.Context, doc *facts.Document) []finding.Finding {
	findings := make([]finding.Finding, 0, len(p.Checks))
	a := &asking{ctx, doc, map[*rego.Judge]*rego.Session{}}
	for i := range p.Checks {
		o := unknown("interrupted before it was judged")
		if ctx.Err() == nil {
			o = a.ask(&p.Checks[i])
		}
		findings = append(findings, p.Checks[i].finding(o))
	}
	finding.Sort(findings)
	return findings
}

// JudgeBy asks the checks that another judge decides, whose findings are unknown unless a condition keeps them from the guest.
func (p *Policy) JudgeBy(ctx context.Context, doc *facts.Document, by By) []finding.Finding {
	some := Policy{Checks: slices.DeleteFunc(slices.Clone(p.Checks), func(c Check) bool { return c.By != by })}
	return some.Judge(ctx, doc)
}

func (a *asking) ask(c *Check) Outcome {
	for _, cond := range c.conditions {
		if o, stop := cond.gate(a.doc); stop {
			return o
		}
	}
	o, stop := c.gate(a.doc)
	if !stop {
		return a.eval(c)
	}
	if skip, ok := a.skip(c); ok && o.Status == finding.Unknown {
		return skip
	}
	return o
}

func (c *Check) finding(o Outcome) finding.Finding {
	f := finding.Finding{
		ID: c.ID, Title: c.Title, Status: o.Status, Severity: c.Severity,
		Expected: o.Expected, Actual: o.Actual, Message: o.Message,
		Where: o.Where, Notes: slices.Concat(o.Notes, c.Notes), Fix: c.remedy(o),
		Policy: c.Position, Controls: maps.Clone(c.Controls),
		Fingerprint: finding.Fingerprint(c.ID, c.Key, c.Path),
	}
	f.Where = []finding.Location{} // the result's schema wants a list
	for _, l := range o.Where {
		if l.Path != "" {
			f.Where = append(f.Where, l)
		}
	}
	return f
}

// Coverage counts the facts that the checks need, each domain, file and pattern once, and how many of them were read. What
// the guest does not have was read.
func (p *Policy) Coverage(doc *facts.Document) (readable, needed int) {
	r := p.Request()
	count := func(problem string) {
		needed++
		if problem == "" {
			readable++
		}
	}
	for _, name := range r.Domains {
		count(domainProblem(doc, name))
	}
	for path := range r.Files {
		count(fileProblem(doc, path))
	}
	for _, pattern := range r.Globs {
		count(globProblem(doc, pattern))
	}
	for _, path := range r.Registry {
		count(registryProblem(doc, path))
	}
	return readable, needed
}

func unknown(message string) Outcome { return Outcome{Status: finding.Unknown, Message: message} }
