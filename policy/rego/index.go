package rego

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/fault"
)

// index reads the metadata of all modules.
func (p *Program) index() error {
	var errs []error
	byID := map[string]*Check{}
	checks := map[string]*Check{} // by package
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		check, wrong := p.types.checkOf(m)
		for _, err := range wrong {
			errs = append(errs, err)
		}
		if check != nil && len(wrong) == 0 {
			checks[m.Package.Path.String()] = check
		}
	}
	shared, err := p.sharedDomains(checks)
	errs = append(errs, err)
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		for _, check := range p.checksOf(m, checks[m.Package.Path.String()]) {
			check.Needs = check.Needs.Merge(facts.Request{Domains: shared})
			if err := p.types.declared(check, m); err != nil {
				errs = append(errs, err)
			}
			if first := byID[check.ID]; first != nil && first != check {
				errs = append(errs, &fault.Error{
					File: check.Position.File, Line: check.Position.Line, Column: 1,
					Message: fmt.Sprintf("duplicate check %s, first at %s:%d; give one of them another id", check.ID, first.Position.File, first.Position.Line),
				})
			}
			byID[check.ID] = check
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		p.Checks = append(p.Checks, byID[id])
	}
	return errors.Join(errs...)
}

// sharedDomains lists the domains that packages without checks read, which checks may use by way of them: every check of the program
// needs these. The library reads none.
func (p *Program) sharedDomains(described map[string]*Check) ([]string, error) {
	var shared []string
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		if len(p.checksOf(m, described[m.Package.Path.String()])) > 0 {
			continue
		}
		for _, domain := range domainsOf(m) {
			if inLibrary(m) {
				return nil, at(m.Package.Location, "the library reads input.%s; give its functions what they need", domain)
			}
			if _, known := p.types[domain]; known && domain != metaFacts && domain != filesDomain && domain != globsDomain {
				shared = append(shared, domain)
			}
		}
	}
	return shared, nil
}

// checksOf returns the checks that the rules of a module belong to: the one that metadata describe, or one for each rule.
func (p *Program) checksOf(m *ast.Module, described *Check) []*Check {
	if inLibrary(m) {
		return nil
	}
	var checks []*Check
	for _, r := range m.Rules {
		name := ruleName(r)
		if described != nil {
			described.addRule(name)
			checks = []*Check{described}
			if name == "applicable" {
				described.Applies = domainsOfRule(m, name)
			}
			continue
		}
		if verdict, ok := verdictRule(name); ok {
			checks = append(checks, p.conftest(m, r, name, verdict))
		}
	}
	return slices.CompactFunc(checks, func(a, b *Check) bool { return a.ID == b.ID })
}

func inLibrary(m *ast.Module) bool {
	name := strings.TrimPrefix(m.Package.Path.String(), "data.")
	return name == libraryPath || strings.HasPrefix(name, libraryPath+".")
}

func ruleName(r *ast.Rule) string {
	if v, ok := r.Head.Ref()[0].Value.(ast.Var); ok {
		return string(v)
	}
	return ""
}

func (c *Check) addRule(name string) {
	if c.has(name) {
		return
	}
	c.Names = append(c.Names, name)
	if _, ok := verdictRule(name); ok {
		c.Rules = append(c.Rules, name)
	}
}

// verdictRule reports whether the values of a rule are findings, and by which word.
func verdictRule(name string) (word string, ok bool) {
	for _, word := range []string{"deny", "violation", "warn"} {
		if name == word || strings.HasPrefix(name, word+"_") {
			return word, true
		}
	}
	return "", false
}

// conftest makes the check of one rule of a package without metadata. What facts it needs is what the package reads.
func (p *Program) conftest(m *ast.Module, r *ast.Rule, name, verdict string) *Check {
	id := strings.TrimPrefix(m.Package.Path.String(), "data.") + "/" + name
	check := &Check{
		ID: id, Title: "No " + name + " of " + strings.TrimPrefix(m.Package.Path.String(), "data."),
		Severity: finding.Medium, Scope: "full", Position: finding.Position{File: r.Location.File, Line: r.Location.Row},
		Package: packageOf(m), Rules: []string{name},
	}
	if verdict == "warn" {
		check.Severity = finding.Low
	}
	for _, other := range p.modules {
		if other.Package.Equal(m.Package) {
			for _, domain := range domainsOf(other) {
				if _, known := p.types[domain]; known && domain != metaFacts {
					check.Needs = check.Needs.Merge(facts.Request{Domains: []string{domain}})
				}
			}
		}
	}
	return check
}

// domainsOf lists the domains that a module or rule reads by name.
func domainsOf(x any) []string {
	var names []string
	ast.WalkRefs(x, func(ref ast.Ref) bool {
		if ref.HasPrefix(ast.InputRootRef) && len(ref) > 1 {
			if name, ok := ref[1].Value.(ast.String); ok {
				names = append(names, string(name))
			}
		}
		return false
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// domainsOfRule lists the domains that a rule reads, itself and by way of other rules of its module.
func domainsOfRule(m *ast.Module, name string) []string {
	rules := map[string][]*ast.Rule{}
	for _, r := range m.Rules {
		rules[ruleName(r)] = append(rules[ruleName(r)], r)
	}
	var names []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, r := range rules[name] {
			names = append(names, domainsOf(r)...)
			ast.WalkVars(r, func(v ast.Var) bool {
				visit(string(v))
				return false
			})
		}
	}
	visit(name)
	slices.Sort(names)
	return slices.Compact(names)
}

// declared reports a domain that a check reads and does not declare: nobody would look whether it was read.
func (d document) declared(check *Check, m *ast.Module) error {
	have := slices.Concat(check.Needs.Domains, []string{metaFacts})
	if len(check.Needs.Files) > 0 {
		have = append(have, filesDomain)
	}
	if len(check.Needs.Globs) > 0 {
		have = append(have, globsDomain)
	}
	for _, domain := range domainsOf(m) {
		if _, known := d[domain]; known && !slices.Contains(have, domain) {
			return &fault.Error{
				File: check.Position.File, Line: check.Position.Line, Column: 1,
				Message: fmt.Sprintf("check %s reads input.%s, which is not among its facts", check.ID, domain),
			}
		}
	}
	return nil
}
