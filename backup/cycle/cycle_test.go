package cycle

import (
	"bytes"
	"errors"
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
	for _, c := range []struct {
		day, next int
		ends      bool
		late      bool // with a day for all of it
		want      State
	}{
		{1, 4, false, false, State{Next: 4, Started: day(1)}},
		{2, 8, false, false, State{Next: 8, Started: day(1)}},
		{3, 10, true, true, State{Since: day(1), Full: day(3)}},
		{4, 10, true, false, State{Since: day(4), Full: day(4)}},
		{5, 5, false, false, State{Next: 5, Started: day(5), Since: day(4), Full: day(4)}},
		{7, 6, false, true, State{Next: 6, Started: day(5), Since: day(4), Full: day(4)}},
	} {
		if ends := s.Advance(int64(c.next), day(c.day)); ends != c.ends {
			t.Errorf("day %d: the cycle ends: %t", c.day, ends)
		}
		c.want.Schema, c.want.Subject, c.want.Size = Schema, "disk", 10
		if d := cmp.Diff(c.want, *s); d != "" {
			t.Errorf("day %d: (-want +got)\n%s", c.day, d)
		}
		if late := s.Late(day(c.day), 24*time.Hour); late != c.late {
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
	const head = `{"schema":"guestctl.cycle/1","subject":"disk","size":10,`
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":                  {"", binread.ErrCorrupt},
		"no JSON":                  {"QFI\xfb", binread.ErrCorrupt},
		"another schema":           {`{"schema":"guestctl.cycle/2"}`, binread.ErrUnsupported},
		"before the disk":          {head + `"next":-1}`, binread.ErrCorrupt},
		"at the end of the disk":   {head + `"next":10,"started":"2026-11-01T00:00:00Z"}`, binread.ErrCorrupt},
		"behind the disk":          {head + `"next":9223372036854775807,"started":"2026-11-01T00:00:00Z"}`, binread.ErrCorrupt},
		"begun at no time":         {head + `"next":4}`, binread.ErrCorrupt},
		"ended before it began":    {head + `"next":0,"since":"2026-11-02T00:00:00Z","full":"2026-11-01T00:00:00Z"}`, binread.ErrCorrupt},
		"a time that is none":      {head + `"next":4,"started":"yesterday"}`, binread.ErrCorrupt},
		"more than any state has":  {strings.Repeat(" ", maxState+1), binread.ErrLimit},
		"a number that is too big": {head + `"next":1e99}`, binread.ErrCorrupt},
	} {
		if s, err := Read(strings.NewReader(c.text), "disk", 10); !errors.Is(err, c.want) || s != nil {
			t.Errorf("%s: %+v, %v, want kind %v", name, s, err, c.want)
		}
	}
	for name, text := range map[string]string{
		"of another disk": `{"schema":"guestctl.cycle/1","subject":"other","size":10,"next":4,"started":"2026-11-01T00:00:00Z"}`,
		"of another size": `{"schema":"guestctl.cycle/1","subject":"disk","size":11,"next":4,"started":"2026-11-01T00:00:00Z"}`,
	} {
		s, err := Read(strings.NewReader(text), "disk", 10)
		if d := cmp.Diff(Begin("disk", 10), s); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"guestctl.cycle/1","subject":"disk","size":10,"next":4,"started":"2026-11-01T00:00:00Z"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Read(bytes.NewReader(b), "disk", 10)
		if err == nil && (s.Next < 0 || s.Next >= 10 || s.Size != 10) {
			t.Errorf("%+v", s)
		}
	})
}
