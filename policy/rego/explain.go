package rego

import (
	"context"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxTexture = 4 // names of a path of facts
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
