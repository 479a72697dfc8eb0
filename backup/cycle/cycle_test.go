package cycle

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
)

func day(n int) time.Time { return time.Date(2026, 11, n, 3, 0, 0, 0, time.UTC) }

// TestACycleOfThreeRuns reads a disk of ten bytes twice and a half.
func TestACycleOfThreeRuns(t *testing.T) {
	s := Begin("disk", 10)
	if s.Late(day(30), time.Hour) || s.Progress() != 0 {
		t.Errorf("before the first run: %+v", s)
	}
	first := []Mark{{4, day(1)}, {8, day(2)}, {10, day(3)}}
	for _, c := range []struct {
		day, next int
		ends      bool
		late      bool // with two days for all of it
		want      State
	}{
		{1, 4, false, false, State{Next: 4, Runs: 1, Marks: first[:1]}},
		{2, 8, false, false, State{Next: 8, Runs: 2, Marks: first[:2]}},
		{3, 10, true, false, State{Before: first}},
		{4, 3, false, true, State{Next: 3, Runs: 1, Marks: []Mark{{3, day(4)}}, Before: first}},               // the fourth byte is of the first day
		{4, 5, false, false, State{Next: 5, Runs: 2, Marks: []Mark{{3, day(4)}, {5, day(4)}}, Before: first}}, // the sixth of the second
		{5, 10, true, false, State{Before: []Mark{{3, day(4)}, {5, day(4)}, {10, day(5)}}}},
		{6, 10, true, false, State{Before: []Mark{{10, day(6)}}}},
		{9, 5, false, true, State{Next: 5, Runs: 1, Marks: []Mark{{5, day(9)}}, Before: []Mark{{10, day(6)}}}},
		{8, 6, false, false, State{Next: 6, Runs: 2, Marks: []Mark{{5, day(9)}, {6, day(9)}}, Before: []Mark{{10, day(6)}}}}, // a clock that went back
	} {
		if ends := s.Advance(int64(c.next), day(c.day)); ends != c.ends {
			t.Errorf("day %d: the cycle ends: %t", c.day, ends)
		}
		c.want.Schema, c.want.Subject, c.want.Size = Schema, "disk", 10
		if d := cmp.Diff(c.want, *s); d != "" {
			t.Errorf("day %d: (-want +got)\n%s", c.day, d)
		}
		if late := s.Late(day(c.day), 48*time.Hour); late != c.late {
			t.Errorf("day %d: late %t", c.day, late)
		}
		var b bytes.Buffer
		if err := s.Write(&b); err != nil {
			t.Fatal(err)
		}
		back, err := Read(&b, "disk", 10)
		if d := cmp.Diff(s, back); d != "" || err != nil {
			t.Errorf("day %d: %v (-written +read)\n%s", c.day, err, d)
		}
	}
}

// TestManyRunsAreBounded reads a disk in more runs than are kept apart: no byte is told to have been read later than it was.
func TestManyRunsAreBounded(t *testing.T) {
	const size = 5000
	at := func(n int) time.Time { return day(1).Add(time.Duration(n) * time.Hour) }
	s := Begin("disk", size)
	for n := range size {
		s.Advance(int64(n+1), at(n))
	}
	s.Remember(slices.Repeat([]Stretch{{1, 1}}, 5000))
	if len(s.Before) > maxMarks || len(s.Bad) != maxBad {
		t.Errorf("%d marks, %d stretches", len(s.Before), len(s.Bad))
	}
	s.Remember([]Stretch{{0, maxAgain - 1}, {1 << 40, 1 << 40}, {1 << 50, 1}})
	if want := []Stretch{{0, maxAgain - 1}, {1 << 40, 1}}; !slices.Equal(s.Bad, want) {
		t.Errorf("remembers %v, want %v", s.Bad, want)
	}
	s.Remember(nil)
	for n := range size - 1 {
		if oldest := s.Oldest(); oldest.After(at(n)) || oldest.Before(at(n-64)) {
			t.Fatalf("byte %d was read at %v, want at most 10 hours before %v", n, oldest, at(n))
		}
		s.Advance(int64(n+1), at(size+n))
	}
	var b bytes.Buffer
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	if back, err := Read(&b, "disk", size); err != nil || back.Next != size-1 {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestARunSaysHowFarTheCycleIs(t *testing.T) {
	s := Begin("disk", 1000)
	for _, c := range []struct {
		day  int
		to   int64
		want string
	}{
		{1, 5, "less than 1 % of the disk read in this run, less than 1 % since 2026-11-01; the next begins at byte 5, and about 199 more will have read all of it"},
		{3, 250, "24 % of the disk read in this run, 25 % since 2026-11-01; the next begins at byte 250, and about 6 more will have read all of it, at this pace on 2026-11-15"},
		{4, 999, "74 % of the disk read in this run, 99 % since 2026-11-01; the next begins at byte 999, and about 1 more will have read all of it, at this pace on 2026-11-05"},
		{5, 1000, "with this run, the whole disk was read since 2026-11-01"},
		{6, 1000, "with this run, the whole disk was read"},
	} {
		if got := s.Ran(c.to, day(c.day)).String(); got != c.want {
			t.Errorf("day %d: %s\nwant %s", c.day, got, c.want)
		}
	}
}

func TestABudget(t *testing.T) {
	for name, c := range map[string]struct {
		budget Budget
		n      int64
		want   bool
	}{
		"none":            {Budget{}, 1 << 60, false},
		"bytes are left":  {Budget{Bytes: 10}, 9, false},
		"no byte is left": {Budget{Bytes: 10}, 10, true},
		"time is left":    {Budget{Spent: func() bool { return false }}, 10, false},
		"no time is left": {Budget{Bytes: 10, Spent: func() bool { return true }}, 0, true},
	} {
		if got := c.budget.Over(c.n); got != c.want {
			t.Errorf("%s: over %t", name, got)
		}
	}
}

func TestHostileStates(t *testing.T) {
	const head = `{"schema":"guestctl.cycle/2","subject":"disk","size":10,`
	const four = `"next":4,"marks":[{"to":4,"at":"2026-11-01T00:00:00Z"}]`
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":                  {"", binread.ErrCorrupt},
		"no JSON":                  {"QFI\xfb", binread.ErrCorrupt},
		"another schema":           {`{"schema":"guestctl.cycle/1"}`, binread.ErrUnsupported},
		"before the disk":          {head + `"next":-1}`, binread.ErrCorrupt},
		"at the end of the disk":   {head + `"next":10,"marks":[{"to":10,"at":"2026-11-01T00:00:00Z"}]}`, binread.ErrCorrupt},
		"behind the disk":          {head + `"next":9223372036854775807,"marks":[{"to":9223372036854775807,"at":"2026-11-01T00:00:00Z"}]}`, binread.ErrCorrupt},
		"read at no time":          {head + `"next":4}`, binread.ErrCorrupt},
		"marks to another place":   {head + `"next":5,"marks":[{"to":4,"at":"2026-11-01T00:00:00Z"}]}`, binread.ErrCorrupt},
		"marks that go back":       {head + `"next":4,"marks":[{"to":6,"at":"2026-11-01T00:00:00Z"},{"to":4,"at":"2026-11-02T00:00:00Z"}]}`, binread.ErrCorrupt},
		"times that go back":       {head + `"next":4,"marks":[{"to":2,"at":"2026-11-02T00:00:00Z"},{"to":4,"at":"2026-11-01T00:00:00Z"}]}`, binread.ErrCorrupt},
		"a cycle that did not end": {head + four + `,"before":[{"to":4,"at":"2026-11-01T00:00:00Z"}]}`, binread.ErrCorrupt},
		"a time that is none":      {head + `"next":4,"marks":[{"to":4,"at":"yesterday"}]}`, binread.ErrCorrupt},
		"more than any state has":  {strings.Repeat(" ", maxState+1), binread.ErrLimit},
		"a number that is too big": {head + `"next":1e99}`, binread.ErrCorrupt},
		"runs before the first":    {head + four + `,"runs":-1}`, binread.ErrCorrupt},
		"damage before the disk":   {head + four + `,"bad":[{"offset":-1,"length":1}]}`, binread.ErrCorrupt},
		"damage behind the disk":   {head + four + `,"bad":[{"offset":9,"length":2}]}`, binread.ErrCorrupt},
		"damage without end":       {head + four + `,"bad":[{"offset":9,"length":9223372036854775807}]}`, binread.ErrCorrupt},
		"damage of nothing":        {head + four + `,"bad":[{"offset":9,"length":0}]}`, binread.ErrCorrupt},
		"too much damage":          {head + four + `,"bad":[` + strings.Repeat(`{"offset":1,"length":1},`, maxBad) + `{"offset":1,"length":1}]}`, binread.ErrLimit},
	} {
		if s, err := Read(strings.NewReader(c.text), "disk", 10); !errors.Is(err, c.want) || s != nil {
			t.Errorf("%s: %+v, %v, want kind %v", name, s, err, c.want)
		}
	}
	if s, err := Read(strings.NewReader(head+four+`,"bad":[{"offset":9,"length":1}]}`), "disk", 10); err != nil || s.Next != 4 || len(s.Bad) != 1 {
		t.Errorf("a state that is right: %+v, %v", s, err)
	}
	for name, text := range map[string]string{
		"of another disk": `{"schema":"guestctl.cycle/2","subject":"other","size":10,` + four + `}`,
		"of another size": `{"schema":"guestctl.cycle/2","subject":"disk","size":11,` + four + `}`,
	} {
		s, err := Read(strings.NewReader(text), "disk", 10)
		if d := cmp.Diff(Begin("disk", 10), s); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"guestctl.cycle/2","subject":"disk","size":10,"next":4,"marks":[{"to":4,"at":"2026-11-01T00:00:00Z"}],"bad":[{"offset":1,"length":2}]}`))
	f.Add([]byte(`{"schema":"guestctl.cycle/2","subject":"disk","size":10,"next":0,"before":[{"to":10,"at":"2026-11-01T00:00:00Z"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Read(bytes.NewReader(b), "disk", 10)
		if err != nil {
			return
		}
		if s.Next < 0 || s.Next >= 10 || s.Size != 10 {
			t.Errorf("%+v", s)
		}
		now := day(20)
		_ = s.Finding(now, time.Hour)
		if r := s.Ran(10, now); r.From < 0 || r.String() == "" || s.Next != 0 {
			t.Errorf("%+v, %+v", r, s)
		}
	})
}
