package policy

import (
	"testing"

	"github.com/guestctl/guestctl/finding"
)

// ask judges one reading by a value as a baseline writes it.
func ask(t *testing.T, want string, s *setting, r reading) Outcome {
	t.Helper()
	src, root, err := parse("t", []byte("v = "+want+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := &compiler{src: src}
	tests, words, _, ok := c.matcher(root.table["v"], s)
	if !ok {
		t.Fatalf("%s: %v", want, c.errs)
	}
	return r.judge(tests, words, Outcome{})
}

// TestOperators asks each operator of a number, a text and a list, and of what is not set.
func TestOperators(t *testing.T) {
	number, text := reading{set: true, value: "4"}, reading{set: true, value: "32768\t60999"}
	list, empty := reading{set: true, many: true, list: []string{"a", "b"}}, reading{set: true, many: true}
	unset, hidden := reading{}, reading{fallback: "the kernel's default holds"}
	pass, fail, unknown := finding.Pass, finding.Fail, finding.Unknown
	for _, c := range []struct {
		want string
		r    reading
		is   finding.Status
	}{
		{`4`, number, pass},
		{`"4"`, number, pass},
		{`4.0`, number, pass},
		{`5`, number, fail},
		{`"4.0"`, number, fail},
		{`{ not = 5 }`, number, pass},
		{`{ not = 4 }`, number, fail},
		{`{ in = [1, "4"] }`, number, pass},
		{`{ not_in = [1, 4] }`, number, fail},
		{`{ min = 4, max = 4 }`, number, pass},
		{`{ min = 4.5 }`, number, fail},
		{`{ max = 3 }`, number, fail},
		{`{ max = "10" }`, number, pass}, // as numbers: as text 10 goes before 4
		{`{ max = 4 }`, text, fail},
		{`{ max = 4 }`, list, fail},
		{`{ max = 9 }`, reading{set: true, value: "99999999999999999999999"}, fail},
		{`{ min = 9 }`, reading{set: true, value: "99999999999999999999999"}, pass},
		{`{ max = 9 }`, reading{set: true, value: "none"}, fail},
		{`{ count = 1 }`, number, pass},
		{`{ mode_max = "027" }`, reading{set: true, value: "022"}, pass},
		{`{ mode_max = "022" }`, reading{set: true, value: "0027"}, fail},
		{`{ mode_max = "022" }`, reading{set: true, value: "rwx"}, unknown},
		{`{ matches = '^\d+\s\d+$' }`, text, pass},
		{`{ match = '^9' }`, text, fail},
		{`{ contains = "60999" }`, text, pass},
		{`{ excludes = ["1", "60999"] }`, text, fail},
		{`[32768, 60999]`, text, pass},
		{`["60999"]`, text, fail},
		{`["b", "a"]`, list, pass},
		{`["a"]`, list, fail},
		{`"a b"`, list, pass},
		{`"a,b"`, list, pass},
		{`"a"`, list, fail},
		{`{ contains = "a" }`, list, pass},
		{`{ contains = ["a", "c"] }`, list, fail},
		{`{ contains = "a" }`, empty, fail},
		{`{ excludes = "c" }`, list, pass},
		{`{ excludes = ["c", "b"] }`, list, fail},
		{`{ subset_of = ["a", "b", "c"] }`, list, pass},
		{`{ subset_of = ["a"] }`, list, fail},
		{`{ superset_of = ["a"] }`, list, pass},
		{`{ superset_of = ["c"] }`, list, fail},
		{`{ count = 2 }`, list, pass},
		{`{ count = 0 }`, empty, pass},
		{`[]`, empty, pass},
		{`true`, reading{set: true, value: "yes"}, pass},
		{`true`, reading{set: true, value: "1"}, pass},
		{`false`, reading{set: true, value: "yes"}, fail},
		{`true`, reading{set: true, value: "maybe"}, fail},
		{`{ exists = true }`, number, pass},
		{`{ exists = false }`, number, fail},
		{`{ exists = false }`, unset, pass},
		{`4`, unset, fail},
		{`{ max = 4 }`, unset, fail},
		{`{ mode_max = "022" }`, unset, fail},
		{`{ contains = "a" }`, unset, fail},
		{`{ matches = ".*" }`, unset, fail},
		{`{ not = 4 }`, unset, pass},
		{`[]`, unset, pass},

		// Something is in force that nobody can read: it is no proof that it is not this.
		{`4`, hidden, fail},
		{`{ max = 4 }`, hidden, fail},
		{`{ exists = false }`, hidden, pass},
		{`{ not = 4 }`, hidden, unknown},
		{`{ not_in = [4] }`, hidden, unknown},
		{`{ excludes = "a" }`, hidden, unknown},
		{`{ subset_of = ["a"] }`, hidden, unknown},
		{`{ count = 0 }`, hidden, unknown},
		{`[]`, hidden, unknown},
	} {
		if o := ask(t, c.want, &setting{kind: openSetting}, c.r); o.Status != c.is {
			t.Errorf("%s of %+v: %s (%s), want %s", c.want, c.r, o.Status, o.Message, c.is)
		}
	}
}

// TestNoLimitIsMoreThanAnyNumber is about values such as LoginGraceTime 0, which is no limit and not a short one.
func TestNoLimitIsMoreThanAnyNumber(t *testing.T) {
	s := &setting{kind: openSetting, unlimited: func(v string) bool { return v == "0" }}
	for want, status := range map[string]finding.Status{`{ max = 60 }`: finding.Fail, `{ min = 60 }`: finding.Pass, `0`: finding.Pass} {
		if o := ask(t, want, s, reading{set: true, value: "0"}); o.Status != status {
			t.Errorf("%s: %s, want %s", want, o.Status, status)
		}
	}
}

// TestAllPlacesMustHold: a value that holds for some connections only can break the check and cannot make it.
func TestAllPlacesMustHold(t *testing.T) {
	yes, no, odd := reading{set: true, value: "yes"}, reading{set: true, value: "no"}, reading{fallback: "a default"}
	for _, c := range []struct {
		places []place
		want   string
		is     finding.Status
	}{
		{[]place{{reading: no}, {name: "in Match user bob", reading: no}}, `"no"`, finding.Pass},
		{[]place{{reading: no}, {name: "in Match user bob", reading: yes}}, `"no"`, finding.Fail},
		{[]place{{reading: yes}, {name: "in Match user bob", reading: no}}, `"no"`, finding.Fail},
		{[]place{{reading: odd}, {name: "in Match user bob", reading: no}}, `{ not = "yes" }`, finding.Unknown},
		{[]place{{reading: odd}, {name: "in Match user bob", reading: yes}}, `{ not = "yes" }`, finding.Fail},
	} {
		s := &setting{kind: openSetting}
		src, root, err := parse("t", []byte("v = "+c.want+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		tests, words, _, _ := (&compiler{src: src}).matcher(root.table["v"], s)
		if o := judgePlaces(c.places, tests, words, Outcome{}); o.Status != c.is {
			t.Errorf("%+v: %s (%s), want %s", c.places, o.Status, o.Message, c.is)
		}
	}
}
