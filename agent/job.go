package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/schedule"
	"github.com/guestctl/guestctl/agent/store"
)

// What a job has where it says nothing.
const (
	DefaultPriority  = 2
	DefaultAttempts  = 3
	DefaultTimeLimit = Duration(6 * time.Hour)
	DefaultKeepRuns  = 10
	DefaultKeepAge   = Duration(90 * day)
)

// Job is a command of guestctl that runs when it is due.
type Job struct {
	Name    string   `json:"name" toml:"name"`
	Command string   `json:"command" toml:"command"` // verify-backup, check-compliance, scan, drift, verify-packages
	Args    []string `json:"args" toml:"args"`       // its flags, as they were given
	Images  Images   `json:"images" toml:"images"`
	Dir     string   `json:"dir" toml:"dir"` // where relative paths begin

	On        string   `json:"on" toml:"on"`         // a schedule
	Zone      string   `json:"zone" toml:"zone"`     // of On; "Local" is that of the machine
	Jitter    Duration `json:"jitter" toml:"jitter"` // by how much at most it is later than On says: always the same for one name
	NoCatchUp bool     `json:"no_catch_up,omitempty" toml:"no_catch_up,omitempty"`

	Priority  int      `json:"priority" toml:"priority"` // 1 comes first, 4 last
	TimeLimit Duration `json:"time_limit" toml:"time_limit"`
	Attempts  int      `json:"attempts" toml:"attempts"` // how often a run may fail before it is given up
	KeepRuns  int      `json:"keep_runs" toml:"keep_runs"`
	KeepAge   Duration `json:"keep_age" toml:"keep_age"`

	Notify   []string       `json:"notify,omitempty" toml:"notify,omitempty"`       // channels, as agent/notify reads them
	NotifyOn []notify.Event `json:"notify_on,omitempty" toml:"notify_on,omitempty"` // none is every event
	PingURL  string         `json:"ping_url,omitempty" toml:"ping_url,omitempty"`   // of a watch that wants a sign of life from every run
}

// Images say which images a job is about when it runs.
type Images struct {
	Paths  []string `json:"paths,omitempty" toml:"paths,omitempty"`     // files, folders and patterns
	Latest []string `json:"latest,omitempty" toml:"latest,omitempty"`   // patterns of which the newest file counts
	MaxAge Duration `json:"max_age,omitempty" toml:"max_age,omitempty"` // how old an image may be; 0 is any
}

// Commands are what a job may run.
func Commands() []string {
	return []string{"check-compliance", "drift", "scan", "verify-backup", "verify-packages"}
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Check fills in what the job leaves open, and returns its schedule.
func (j *Job) Check() (*schedule.Schedule, error) {
	if !goodName.MatchString(j.Name) {
		return nil, fmt.Errorf("job %q: want a name of letters, digits, '.', '_' and '-'", j.Name)
	}
	s, err := j.check()
	if err != nil {
		return nil, fmt.Errorf("job %q: %w", j.Name, err)
	}
	return s, nil
}

func (j *Job) check() (*schedule.Schedule, error) {
	j.Priority = or(j.Priority, DefaultPriority)
	j.Attempts = or(j.Attempts, DefaultAttempts)
	j.TimeLimit = or(j.TimeLimit, DefaultTimeLimit)
	j.KeepRuns = or(j.KeepRuns, DefaultKeepRuns)
	j.KeepAge = or(j.KeepAge, DefaultKeepAge)
	j.Zone = or(j.Zone, "Local")
	switch {
	case !slices.Contains(Commands(), j.Command):
		return nil, fmt.Errorf("command %q, want one of %s", j.Command, strings.Join(Commands(), ", "))
	case len(j.Images.Paths)+len(j.Images.Latest) == 0:
		return nil, errors.New("it names no image")
	case j.Priority < 1 || j.Priority > 4:
		return nil, fmt.Errorf("priority %d, want 1 (first) to 4 (last)", j.Priority)
	case j.Attempts < 1 || j.Attempts > 25:
		return nil, fmt.Errorf("%d attempts, want 1 to 25", j.Attempts)
	case j.KeepRuns < 1:
		return nil, fmt.Errorf("%d runs to keep, want at least 1", j.KeepRuns)
	}
	if err := j.checkNotify(); err != nil {
		return nil, err
	}
	zone, err := schedule.Zone(j.Zone)
	if err != nil {
		return nil, err
	}
	return schedule.Parse(j.On, zone)
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// delay is by how much the job is later than its schedule.
func (j *Job) delay() time.Duration { return schedule.Jitter(j.Name, time.Duration(j.Jitter)) }

// Next is when the job is due after t.
func (j *Job) Next(s *schedule.Schedule, t time.Time) time.Time {
	next := s.Next(t.Add(-j.delay()))
	if next.IsZero() {
		return next
	}
	return next.Add(j.delay())
}

// latest is the last time at which the job was due, from due to now.
func (j *Job) latest(s *schedule.Schedule, due, now time.Time) time.Time {
	last := s.Latest(due.Add(-j.delay()-time.Second), now.Add(-j.delay()))
	if last.IsZero() {
		return due
	}
	return last.Add(j.delay())
}

// Stored is the job as the store keeps it.
func (j *Job) Stored(s *schedule.Schedule, now time.Time) (store.Job, error) {
	spec, err := json.Marshal(j)
	return store.Job{Name: j.Name, Spec: spec, NextDue: j.Next(s, now), Created: now, Changed: now}, err
}

// ReadJob is the job that the store keeps.
func ReadJob(s store.Job) (*Job, *schedule.Schedule, error) {
	var j Job
	if err := json.Unmarshal(s.Spec, &j); err != nil {
		return nil, nil, fmt.Errorf("job %q: %w", s.Name, err)
	}
	sched, err := j.Check()
	return &j, sched, err
}

// NameOf is a name for a job that has none: of its command and its first image.
func NameOf(j *Job) string {
	what := slices.Concat(j.Images.Paths, j.Images.Latest, []string{"images"})[0]
	base := filepath.Base(what)
	name := j.Command + "-" + strings.TrimSuffix(base, filepath.Ext(base))
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && goodName.MatchString("a"+string(r)) {
			return r
		}
		return -1
	}, name)
	return strings.TrimRight(clean[:min(len(clean), 60)], ".-_")
}
