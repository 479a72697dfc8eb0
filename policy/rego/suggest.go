package rego

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const (
	maxSteps  = 8         // changes that together make a check pass
	maxSearch = 5_000     // changes that are tried to find them
	maxEffort = 3_000_000 // values that the check is given meanwhile: of large facts fewer changes are tried
	maxHints  = 24        // words of what is wanted
	maxPair   = 3         // fields of a name with a value, and where it stands
)

// Changes returns changes of the facts that together make a failing check pass, as few as a search finds that takes what helps first;
// nil when it finds none. What is tried is what a person would do: the values that the words of wanted name, a flag turned over, an
// entry that goes or comes.
func (j *Judge) Changes(ctx context.Context, doc *facts.Document, c *Check, wanted string) []string {
	s := j.Session(ctx, doc)
	input := map[string]any{metaFacts: s.native(metaFacts)}
	for _, domain := range slices.Concat(c.Needs.Domains, []string{filesDomain, globsDomain}) {
		if v := s.native(domain); v != nil {
			input[domain] = v
		}
	}
	search := &search{judge: j, ctx: ctx, check: c, hints: hintsOf(wanted), left: min(maxSearch, maxEffort/max(1, size(input)))}
	for _, path := range slices.Concat(c.Paths, j.program.reads(c)) {
		for len(path) > 1 && s.at(path) == nil { // what is missing may come
			path = path[:len(path)-1]
		}
		if !slices.ContainsFunc(search.paths, func(p []string) bool { return slices.Equal(p, path) }) {
			search.paths = append(search.paths, path)
		}
	}
	var steps []string
	for len(steps) < maxSteps {
		text, changed, passes := search.step(input)
		if text == "" {
			return nil
		}
		steps, input = append(steps, text), changed
		if passes {
			return steps
		}
	}
	return nil
}

// small are words of such a sentence that are no values.
const small = " a and at exactly it least more not of one or stricter the to with "

// hintsOf are the words of the sentence of what is wanted, which may be values.
func hintsOf(wanted string) []string {
	var hints []string
	for _, word := range strings.FieldsFunc(wanted, func(r rune) bool { return strings.ContainsRune(" ,;=<>()\"", r) }) {
		if !strings.Contains(small, " "+word+" ") && !slices.Contains(hints, word) && len(hints) < maxHints {
			hints = append(hints, word)
		}
	}
	return hints
}

// size counts the values of facts.
func size(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, below := range v {
			n += size(below)
		}
	case []any:
		for _, below := range v {
			n += size(below)
		}
	}
	return n
}

type search struct {
	judge *Judge
	ctx   context.Context
	check *Check
	paths [][]string
	hints []string
	left  int // changes that may be tried yet
}

// step returns the change that makes the check pass, or else the first one that leaves the fewest findings.
func (s *search) step(input map[string]any) (text string, changed map[string]any, passes bool) {
	before := s.findings(input)
	if before < 0 {
		return "", nil, false
	}
	fewest := before
	try := func(what string, in map[string]any) bool {
		if s.left--; s.left < 0 || s.ctx.Err() != nil {
			return false
		}
		switch n := s.findings(in); {
		case n == 0:
			text, changed, passes = what, in, true
		case n > 0 && n < fewest:
			text, changed, fewest = what, in, n
		}
		return !passes
	}
	for _, path := range s.paths {
		replace(input, path, func(v any, put func(any) map[string]any) {
			t := documentType()[path[0]]
			for _, name := range path[1:] {
				t = typeBelow(t, name)
			}
			s.change(place{path[len(path)-1], strings.Join(path, "."), t}, v, func(text string, x any) bool { return try(text, put(x)) })
		})
		if passes || s.left < 0 {
			break
		}
	}
	return text, changed, passes
}

// findings counts the findings of the check on the input; -1 when it is neither pass nor fail.
func (s *search) findings(input map[string]any) int {
	session := s.judge.SessionOf(s.ctx, input)
	o, n, err := session.eval(s.check)
	switch {
	case err != nil || o.Status != finding.Pass && o.Status != finding.Fail:
		return -1
	case o.Status == finding.Pass:
		return 0
	}
	return n
}

// place is where a value stands in the facts.
type place struct {
	name string // the last name that leads there
	path string
	t    reflect.Type // nil when it is not known
}

// identities are names of fields that say what an entry is about, or where it was read. Another value there is another entry, and no
// change that anybody could make.
const identities = " source shadowed explicit target path name key uid gid package title file text line device fstype "

// change calls visit with what v could be instead, until it returns false.
func (s *search) change(at place, v any, visit func(text string, v any) bool) bool {
	switch v := v.(type) {
	case map[string]any:
		return s.changeMap(at, v, visit)
	case []any:
		return s.changeList(at, v, visit)
	}
	for _, other := range s.instead(at, v) {
		if !visit(fmt.Sprintf("%s: %s → %s", at.path, shown(v), shown(other)), other) {
			return false
		}
	}
	return true
}

func (s *search) changeMap(at place, v map[string]any, visit func(string, any) bool) bool {
	fields := at.t != nil && elem(at.t) == nil // of a structure: they are always there
	with := func(key string) func(string, any) bool {
		return func(text string, x any) bool {
			m := maps.Clone(v)
			m[key] = x
			return visit(text, m)
		}
	}
	if !fields && !s.addKeys(at, v, with) {
		return false
	}
	for _, key := range s.byHint(v) {
		below := at.path + "." + key
		if !identifier(key) {
			below = at.path + "[" + strconv.Quote(key) + "]"
		}
		if strings.Contains(identities, " "+key+" ") && fields {
			continue
		}
		if !s.change(place{key, below, typeBelow(at.t, key)}, v[key], with(key)) {
			return false
		}
		if fields {
			continue
		}
		m := maps.Clone(v)
		delete(m, key)
		if !visit(fmt.Sprintf("%s: without %s", at.path, key), m) {
			return false
		}
	}
	return true
}

// addKeys tries keys that are wanted and not there, in a map of values: a setting that nothing sets.
func (s *search) addKeys(at place, v map[string]any, with func(string) func(string, any) bool) bool {
	t := typeBelow(at.t, "")
	if t == nil || elem(t) != nil {
		return true
	}
	if _, _, ok := step(t, "value"); !ok {
		return true
	}
	for _, key := range s.hints {
		if _, there := v[key]; there || isNumber(key) {
			continue
		}
		for _, value := range s.hints {
			if value == key {
				continue
			}
			text := fmt.Sprintf("%s: with %s = %s", at.path, key, shown(value))
			if !with(key)(text, map[string]any{"value": value, "explicit": true, "source": nil}) {
				return false
			}
		}
	}
	return true
}

func (s *search) changeList(at place, v []any, visit func(string, any) bool) bool {
	for i, old := range v[:min(len(v), maxElements)] {
		without := func() bool {
			return visit(fmt.Sprintf("%s: without %s", at.path, shown(old)), slices.Delete(slices.Clone(v), i, i+1))
		}
		other := func() bool {
			return s.change(place{at.name, fmt.Sprintf("%s[%d]", at.path, i), typeBelow(at.t, "")}, old, func(text string, x any) bool {
				list := slices.Clone(v)
				list[i] = x
				return visit(text, list)
			})
		}
		if isWhole(old) { // of which one would rather change a part
			without, other = other, without
		}
		if !without() || !other() {
			return false
		}
	}
	if t := typeBelow(at.t, ""); t == nil || t.Kind() != reflect.String {
		return true
	}
	for _, h := range s.hints {
		if !slices.Contains(v, any(h)) && !visit(fmt.Sprintf("%s: with %s added", at.path, shown(h)), append(slices.Clone(v), h)) {
			return false
		}
	}
	return true
}

// isWhole tells an entry such as an account, a package or a file from a mere pair of a name and a value.
func isWhole(v any) bool {
	m, _ := v.(map[string]any)
	return len(m) > maxPair
}

// byHint puts the names first that the sentence of what is wanted has, and then those whose values it has.
func (s *search) byHint(m map[string]any) []string {
	has := func(v any) bool {
		text, ok := v.(string)
		return ok && slices.ContainsFunc(s.hints, func(h string) bool { return strings.EqualFold(h, text) })
	}
	rank := func(name string) int {
		list, _ := m[name].([]any)
		switch {
		case has(name):
			return 0
		case has(m[name]), slices.ContainsFunc(list, has):
			return 1
		}
		return 2
	}
	names := slices.Sorted(maps.Keys(m))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return names
}

// instead lists what may stand in the place of a value: of the hints those that are no names of its place, the nearest number first.
func (s *search) instead(at place, v any) []any {
	hints := slices.DeleteFunc(slices.Clone(s.hints), func(h string) bool { return strings.Contains(strings.ToLower(at.path+"."), "."+strings.ToLower(h)+".") })
	switch v := v.(type) {
	case bool:
		return []any{!v}
	case string:
		var list []any
		for _, h := range nearestFirst(v, hints) {
			if at.name == "mode" {
				h = masked(v, h)
			}
			list = append(list, h)
		}
		for _, word := range []string{"yes", "no"} {
			if !slices.Contains(hints, word) {
				list = append(list, word)
			}
		}
		return slices.DeleteFunc(list, func(x any) bool { return x == v })
	case nil:
		return nil
	}
	var list []any
	for _, h := range nearestFirst(fmt.Sprint(v), hints) {
		if isNumber(h) {
			list = append(list, json.Number(h))
		}
	}
	return list
}

// nearestFirst sorts hints that are numbers by their distance to a number.
func nearestFirst(v string, hints []string) []string {
	is, err := strconv.ParseFloat(v, 64)
	if err != nil {
		return hints
	}
	distance := func(h string) float64 {
		f, err := strconv.ParseFloat(h, 64)
		if err != nil {
			return math.Inf(1)
		}
		return math.Abs(f - is)
	}
	slices.SortStableFunc(hints, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return hints
}

// masked is an octal mode without the bits that a wanted one has not.
func masked(mode, wanted string) string {
	a, errA := strconv.ParseUint(mode, 8, 32)
	b, errB := strconv.ParseUint(wanted, 8, 32)
	if errA != nil || errB != nil {
		return wanted
	}
	return fmt.Sprintf("%04o", a&b)
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// replace finds the value at a path and a function that returns the input with another one in its place.
func replace(m map[string]any, path []string, found func(v any, put func(any) map[string]any)) {
	v, ok := m[path[0]]
	put := func(x any) map[string]any {
		c := maps.Clone(m)
		c[path[0]] = x
		return c
	}
	if len(path) == 1 {
		if ok {
			found(v, put)
		}
		return
	}
	if below, ok := v.(map[string]any); ok {
		replace(below, path[1:], func(v any, deeper func(any) map[string]any) {
			found(v, func(x any) map[string]any { return put(deeper(x)) })
		})
	}
}
