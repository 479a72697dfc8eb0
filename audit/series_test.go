package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/bisect"
	"github.com/guestctl/guestctl/policy"
)

var seriesDay = time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)

// named are documents by their names: each is what a machine with that time zone has. One without a zone cannot be read, and the zone "?"
// is one of which nobody knows.
type named map[string]string

func (n named) read(_ context.Context, name string) (*facts.Document, bool, error) {
	zone, ok := n[name]
	if !ok {
		return nil, true, errors.New(name + ": damaged")
	}
	d := &facts.Document{
		Schema: facts.Schema, Collectors: map[string]facts.Status{"hostname": {State: facts.OK}, "timezone": {State: facts.OK}},
		Facts: map[string]any{"hostname": &facts.Hostname{Value: "web"}, "timezone": &facts.Timezone{Zone: facts.Value[string]{Value: zone, Explicit: true}, How: "link"}},
	}
	if zone == "?" {
		d.Collectors["timezone"] = facts.Status{State: facts.Error, Problems: []facts.Problem{{Path: "/etc/localtime", Message: "damaged"}}}
	}
	return d, true, nil
}

// seriesOf is a series in which g is good, b is bad, ? is not known and x cannot be read.
func seriesOf(text string) (items []Item, docs named) {
	docs = named{}
	for i, c := range text {
		name := fmt.Sprintf("%03d", i)
		items = append(items, Item{Image: name, Written: seriesDay.AddDate(0, 0, i)})
		if zone := map[rune]string{'g': "UTC", 'b': "Asia/Tokyo", '?': "?"}[c]; zone != "" {
			docs[name] = zone
		}
	}
	return items, docs
}

func zonePolicy(t *testing.T) *policy.Policy {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.toml")
	if err := os.WriteFile(path, []byte("[system]\ntimezone = \"UTC\"\nlocale = \"C\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load([]string{path}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func bisected(t *testing.T, text string, all bool) *Bisection {
	t.Helper()
	items, docs := seriesOf(text)
	b := Bisect{Items: items, All: all, Job: Job{Documents: docs.read, Jobs: 3}}
	if err := b.CheckJob(zonePolicy(t), "system.timezone"); err != nil {
		t.Fatal(err)
	}
	r, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func nameOf(j *JudgedItem) string {
	if j == nil {
		return ""
	}
	return j.Image
}

// TestBisectAgainstAScan: random series, in which it is known where the change is, by the search and by looking at all of them.
func TestBisectAgainstAScan(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		n := 2 + random.IntN(40)
		change := 1 + random.IntN(n-1)
		text := []byte(strings.Repeat("g", change) + strings.Repeat("b", n-change))
		for i := range text {
			if random.IntN(4) == 0 {
				text[i] = "?x"[random.IntN(2)]
			}
		}
		good := bytes.LastIndexByte(text, 'g')
		bad := bytes.IndexByte(text, 'b')
		wantGood, wantBad := "", ""
		if good >= 0 {
			wantGood = fmt.Sprintf("%03d", good)
		}
		if bad >= 0 {
			wantBad = fmt.Sprintf("%03d", bad)
		}
		for _, all := range []bool{false, true} {
			r := bisected(t, string(text), all)
			if good >= 0 && bad >= 0 && (nameOf(r.LastGood) != wantGood || nameOf(r.FirstBad) != wantBad) {
				t.Errorf("%s all %t: %s then %s, want %s then %s", text, all, nameOf(r.LastGood), nameOf(r.FirstBad), wantGood, wantBad)
			}
			want := bisect.Undecided
			switch {
			case bad == 0:
				want = bisect.Always
			case bad > 0 && good == bad-1:
				want = bisect.Found
			case bad > 0 && good >= 0:
				want = bisect.Between
			}
			if r.Outcome != want {
				t.Errorf("%s all %t: %s, want %s", text, all, r.Outcome, want)
			}
			if all != (len(r.Judged) == n) && n > 8 && !bytes.ContainsAny(text, "?x") {
				t.Errorf("%s all %t: %d judged", text, all, len(r.Judged))
			}
		}
	}
}

func TestWhatABisectionTells(t *testing.T) {
	r := bisected(t, "gg?bb", true)
	if f := r.FirstBad.Findings; len(f) != 1 || f[0].Status != finding.Fail || f[0].Actual != "Asia/Tokyo" || r.FirstBad.Why == "" {
		t.Errorf("evidence %+v", f)
	}
	if f := r.LastGood.Findings; len(f) != 1 || f[0].Status != finding.Pass {
		t.Errorf("evidence %+v", f)
	}
	if j := r.Judged[2]; j.State != StateUnknown || !strings.Contains(j.Why, "damaged") || j.Findings != nil || !slices.Equal(r.Between, []string{"002"}) {
		t.Errorf("%+v, between %v", j, r.Between)
	}
	for text, want := range map[string]Verdict{"gb": Findings, "bb": Findings, "gg": Clean, "g?": NotJudged, "g?b": NotJudged, "xx": NotJudged, "?b": NotJudged} {
		if got := bisected(t, text, true).Verdict(); got != want {
			t.Errorf("%s: verdict %d, want %d", text, got, want)
		}
	}
	if r := bisected(t, "gbgbb", true); len(r.Flips) != 3 || len(r.Notes) != 1 || nameOf(r.FirstBad) != "001" {
		t.Errorf("to and fro: %+v", r)
	}
	if r := bisected(t, "gggg", false); len(r.Judged) != 2 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "(2) were not looked at") {
		t.Errorf("good at both ends: %+v", r)
	}
}

func TestBisectEndsWithItsContext(t *testing.T) {
	items, docs := seriesOf("gggbbb")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, all := range []bool{false, true} {
		b := Bisect{Items: items, All: all, Job: Job{Documents: docs.read, Jobs: 2}, Done: func(JudgedItem) { cancel() }}
		if err := b.CheckJob(zonePolicy(t), "system.timezone"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("all %t: %v", all, err)
		}
	}
}

func TestTimeline(t *testing.T) {
	items, docs := seriesOf("ggxb?bg")
	s := Series{
		Items: items, Order: ByWritten, Jobs: 3, Policy: zonePolicy(t), FailOn: Any, Gather: Gather{Documents: docs.read},
	}
	done := 0
	s.Done = func() { done++ }
	tl, err := s.Timeline(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range tl.States {
		line := m.Image + " since " + m.Since
		if m.Error != "" {
			line += " error"
		}
		for _, d := range m.Domains {
			line += fmt.Sprintf(" %s %d/%d/%d", d.Domain, d.Added, d.Removed, d.Changed)
		}
		if m.Verdict != nil {
			line += " " + string(m.Verdict.Result)
			for _, c := range m.Verdict.Turned {
				line += " " + c.ID + ":" + string(c.Turn)
			}
		}
		got = append(got, line)
	}
	want := []string{
		"000 since  unknown", // nobody knows of the locale
		"001 since 000 unknown",
		"002 since  error",
		"003 since 001 timezone 0/0/1 fail system.timezone:fail",
		"004 since 003 unknown system.timezone:unknown",
		"005 since 004 fail system.timezone:fail",
		"006 since 005 timezone 0/0/1 unknown system.timezone:better",
	}
	if !slices.Equal(got, want) || done != len(items) {
		t.Errorf("after %d\n%s\nwant\n%s", done, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	unread := slices.ContainsFunc(tl.States[4].Unread, func(u drift.Unread) bool { return u.Domain == "timezone" && strings.Contains(u.Cause, "damaged") })
	if !unread || tl.Verdict() != Findings {
		t.Errorf("unread %+v, verdict %d", tl.States[4].Unread, tl.Verdict())
	}
}

// TestTimelineReadsNoFurtherThanItMay: however long the series, no more are read than are asked for at the same time, and those that are compared.
func TestTimelineReadsNoFurtherThanItMay(t *testing.T) {
	items, docs := seriesOf(strings.Repeat("g", 60))
	read, most, done := make(chan struct{}, 100), 0, 0
	s := Series{Items: items, Jobs: 2}
	s.Gather.Documents = func(ctx context.Context, name string) (*facts.Document, bool, error) {
		read <- struct{}{}
		return docs.read(ctx, name)
	}
	s.Done = func() {
		done++
		most = max(most, len(read)-done)
		time.Sleep(time.Millisecond) // for those who read ahead
	}
	if _, err := s.Timeline(t.Context()); err != nil || done != 60 {
		t.Fatal(done, err)
	}
	if most > 2 {
		t.Errorf("%d were read ahead", most)
	}
}

func TestTimelineEndsWithItsContext(t *testing.T) {
	items, docs := seriesOf(strings.Repeat("g", 60))
	ctx, cancel := context.WithCancel(t.Context())
	s := Series{Items: items, Jobs: 2, Gather: Gather{Documents: docs.read}, Done: cancel}
	if _, err := s.Timeline(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTop(t *testing.T) {
	var m Moment
	before, _, err := named{"a": "UTC"}.read(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	after, _, err := named{"b": "Asia/Tokyo"}.read(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	after.Facts["hostname"] = &facts.Hostname{Value: "other"}
	m.compare(before, after, 1)
	if m.Changes != 2 || len(m.Top) != 1 || len(m.Domains) != 2 {
		t.Errorf("%+v", m)
	}
	m = Moment{}
	if m.compare(before, after, 0); len(m.Top) != 2 {
		t.Errorf("%+v", m)
	}
}

func TestOrder(t *testing.T) {
	at := func(day int) time.Time { return seriesDay.AddDate(0, 0, day) }
	series := []Item{
		{Image: "b/web-10", Written: at(1), Content: at(5)},
		{Image: "b/web-9", Written: at(1), Content: at(6)},
		{Image: "b/web-009a", Written: at(3), Content: at(5)},
		{Image: "a/web-11", Written: at(2), Content: at(4)},
	}
	for order, want := range map[Order]string{
		ByWritten: "b/web-9 b/web-10 a/web-11 b/web-009a",
		ByName:    "a/web-11 b/web-9 b/web-009a b/web-10",
		ByContent: "a/web-11 b/web-10 b/web-009a b/web-9",
	} {
		for range 3 {
			rand.Shuffle(len(series), func(i, j int) { series[i], series[j] = series[j], series[i] })
			order.Sort(series)
			var got []string
			for _, i := range series {
				got = append(got, i.Image)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", order, got, want)
			}
		}
	}
}
