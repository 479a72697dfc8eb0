package drift

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxText   = 400 // bytes of a value that is shown
	maxDepth  = 64  // of a value: the types of the facts are far below
	maxValues = 10_000
)

// differences tells where two values of the same type differ. before and after are where they stand.
func differences(domain string, a, b any, before, after *facts.Source, volatile bool) []Value {
	c := comparer{domain: domain, volatile: volatile}
	c.compare("", side{plain(a), before}, side{plain(b), after}, 0)
	return c.found
}

// comparer walks two trees in step.
type comparer struct {
	domain   string
	volatile bool
	found    []Value
}

// side is a value on one side, with the nearest place in the guest.
type side struct {
	value  any
	source *facts.Source
}

// plain is a value as its JSON: objects, lists, texts, numbers.
func plain(v any) any {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil // documents are made of what JSON has
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return nil
	}
	return tree
}

func (c *comparer) compare(path string, a, b side, depth int) {
	if depth > maxDepth || len(c.found) >= maxValues || !c.volatile && isVolatile(c.domain, path) {
		return
	}
	a.source, b.source = nearest(a), nearest(b)
	if isSetting(a.value) || isSetting(b.value) {
		a.value, b.value = setting(a.value), setting(b.value)
	}
	x, xMap := a.value.(map[string]any)
	y, yMap := b.value.(map[string]any)
	m, mList := a.value.([]any)
	n, nList := b.value.([]any)
	switch {
	case xMap && yMap, xMap && b.value == nil && depth == 0, yMap && a.value == nil && depth == 0:
		c.fields(path, x, y, a, b, depth)
	case mList && nList, mList && b.value == nil && depth == 0, nList && a.value == nil && depth == 0:
		c.lists(path, m, n, a, b, depth)
	case brief(a.value) != brief(b.value):
		c.add(path, a, b, shown(a.value), shown(b.value))
	}
}

func (c *comparer) add(path string, a, b side, before, after string) {
	c.found = append(c.found, Value{path, before, after, a.source, b.source})
}

// fields compares two objects by their names. Where a value is from is no part of it, and neither is what another one hides.
func (c *comparer) fields(path string, x, y map[string]any, a, b side, depth int) {
	names := slices.Concat(slices.Collect(maps.Keys(x)), slices.Collect(maps.Keys(y)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !slices.Contains(provenance(), name) {
			c.compare(below(path, name), side{x[name], a.source}, side{y[name], b.source}, depth+1)
		}
	}
}

// lists compares lists of objects by their keys, and others as sets whose order is told where nothing else changed.
func (c *comparer) lists(path string, x, y []any, a, b side, depth int) {
	field := keyField(x, y)
	if field == "" && scalars(x) && scalars(y) {
		c.texts(path, x, y, a, b)
		return
	}
	left, right := items(x, field), items(y, field)
	found := len(c.found)
	for _, key := range left.union(right) {
		was, is := left.byKey[key], right.byKey[key]
		c.compare(path+"["+key+"]", side{was.value, a.source}, side{is.value, b.source}, depth+1)
	}
	if field == "" && len(c.found) == found && !slices.Equal(left.keys, right.keys) {
		c.add(path+".order", a, b, joined(left.keys), joined(right.keys))
	}
}

// items gives each item of a list a key: a field that tells them apart, or all that is in it.
func items(list []any, field string) entries {
	var all []entry
	for _, v := range list {
		key := brief(v)
		if m, ok := v.(map[string]any); ok && field != "" {
			key = brief(m[field])
		}
		all = append(all, entry{key: strings.Trim(key, `"`), value: v})
	}
	return keyed(all)
}

func (c *comparer) texts(path string, x, y []any, a, b side) {
	before, after := words(x), words(y)
	if slices.Equal(before, after) {
		return
	}
	c.add(path, a, b, joined(before), joined(after))
}

// keyField is the field that tells the objects of both lists apart, or "".
func keyField(x, y []any) string {
	for _, field := range []string{"name", "key", "id", "path", "target", "device", "release", "fingerprint", "sha256", "title", "user", "value"} {
		if len(x)+len(y) > 0 && tellsApart(x, field) && tellsApart(y, field) {
			return field
		}
	}
	return ""
}

func tellsApart(list []any, field string) bool {
	seen := map[string]bool{}
	for _, v := range list {
		m, ok := v.(map[string]any)
		key := brief(m[field])
		if !ok || m[field] == nil || seen[key] {
			return false
		}
		seen[key] = true
	}
	return true
}

func scalars(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool {
		switch v.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
}

func words(list []any) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = shown(v)
	}
	return all
}

// provenance lists the fields that say where a value is from, and what it took the place of.
func provenance() []string {
	return []string{"source", "shadowed", "explicit", "held_by", "superusers_source"}
}

// isSetting tells a facts.Value, whose value is what counts.
func isSetting(v any) bool {
	m, ok := v.(map[string]any)
	_, has := m["value"]
	_, explicit := m["explicit"]
	return ok && has && explicit
}

func setting(v any) any {
	if m, ok := v.(map[string]any); ok && isSetting(v) {
		return m["value"]
	}
	return v
}

// nearest is where a value stands: its own source, the path that it is about, or what is around it.
func nearest(s side) *facts.Source {
	m, ok := s.value.(map[string]any)
	if !ok {
		return s.source
	}
	if src, ok := m["source"].(map[string]any); ok {
		return sourceOf(src)
	}
	if p, ok := m["path"].(string); ok && strings.HasPrefix(p, "/") {
		return &facts.Source{Path: p}
	}
	return s.source
}

func sourceOf(m map[string]any) *facts.Source {
	var s facts.Source
	s.Path, _ = m["path"].(string)
	s.Text, _ = m["text"].(string)
	if n, ok := m["line"].(json.Number); ok {
		line, err := strconv.Atoi(n.String())
		if err == nil {
			s.Line = line
		}
	}
	return &s
}

// brief is all of a value in one line, without where it is from.
func brief(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if text := brief(v[name]); text != "" && !slices.Contains(provenance(), name) {
				parts = append(parts, name+"="+text)
			}
		}
		return "{" + strings.Join(parts, " ") + "}"
	case []any:
		var parts []string
		for _, one := range v {
			parts = append(parts, brief(one))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case string:
		return strconv.Quote(v)
	}
	return fmt.Sprint(v)
}

// shown is a value for people.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return `""`
		}
		return shortened(v)
	case []any:
		if scalars(v) {
			return joined(words(v))
		}
	}
	return shortened(brief(v))
}

func joined(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return shortened(strings.Join(list, ", "))
}

func shortened(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}

func below(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

func numbered(key string, n int) string { return fmt.Sprintf("%s#%d", key, n) }
