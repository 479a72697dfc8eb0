package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Job is a job and when it is due.
type Job struct {
	Name    string
	Spec    json.RawMessage
	NextDue time.Time // zero: never
	Paused  bool
	Created time.Time
	Changed time.Time
}

const jobColumns = "name, spec, next_due, paused, created, changed"

func scanJob(row interface{ Scan(...any) error }) (j Job, err error) {
	var spec string
	var due, paused, created, changed int64
	err = row.Scan(&j.Name, &spec, &due, &paused, &created, &changed)
	j.Spec, j.NextDue, j.Paused, j.Created, j.Changed = json.RawMessage(spec), timeOf(due), paused != 0, timeOf(created), timeOf(changed)
	return j, err
}

// PutJob stores a job, in place of one of the same name, whose runs it keeps.
func (s *Store) PutJob(ctx context.Context, j Job) error {
	_, err := s.DB.ExecContext(ctx, `INSERT INTO jobs (name, spec, next_due, paused, created, changed) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, next_due = excluded.next_due, paused = excluded.paused, changed = excluded.changed`,
		j.Name, string(j.Spec), millis(j.NextDue), flag(j.Paused), millis(j.Created), millis(j.Changed))
	return err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Job returns the job of a name.
func (s *Store) Job(ctx context.Context, name string) (Job, error) {
	j, err := scanJob(s.DB.QueryRowContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE name = $1", name))
	if errors.Is(err, sql.ErrNoRows) {
		return j, fmt.Errorf("job %q: %w", name, ErrNotFound)
	}
	return j, err
}

// Jobs returns all jobs by name.
func (s *Store) Jobs(ctx context.Context) (all []Job, err error) {
	r, err := s.DB.QueryContext(ctx, "SELECT "+jobColumns+" FROM jobs ORDER BY name")
	return all, rows(r, err, func() error {
		j, err := scanJob(r)
		all = append(all, j)
		return err
	})
}

// RemoveJob removes a job. Its runs stay until they are pruned.
func (s *Store) RemoveJob(ctx context.Context, name string) error {
	return s.change(ctx, name, "DELETE FROM jobs WHERE name = $1", name)
}

// Pause pauses a job, or lets it go on with what is due next.
func (s *Store) Pause(ctx context.Context, name string, paused bool, next, now time.Time) error {
	return s.change(ctx, name, "UPDATE jobs SET paused = $1, next_due = $2, changed = $3 WHERE name = $4", flag(paused), millis(next), millis(now), name)
}

// change runs a statement that is about one job.
func (s *Store) change(ctx context.Context, name, statement string, args ...any) error {
	r, err := s.DB.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return fmt.Errorf("job %q: %w", name, ErrNotFound)
	}
	return err
}

// Due returns the jobs whose time has come, the longest overdue first.
func (s *Store) Due(ctx context.Context, now time.Time) (due []Job, err error) {
	r, err := s.DB.QueryContext(ctx, "SELECT "+jobColumns+" FROM jobs WHERE paused = 0 AND next_due > 0 AND next_due <= $1 ORDER BY next_due, name", millis(now))
	return due, rows(r, err, func() error {
		j, err := scanJob(r)
		due = append(due, j)
		return err
	})
}

// Advance moves a job from one time to the next, and returns false when another agent did so first.
func Advance(ctx context.Context, tx *sql.Tx, name string, from, to time.Time) (bool, error) {
	r, err := tx.ExecContext(ctx, "UPDATE jobs SET next_due = $1 WHERE name = $2 AND next_due = $3 AND paused = 0", millis(to), name, millis(from))
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}
