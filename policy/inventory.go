package policy

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// packageVersion judges the version of a package where it is installed: every installed one of its name.
func packageVersion(c *compiler, n *node) {
	v, o, ok := c.shortOrLong(n, "version")
	if !ok {
		return
	}
	version, ok := c.constraint(v)
	if !ok {
		return
	}
	w := parseWanted(n.name)
	c.add(n, Check{
		ID: "packages.versions/" + n.name, Key: n.name,
		Title: fmt.Sprintf("Package %s has version %s", n.name, version.text),
		Needs: facts.Request{Domains: []string{domainPackages}}, Absent: []string{domainPackages},
		Eval: packageDatabase(func(_ *facts.Document, p *facts.Packages) Outcome { return judgeVersion(p, w, version) }),
	}, o)
}

func judgeVersion(p *facts.Packages, w wanted, version constraint) Outcome {
	o := Outcome{Status: finding.Pass, Expected: version.text}
	var all, wrong []string
	for _, one := range p.Installed[w.name] {
		if !w.is(one.Name, one.Arch) {
			continue
		}
		ok, err := satisfies(version, one.Version, p.Manager)
		if err == nil && one.Version == "" {
			err = fmt.Errorf("%s has no version in the package database", one.Name)
		}
		if err != nil {
			return unknown(err.Error())
		}
		all = append(all, one.Version)
		if !ok {
			wrong = append(wrong, one.Version)
		}
		o.Where = append(o.Where, location(one.Source, ""))
	}
	if len(all) == 0 {
		return Outcome{Status: finding.NotApplicable, Expected: version.text, Message: "not installed"}
	}
	o.Actual = strings.Join(all, ", ")
	o.Message = o.Actual
	if len(wrong) > 0 {
		o.Status, o.Message = finding.Fail, fmt.Sprintf("want %s, is %s", version.text, strings.Join(wrong, ", "))
	}
	return o
}

// holds judges the exact set of packages that are held back.
func holds(c *compiler, n *node) {
	c.setting(n, &setting{
		title: "The set of held packages", kind: listSetting, domains: []string{domainPackages}, absent: []string{domainPackages},
		read: func(doc *facts.Document) (reading, Outcome) {
			p, ok := facts.Get[facts.Packages](doc, domainPackages)
			if !ok {
				return reading{}, unknown("the guest has no package database")
			}
			r, o := reading{}, Outcome{}
			for _, name := range slices.Sorted(maps.Keys(p.Installed)) {
				for _, one := range p.Installed[name] {
					if one.Held {
						r.list = append(r.list, name)
						o.Where = append(o.Where, location(one.Source, ""))
					}
				}
			}
			r.list = slices.Compact(r.list)
			r.set = len(r.list) > 0
			return r, o
		},
	})
}

// onlyPackages reads packages.only.packages, the list of all packages a guest may have.
func onlyPackages(c *compiler, n *node) {
	var allowed []wanted
	for _, t := range c.texts(n) {
		allowed = append(allowed, parseWanted(t.text))
	}
	c.only(n, allowed)
}

// onlyFile reads packages.only.file, the same list in a file beside the baseline: one name on a line, # begins a comment.
func onlyFile(c *compiler, n *node) {
	name := c.text(n)
	if name == "" {
		return
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(c.src.name), name)
	}
	text, err := readFile(name, maxList)
	if err != nil {
		c.fail(n.at, "%s %s: %v", n.path, name, err)
		return
	}
	c.also = append(c.also, string(text))
	c.lists = append(c.lists, input("list", name, string(text)))
	var allowed []wanted
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			allowed = append(allowed, parseWanted(line))
		}
	}
	c.only(n, allowed)
}

func (c *compiler) only(n *node, allowed []wanted) {
	if len(allowed) == 0 {
		c.fail(n.at, "%s allows no package at all", n.path)
		return
	}
	c.add(n, Check{
		ID: "packages.only", Title: "Only allowed packages are installed", asks: fmt.Sprint(allowed),
		Needs: facts.Request{Domains: []string{domainPackages}}, Absent: []string{domainPackages},
		Eval: packageDatabase(func(_ *facts.Document, p *facts.Packages) Outcome { return judgeOnly(p, allowed) }),
	}, options{})
}

func judgeOnly(p *facts.Packages, allowed []wanted) Outcome {
	exact, patterns := map[wanted]bool{}, []wanted{}
	for _, w := range allowed {
		if exact[w] = true; w.pattern() {
			patterns = append(patterns, w)
		}
	}
	o := Outcome{Status: finding.Pass, Expected: "only the allowed packages"}
	var extra []string
	for _, name := range slices.Sorted(maps.Keys(p.Installed)) {
		for _, one := range p.Installed[name] {
			ok := exact[wanted{name: name}] || exact[wanted{name, one.Arch}]
			if !ok && !slices.ContainsFunc(patterns, func(w wanted) bool { return w.is(name, one.Arch) }) {
				extra = append(extra, name)
				o.Where = append(o.Where, location(one.Source, ""))
			}
		}
	}
	extra = slices.Compact(extra)
	o.Actual = fmt.Sprintf("%d packages, all allowed", len(p.Installed))
	if len(extra) > 0 {
		o.Status = finding.Fail
		o.Actual = fmt.Sprintf("%d not allowed: %s", len(extra), strings.Join(extra, ", "))
	}
	o.Message = o.Actual
	return o
}
