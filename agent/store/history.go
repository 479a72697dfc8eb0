package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Filter says which runs are wanted.
type Filter struct {
	Job     string    // "" is every one
	Since   time.Time // zero is from the beginning
	Limit   int       // 0 is all
	Skipped bool      // also runs that were left out
}

// History returns the runs that have ended, the latest first.
func (s *Store) History(ctx context.Context, f Filter) ([]Run, error) {
	where, args := []string{"ended > 0"}, []any{}
	if f.Job != "" {
		args = append(args, f.Job)
		where = append(where, fmt.Sprintf("job = $%d", len(args)))
	}
	if !f.Since.IsZero() {
		args = append(args, millis(f.Since))
		where = append(where, fmt.Sprintf("ended >= $%d", len(args)))
	}
	if !f.Skipped {
		where = append(where, "state <> 'skipped'") // and not = 'done': SQLite would take the index of states, and sort all
	}
	query := "WHERE " + strings.Join(where, " AND ") + " ORDER BY ended DESC, job, number DESC"
	if f.Limit > 0 {
		args = append(args, f.Limit)
		query += fmt.Sprintf(" LIMIT $%d", len(args))
	}
	return s.runs(ctx, query, args...)
}

// Numbered returns the run of a job with a number; 0 is the last that was done.
func (s *Store) Numbered(ctx context.Context, job string, number int64) (Run, error) {
	var all []Run
	var err error
	if number > 0 {
		all, err = s.runs(ctx, "WHERE job = $1 AND number = $2", job, number)
	} else {
		all, err = s.runs(ctx, "WHERE job = $1 AND state = 'done' ORDER BY number DESC LIMIT 1", job)
	}
	if err == nil && len(all) == 0 {
		return Run{}, fmt.Errorf("run %d of %q: %w", number, job, ErrNotFound)
	}
	if err != nil {
		return Run{}, err
	}
	return all[0], nil
}

// Before returns the run of the same job that was done last before r, or false.
func (s *Store) Before(ctx context.Context, r Run) (Run, bool, error) {
	all, err := s.runs(ctx, "WHERE job = $1 AND number < $2 AND state = 'done' ORDER BY number DESC LIMIT 1", r.Job, r.Number)
	if err != nil || len(all) == 0 {
		return Run{}, false, err
	}
	return all[0], true, nil
}

// Targets returns what a run found of each machine, with findings and without facts.
func (s *Store) Targets(ctx context.Context, run string) ([]Target, error) {
	var all []Target
	r, err := s.DB.QueryContext(ctx, "SELECT image, machine, result, taken, score, passed, failed, unknown FROM targets WHERE run = $1 ORDER BY seq", run)
	err = rows(r, err, func() error {
		t := Target{Findings: []Finding{}}
		var taken int64
		err := r.Scan(&t.Image, &t.Machine, &t.Result, &taken, &t.Score, &t.Passed, &t.Failed, &t.Unknown)
		t.Taken = timeOf(taken)
		all = append(all, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	r, err = s.DB.QueryContext(ctx, `SELECT seq, fingerprint, id, status, severity, title, message FROM findings WHERE run = $1
		ORDER BY seq, id, fingerprint`, run)
	return all, rows(r, err, func() error {
		var seq int
		var f Finding
		if err := r.Scan(&seq, &f.Fingerprint, &f.ID, &f.Status, &f.Severity, &f.Title, &f.Message); err != nil {
			return err
		}
		if seq < 0 || seq >= len(all) {
			return fmt.Errorf("run %s: a finding of target %d of %d", run, seq, len(all))
		}
		all[seq].Findings = append(all[seq].Findings, f)
		return nil
	})
}

// Change is a finding that one run has and the one before has not, or the other way round.
type Change struct {
	Machine string `json:"machine"`
	Finding
}

// Changes are how the findings of a run differ from those of the run before.
type Changes struct {
	New   []Change `json:"new"`
	Gone  []Change `json:"gone"`
	Still int      `json:"still"`
}

// Compare holds the findings of two runs against each other, by machine and fingerprint.
func Compare(before, after []Target) Changes {
	c := Changes{New: []Change{}, Gone: []Change{}}
	old := keys(before)
	for _, t := range after {
		for _, f := range t.Findings {
			if old[key(t, f)] {
				c.Still++
			} else {
				c.New = append(c.New, Change{t.Machine, f})
			}
		}
	}
	now := keys(after)
	for _, t := range before {
		for _, f := range t.Findings {
			if !now[key(t, f)] {
				c.Gone = append(c.Gone, Change{t.Machine, f})
			}
		}
	}
	return c
}

func key(t Target, f Finding) string {
	return t.Machine + "\x00" + f.ID + "\x00" + f.Fingerprint + "\x00" + string(f.Status)
}

func keys(targets []Target) map[string]bool {
	m := map[string]bool{}
	for _, t := range targets {
		for _, f := range t.Findings {
			m[key(t, f)] = true
		}
	}
	return m
}

// Snapshot is the facts of a machine as a run found them.
type Snapshot struct {
	Machine string    `json:"machine"`
	Image   string    `json:"image"`
	Job     string    `json:"job"`
	Run     int64     `json:"run"` // its number
	Taken   time.Time `json:"taken"`
	Ended   time.Time `json:"ended"`
	Digest  string    `json:"-"` // of the document
}

// State is the time of which the facts are: when the image was written, or where nobody knows that, when the run ended.
func (s Snapshot) State() time.Time {
	if s.Taken.IsZero() {
		return s.Ended
	}
	return s.Taken
}

// Snapshots returns where facts of a machine are kept, the latest first; of every machine when it is "".
func (s *Store) Snapshots(ctx context.Context, machine string) (all []Snapshot, err error) {
	query := `SELECT t.machine, t.image, r.job, r.number, t.taken, t.ended, t.facts FROM targets t JOIN runs r ON r.id = t.run
		WHERE t.facts <> '' AND ($1 = '' OR t.machine = $2) ORDER BY t.machine, t.taken DESC, t.ended DESC`
	r, err := s.DB.QueryContext(ctx, query, machine, machine)
	return all, rows(r, err, func() error {
		var one Snapshot
		var taken, ended int64
		err := r.Scan(&one.Machine, &one.Image, &one.Job, &one.Run, &taken, &ended, &one.Digest)
		one.Taken, one.Ended = timeOf(taken), timeOf(ended)
		all = append(all, one)
		return err
	})
}

// Machines returns the names of the machines whose facts are kept.
func (s *Store) Machines(ctx context.Context) (names []string, err error) {
	r, err := s.DB.QueryContext(ctx, "SELECT DISTINCT machine FROM targets WHERE facts <> '' ORDER BY machine")
	return names, rows(r, err, func() error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	})
}

// Facts returns the document of a snapshot.
func (s *Store) Facts(ctx context.Context, one Snapshot) ([]byte, error) {
	return s.document(ctx, one.Digest)
}

// Keep says what of the history of a job stays.
type Keep struct {
	Runs int           // the last so many
	Age  time.Duration // and what is not older
}

// keepEvidence is of how many runs of a job, the last ones, evidence is kept; that of those that did not pass goes with their run.
const keepEvidence = 3

// Prune removes the runs of a job that keep does not name, but for the last that passed and the last that did not, the evidence of passed
// runs before the last three, and the documents that nothing needs any more. It returns how many runs went.
func (s *Store) Prune(ctx context.Context, job string, keep Keep, now time.Time) (gone int64, err error) {
	return gone, s.tx(ctx, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `DELETE FROM runs WHERE job = $1 AND ended > 0 AND ended < $2
			AND number <= (SELECT MAX(number) FROM runs WHERE job = $3) - $4
			AND number <> COALESCE((SELECT MAX(number) FROM runs WHERE job = $5 AND result = 'pass'), 0)
			AND number <> COALESCE((SELECT MAX(number) FROM runs WHERE job = $6 AND state = 'done' AND result <> 'pass'), 0)`,
			job, millis(now.Add(-keep.Age)), job, keep.Runs, job, job)
		if err != nil {
			return err
		}
		if gone, err = r.RowsAffected(); err != nil {
			return err
		}
		r, err = tx.ExecContext(ctx, `UPDATE runs SET evidence = '' WHERE job = $1 AND evidence <> '' AND result = 'pass' AND number NOT IN
			(SELECT number FROM runs WHERE job = $2 AND state = 'done' ORDER BY number DESC LIMIT $3)`, job, job, keepEvidence)
		if err != nil {
			return err
		}
		if unsigned, err := r.RowsAffected(); err != nil || gone+unsigned == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM documents WHERE NOT EXISTS (SELECT 1 FROM targets WHERE targets.facts = documents.digest)
			AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.report = documents.digest OR runs.evidence = documents.digest)`)
		return err
	})
}

// Agent is a process that works on jobs.
type Agent struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"` // when it was last heard of
	Leads   bool      `json:"leads"`
}

// Seen says that an agent lives.
func (s *Store) Seen(ctx context.Context, a Agent) error {
	_, err := s.DB.ExecContext(ctx, `INSERT INTO agents (id, host, pid, version, started, seen, leads) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, leads = excluded.leads`,
		a.ID, a.Host, a.PID, a.Version, millis(a.Started), millis(a.Seen), flag(a.Leads))
	return err
}

// Left says that an agent has ended, and forgets those of which nothing was heard since.
func (s *Store) Left(ctx context.Context, id string, since time.Time) error {
	_, err := s.DB.ExecContext(ctx, "DELETE FROM agents WHERE id = $1 OR seen < $2", id, millis(since))
	return err
}

// Agents returns the agents by when they started.
func (s *Store) Agents(ctx context.Context) (all []Agent, err error) {
	r, err := s.DB.QueryContext(ctx, "SELECT id, host, pid, version, started, seen, leads FROM agents ORDER BY started, id")
	return all, rows(r, err, func() error {
		var a Agent
		var started, seen, leads int64
		err := r.Scan(&a.ID, &a.Host, &a.PID, &a.Version, &started, &seen, &leads)
		a.Started, a.Seen, a.Leads = timeOf(started), timeOf(seen), leads != 0
		all = append(all, a)
		return err
	})
}

// Point is how a machine was found by one run.
type Point struct {
	Job   string    `json:"job"`
	Run   int64     `json:"run"` // its number
	Ended time.Time `json:"ended"`
	Target
}

// Trend returns how a machine was found, the first run first.
func (s *Store) Trend(ctx context.Context, machine string) (all []Point, err error) {
	r, err := s.DB.QueryContext(ctx, `SELECT r.job, r.number, t.ended, t.image, t.result, t.score, t.passed, t.failed, t.unknown FROM targets t
		JOIN runs r ON r.id = t.run WHERE t.machine = $1 ORDER BY t.ended, r.job, r.number`, machine)
	return all, rows(r, err, func() error {
		var p Point
		var ended int64
		err := r.Scan(&p.Job, &p.Run, &ended, &p.Image, &p.Result, &p.Score, &p.Passed, &p.Failed, &p.Unknown)
		p.Ended, p.Machine = timeOf(ended), machine
		all = append(all, p)
		return err
	})
}
