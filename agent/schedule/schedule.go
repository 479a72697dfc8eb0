// Package schedule turns the words in which a person says when a job runs into times: "weekly", "daily 02:00", "mon,thu 04:30",
// "@every 6h" and the five fields of cron.
//
// Times are those of the clock on the wall in the schedule's zone. In the hour that a change to summer time leaves out, what would
// run does so when the hour is over; in the hour that comes twice it runs once, unless it runs every hour anyway.
package schedule

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Shortest is the least time between two runs.
const Shortest = time.Minute

// farBack is how long ago a run that is made up for may have been due: longer than any schedule waits.
const farBack = 5 * 366 * 24 * time.Hour

// Schedule says when a job runs. It is safe for concurrent use.
type Schedule struct {
	// Warnings are what works and is probably not what was meant.
	Warnings []string

	text string
	cron cron.Schedule
	zone *time.Location
	wall bool // it names hours: one that is left out or comes twice has to be thought of
}

// String is the schedule as it was written.
func (s *Schedule) String() string { return s.text }

// Zone is where the clock hangs.
func (s *Schedule) Zone() *time.Location { return s.zone }

// Parse reads a schedule. The zone is that of times without one: "TZ=Europe/Berlin 0 2 * * *" brings its own.
func Parse(text string, zone *time.Location) (*Schedule, error) {
	s := &Schedule{text: strings.Join(strings.Fields(text), " "), zone: zone}
	spec := s.text
	if rest, ok := cutZone(spec); ok {
		name, after, found := strings.Cut(rest, " ")
		if !found {
			return nil, fmt.Errorf("schedule %q: a zone, and no time", text)
		}
		loc, err := Zone(name)
		if err != nil {
			return nil, fmt.Errorf("schedule %q: %w", text, err)
		}
		s.zone, spec = loc, after
	}
	fields, err := translate(spec)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", text, err)
	}
	if err := s.parse(fields); err != nil {
		return nil, fmt.Errorf("schedule %q: %w", text, err)
	}
	if s.Next(time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("schedule %q: there is no such day", text)
	}
	return s, nil
}

func cutZone(spec string) (rest string, ok bool) {
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if rest, ok := strings.CutPrefix(spec, prefix); ok {
			return rest, true
		}
	}
	return "", false
}

// Zone finds a time zone by its name in the IANA database: "Europe/Berlin", "UTC", or "Local" for that of this machine.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return nil, errors.New("the name of a time zone is missing")
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known: want a name such as Europe/Berlin or UTC", name)
	}
	return loc, nil
}

// parse reads what translate left: "@every 6h", or five fields.
func (s *Schedule) parse(spec string) error {
	if every, ok := strings.CutPrefix(spec, "@every "); ok {
		d, err := time.ParseDuration(every)
		switch {
		case err != nil:
			return fmt.Errorf("%q is no duration: want such as 6h or 90m", every)
		case d < Shortest:
			return fmt.Errorf("every %s is too often: want %s at least", d, Shortest)
		}
		s.cron = cron.Every(d)
		return nil
	}
	fields := strings.Fields(spec)
	if len(fields) != 5 {
		return fmt.Errorf("want a word such as %s, \"@every 6h\", or five fields: minute, hour, day, month, day of the week", words)
	}
	fields[4] = sunday(fields[4])
	c, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(strings.Join(fields, " "))
	if err != nil {
		return err
	}
	s.cron, s.wall = c, !strings.HasPrefix(fields[1], "*")
	for i, most := range []int{60, 24} {
		if step, ok := stepOf(fields[i]); ok && (step >= most || most%step != 0) {
			s.Warnings = append(s.Warnings, fmt.Sprintf("%q starts anew every %s: the runs are not %d apart", fields[i], []string{"hour", "day"}[i], step))
		}
	}
	if fields[2] != "*" && fields[4] != "*" {
		s.Warnings = append(s.Warnings, "with a day of the month and a day of the week it runs on both")
	}
	return nil
}

// stepOf is the N of "*/N".
func stepOf(field string) (int, bool) {
	_, step, ok := strings.Cut(field, "/")
	n, err := strconv.Atoi(step)
	return n, ok && err == nil && n > 0
}

// sunday makes 0 of the 7 that many versions of cron take for Sunday.
func sunday(field string) string {
	days := strings.Split(field, ",")
	for i, d := range days {
		switch {
		case d == "7":
			days[i] = "0"
		case strings.HasSuffix(d, "-7") && d[0] == '0':
			days[i] = "0-6"
		case strings.HasSuffix(d, "-7"):
			days[i] = d[:len(d)-1] + "6,0"
		}
	}
	return strings.Join(days, ",")
}

// Next is the first time after t, or the zero time when there is none.
func (s *Schedule) Next(t time.Time) time.Time {
	if !s.wall {
		return s.cron.Next(t.In(s.zone))
	}
	clock := wallOf(t.In(s.zone))
	for {
		clock = s.cron.Next(clock)
		if clock.IsZero() {
			return clock
		}
		if at := instant(clock, s.zone); at.After(t) {
			return at
		}
	}
}

// Latest is the last time that is not after t and after since, or the zero time when there is none.
func (s *Schedule) Latest(since, t time.Time) (last time.Time) {
	if earliest := t.Add(-farBack); since.Before(earliest) {
		since = earliest // a clock that was wrong by years
	}
	for at := s.Next(since); !at.IsZero() && !at.After(t); at = s.Next(at) {
		last = at
	}
	return last
}

// wallOf is what the clock on the wall shows, as a time in UTC.
func wallOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant is when the clock on the wall of a zone shows clock: the first time where it does so twice, and when the change is over where
// it never does.
func instant(clock time.Time, zone *time.Location) time.Time {
	const day = 24 * time.Hour
	_, before := clock.Add(-day).In(zone).Zone()
	_, after := clock.Add(day).In(zone).Zone()
	first := clock.Add(-time.Duration(max(before, after)) * time.Second)
	if wallOf(first.In(zone)).Equal(clock) {
		return first.In(zone)
	}
	last := clock.Add(-time.Duration(min(before, after)) * time.Second).In(zone)
	if wallOf(last).Equal(clock) {
		return last
	}
	start, _ := last.ZoneBounds()
	return start
}

// Jitter is by how much the runs of a job are later than its schedule, below most: always the same for one name, so that the jobs of
// many machines spread and each keeps its hour.
func Jitter(name string, most time.Duration) time.Duration {
	if most < time.Second {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return time.Duration(h.Sum64()%uint64(most/time.Second)) * time.Second
}
