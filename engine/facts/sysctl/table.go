package sysctl

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// table holds the lines by key as systemd-sysctl keeps them: the last one of a key counts and takes its place in the
// order from the time its value changed.
type table struct {
	all  map[string]entry
	next int
	// keeps is set for procps: there a line "-key" behind an assignment does not take it back.
	keeps bool
}

type entry struct {
	key      string
	value    *facts.Value[string]
	excluded bool
	at       int // in the order of applying
}

func (t *table) add(l line, at facts.Source) {
	if t.all == nil {
		t.all = map[string]entry{}
	}
	if isSecret(l.key) && !l.excluded {
		l.value = "(secret)"
	}
	old, ok := t.all[l.key]
	if ok && l.excluded && t.keeps && !old.excluded {
		return
	}
	e := entry{key: l.key, excluded: l.excluded, at: t.next}
	t.next++
	if ok && old.excluded == l.excluded && old.value.Value == l.value {
		e.at = old.at
	}
	var before *facts.Value[string]
	if ok && !old.excluded {
		before = old.value
	}
	e.value = facts.Override(before, l.value, at)
	t.all[l.key] = e
}

func (t *table) inOrder() []entry {
	return slices.SortedFunc(maps.Values(t.all), func(a, b entry) int { return cmp.Compare(a.at, b.at) })
}

// apply writes the parameters one after the other, as the program does into /proc/sys.
func (t *table) apply() (map[string]facts.Value[string], []facts.SysctlDerived) {
	k := kernel{set: map[string]facts.Value[string]{}, derived: []facts.SysctlDerived{}}
	for _, e := range t.inOrder() {
		if e.excluded {
			continue
		}
		if !isGlob(e.key) {
			k.write(e.key, *e.value)
			continue
		}
		for _, key := range expand(e.key) {
			if _, named := t.all[key]; !named {
				k.write(key, *e.value)
			}
		}
	}
	return k.set, k.derived
}

// interfaces are what every kernel has in the directories of network devices.
var interfaces = map[string][]string{
	"net/ipv4/conf":  {"all", "default", "lo"},
	"net/ipv6/conf":  {"all", "default", "lo"},
	"net/ipv4/neigh": {"default", "lo"},
	"net/ipv6/neigh": {"default", "lo"},
}

// expand returns the keys that a pattern stands for where that is known without a running kernel: the part that names an
// interface.
func expand(pattern string) []string {
	parts := strings.Split(pattern, "/")
	if len(parts) != 5 || isGlob(strings.Join(parts[:3], "/")) || isGlob(parts[4]) {
		return nil
	}
	var keys []string
	for _, name := range interfaces[strings.Join(parts[:3], "/")] {
		if ok, err := path.Match(parts[3], name); ok && err == nil {
			keys = append(keys, strings.Join(parts[:3], "/")+"/"+name+"/"+parts[4])
		}
	}
	return keys
}
