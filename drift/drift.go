// Package drift compares two documents of facts: what a machine was meant to be, and what it became.
//
// The comparison speaks of users, packages, settings and boot entries rather than of lines. Where a line stands is the provenance of a
// value and no part of it: what only moved did not change. Values that change by themselves are left out by rule (volatile.go). A
// domain that could not be read on both sides is never "no change": it is among the unread.
//
// The package knows nothing of images. Which change is explained by what happened to the files is said by package tree and the caller.
package drift

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// Kind is how something changed.
type Kind string

// The kinds. The last three are of packages, and Reordered of lists whose order decides.
const (
	Added      Kind = "added"
	Removed    Kind = "removed"
	Changed    Kind = "changed"
	Reordered  Kind = "reordered"
	Upgraded   Kind = "upgraded"
	Downgraded Kind = "downgraded"
)

// Change is one thing that is not as it was.
type Change struct {
	Domain string `json:"domain"` // of the facts: "users"
	Key    string `json:"key"`    // what changed in it: "eve", "permitrootlogin"
	Kind   Kind   `json:"change"`
	Old    string `json:"old"`
	New    string `json:"new"`
	// OldSource and NewSource are where both stand in the guest; nil where the facts do not tell.
	OldSource *facts.Source    `json:"old_source" jsonschema:"nullable"`
	NewSource *facts.Source    `json:"new_source" jsonschema:"nullable"`
	Values    []Value          `json:"values,omitempty"` // of what has several, those that differ
	Severity  finding.Severity `json:"severity"`         // that it has where nothing explains it
	// Because is what explains the change: "rsync 3.2.7-1 added"; "" where nothing does.
	Because string `json:"because,omitempty"`
}

// Value is one value that differs.
type Value struct {
	Path      string        `json:"path"` // below the key: "shell"
	Old       string        `json:"old"`
	New       string        `json:"new"`
	OldSource *facts.Source `json:"old_source" jsonschema:"nullable"`
	NewSource *facts.Source `json:"new_source" jsonschema:"nullable"`
}

// Unread is a domain that could not be compared.
type Unread struct {
	Domain string `json:"domain"`
	Cause  string `json:"cause"`
}

// Comparison is what became of a machine.
type Comparison struct {
	Changes []Change `json:"changes"` // by domain and key
	Unread  []Unread `json:"unread"`  // by domain
	Same    int      `json:"same"`    // domains without a change
}

// Options say what to compare.
type Options struct {
	// Domains that are wanted, beside those that either document has: one that neither has is unread.
	Domains []string
	// Only are the domains that are compared; none stands for all.
	Only []string
	// Structural compares values alone, without the words of the domains: every difference is a change of its own.
	Structural bool
	// Volatile tells what changes by itself, too.
	Volatile bool
}

// Compare tells what changed from one document to the other.
func Compare(before, after *facts.Document, opts Options) *Comparison {
	c := &Comparison{Changes: []Change{}, Unread: []Unread{}}
	names := slices.Concat(opts.Domains, slices.Collect(maps.Keys(before.Collectors)), slices.Collect(maps.Keys(after.Collectors)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if slices.Contains(askedFor(), name) || !opts.Volatile && slices.Contains(volatileDomains(), name) ||
			len(opts.Only) > 0 && !slices.Contains(opts.Only, name) {
			continue
		}
		if cause := unread(before, after, name); cause != "" {
			c.Unread = append(c.Unread, Unread{name, cause})
			continue
		}
		changes := compareDomain(domainOf(name, opts), before, after, opts)
		if len(changes) == 0 {
			c.Same++
		}
		c.Changes = append(c.Changes, changes...)
	}
	c.privateGroups(after)
	slices.SortStableFunc(c.Changes, func(a, b Change) int { return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Key, b.Key)) })
	return c
}

// privateGroups explains the group that useradd(8) makes for a new user.
func (c *Comparison) privateGroups(after *facts.Document) {
	for i := range c.Changes {
		g := &c.Changes[i]
		if g.Domain != "groups" || g.Kind != Added {
			continue
		}
		user := slices.ContainsFunc(c.Changes, func(u Change) bool { return u.Domain == "users" && u.Key == g.Key && u.Kind == Added })
		own := slices.ContainsFunc(get[facts.Users](after, "users"), func(u facts.User) bool { return u.Name == g.Key && u.PrimaryGroup == g.Key })
		empty := slices.ContainsFunc(get[facts.Groups](after, "groups"), func(x facts.Group) bool { return x.Name == g.Key && len(x.Members) == 0 })
		if user && own && empty {
			g.Because = "the group of the new user " + g.Key
		}
	}
}

// unread says why a domain cannot be compared, or "".
func unread(before, after *facts.Document, name string) string {
	if cause := unreadOf(before, name); cause != "" {
		return "before: " + cause
	}
	if cause := unreadOf(after, name); cause != "" {
		return "after: " + cause
	}
	return ""
}

// unreadOf says why a domain of one document cannot be compared, or "".
func unreadOf(d *facts.Document, name string) string {
	st, ok := d.Collectors[name]
	switch {
	case !ok:
		return "not among the facts"
	case st.State == facts.OK, st.State == facts.Absent:
		return ""
	case len(st.Problems) > 0:
		return string(st.State) + ": " + st.Problems[0].Path + ": " + st.Problems[0].Message
	}
	return string(st.State)
}

// domainOf returns how a domain is compared.
func domainOf(name string, opts Options) domain {
	if !opts.Structural {
		for _, d := range domains() {
			if d.name == name {
				return d
			}
		}
	}
	return domain{name: name, severity: finding.Medium}
}

// entry is one thing of a domain: a user, a setting.
type entry struct {
	key    string
	text   string // what it is, in a few words
	value  any    // all that is compared of it
	source *facts.Source
}

func compareDomain(d domain, before, after *facts.Document, opts Options) []Change {
	switch {
	case d.compare != nil:
		return d.compare(before, after)
	case d.entries == nil:
		return d.generic(before, after, opts)
	}
	a, b := keyed(d.entries(before)), keyed(d.entries(after))
	var changes []Change
	for _, key := range a.union(b) {
		x, was := a.byKey[key]
		y, is := b.byKey[key]
		switch {
		case !was:
			changes = append(changes, Change{Domain: d.name, Key: key, Kind: Added, New: y.text, NewSource: y.source, Severity: d.severity})
		case !is:
			changes = append(changes, Change{Domain: d.name, Key: key, Kind: Removed, Old: x.text, OldSource: x.source, Severity: d.severity})
		default:
			changes = append(changes, d.changed(key, x, y, opts)...)
		}
	}
	if d.ordered && len(changes) == 0 && !slices.Equal(a.keys, b.keys) {
		changes = append(changes, Change{
			Domain: d.name, Key: "order", Kind: Reordered, Old: joined(a.keys), New: joined(b.keys), Severity: d.severity,
		})
	}
	return changes
}

// changed compares what is on both sides.
func (d domain) changed(key string, x, y entry, opts Options) []Change {
	values := differences(d.name, x.value, y.value, x.source, y.source, opts.Volatile)
	if len(values) == 0 {
		return nil
	}
	c := Change{Domain: d.name, Key: key, Kind: Changed, Old: x.text, New: y.text, OldSource: x.source, NewSource: y.source, Values: values, Severity: d.severity}
	if len(values) == 1 && values[0].Path == "" {
		v := values[0]
		c.Old, c.New, c.OldSource, c.NewSource, c.Values = v.Old, v.New, v.OldSource, v.NewSource, nil
	}
	return []Change{c}
}

// generic tells every difference of a domain that has no words of its own.
func (d domain) generic(before, after *facts.Document, opts Options) []Change {
	var changes []Change
	for _, v := range differences(d.name, before.Facts[d.name], after.Facts[d.name], nil, nil, opts.Volatile) {
		kind := Changed
		switch {
		case v.Old == "" && v.New != "":
			kind = Added
		case v.New == "" && v.Old != "":
			kind = Removed
		}
		changes = append(changes, Change{
			Domain: d.name, Key: cmp.Or(v.Path, d.name), Kind: kind, Old: v.Old, New: v.New, OldSource: v.OldSource, NewSource: v.NewSource,
			Severity: d.severity,
		})
	}
	return changes
}

// entries by their keys, and in their order.
type entries struct {
	byKey map[string]entry
	keys  []string
}

// keyed gives a key that is there twice a number.
func keyed(list []entry) entries {
	e := entries{byKey: map[string]entry{}}
	for _, one := range list {
		key := one.key
		for n := 2; ; n++ {
			if _, twice := e.byKey[key]; !twice {
				break
			}
			key = numbered(one.key, n)
		}
		e.byKey[key] = one
		e.keys = append(e.keys, key)
	}
	return e
}

func (e entries) union(other entries) []string {
	keys := slices.Concat(e.keys, other.keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Comparable are those of the domains that can be compared between two states of a machine.
func Comparable(domains []string) []string {
	return slices.DeleteFunc(slices.Clone(domains), func(name string) bool {
		return slices.Contains(askedFor(), name) || slices.Contains(volatileDomains(), name)
	})
}

// Paths are the files that a change comes from, on both sides.
func (c *Change) Paths() []string {
	sources := []*facts.Source{c.OldSource, c.NewSource}
	for _, v := range c.Values {
		sources = append(sources, v.OldSource, v.NewSource)
	}
	var paths []string
	for _, s := range sources {
		if s != nil && s.Path != "" && !slices.Contains(paths, s.Path) {
			paths = append(paths, s.Path)
		}
	}
	return paths
}

// ID names the change among findings.
func (c *Change) ID() string { return "drift." + c.Domain + "/" + c.Key }

// Text says what changed, in one sentence.
func (c *Change) Text() string {
	var text string
	switch c.Kind {
	case Added:
		text = "added: " + c.New
	case Removed:
		text = "removed, was: " + c.Old
	default:
		text = string(c.Kind) + ": " + cmp.Or(c.New, "nothing") + ", was " + cmp.Or(c.Old, "nothing")
	}
	if len(c.Values) == 0 {
		return text
	}
	var parts []string
	for _, v := range c.Values {
		parts = append(parts, v.Path+" "+cmp.Or(v.New, "nothing")+", was "+cmp.Or(v.Old, "nothing"))
	}
	return string(c.Kind) + ": " + joinedWith(parts, "; ")
}

func joinedWith(list []string, by string) string {
	const most = 8
	if more := len(list) - most; more > 0 {
		list = append(slices.Clone(list[:most]), strconv.Itoa(more)+" more")
	}
	return strings.Join(list, by)
}
