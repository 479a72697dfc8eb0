package drift

import (
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/version"
)

// packages compares what is installed. A name with several versions or architectures is one key with all of them.
func packages(before, after *facts.Document) []Change {
	a, b := installed(before), installed(after)
	var changes []Change
	names := slices.Concat(slices.Collect(maps.Keys(a.Installed)), slices.Collect(maps.Keys(b.Installed)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		x, y := a.Installed[name], b.Installed[name]
		c := Change{Domain: "packages", Key: name, Old: versions(x), New: versions(y), OldSource: firstSource(x), NewSource: firstSource(y)}
		switch {
		case len(x) == 0:
			c.Kind, c.Severity = Added, finding.Medium
		case len(y) == 0:
			c.Kind, c.Severity = Removed, finding.Medium
		case c.Old == c.New:
			values := differences("packages", lasting(x), lasting(y), c.OldSource, c.NewSource, false)
			if len(values) == 0 {
				continue
			}
			c.Kind, c.Values, c.Severity = Changed, values, finding.Low
		default:
			c.Kind, c.Severity = moved(b.Manager, x, y)
		}
		changes = append(changes, c)
	}
	return changes
}

func installed(d *facts.Document) *facts.Packages {
	if p, ok := facts.Get[facts.Packages](d, "packages"); ok {
		return p
	}
	return &facts.Packages{}
}

func versions(list []facts.Package) string {
	var all []string
	for _, p := range list {
		text := p.Version
		if len(list) > 1 {
			text += " " + p.Arch
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func firstSource(list []facts.Package) *facts.Source {
	if len(list) == 0 {
		return nil
	}
	return &list[0].Source
}

// lasting is what one and the same version of a package keeps: whether it is held, or half installed.
func lasting(list []facts.Package) any {
	type state struct {
		Arch, Want, Error, State string
		Held                     bool
	}
	all := map[string]state{}
	for _, p := range list {
		all[p.Version+" "+p.Arch] = state{p.Arch, p.Want, p.Error, p.State, p.Held}
	}
	return all
}

// moved tells which way the newest version went. A version without an order only changed.
func moved(manager string, x, y []facts.Package) (Kind, finding.Severity) {
	order, ok := version.OrderOf(manager)
	if !ok {
		return Changed, finding.Medium
	}
	a, okA := newest(order, x)
	b, okB := newest(order, y)
	if !okA || !okB {
		return Changed, finding.Medium
	}
	switch n, err := order(b, a); {
	case err != nil, n == 0:
		return Changed, finding.Medium
	case n < 0:
		return Downgraded, finding.High
	}
	return Upgraded, finding.Low
}

func newest(order version.Order, list []facts.Package) (string, bool) {
	best := list[0].Version
	for _, p := range list[1:] {
		n, err := order(p.Version, best)
		if err != nil {
			return "", false
		}
		if n > 0 {
			best = p.Version
		}
	}
	return best, true
}

// Versions are those of the installed packages, by name.
func Versions(d *facts.Document) map[string]string {
	all := map[string]string{}
	for name, list := range installed(d).Installed {
		all[name] = versions(list)
	}
	return all
}
