package store

import (
	"context"
	"time"

	"github.com/guestctl/guestctl/finding"
)

// lastJudged selects the last run of the job j.name that came to a verdict: one that came to nothing says nothing of the findings.
const lastJudged = `(SELECT l.id FROM runs l WHERE l.job = j.name AND l.state = 'done' AND l.result <> 'error' ORDER BY l.number DESC LIMIT 1)`

// Last returns the last run that was done of every job that has one.
func (s *Store) Last(ctx context.Context) (map[string]Run, error) {
	all, err := s.runs(ctx, `WHERE id IN (SELECT (SELECT l.id FROM runs l WHERE l.job = j.name AND l.state = 'done' ORDER BY l.number DESC LIMIT 1)
		FROM jobs j)`)
	last := map[string]Run{}
	for _, r := range all {
		last[r.Job] = r
	}
	return last, err
}

// Passed returns when a run of each job last passed, of every job that has done so.
func (s *Store) Passed(ctx context.Context) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	r, err := s.DB.QueryContext(ctx, `SELECT j.name, COALESCE((SELECT l.ended FROM runs l WHERE l.job = j.name AND l.state = 'done' AND l.result = 'pass'
		ORDER BY l.number DESC LIMIT 1), 0) FROM jobs j`)
	return last, rows(r, err, func() error {
		var job string
		var ended int64
		err := r.Scan(&job, &ended)
		if ended > 0 {
			last[job] = timeOf(ended)
		}
		return err
	})
}

// Tally is how many runs of a job ended in one way.
type Tally struct {
	Job    string
	State  State
	Cause  Cause
	Result finding.Status
	Runs   int
}

// Tallies counts the runs that ended since a time.
func (s *Store) Tallies(ctx context.Context, since time.Time) (all []Tally, err error) {
	r, err := s.DB.QueryContext(ctx, `SELECT job, state, cause, result, COUNT(*) FROM runs WHERE ended >= $1 AND ended > 0
		GROUP BY job, state, cause, result ORDER BY job, state, cause, result`, millis(since))
	return all, rows(r, err, func() error {
		var t Tally
		err := r.Scan(&t.Job, &t.State, &t.Cause, &t.Result, &t.Runs)
		all = append(all, t)
		return err
	})
}

// Severity is a kind of finding, as it counts for who has to do something.
type Severity struct {
	Status   finding.Status
	Severity finding.Severity
}

// OpenFindings counts the findings of the last run of each job that came to a verdict.
func (s *Store) OpenFindings(ctx context.Context) (map[Severity]int, error) {
	counts := map[Severity]int{}
	r, err := s.DB.QueryContext(ctx, `SELECT f.status, f.severity, COUNT(*) FROM jobs j JOIN findings f ON f.run = `+lastJudged+`
		GROUP BY f.status, f.severity`)
	return counts, rows(r, err, func() error {
		var kind Severity
		var n int
		err := r.Scan(&kind.Status, &kind.Severity, &n)
		counts[kind] += n
		return err
	})
}
