package agent

import (
	"bytes"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// november is a time on a day of November 2026.
func november(n, hour int) time.Time { return time.Date(2026, 11, n, hour, 0, 0, 0, time.UTC) }

// keep stores a run of a job that ended at a time, with the facts of machines: web01 of an image that was written at another.
func keep(t *testing.T, s *store.Store, job string, ended time.Time, targets ...store.Target) {
	t.Helper()
	r := store.Run{ID: job + ended.String(), Job: job, Due: ended, Cause: store.Scheduled, State: store.Queued, Queued: ended}
	if err := s.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := store.Enqueue(t.Context(), tx, &r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), r.ID, 1, "w", ended); err != nil {
		t.Fatal(err)
	}
	r.Attempt, r.Ended, r.Result = 1, ended, finding.Pass
	if ok, err := s.Finish(t.Context(), r, []byte(r.ID), targets, nil); err != nil || !ok {
		t.Fatal(ok, err)
	}
}

// seen is what a run found of a machine: its facts are a document with that name in it.
func seen(t *testing.T, machine, image string, taken time.Time) store.Target {
	t.Helper()
	d := &facts.Document{
		Schema: facts.Schema, Meta: facts.Meta{Image: facts.ImageMeta{Name: image}, NowDay: int(taken.Unix() / 86400)},
		Collectors: map[string]facts.Status{"hostname": {State: facts.OK}}, Facts: map[string]any{"hostname": &facts.Hostname{Value: machine}},
	}
	var b bytes.Buffer
	if err := facts.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return store.Target{Image: image, Machine: machine, Result: finding.Pass, Taken: taken, Facts: b.Bytes()}
}

// remembered is a history of two jobs: nightly looks at the newest backup, weekly at all of them; web01 was not read in the last run of nightly.
func remembered(t *testing.T, place string) *Past {
	s := open(t, place)
	for day := 18; day <= 20; day++ {
		keep(t, s, "nightly", november(day, 3), seen(t, "web01", "/b/web01.qcow2", november(day, 1)), seen(t, "db", "/b/db.qcow2", november(18, 1)))
	}
	unread := store.Target{Image: "/b/web01.qcow2", Machine: "web01", Result: finding.Unknown}
	keep(t, s, "nightly", november(21, 3), unread, seen(t, "a@b", "/b/a.qcow2", november(21, 1)))
	keep(t, s, "weekly", november(22, 3),
		seen(t, "web01", "/b/old/web01.qcow2", november(17, 1)), seen(t, "web01", "/b/web01.qcow2", november(22, 1)), seen(t, "web01", "/c/web01.qcow2", november(16, 1)),
		seen(t, "web01", "/c/other.qcow2", november(15, 1)))
	return &Past{Store: s}
}

func TestNamesOfThePast(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		p := remembered(t, place)
		weekly := []string{
			"history:web01@weekly/1/other.qcow2", "history:web01@weekly/1//c/web01.qcow2", "history:web01@weekly/1//b/old/web01.qcow2", "history:web01@weekly/1//b/web01.qcow2",
		}
		nightly := []string{"history:web01@nightly/1", "history:web01@nightly/2", "history:web01@nightly/3"}
		for name, want := range map[string][]string{
			"history:web01":                           {weekly[3]},
			"history:web01@1":                         nil,
			"history:web01@2":                         {nightly[1]},
			"history:web01@nightly/1":                 {nightly[0]},
			"history:web01@nightly/last":              {nightly[2]},
			"history:web01@nightly/all":               nightly,
			"history:web01@weekly/1":                  weekly,
			weekly[0]:                                 {weekly[0]},
			weekly[1]:                                 {weekly[1]},
			"history:web01@2026-11-19":                {nightly[1]},
			"history:web01@2026-11-19T00:30":          {nightly[0]},
			"history:web01@2026-11-19T01:00":          {nightly[1]},
			"history:web01@2026-11-19 01:00":          {nightly[1]},
			"history:web01@2026-11-19T00:30:00":       {nightly[0]},
			"history:web01@2026-11-19T03:00:00+05:00": {nightly[0]},
			"history:web01@2027-01-01":                {weekly[3]},
			"history:web01@all":                       slices.Concat(weekly[:3], nightly, weekly[3:]),
			"history:db@all":                          {"history:db@nightly/3"}, // one image, written once: the state is one
			"history:a@b":                             {"history:a@b@nightly/4"},
			"history:a@b@nightly/4":                   {"history:a@b@nightly/4"},
			"history:*":                               {"history:a@b@nightly/4", "history:db@nightly/3", weekly[3]},
			"history:w*@2":                            {nightly[1]},
		} {
			kept, err := p.Find(t.Context(), name)
			var got []string
			for _, k := range kept {
				got = append(got, k.Name)
			}
			if d := cmp.Diff(want, got); d != "" || (err == nil) != (want != nil) {
				t.Errorf("%s: %v (-want +got)\n%s", name, err, d)
			}
			for _, k := range kept {
				doc, err := p.Document(t.Context(), k)
				if err != nil || MachineName("", doc) != k.Machine || doc.Meta.Image.Name != k.Image {
					t.Errorf("%s: %v %+v", k.Name, err, doc)
				}
			}
		}
	})
}

func TestWhatThePastHasNot(t *testing.T) {
	p := remembered(t, filepath.Join(t.TempDir(), "state.db"))
	empty := &Past{Store: open(t, filepath.Join(t.TempDir(), "state.db"))}
	for name, c := range map[string]struct {
		past    *Past
		name    string
		missing bool
		want    string
	}{
		"no machine of that name":  {p, "history:wbe01", true, "history:wbe01: the history has no facts of it, did you mean history:web01?\nit has facts of a@b, db, web01"},
		"no machine of a pattern":  {p, "history:x*", true, "history:x*: the history has no facts of it\nit has facts of a@b, db, web01"},
		"an empty history":         {empty, "history:web01", true, "has facts of no machine yet"},
		"no such run":              {p, "history:web01@9", true, "history:web01: no facts of run 9"},
		"a run that read it not":   {p, "history:web01@nightly/4", true, "history:web01: no facts of run 4"},
		"no such job":              {p, "history:web01@daily/1", true, `no facts of the job "daily"`},
		"no such image of a run":   {p, "history:web01@weekly/1/none.img", true, "no facts of run 1"},
		"a time before the first":  {p, "history:web01@2026-11-01", true, "no facts of a state until 2026-11-01T23:59:59Z, the oldest are of 2026-11-15T01:00:00Z"},
		"a run of two jobs":        {p, "history:web01@1", false, "run 1 is of several jobs: say which, as @weekly/1 or @nightly/1"},
		"neither run nor time":     {p, "history:web01@yesterday", false, "@yesterday: want the number of a run, JOB/RUN, a day"},
		"no number behind a job":   {p, "history:web01@nightly/first", false, `"first" is no run of the job nightly`},
		"a day that is none":       {p, "history:web01@2026-02-30", false, "want the number of a run"},
		"a machine without a name": {p, "history:", true, "history:: the history has no facts of it"},
	} {
		_, err := c.past.Find(t.Context(), c.name)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, store.ErrNotFound) != c.missing {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDaysEndInTheirZone(t *testing.T) {
	p := remembered(t, filepath.Join(t.TempDir(), "state.db"))
	p.Zone = time.FixedZone("west", -3*3600) // the state of 01:00 is of the day before
	kept, err := p.Find(t.Context(), "history:web01@2026-11-18")
	if err != nil || kept[0].Name != "history:web01@nightly/2" {
		t.Error(kept, err)
	}
}

func TestWhatWasBefore(t *testing.T) {
	p := remembered(t, filepath.Join(t.TempDir(), "state.db"))
	find := func(name string) *Kept {
		kept, err := p.Find(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		return &kept[0]
	}
	for name, c := range map[string]struct {
		machine, job string
		before       *Kept
		want         string
	}{
		"the last run of all":             {"web01", "", nil, "history:web01@weekly/1//b/web01.qcow2"},
		"the last of a job that read it":  {"web01", "nightly", nil, "history:web01@nightly/3"},
		"the state before":                {"web01", "", find("history:web01@nightly/2"), "history:web01@nightly/1"},
		"the state before in a job":       {"web01", "nightly", find("history:web01@weekly/1//b/web01.qcow2"), "history:web01@nightly/3"},
		"nothing before the first":        {"web01", "", find("history:web01@weekly/1/other.qcow2"), ""},
		"a machine that nobody looked at": {"web02", "", nil, ""},
		"a job that did not look at it":   {"db", "weekly", nil, ""},
	} {
		k, ok, err := p.Previous(t.Context(), c.machine, c.job, c.before)
		if err != nil || k.Name != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q %t %v", name, k.Name, ok, err)
		}
	}
}
