package policy

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/nearest"
	"github.com/guestctl/guestctl/internal/version"
)

// wanted is a package as a baseline names it: a name or a pattern, with an architecture as dpkg writes it (libc6:amd64).
type wanted struct {
	name string
	arch string
}

func parseWanted(s string) wanted {
	if i := strings.LastIndexByte(s, ':'); i > 0 && strings.Trim(s[i+1:], "abcdefghijklmnopqrstuvwxyz0123456789_-") == "" && s[i+1:] != "" {
		return wanted{s[:i], s[i+1:]}
	}
	return wanted{name: s}
}

func (w wanted) is(name, arch string) bool {
	if w.arch != "" && w.arch != arch {
		return false
	}
	ok, err := path.Match(w.name, name)
	return err == nil && ok || w.name == name
}

func (w wanted) pattern() bool { return strings.ContainsAny(w.name, "*?[") }

// provider is a package that stands for a virtual one.
type provider struct {
	facts.Package
	provides facts.Provide
}

// find returns the packages that have the name, and those that provide it, in the order of their names.
func (w wanted) find(p *facts.Packages) (named []facts.Package, providers []provider) {
	same := func(name string) string { return name }
	if p.Manager == "windows" { // whose names are for people, who mind no case
		same = strings.ToLower
		w.name = same(w.name)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Installed)) {
		for _, one := range p.Installed[name] {
			if w.is(same(name), one.Arch) {
				named = append(named, one)
				continue
			}
			for _, virtual := range one.Provides {
				if w.is(same(virtual.Name), one.Arch) {
					providers = append(providers, provider{one, virtual})
					break
				}
			}
		}
	}
	return named, providers
}

// packageEntry reads one entry of a list of packages, in its short or long form, and starts its check.
func packageEntry(c *compiler, n *node, list string, own ...string) (w wanted, check Check, o options, ok bool) {
	at, o, ok := c.textEntry(n, "name", own...)
	if !ok {
		return w, check, o, false
	}
	text, _ := at.value.(string)
	if strings.ContainsAny(text, " \t\n/") {
		c.fail(at.at, "%q is no name of a package", text)
		return w, check, o, false
	}
	w = parseWanted(text)
	if _, err := path.Match(w.name, ""); err != nil {
		c.fail(at.at, "%q is no pattern: a [ without its ]", text)
		return w, check, o, false
	}
	check = Check{
		ID: list + "/" + text, Key: text,
		Needs: facts.Request{Domains: []string{domainPackages}}, Absent: []string{domainPackages},
	}
	return w, check, o, true
}

// packageDatabase takes the domain out of the document. A guest without one cannot be judged: programs may be there all the
// same.
func packageDatabase(judge func(doc *facts.Document, p *facts.Packages) Outcome) func(*facts.Document) Outcome {
	return func(doc *facts.Document) Outcome {
		p, ok := facts.Get[facts.Packages](doc, domainPackages)
		if !ok {
			return unknown("the guest has no package database")
		}
		return judge(doc, p)
	}
}

func requiredPackage(c *compiler, n *node) {
	w, check, o, ok := packageEntry(c, n, "packages.required", "version")
	if !ok {
		return
	}
	var version constraint
	check.Title = "Package " + check.Key + " is installed"
	if v := n.table["version"]; v != nil {
		if version, ok = c.constraint(v); !ok {
			return
		}
		check.Title = fmt.Sprintf("Package %s is installed, version %s", check.Key, version.text)
	}
	check.Eval = packageDatabase(func(_ *facts.Document, p *facts.Packages) Outcome { return judgeRequired(p, w, version) })
	c.add(n, check, o)
}

// constraint reads a constraint on versions.
func (c *compiler) constraint(n *node) (constraint, bool) {
	text := c.text(n)
	if text == "" {
		return constraint{}, false
	}
	version, err := parseConstraint(text)
	if err != nil {
		c.fail(n.at, "%s: %v", n.path, err)
	}
	return version, err == nil
}

func judgeRequired(p *facts.Packages, w wanted, version constraint) Outcome {
	o := Outcome{Status: finding.Fail, Expected: strings.TrimSpace("installed " + version.text)}
	named, providers := w.find(p)
	var why []string
	for _, one := range named {
		o.Where = append(o.Where, location(one.Source, ""))
		reason := ""
		if !one.Complete() {
			reason = fmt.Sprintf("%s is %s, not installed", full(one), one.State)
		} else if ok, err := satisfies(version, one.Version, p.Manager); err != nil {
			return unknown(err.Error())
		} else if !ok {
			reason = fmt.Sprintf("want %s, is %s", version.text, one.Version)
		}
		if reason == "" {
			return Outcome{Status: finding.Pass, Expected: o.Expected, Actual: full(one), Message: full(one), Where: []finding.Location{location(one.Source, "")}}
		}
		why = append(why, reason)
	}
	for _, one := range providers {
		ok := one.Complete()
		if ok && len(version.terms) > 0 {
			var err error
			if ok, err = satisfies(version, one.provides.Version, p.Manager); err != nil {
				return unknown(err.Error())
			}
		}
		by := "provided by " + full(one.Package)
		if ok {
			return Outcome{Status: finding.Pass, Expected: o.Expected, Actual: by, Message: by, Where: []finding.Location{location(one.Source, "")}}
		}
		o.Where = append(o.Where, location(one.Source, ""))
		why = append(why, by+", which does not satisfy it")
	}
	o.Message, o.Actual = strings.Join(why, "; "), strings.Join(why, "; ")
	if len(why) == 0 {
		o.Message, o.Actual = "not installed, nothing installed provides it", "not installed"
		o.Notes = nearPackages(p, w)
		o.Fix = command(p.Manager, install, w.name)
	} else if len(named) > 0 && named[0].Complete() {
		o.Fix = command(p.Manager, install, w.name)
	}
	return o
}

// satisfies compares a version in the order of the package manager. A virtual package may have none.
func satisfies(want constraint, have, manager string) (bool, error) {
	if len(want.terms) == 0 {
		return true, nil
	}
	if have == "" {
		return false, nil
	}
	order, ok := version.OrderOf(manager)
	if !ok {
		return false, fmt.Errorf("versions of %s packages cannot be compared by this version", manager)
	}
	return want.holds(have, order)
}

const maxNear = 3

// nearPackages notes the installed packages whose names are like the one that is missing.
func nearPackages(p *facts.Packages, w wanted) []string {
	if w.pattern() {
		return nil
	}
	var prefixed []string
	names := slices.Sorted(maps.Keys(p.Installed))
	for _, name := range names {
		if strings.HasPrefix(name, w.name+"-") || len(w.name) > 3 && strings.HasPrefix(name, w.name) {
			prefixed = append(prefixed, name)
		}
	}
	near := slices.Concat(prefixed, nearest.Words(w.name, names, maxNear))
	var texts []string
	for i, name := range near {
		if len(texts) < maxNear && !slices.Contains(near[:i], name) && len(p.Installed[name]) > 0 {
			texts = append(texts, full(p.Installed[name][0]))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return []string{"near: " + strings.Join(texts, ", ")}
}

func full(p facts.Package) string { return p.Name + " " + p.Version }

func forbiddenPackage(c *compiler, n *node) {
	w, check, o, ok := packageEntry(c, n, "packages.forbidden")
	if !ok {
		return
	}
	check.Severity = finding.High
	check.Title = "Package " + check.Key + " is not installed"
	check.Eval = packageDatabase(func(_ *facts.Document, p *facts.Packages) Outcome { return judgeForbidden(p, w) })
	c.add(n, check, o)
}

func judgeForbidden(p *facts.Packages, w wanted) Outcome {
	named, providers := w.find(p)
	if len(named)+len(providers) == 0 {
		return Outcome{Status: finding.Pass, Expected: "absent", Actual: "absent", Message: "absent"}
	}
	o := Outcome{Status: finding.Fail, Expected: "absent"}
	var found, names []string
	for _, one := range named {
		text := full(one)
		if !one.Complete() {
			text += " (" + one.State + ")"
		}
		found, names = append(found, text), append(names, one.Name)
		o.Where = append(o.Where, location(one.Source, ""))
	}
	if len(found) > 0 {
		o.Message = "installed: " + strings.Join(found, ", ")
	}
	var by []string
	for _, one := range providers {
		by, names = append(by, full(one.Package)), append(names, one.Name)
		o.Where = append(o.Where, location(one.Source, "provides "+one.provides.Name))
	}
	if len(by) > 0 {
		o.Message = strings.TrimPrefix(o.Message+"; provided by "+strings.Join(by, ", "), "; ")
	}
	o.Actual = o.Message
	o.Fix = command(p.Manager, remove, slices.Compact(names)...)
	return o
}

type verb int

const (
	install verb = iota
	remove
)

// plainName is what may go into a command line that someone copies: the guest chose the name.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._~-]*$`)

// command is the package manager's command for some packages, or "" when there is none to propose.
func command(manager string, v verb, names ...string) string {
	verbs := map[string][2]string{
		"dpkg":   {"apt install", "apt remove"},
		"rpm":    {"dnf install", "dnf remove"},
		"apk":    {"apk add", "apk del"},
		"pacman": {"pacman -S", "pacman -R"},
	}
	does, ok := verbs[manager]
	if !ok || slices.ContainsFunc(names, func(s string) bool { return !plainName.MatchString(s) }) {
		return ""
	}
	return does[v] + " " + strings.Join(names, " ")
}
