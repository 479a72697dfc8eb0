package rego

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	maxSteps   = 8     // changes that together make a check pass
	maxSearch  = 5_000 // changes that are tried to find them
	maxTexture = 4     // names of a path of facts
)

// Fact is one place of the facts that a check reads, with its value as JSON, shortened.
type Fact struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// Facts returns what a check reads of a document.
func (j *Judge) Facts(ctx context.Context, doc *facts.Document, c *Check) []Fact {
	s := j.Session(ctx, doc)
	var list []Fact
	for _, path := range j.program.reads(c) {
		list = append(list, Fact{strings.Join(path, "."), shown(s.at(path))})
	}
	return list
}

// at returns the value at a path of the facts, or nil.
func (s *Session) at(path []string) any {
	v := s.native(path[0])
	for _, name := range path[1:] {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// reads lists the paths of the facts that a check reads, as far as they are written out in its package.
func (p *Program) reads(c *Check) [][]string {
	var paths [][]string
	for _, m := range p.modulesOf(c) {
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			if path := namesOf(ref); len(path) > 0 && path[0] != metaFacts {
				paths = append(paths, path)
			}
			return false
		})
	}
	slices.SortFunc(paths, slices.Compare)
	paths = slices.CompactFunc(paths, slices.Equal)
	return slices.DeleteFunc(slices.Clone(paths), func(a []string) bool { // of which a longer one tells more
		return slices.ContainsFunc(paths, func(b []string) bool { return len(b) > len(a) && slices.Equal(a, b[:len(a)]) })
	})
}

func namesOf(ref ast.Ref) []string {
	if !ref.HasPrefix(ast.InputRootRef) {
		return nil
	}
	var path []string
	for _, t := range ref[1:] {
		name, ok := t.Value.(ast.String)
		if !ok || len(path) == maxTexture {
			break
		}
		path = append(path, string(name))
	}
	return path
}

// Changes returns changes of the facts that together make a failing check pass, as few as a search finds that takes what helps first;
// nil when it finds none. Hints are values that may be wanted.
func (j *Judge) Changes(ctx context.Context, doc *facts.Document, c *Check, hints []string) []string {
	s := j.Session(ctx, doc)
	input := map[string]any{metaFacts: s.native(metaFacts)}
	for _, domain := range slices.Concat(c.Needs.Domains, []string{filesDomain, globsDomain}) {
		if v := s.native(domain); v != nil {
			input[domain] = v
		}
	}
	search := &search{judge: j, ctx: ctx, check: c, paths: j.program.reads(c), left: maxSearch}
	for _, h := range hints {
		search.hints = append(search.hints, h)
		if n := json.Number(h); isNumber(n) {
			search.hints = append(search.hints, n)
		}
	}
	var steps []string
	for len(steps) < maxSteps {
		text, changed, passes := search.step(input)
		if text == "" {
			return nil
		}
		steps, input = append(steps, text), changed
		if passes {
			return steps
		}
	}
	return nil
}

func isNumber(n json.Number) bool {
	_, err := n.Float64()
	return err == nil
}

type search struct {
	judge *Judge
	ctx   context.Context
	check *Check
	paths [][]string
	hints []any
	left  int // changes that may be tried yet
}

// step returns the change that makes the check pass, or else the first one that leaves fewer findings.
func (s *search) step(input map[string]any) (text string, changed map[string]any, passes bool) {
	before := s.findings(input)
	if before < 0 {
		return "", nil, false
	}
	fewest := before
	try := func(what string, in map[string]any) bool {
		s.left--
		switch n := s.findings(in); {
		case n == 0:
			text, changed, passes = what, in, true
		case n > 0 && n < fewest:
			text, changed, fewest = what, in, n
		}
		return !passes && s.left > 0 && s.ctx.Err() == nil
	}
	for _, values := range []func(any) []any{s.hinted, others} {
		for _, path := range s.paths {
			changeAt(input, path, values, try)
			if passes {
				return text, changed, true
			}
		}
	}
	return text, changed, false
}

// hinted lists the hints of the kind that v has.
func (s *search) hinted(v any) []any {
	var list []any
	for _, h := range s.hints {
		_, isText := v.(string)
		_, hintIsText := h.(string)
		if isText == hintIsText {
			list = append(list, h)
		}
	}
	return list
}

// findings counts the findings of the check on the input; -1 when it is neither pass nor fail.
func (s *search) findings(input map[string]any) int {
	session := s.judge.SessionOf(s.ctx, input)
	o, n, err := session.eval(s.check)
	switch {
	case err != nil || o.Status != finding.Pass && o.Status != finding.Fail:
		return -1
	case o.Status == finding.Pass:
		return 0
	}
	return n
}

// changeAt calls visit with inputs that differ below one path.
func changeAt(input map[string]any, path []string, values func(any) []any, visit func(string, map[string]any) bool) {
	replace(input, path, func(v any, put func(any) map[string]any) {
		t := documentType()[path[0]]
		for _, name := range path[1:] {
			t = typeBelow(t, name)
		}
		c := changer{values}
		c.change(strings.Join(path, "."), t, v, func(text string, x any) bool { return visit(text, put(x)) })
	})
}

// replace finds the value at a path and a function that returns the input with another one in its place.
func replace(m map[string]any, path []string, found func(v any, put func(any) map[string]any)) {
	v, ok := m[path[0]]
	put := func(x any) map[string]any {
		c := maps.Clone(m)
		c[path[0]] = x
		return c
	}
	if len(path) == 1 {
		if ok {
			found(v, put)
		}
		return
	}
	if below, ok := v.(map[string]any); ok {
		replace(below, path[1:], func(v any, deeper func(any) map[string]any) {
			found(v, func(x any) map[string]any { return put(deeper(x)) })
		})
	}
}
