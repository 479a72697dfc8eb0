package globs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestGlobs(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/cron.d/a": {}, "/etc/cron.d/b.sh": {}, "/etc/cron.d/.hidden": {},
		"/bad": {Mode: memfs.Dir().Mode, Err: binread.Corrupt("block 9")}, "/bad/x": {},
	})
	patterns := []string{"/etc/cron.d/*", "/etc/cron.*/b*", "/none/*", "/bad/*", "/etc/["}
	got, status := factstest.Collect[facts.Globs](t, g, facts.Request{Globs: patterns}, Collector)
	if status.State != facts.OK {
		t.Errorf("state is %s, want ok: an error is that of one pattern", status.State)
	}
	for pattern, want := range map[string][]string{
		"/etc/cron.d/*":  {"/etc/cron.d/.hidden", "/etc/cron.d/a", "/etc/cron.d/b.sh"},
		"/etc/cron.*/b*": {"/etc/cron.d/b.sh"},
		"/none/*":        {},
		"/bad/*":         {"/bad/x"},
		"/etc/[":         {},
	} {
		if diff := cmp.Diff(want, (*got)[pattern].Paths); diff != "" {
			t.Errorf("%s: want -, got +\n%s", pattern, diff)
		}
		if damaged := pattern == "/bad/*" || pattern == "/etc/["; ((*got)[pattern].Error != "") != damaged {
			t.Errorf("%s: error is %q", pattern, (*got)[pattern].Error)
		}
	}
}
