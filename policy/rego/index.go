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
	"github.com/guestctl/guestctl/internal/nearest"
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
	all := p.readings()
	for _, err := range p.misread(all) {
		errs = append(errs, err)
	}
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		described := checks[m.Package.Path.String()]
		for _, check := range p.checksOf(m, described) {
			if err := p.files(check, described != nil, m); err != nil {
				errs = append(errs, err)
			} else if err := p.types.complete(check, m, all); err != nil {
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
	for _, check := range checks {
		if len(check.Rules) == 0 {
			errs = append(errs, mute(check))
		}
		check.Applies = p.applies(check, all)
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		p.Checks = append(p.Checks, byID[id])
	}
	return errors.Join(errs...)
}

// mute is the fault of a check without a rule that could find something: it would pass on every guest.
func mute(c *Check) *fault.Error {
	err := wrongCheck(c, "check %s has no rule called deny, violation or warn: it could not fail", c.ID)
	for _, name := range c.Names {
		if near := nearest.Word(name, verdictWords()); near != "" {
			err.Message += "; it has " + name
			err.Suggestion = near
			break
		}
	}
	return err
}

// readings reads what each module reads.
func (p *Program) readings() readings {
	var all readings
	for _, name := range slices.Sorted(maps.Keys(p.modules)) {
		all = append(all, packageReading{p.modules[name].Package.Path, readingOf(p.modules[name])})
	}
	return all
}

// misread lists what no policy may read, since nobody could see which facts its checks need: the facts as a whole, and what is not
// among them. The library reads none.
func (p *Program) misread(all readings) []*fault.Error {
	var faults []*fault.Error
	for i, name := range slices.Sorted(maps.Keys(p.modules)) {
		m := p.modules[name]
		switch {
		case inLibrary(m) && !p.builtin:
			faults = append(faults, at(m.Package.Location, "%s is built in; give this package another name", libraryPath))
		case inLibrary(m) && len(all[i].domains) > 0:
			faults = append(faults, at(m.Package.Location, "the library reads input.%s; give its functions what they need", all[i].domains[0]))
		}
		for _, l := range all[i].whole {
			faults = append(faults, at(l, "input is read as a whole; name what is read of it, such as input.packages, since a check is unknown without its facts"))
		}
		for _, ref := range all[i].lookups {
			if _, err := p.types.resolve(nil, ref); err != nil {
				faults = append(faults, err)
			}
		}
	}
	return faults
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
			described.addRule(r)
			checks = []*Check{described}
			continue
		}
		if verdict, ok := verdictRule(r); ok {
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

func (c *Check) addRule(r *ast.Rule) {
	name := ruleName(r)
	if !c.has(name) {
		c.Names = append(c.Names, name)
	}
	if _, ok := verdictRule(r); ok && !slices.Contains(c.Rules, name) {
		c.Rules = append(c.Rules, name)
	}
}

// verdictWords begin the names of rules whose values are findings.
func verdictWords() []string { return []string{"deny", "violation", "warn"} }

// verdictRule reports whether the values of a rule are findings, and by which word. A function has no value.
func verdictRule(r *ast.Rule) (word string, ok bool) {
	name := ruleName(r)
	for _, word := range verdictWords() {
		if name == word || strings.HasPrefix(name, word+"_") {
			return word, len(r.Head.Args) == 0
		}
	}
	return "", false
}

// conftest makes the check of one rule of a package without metadata.
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
	return check
}

// described reports whether metadata say what the check is.
func (c *Check) described() bool { return len(c.Names) > 0 }

// complete adds to what a check needs the domains that it reads and has not declared: without metadata all of them, with metadata
// those that other packages read for it. What its own module reads its metadata must declare, and the paths and patterns of files and
// globs can be declared nowhere else.
func (d document) complete(check *Check, m *ast.Module, all readings) error {
	have := slices.Concat(check.Needs.Domains, []string{metaFacts})
	if len(check.Needs.Files) > 0 {
		have = append(have, filesDomain)
	}
	if len(check.Needs.Globs) > 0 {
		have = append(have, globsDomain)
	}
	own := readingOf(m)
	for _, domain := range all.of(m.Package.Path) {
		switch _, known := d[domain]; {
		case !known || slices.Contains(have, domain):
		case check.described() && slices.Contains(own.domains, domain):
			return wrongCheck(check, "check %s reads input.%s, which is not among its facts", check.ID, domain)
		case domain == filesDomain || domain == globsDomain:
			return wrongCheck(check, "check %s reads input.%s, and has no metadata that name the paths", check.ID, domain)
		default:
			check.Needs = check.Needs.Merge(facts.Request{Domains: []string{domain}})
		}
	}
	return nil
}

func wrongCheck(check *Check, format string, args ...any) *fault.Error {
	return &fault.Error{File: check.Position.File, Line: check.Position.Line, Column: 1, Message: fmt.Sprintf(format, args...)}
}

// applies lists the domains by which a check tells whether it is for a guest: those that its rule "applicable" reads, itself, by way
// of other rules of its package, and by way of other packages.
func (p *Program) applies(check *Check, all readings) []string {
	rules, imports := map[string][]*ast.Rule{}, map[string]ast.Ref{}
	for _, m := range p.modulesOf(check) {
		for _, r := range m.Rules {
			rules[ruleName(r)] = append(rules[ruleName(r)], r)
		}
		for _, i := range m.Imports {
			if ref, ok := i.Path.Value.(ast.Ref); ok {
				imports[string(i.Name())] = ref
			}
		}
	}
	var names []string
	var refs []ast.Ref
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if ref, ok := imports[name]; ok {
			read := readingOf(ast.NewTerm(ref))
			names, refs = append(names, read.domains...), append(refs, read.data...)
		}
		for _, r := range rules[name] {
			read := readingOf(r)
			names, refs = append(names, read.domains...), append(refs, read.data...)
			ast.WalkVars(r, func(v ast.Var) bool {
				visit(string(v))
				return false
			})
		}
	}
	visit("applicable")
	names = append(names, all.domains(refs, map[*reading]bool{})...)
	slices.Sort(names)
	return slices.Compact(names)
}
