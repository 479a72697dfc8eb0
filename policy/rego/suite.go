package rego

import (
	"context"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/cover"
)

// Coverage is how much of a file the tests of a policy run. Lines are those that none runs, from 1.
type Coverage struct {
	File    string
	Percent float64
	Lines   []int
}

// Suite is what the tests of a program, their coverage and the search for checks that cannot fail came to.
type Suite struct {
	Tests    []TestResult
	Coverage []Coverage
	Proofs   []Proof
}

// OK reports whether every test passed and every check was proved able to fail.
func (s *Suite) OK() bool {
	return !slices.ContainsFunc(s.Tests, func(t TestResult) bool { return t.Message != "" }) &&
		!slices.ContainsFunc(s.Proofs, func(p Proof) bool { return p.Wrong != "" })
}

// Suite runs all of it. The error is a mistake in the policy or its tests.
func (p *Program) Suite(ctx context.Context) (*Suite, error) {
	tracer := cover.New()
	tests, err := p.test(ctx, p.runner().SetCoverageQueryTracer(tracer))
	if err != nil {
		return nil, err
	}
	s := &Suite{Tests: tests}
	report := tracer.Report(p.modules)
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		f := report.Files[name]
		if f == nil {
			continue
		}
		c := Coverage{File: name, Percent: f.Coverage}
		for _, r := range f.NotCovered {
			for line := r.Start.Row; line <= r.End.Row; line++ {
				c.Lines = append(c.Lines, line)
			}
		}
		slices.Sort(c.Lines)
		c.Lines = slices.Compact(c.Lines)
		s.Coverage = append(s.Coverage, c)
	}
	s.Proofs, err = p.Prove(ctx)
	return s, err
}
