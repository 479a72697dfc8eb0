package facts_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestLastWinsAndFirstWins(t *testing.T) {
	a, b, c := facts.Source{Path: "/a", Line: 1}, facts.Source{Path: "/b", Line: 2}, facts.Source{Path: "/c", Line: 3}
	last := facts.Override(facts.Override(facts.Override(facts.Default("d"), "x", a), "y", b), "z", c)
	want := &facts.Value[string]{Value: "z", Explicit: true, Source: &c, Shadowed: []facts.Shadow[string]{{a, "x"}, {b, "y"}}}
	if d := cmp.Diff(want, last); d != "" {
		t.Error(d)
	}
	first := facts.Keep(facts.Keep(facts.Keep(facts.Default("d"), "x", a), "y", b), "z", c)
	want = &facts.Value[string]{Value: "x", Explicit: true, Source: &a, Shadowed: []facts.Shadow[string]{{b, "y"}, {c, "z"}}}
	if d := cmp.Diff(want, first); d != "" {
		t.Error(d)
	}
}

// in calls work with a scope of a guest that holds files, and returns the status it leaves.
func in(t *testing.T, files map[string]memfs.File, work func(s *facts.Scope)) facts.Status {
	t.Helper()
	c := facts.New("x", "", func(_ context.Context, s *facts.Scope) (*struct{}, error) {
		work(s)
		return &struct{}{}, nil
	})
	_, status := factstest.Collect[struct{}](t, factstest.Guest(t, files), facts.Request{}, c)
	return status
}

func TestDropInsOverlayByName(t *testing.T) {
	status := in(t, map[string]memfs.File{
		"/usr/lib/x.d/10-a.conf":    {},
		"/usr/lib/x.d/50-b.conf":    {},
		"/usr/lib/x.d/60-mask.conf": {},
		"/usr/lib/x.d/90-c.conf":    {},
		"/lib":                      {Link: "usr/lib"},
		"/etc/x.d/50-b.conf":        {},
		"/etc/x.d/60-mask.conf":     {Link: "/dev/null"},
		"/etc/x.d/70-off.conf":      {Link: "../../dev/null"},
		"/etc/x.d/README":           {},
		"/etc/x.d/.hidden.conf":     {},
		"/etc/x.d/sub.conf":         memfs.Dir(),
	}, func(s *facts.Scope) {
		got := s.DropIns(".conf", "/etc/x.d", "/run/x.d", "/usr/lib/x.d", "/lib/x.d")
		want := []facts.DropIn{
			{Path: "/usr/lib/x.d/10-a.conf"},
			{Path: "/etc/x.d/50-b.conf", Shadows: []string{"/usr/lib/x.d/50-b.conf"}},
			{Path: "/etc/x.d/60-mask.conf", Masked: true, Shadows: []string{"/usr/lib/x.d/60-mask.conf"}},
			{Path: "/etc/x.d/70-off.conf", Masked: true},
			{Path: "/usr/lib/x.d/90-c.conf"},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
	if status.State != facts.OK {
		t.Errorf("status %v", status)
	}
}

func TestSettings(t *testing.T) {
	var got []string
	status := in(t, factstest.Text(map[string]string{"/x.conf": "# c\n[One]\nA = 1\nB=x \\\n# between\n  y\n\n; c\n[Two]\nA=\nno setting\n[bad\nC=3\\\n"}),
		func(s *facts.Scope) {
			all, err := s.Settings("/x.conf")
			if err != nil {
				t.Error(err)
			}
			for _, e := range all {
				got = append(got, fmt.Sprintf("%s.%s=%q:%d", e.Section, e.Key, e.Value, e.Source.Line))
			}
		})
	if d := cmp.Diff([]string{`One.A="1":3`, `One.B="x    y":4`, `Two.A="":10`}, got); d != "" {
		t.Error(d)
	}
	var lines []int
	for _, p := range status.Problems {
		lines = append(lines, p.Line)
	}
	if d := cmp.Diff([]int{11, 12, 13}, lines); d != "" {
		t.Errorf("problems %v", status.Problems)
	}
}
