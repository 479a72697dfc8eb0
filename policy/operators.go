package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reading is what the facts say about one setting.
type reading struct {
	set   bool     // false: the guest does not set it
	value string   // of a setting with one value
	also  []string // other names of the same value
	list  []string // of a setting with several values
	many  bool     // an open setting that has a list, which may be empty
	// fallback says which value is in force when the setting is not set, where that is a value nobody can read from the
	// guest. What is not set then proves nothing about what it is not.
	fallback string
}

// hidden is the error of a test that would hold because a setting is not set, although some value is in force.
func (r reading) hidden() error {
	if r.set || r.fallback == "" {
		return nil
	}
	return fmt.Errorf("not set: %s", r.fallback)
}

// test asks an operator of a reading. An error is a value that cannot be judged by it: the check is unknown.
type test func(r reading) (bool, error)

// operator is one way to say what is wanted.
type operator struct {
	name  string
	kinds []settingKind // of the settings it can be used for
	build func(c *compiler, n *node, s *setting) (test, string)
}

// operators lists what the long form of a setting may hold. A bare value means equals.
func operators() []operator {
	one := []settingKind{textSetting, versionSetting, openSetting}
	list := []settingKind{listSetting, openSetting}
	single := append(slices.Clone(one), boolSetting)
	all := append(slices.Clone(single), listSetting)
	bounds, has := []settingKind{versionSetting, openSetting}, []settingKind{textSetting, listSetting, openSetting}
	return []operator{
		{"equals", all, equals},
		{"not", single, not},
		{"in", one, in},
		{"not_in", one, notIn},
		{"min", bounds, bound(">=", "at least ")},
		{"max", bounds, bound("<=", "at most ")},
		{"matches", one, matchesRE},
		{"match", one, matchesRE},
		{"contains", has, contains},
		{"excludes", has, excludes},
		{"subset_of", list, subsetOf},
		{"superset_of", list, supersetOf},
		{"count", list, count},
		{"mode_max", []settingKind{openSetting}, modeMax},
		{"exists", all, exists},
	}
}

// operatorsOf lists the operators that a kind of setting takes.
func operatorsOf(kind settingKind) []operator {
	return slices.DeleteFunc(operators(), func(op operator) bool { return !slices.Contains(op.kinds, kind) })
}

// matcher reads what a setting must be, in its short or its long form: the tests that must all hold, and the same in words.
func (c *compiler) matcher(n *node, s *setting) (tests []test, words string, o options, ok bool) {
	before := c.failures
	var said []string
	use := func(op operator, v *node) {
		t, text := op.build(c, v, s)
		tests, said = append(tests, t), append(said, text)
	}
	if n.table == nil {
		use(operators()[0], n)
		return tests, said[0], o, c.failures == before
	}
	var names []string
	for _, op := range operatorsOf(s.kind) {
		names = append(names, op.name)
		if v := n.table[op.name]; v != nil {
			use(op, v)
		}
	}
	wanted := names
	for _, name := range n.keys {
		known := slices.ContainsFunc(operators(), func(op operator) bool { return op.name == name })
		if known && !slices.Contains(names, name) {
			c.fail(n.table[name].key, "%s does not apply to %s, want %s", name, n.path, listed(wanted))
			names = append(slices.Clone(names), name)
		}
	}
	o, _ = c.options(n, names...)
	if len(tests) == 0 && c.failures == before {
		c.fail(n.at, "%s says nothing about its value, want %s", n.path, listed(names))
	}
	return tests, strings.Join(said, ", "), o, c.failures == before
}

func negate(t test) test {
	return func(r reading) (bool, error) {
		if err := r.hidden(); err != nil {
			return false, err
		}
		ok, err := t(r)
		return !ok, err
	}
}

func equals(c *compiler, n *node, s *setting) (test, string) {
	if s.kind == listSetting || s.kind == openSetting && n.list != nil {
		want := c.listWanted(n, s)
		return func(r reading) (bool, error) {
			if err := r.hidden(); err != nil && len(want) == 0 {
				return false, err
			}
			return subset(want, r.items()) && subset(r.items(), want), nil
		}, "exactly " + words(want)
	}
	w := c.wanted(n, s)
	return s.equal(w), w.text
}

func not(c *compiler, n *node, s *setting) (test, string) {
	w := c.wanted(n, s)
	return negate(s.equal(w)), "not " + w.text
}

func anyOf(c *compiler, n *node, s *setting) (test, string) {
	var tests []test
	var texts []string
	if c.wantKind(n, kindList) {
		for _, item := range n.list {
			w := c.wanted(item, s)
			tests, texts = append(tests, s.equal(w)), append(texts, w.text)
		}
	}
	return func(r reading) (bool, error) {
		for _, t := range tests {
			if ok, err := t(r); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}, words(texts)
}

func in(c *compiler, n *node, s *setting) (test, string) {
	t, text := anyOf(c, n, s)
	return t, "one of " + text
}

func notIn(c *compiler, n *node, s *setting) (test, string) {
	t, text := anyOf(c, n, s)
	return negate(t), "none of " + text
}

func bound(op, words string) func(*compiler, *node, *setting) (test, string) {
	return func(c *compiler, n *node, s *setting) (test, string) {
		if s.kind == openSetting {
			return c.numberBound(n, s, op, words)
		}
		text := c.text(n)
		want, err := parseConstraint(op + text)
		if err != nil && text != "" {
			c.fail(n.at, "%s: %v", n.path, err)
		}
		return versionTest(want), words + text
	}
}

func versionTest(want constraint) test {
	return func(r reading) (bool, error) {
		if !r.set {
			return false, nil
		}
		return want.holds(r.value, releaseOrder)
	}
}

func matchesRE(c *compiler, n *node, _ *setting) (test, string) {
	re := c.regexp(n)
	return func(r reading) (bool, error) {
		return r.set && re.MatchString(r.joined(" ")), nil
	}, "a match of " + re.String()
}

// regexp reads an RE2 expression. One that is wrong is refused and matches everything.
func (c *compiler) regexp(n *node) *regexp.Regexp {
	re, err := regexp.Compile(c.text(n))
	if err != nil {
		c.fail(n.at, "%s is no regular expression (RE2): %v", n.describe(), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		return &regexp.Regexp{}
	}
	return re
}

// contains asks for a part of a text, or for entries of a list.
func contains(c *compiler, n *node, s *setting) (test, string) {
	want := c.partsWanted(n, s)
	return func(r reading) (bool, error) {
		return r.set && !slices.ContainsFunc(want, func(part string) bool { return !r.has(part, s) }) || len(want) == 0, nil
	}, "containing " + words(want)
}

func excludes(c *compiler, n *node, s *setting) (test, string) {
	unwanted := c.partsWanted(n, s)
	return func(r reading) (bool, error) {
		if err := r.hidden(); err != nil {
			return false, err
		}
		return !slices.ContainsFunc(unwanted, func(part string) bool { return r.has(part, s) }), nil
	}, "without " + words(unwanted)
}

func subsetOf(c *compiler, n *node, s *setting) (test, string) {
	allowed := c.listWanted(n, s)
	return func(r reading) (bool, error) { return subset(r.items(), allowed), r.hidden() }, "only " + words(allowed)
}

func supersetOf(c *compiler, n *node, s *setting) (test, string) {
	want := c.listWanted(n, s)
	return func(r reading) (bool, error) { return subset(want, r.items()), nil }, "containing " + words(want)
}

func count(c *compiler, n *node, _ *setting) (test, string) {
	want, ok := n.value.(int64)
	if !ok || want < 0 {
		c.fail(n.at, "%s is %s, want an integer from 0", n.path, n.kind())
	}
	return func(r reading) (bool, error) { return int64(len(r.items())) == want, r.hidden() }, strconv.FormatInt(want, 10) + " of them"
}

// modeMax asks for octal digits without a bit that the wanted ones do not have.
func modeMax(c *compiler, n *node, _ *setting) (test, string) {
	want, ok := c.mode(n, true)
	if !ok {
		return func(reading) (bool, error) { return false, nil }, ""
	}
	return func(r reading) (bool, error) {
		if !r.set {
			return false, nil
		}
		bits, err := strconv.ParseUint(r.value, 8, 32)
		if err != nil {
			return false, fmt.Errorf("%q are no octal digits", r.value)
		}
		return bits&^want.bits == 0, nil
	}, want.text()
}

// notSet is what a setting is wanted to be that must not be set, in words.
const notSet = "not set"

func exists(c *compiler, n *node, _ *setting) (test, string) {
	want, _ := n.value.(bool)
	c.wantKind(n, kindBoolean)
	text := "set"
	if !want {
		text = notSet
	}
	return func(r reading) (bool, error) { return (r.set || len(r.list) > 0) == want, nil }, text
}

// subset reports whether all of a is in b.
func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// words joins what a list holds.
func words(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
