package rego

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/fault"
	"github.com/guestctl/guestctl/internal/nearest"
)

// checkData holds every reference to data in a compiled module against the rules and the data that there are: what is written wrong
// there is undefined, too, and the check around it would pass.
func (j *Judge) checkData(c *ast.Compiler, m *ast.Module) []*fault.Error {
	var faults []*fault.Error
	ast.WalkRefs(m, func(ref ast.Ref) bool {
		if ref.HasPrefix(ast.DefaultRootRef) && len(ref) > 1 {
			if err := j.resolveData(c, ref); err != nil {
				faults = append(faults, err)
			}
		}
		return false
	})
	return faults
}

// resolveData follows the names of a ref below data, until one is a variable or belongs to the value of a rule.
func (j *Judge) resolveData(c *ast.Compiler, ref ast.Ref) *fault.Error {
	if ref[1].Equal(ast.StringTerm("baseline")) {
		return nil // another one in every run
	}
	if ref.HasPrefix(ast.MustParseRef("data.guestctl.params")) {
		return j.program.resolveParam(ref)
	}
	rules, data := c.RuleTree.Child(ref[0].Value), any(j.data)
	for i, term := range ref[1:] {
		name, ok := term.Value.(ast.String)
		if !ok {
			return nil
		}
		var known []string
		if rules != nil {
			for k := range rules.Children {
				if s, ok := k.(ast.String); ok {
					known = append(known, string(s))
				}
			}
			rules = rules.Child(name)
		}
		below, isMap := data.(map[string]any)
		known = append(known, slices.Collect(maps.Keys(below))...)
		data = below[string(name)]
		_, given := below[string(name)]
		switch {
		case rules != nil && len(rules.Values) > 0, given && !isObject(data):
			return nil
		case rules == nil && !given && (isMap || i == 0):
			err := at(term.Location, "nothing is called %s", ref[:i+2])
			slices.Sort(known)
			if near := nearest.Word(string(name), known); near != "" {
				err.Suggestion = ref[:i+1].Append(ast.StringTerm(near)).String()
			}
			return err
		}
	}
	return nil
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// resolveParam holds a ref below data.guestctl.params against what the checks take.
func (p *Program) resolveParam(ref ast.Ref) *fault.Error {
	names := namesBelow(ref)[2:]
	if len(names) == 0 {
		return nil
	}
	i := slices.IndexFunc(p.Checks, func(c *Check) bool { return c.ID == names[0] })
	if i < 0 {
		err := at(ref[3].Location, "no check %s takes parameters here", names[0])
		var ids []string
		for _, c := range p.Checks {
			ids = append(ids, c.ID)
		}
		err.Suggestion = nearest.Word(names[0], ids)
		return err
	}
	params := p.Checks[i].Params
	if len(names) == 1 {
		return nil
	}
	if _, ok := params[names[1]]; !ok {
		err := at(ref[4].Location, "check %s has no parameter %s", names[0], names[1])
		err.Suggestion = nearest.Word(names[1], slices.Sorted(maps.Keys(params)))
		return err
	}
	return nil
}

// namesBelow are the names behind the head of a ref, up to the first variable.
func namesBelow(ref ast.Ref) []string {
	var names []string
	for _, t := range ref[1:] {
		name, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		names = append(names, string(name))
	}
	return names
}

// fileRefs lists the references of a module to the facts of files and patterns.
func fileRefs(m *ast.Module) []ast.Ref {
	var refs []ast.Ref
	ast.WalkRefs(m, func(ref ast.Ref) bool {
		if names := namesOf(ref); len(names) > 0 && (names[0] == filesDomain || names[0] == globsDomain) {
			refs = append(refs, ref)
		}
		return false
	})
	return refs
}

// files holds the paths that a module of a check reads against those that its metadata ask for. Without metadata it asks for what the
// package names.
func (p *Program) files(c *Check, described bool, m *ast.Module) *fault.Error {
	if described {
		return c.asksFor(m)
	}
	for _, m := range p.modulesOf(c) {
		if err := c.askForFiles(m); err != nil {
			return err
		}
	}
	return nil
}

// asksFor reports a path or pattern that a check reads and does not ask for: it would never be among the facts.
func (c *Check) asksFor(m *ast.Module) *fault.Error {
	for _, ref := range fileRefs(m) {
		names := namesOf(ref)
		if len(names) == 1 {
			continue // all that it asks for
		}
		asked := c.Needs.Globs
		if names[0] == filesDomain {
			asked = slices.Sorted(maps.Keys(c.Needs.Files))
		}
		if slices.Contains(asked, names[1]) {
			continue
		}
		err := at(ref[2].Location, "check %s reads %s, and its metadata ask for no such path among %s", c.ID, ref[:3], names[0])
		err.Suggestion = nearest.Word(names[1], asked)
		return err
	}
	return nil
}

// askForFiles asks for the files and patterns that a package without metadata names. One that names none would see none.
func (c *Check) askForFiles(m *ast.Module) *fault.Error {
	for _, ref := range fileRefs(m) {
		names := namesOf(ref)
		switch {
		case len(names) == 1:
			return at(ref[0].Location, "%s names no path; without metadata that ask for some, write it out: %s[\"/etc/shadow\"]", ref[:2], ref[:2])
		case !strings.HasPrefix(names[1], "/"):
			return at(ref[2].Location, "%q is not a path from the root of the guest", names[1])
		case names[0] == filesDomain:
			c.Needs = c.Needs.Merge(facts.Request{Files: map[string]facts.FileRequest{names[1]: {}}})
		default:
			c.Needs = c.Needs.Merge(facts.Request{Globs: names[1:2]})
		}
	}
	return nil
}
