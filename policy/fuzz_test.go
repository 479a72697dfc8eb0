package policy

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// seeds are texts from which the fuzzer reaches most of TOML and of the vocabulary.
func seeds(f *testing.F) []string {
	example, err := os.ReadFile("testdata/baseline.toml")
	if err != nil {
		f.Fatal(err)
	}
	vocabulary, err := os.ReadFile("testdata/vocabulary.toml")
	if err != nil {
		f.Fatal(err)
	}
	specification, err := os.ReadFile("testdata/specification.toml")
	if err != nil {
		f.Fatal(err)
	}
	return []string{
		strings.ReplaceAll(string(specification), "file", "flie"),
		"[config.sshd]\nPort = [22, '2222']\nLoginGraceTime = { max = '1m', min = 1e3 }\n[config.'ini'.'/a'.'b.c']\nequals = 2026-12-31\n",
		"[[rule]]\nid = 'a'\ntitle = 'b'\nassessable = 'c'\n[users]\nallowed = [{ uid = '>=1, <2' }, { uid = 3 }]\n[storage.options]\n'/' = ['ro']\n",
		"[system]\nos = { equals = 'a', when = { labels = { b = ['c'] } } }\n[certificates]\nexpire_within_days = { days = 0 }\n[registry]\n'HKLM\\a' = { value = [] }\n",
		string(example), string(vocabulary), strings.ReplaceAll(string(example), "\n", "\r\n"),
		"[[a]]\n[a.b]\nc.'d'.\"\\u0065\" = { f = [1, 0x2, 1e3, -inf, 07:32:00, 1979-05-27T07:32:00Z] }\n",
		"a = \"\"\"\n\\\"\"\" \"\"\"\"\"\nb = '''x''''\n", "a = [ # x\n{ b = 1, # y\n },]\n", "system = { os.equals = 'a' }",
		"[vars]\na = '1'\n[system]\nos = '${a}$${b}'\n", "a..b = 1", "[a]\n[a]\n", "\ufeffa = 1",
		"[waivers]\nmax_days = 36500\nwarn_days = 9\nrequire_approval = false\n[[waiver]]\nrule = 'a.*/[a-z]?\\*'\n" +
			"targets = { image = ['w-*'], os = ['debian==12'], labels = { a = 'b' } }\n" +
			"reason = 'r'\nowner = 'o'\napproved_by = 'c'\nticket = 't'\nexpires = 0002-12-31\n[system]\nos = 'a'\n",
		"disable = [{ id = 'system.os', reason = 'x' }]\n[system]\nos = { in = ['a'], when = { os = ['b>=1, <2'], arch = ['amd64'] } }",
	}
}

// FuzzLoad loads arbitrary bytes as a baseline. Nothing may panic, every error has a position in the text, the scanner agrees
// with the TOML library, and a policy that was loaded never passes a guest of which nothing is known.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 || strings.Contains(string(text), "file") { // packages.only.file reads another file
			return
		}
		src, root, err := parse("fuzz", text)
		if err != nil {
			positioned(t, err)
			agrees(t, string(text))
			return
		}
		l := &loader{parts: []*document{{src: src, root: root}}}
		p, err := l.policy([]string{"fuzz"})
		if err != nil {
			if !strings.Contains(err.Error(), "0 checks") {
				positioned(t, err)
			}
			return
		}
		for _, w := range p.Waivers.List {
			if w.Rule == "" || w.Reason == "" || w.Owner == "" || w.Expires.IsZero() || w.Position.Line < 1 || !w.Covers(w.Rule) {
				t.Errorf("waiver %+v", w)
			}
		}
		for _, one := range p.Judge(t.Context(), &facts.Document{}) {
			// a label that was not given, or a rule for people, needs no facts
			needsNone := one.Status == finding.Manual || one.Status == finding.NotApplicable && strings.Contains(string(text), "labels")
			if one.Status != finding.Unknown && !needsNone || one.Policy.Line < 1 || one.ID == "" || one.Title == "" {
				t.Errorf("without facts: %+v", one)
			}
		}
	})
}

// positioned holds every error of err to have a place in the file.
func positioned(t *testing.T, err error) {
	t.Helper()
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, one := range errs {
		var e *Error
		if !errors.As(one, &e) || e.Line < 1 || e.Column < 1 || e.Message == "" {
			t.Errorf("no position: %#v", one)
		}
	}
}

// agrees holds the scanner to accept what the library accepts. The one exception: an empty bare key, which is no TOML.
func agrees(t *testing.T, text string) {
	t.Helper()
	src := newSource("fuzz", strings.TrimPrefix(text, "\ufeff"))
	marks, stop := scan(src.text)
	if stop != nil && stop.limit {
		return
	}
	values, err := decode(src)
	if err != nil {
		return
	}
	if stop != nil {
		if !strings.HasPrefix(stop.message, "want a key") {
			t.Errorf("the library accepts what the scanner stops at: %s", src.errorf(stop.off, "%s", stop.message))
		}
		return
	}
	if root := (&node{}); !root.fill(values, marks) {
		t.Error("the scanner and the library see different keys")
	}
}
