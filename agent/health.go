package agent

import (
	"context"
	"time"

	"github.com/guestctl/guestctl/agent/store"
)

const (
	// Silent is after how long without a word an agent counts as gone.
	Silent = time.Minute
	// lately is how far back missed runs are counted.
	lately = day
)

// Health is how the agents of a store are doing.
type Health struct {
	At      time.Time
	Agents  []store.Agent // by when they started, those that are silent, too
	Running []store.Run
	Waiting []store.Run // the oldest first
	Jobs    []JobHealth // by name
	Tallies []store.Tally
}

// JobHealth is how one job is doing.
type JobHealth struct {
	*Job
	Stored  store.Job
	Problem error         // why the stored job cannot be read, and never runs
	Last    *store.Run    // that was done; nil when there is none
	Passed  time.Time     // when a run of it last passed; zero is never
	Lag     time.Duration // for how long a run of it has been due without being worked on
	Missed  int           // runs of the last day that were left out, or made up for later
}

// Look asks the store how its agents are doing.
func Look(ctx context.Context, s *store.Store, now time.Time) (*Health, error) {
	h := &Health{At: now}
	var err error
	if h.Agents, err = s.Agents(ctx); err != nil {
		return nil, err
	}
	open, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range open {
		if r.State == store.Running {
			h.Running = append(h.Running, r)
		} else {
			h.Waiting = append(h.Waiting, r)
		}
	}
	if h.Tallies, err = s.Tallies(ctx, now.Add(-lately)); err != nil {
		return nil, err
	}
	return h, h.jobs(ctx, s)
}

func (h *Health) jobs(ctx context.Context, s *store.Store) error {
	jobs, err := s.Jobs(ctx)
	if err != nil {
		return err
	}
	last, err := s.Last(ctx)
	if err != nil {
		return err
	}
	passed, err := s.Passed(ctx)
	if err != nil {
		return err
	}
	missed := map[string]int{}
	for _, t := range h.Tallies {
		if t.State == store.Skipped || t.Cause == store.CatchUp {
			missed[t.Job] += t.Runs
		}
	}
	due := map[string]time.Time{}
	for _, r := range h.Waiting {
		if first, known := due[r.Job]; !known || r.Due.Before(first) {
			due[r.Job] = r.Due
		}
	}
	for _, stored := range jobs {
		j, _, err := ReadJob(stored)
		if err != nil {
			j = &Job{Name: stored.Name}
		}
		one := JobHealth{Job: j, Stored: stored, Problem: err, Passed: passed[j.Name], Missed: missed[j.Name]}
		if r, done := last[j.Name]; done {
			one.Last = &r
		}
		first, waits := due[j.Name]
		if next := stored.NextDue; !waits && !stored.Paused && !next.IsZero() {
			first, waits = next, true
		}
		if waits {
			one.Lag = max(0, h.At.Sub(first))
		}
		h.Jobs = append(h.Jobs, one)
	}
	return nil
}

// Alive are the agents that were heard of lately.
func (h *Health) Alive() (alive []store.Agent) {
	for _, a := range h.Agents {
		if h.At.Sub(a.Seen) <= Silent {
			alive = append(alive, a)
		}
	}
	return alive
}

// Late reports whether a run of the job should have begun by now: an agent that works may need a moment.
func (j *JobHealth) Late() bool { return j.Lag > grace || j.Problem != nil }
