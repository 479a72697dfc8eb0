package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/finding"
)

// State is how far a run is.
type State string

// The states of a run.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"
	Skipped State = "skipped" // the run before had not ended
)

// Cause is why a run was begun.
type Cause string

// The causes of a run.
const (
	Scheduled Cause = "scheduled"
	CatchUp   Cause = "catch-up" // one for all that were missed
	ByHand    Cause = "by hand"
)

// Error is the result of a run that came to no verdict, beside the statuses of findings.
const Error finding.Status = "error"

// Run is one run of a job.
type Run struct {
	ID       string    `json:"id"`
	Job      string    `json:"job"`
	Number   int64     `json:"number"` // 1, 2, 3, ... of the job
	Due      time.Time `json:"due"`
	Cause    Cause     `json:"cause"`
	State    State     `json:"state"`
	Attempt  int       `json:"attempt"`  // how often it was begun
	Failures int       `json:"failures"` // attempts that came to nothing
	Beat     int64     `json:"-"`        // counts up while somebody works on it
	Worker   string    `json:"worker"`
	Queued   time.Time `json:"queued"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Outcome
}

// Outcome is what a run came to.
type Outcome struct {
	Result  finding.Status `json:"result"` // pass, fail, unknown or Error; "" until it has ended
	Exit    int            `json:"exit"`
	Message string         `json:"message"`
	Passed  int            `json:"passed"`
	Failed  int            `json:"failed"`
	Unknown int            `json:"unknown"`
	Waived  int            `json:"waived"`
	Report  string         `json:"-"` // the digest of the report's document

	Statement []byte `json:"-"` // signed evidence to write with the run; it is not read with it
	Evidence  string `json:"-"` // the digest of its document
}

const runColumns = `id, job, number, due, cause, state, attempt, failures, beat, worker, queued, started, ended,
	result, exit, message, passed, failed, unknown, waived, report, evidence`

func scanRun(row interface{ Scan(...any) error }) (r Run, err error) {
	var due, queued, started, ended int64
	err = row.Scan(&r.ID, &r.Job, &r.Number, &due, &r.Cause, &r.State, &r.Attempt, &r.Failures, &r.Beat, &r.Worker, &queued, &started, &ended,
		&r.Result, &r.Exit, &r.Message, &r.Passed, &r.Failed, &r.Unknown, &r.Waived, &r.Report, &r.Evidence)
	r.Due, r.Queued, r.Started, r.Ended = timeOf(due), timeOf(queued), timeOf(started), timeOf(ended)
	return r, err
}

// Enqueue adds a run. It returns false when there is one for that job and time already.
func Enqueue(ctx context.Context, tx *sql.Tx, r *Run) (bool, error) {
	err := tx.QueryRowContext(ctx, `INSERT INTO runs (id, job, number, due, cause, state, attempt, failures, beat, worker, queued, started, ended,
			result, exit, message, passed, failed, unknown, waived, report)
		SELECT $1, $2, COALESCE(MAX(number), 0) + 1, $3, $4, $5, 0, 0, 0, '', $6, 0, $7, $8, 0, $9, 0, 0, 0, 0, '' FROM runs WHERE job = $10
		ON CONFLICT DO NOTHING RETURNING number`,
		r.ID, r.Job, millis(r.Due), string(r.Cause), string(r.State), millis(r.Queued), millis(r.Ended), string(r.Result), r.Message, r.Job).Scan(&r.Number)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Open returns the runs that have not ended, the oldest first.
func (s *Store) Open(ctx context.Context) ([]Run, error) {
	return s.runs(ctx, "WHERE state IN ('queued', 'running') ORDER BY queued, job, number")
}

// OpenOf tells within a transaction whether a run of a job has not ended.
func OpenOf(ctx context.Context, tx *sql.Tx, job string) (number int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT number FROM runs WHERE job = $1 AND state IN ('queued', 'running') ORDER BY number LIMIT 1", job).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return number, err
}

func (s *Store) runs(ctx context.Context, where string, args ...any) (all []Run, err error) {
	query := "SELECT " + runColumns + " FROM runs " + where //nolint:gosec // all of them constants of this package
	r, err := s.DB.QueryContext(ctx, query, args...)
	return all, rows(r, err, func() error {
		run, err := scanRun(r)
		all = append(all, run)
		return err
	})
}

// Run returns the run of an id.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	r, err := scanRun(s.DB.QueryRowContext(ctx, "SELECT "+runColumns+" FROM runs WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	return r, err
}

// Claim begins an attempt of a run. It returns false when the run has ended, or when a later attempt has begun.
func (s *Store) Claim(ctx context.Context, id string, attempt int, worker string, now time.Time) (bool, error) {
	r, err := s.DB.ExecContext(ctx, `UPDATE runs SET state = 'running', attempt = $1, beat = beat + 1, worker = $2, started = $3
		WHERE id = $4 AND state IN ('queued', 'running') AND attempt < $5`, attempt, worker, millis(now), id, attempt)
	return one(r, err)
}

// Beat says that somebody still works on an attempt. It returns false when the attempt is no longer the one that counts.
func (s *Store) Beat(ctx context.Context, id string, attempt int) (bool, error) {
	r, err := s.DB.ExecContext(ctx, "UPDATE runs SET beat = beat + 1 WHERE id = $1 AND state = 'running' AND attempt = $2", id, attempt)
	return one(r, err)
}

// Release puts a run back into the queue whose attempt came to nothing, and counts that as a failure of the run, or not.
func Release(ctx context.Context, tx *sql.Tx, id string, attempt int, message string, failed bool) (bool, error) {
	r, err := tx.ExecContext(ctx, `UPDATE runs SET state = 'queued', worker = '', message = $1, failures = failures + $2
		WHERE id = $3 AND state = 'running' AND attempt = $4`, message, flag(failed), id, attempt)
	return one(r, err)
}

func one(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}
