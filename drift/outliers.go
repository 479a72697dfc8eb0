package drift

import (
	"maps"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

// held is what one machine has under a key.
type held struct {
	entry
	same string // all that counts of it, in one line
}

// Outliers tells of each machine in what it is not as most of the others are: more than half of all that were read have the same. What
// most machines have each in its own way, such as a name, has no majority and is told of none. The unread are those of any machine.
func Outliers(machines []*facts.Document) (changes [][]Change, unread [][]Unread) {
	changes, unread = make([][]Change, len(machines)), make([][]Unread, len(machines))
	names := map[string]bool{}
	for _, m := range machines {
		for name := range m.Collectors {
			names[name] = true
		}
	}
	for _, name := range Comparable(slices.Sorted(maps.Keys(names))) {
		d := domainOf(name, Options{})
		var read []int
		var all []map[string]held
		for i, m := range machines {
			if cause := unreadOf(m, name); cause != "" {
				unread[i] = append(unread[i], Unread{name, cause})
				continue
			}
			read, all = append(read, i), append(all, d.held(m))
		}
		for i, list := range d.outliers(all) {
			changes[read[i]] = append(changes[read[i]], list...)
		}
	}
	return changes, unread
}

// outliers compares what machines have under each key of the domain.
func (d domain) outliers(all []map[string]held) [][]Change {
	keys := map[string]bool{}
	for _, m := range all {
		for key := range m {
			keys[key] = true
		}
	}
	changes := make([][]Change, len(all))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		most, ok := majority(all, key)
		if !ok {
			continue
		}
		for i, m := range all {
			if own := m[key]; own.same != most.same {
				changes[i] = append(changes[i], Change{
					Domain: d.name, Key: key, Kind: kindOf(most.same, own.same), Old: most.text, New: own.text, OldSource: most.source, NewSource: own.source,
					Severity: d.severity,
				})
			}
		}
	}
	return changes
}

func kindOf(before, after string) Kind {
	switch {
	case before == "":
		return Added
	case after == "":
		return Removed
	}
	return Changed
}

// majority is what more than half of the machines have under a key, which may be nothing.
func majority(all []map[string]held, key string) (held, bool) {
	number := map[string]int{}
	for _, m := range all {
		own := m[key]
		if number[own.same]++; number[own.same]*2 > len(all) {
			return own, true
		}
	}
	return held{}, false
}

// held is what a machine has in the domain, by key.
func (d domain) held(m *facts.Document) map[string]held {
	all := map[string]held{}
	switch {
	case d.name == "packages":
		for name, list := range installed(m).Installed {
			text := versions(list)
			all[name] = held{entry{key: name, text: text, source: firstSource(list)}, text}
		}
	case d.entries != nil:
		list := keyed(d.entries(m))
		for key, e := range list.byKey {
			all[key] = held{e, canonical(d.name, "", plain(e.value))}
		}
	default:
		for key, s := range parts(plain(m.Facts[d.name])) {
			s.source = nearest(s)
			if text := canonical(d.name, key, s.value); text != "" {
				all[key] = held{entry{key: key, text: shown(setting(s.value)), source: s.source}, text}
			}
		}
	}
	return all
}

// parts are the fields of an object, or the items of a list.
func parts(v any) map[string]side {
	all := map[string]side{}
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			if !slices.Contains(provenance(), name) {
				all[name] = side{value: one}
			}
		}
	case []any:
		for key, e := range items(v, keyField(v, nil)).byKey {
			all["["+key+"]"] = side{value: e.value}
		}
	case nil:
	default:
		all["value"] = side{value: v}
	}
	return all
}

// canonical is all of a value that counts, in one line.
func canonical(domain, path string, v any) string {
	if isVolatile(domain, path) {
		return ""
	}
	v = setting(v)
	switch v := v.(type) {
	case map[string]any:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if text := canonical(domain, below(path, name), v[name]); text != "" && !slices.Contains(provenance(), name) {
				all = append(all, name+"="+text)
			}
		}
		return "{" + strings.Join(all, " ") + "}"
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, canonical(domain, path+"[]", one))
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	return brief(v)
}
