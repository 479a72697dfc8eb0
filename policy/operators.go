package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/internal/nearest"
)

// reading is what the facts say about one setting.
type reading struct {
	set   bool     // false: the guest does not set it
	value string   // of a setting with one value
	also  []string // other names of the same value
	list  []string // of a setting with several values
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
	one, list := []settingKind{textSetting, versionSetting}, []settingKind{listSetting}
	all := []settingKind{textSetting, versionSetting, boolSetting, listSetting}
	return []operator{
		{"equals", all, equals},
		{"not", []settingKind{textSetting, versionSetting, boolSetting}, not},
		{"in", one, in},
		{"not_in", one, notIn},
		{"min", []settingKind{versionSetting}, bound(">=", "at least ")},
		{"max", []settingKind{versionSetting}, bound("<=", "at most ")},
		{"matches", one, matchesRE},
		{"match", one, matchesRE},
		{"contains", []settingKind{textSetting, listSetting}, contains},
		{"excludes", []settingKind{textSetting, listSetting}, excludes},
		{"subset_of", list, subsetOf},
		{"superset_of", list, contains},
		{"count", list, count},
		{"exists", all, exists},
	}
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
	for _, op := range operators() {
		if slices.Contains(op.kinds, s.kind) {
			names = append(names, op.name)
			if v := n.table[op.name]; v != nil {
				use(op, v)
			}
		}
	}
	for _, name := range n.keys {
		known := slices.ContainsFunc(operators(), func(op operator) bool { return op.name == name })
		if known && !slices.Contains(names, name) {
			c.fail(n.table[name].key, "%s does not apply to %s, want %s", name, n.path, listed(names))
			names = append(names, name)
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
		ok, err := t(r)
		return !ok, err
	}
}

func equals(c *compiler, n *node, s *setting) (test, string) {
	if s.kind == listSetting {
		want := textsOf(c.texts(n))
		return func(r reading) (bool, error) {
			return subset(want, r.list) && subset(r.list, want), nil
		}, "exactly " + words(want)
	}
	text := c.settingText(n, s)
	return s.equal(text), text
}

func not(c *compiler, n *node, s *setting) (test, string) {
	text := c.settingText(n, s)
	return negate(s.equal(text)), "not " + text
}

func anyOf(c *compiler, n *node, s *setting) (test, string) {
	var tests []test
	var texts []string
	if c.wantKind(n, kindList) {
		for _, item := range n.list {
			text := c.settingText(item, s)
			tests, texts = append(tests, s.equal(text)), append(texts, text)
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
	return func(c *compiler, n *node, _ *setting) (test, string) {
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
		return r.set && re.MatchString(r.value), nil
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

func contains(c *compiler, n *node, s *setting) (test, string) {
	if s.kind == textSetting {
		text := c.text(n)
		return func(r reading) (bool, error) { return r.set && strings.Contains(r.value, text), nil }, "containing " + text
	}
	want := c.textOrTexts(n)
	return func(r reading) (bool, error) { return subset(want, r.list), nil }, "containing " + words(want)
}

func excludes(c *compiler, n *node, s *setting) (test, string) {
	if s.kind == textSetting {
		text := c.text(n)
		return func(r reading) (bool, error) { return !strings.Contains(r.value, text), nil }, "without " + text
	}
	unwanted := c.textOrTexts(n)
	return func(r reading) (bool, error) {
		return !slices.ContainsFunc(unwanted, func(s string) bool { return slices.Contains(r.list, s) }), nil
	}, "without " + words(unwanted)
}

func subsetOf(c *compiler, n *node, _ *setting) (test, string) {
	allowed := textsOf(c.texts(n))
	return func(r reading) (bool, error) { return subset(r.list, allowed), nil }, "only " + words(allowed)
}

func count(c *compiler, n *node, _ *setting) (test, string) {
	want, ok := n.value.(int64)
	if !ok || want < 0 {
		c.fail(n.at, "%s is %s, want an integer from 0", n.path, n.kind())
	}
	return func(r reading) (bool, error) { return int64(len(r.list)) == want, nil }, strconv.FormatInt(want, 10) + " of them"
}

func exists(c *compiler, n *node, _ *setting) (test, string) {
	want, _ := n.value.(bool)
	c.wantKind(n, kindBoolean)
	text := "set"
	if !want {
		text = "not set"
	}
	return func(r reading) (bool, error) { return (r.set || len(r.list) > 0) == want, nil }, text
}

// textOrTexts returns a string or a list of strings as a list.
func (c *compiler) textOrTexts(n *node) []string {
	if n.list != nil {
		return textsOf(c.texts(n))
	}
	return []string{c.text(n)}
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

// settingText reads one value of a setting as text, and refuses what the setting can never be.
func (c *compiler) settingText(n *node, s *setting) string {
	if s.kind == boolSetting {
		c.wantKind(n, kindBoolean)
		return fmt.Sprint(n.value)
	}
	text := c.text(n)
	if len(s.values) > 0 && text != "" && !slices.Contains(s.values, text) {
		suggestion := nearest.Word(text, s.values)
		c.failSuggest(n.at, suggestion, "%s is %q%s", n.path, text, hint(suggestion, s.values))
	}
	if s.kind == versionSetting && text != "" {
		if _, err := parseConstraint(text); err != nil {
			c.fail(n.at, "%s: %v", n.path, err)
		}
	}
	if s.check != nil && text != "" {
		s.check(c, n, text)
	}
	return text
}
