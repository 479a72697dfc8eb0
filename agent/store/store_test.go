package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/postgrestest"
)

var start = time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)

// each runs a test on SQLite, and on PostgreSQL where it is installed.
func each(t *testing.T, test func(t *testing.T, place string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, filepath.Join(t.TempDir(), "a", "state.db")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, postgrestest.Start(t).URL) })
}

func open(t *testing.T, place string) *Store {
	t.Helper()
	s, err := Open(t.Context(), place, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func enqueue(t *testing.T, s *Store, job string, n int) (r Run) {
	t.Helper()
	r = Run{ID: fmt.Sprintf("%s-%d", job, n), Job: job, Due: start.Add(time.Duration(n) * time.Hour), Cause: Scheduled, State: Queued, Queued: start}
	if err := s.Tx(t.Context(), func(tx *sql.Tx) error {
		ok, err := Enqueue(t.Context(), tx, &r)
		if err == nil && !ok {
			err = errors.New("it was there")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return r
}

func finish(t *testing.T, s *Store, r Run, result finding.Status, targets ...Target) bool {
	t.Helper()
	if ok, err := s.Claim(t.Context(), r.ID, r.Attempt, "w", r.Due); err != nil || !ok {
		t.Fatal(ok, err)
	}
	r.Result, r.Ended = result, r.Due.Add(time.Minute)
	ok, err := s.Finish(t.Context(), r, []byte(`{"run":"`+r.ID+`"}`), targets, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func TestJobs(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		want := Job{Name: "web", Spec: []byte(`{"a":1}`), NextDue: start, Created: start, Changed: start}
		for range 2 { // again is the same
			if err := s.PutJob(t.Context(), want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Job(t.Context(), "web")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		due, err := s.Due(t.Context(), start.Add(-time.Second))
		if len(due) != 0 || err != nil {
			t.Error("before its time", due, err)
		}
		if due, err = s.Due(t.Context(), start); len(due) != 1 || err != nil {
			t.Error("at its time", due, err)
		}
		if err := s.Pause(t.Context(), "web", true, start, start); err != nil {
			t.Fatal(err)
		}
		if due, err = s.Due(t.Context(), start); len(due) != 0 || err != nil {
			t.Error("paused", due, err)
		}
		if err := errors.Join(s.RemoveJob(t.Context(), "web")); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveJob(t.Context(), "web"); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	})
}

// TestOneOfManyAdvances lets many agents move a job on at the same time, in stores that each opened for the first time at once.
func TestOneOfManyAdvances(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		var wg sync.WaitGroup
		stores := make([]*Store, 4)
		for i := range stores {
			wg.Go(func() {
				s, err := Open(context.Background(), place, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Error(err)
				}
				stores[i] = s
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		if err := stores[0].PutJob(t.Context(), Job{Name: "web", Spec: []byte("{}"), NextDue: start}); err != nil {
			t.Fatal(err)
		}
		var won atomic.Int64
		for _, s := range stores {
			wg.Go(func() {
				defer func() { _ = s.Close() }()
				if err := s.Tx(t.Context(), func(tx *sql.Tx) error {
					ok, err := Advance(t.Context(), tx, "web", start, start.Add(time.Hour))
					if ok {
						won.Add(1)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d agents moved the job on", won.Load())
		}
	})
}

func TestARunIsWrittenOnce(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		r := enqueue(t, s, "web", 1)
		again := r
		if err := s.Tx(t.Context(), func(tx *sql.Tx) error {
			ok, err := Enqueue(t.Context(), tx, &again)
			if ok {
				t.Error("one time has two runs")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, attempt := range []int{1, 2} {
			if ok, err := s.Claim(t.Context(), r.ID, attempt, "w", start); err != nil || !ok {
				t.Fatal(attempt, ok, err)
			}
		}
		if ok, err := s.Claim(t.Context(), r.ID, 2, "w", start); err != nil || ok {
			t.Error("an attempt was begun twice", err)
		}
		if ok, err := s.Beat(t.Context(), r.ID, 1); err != nil || ok {
			t.Error("the first attempt still counts", err)
		}
		target := Target{Image: "a.qcow2", Machine: "web01", Result: "fail", Taken: start, Facts: []byte("facts"), Findings: []Finding{{"f1", "x/y", "fail", "high", "T", "M"}}}
		for _, c := range []struct {
			attempt int
			want    bool
		}{{1, false}, {2, true}, {2, false}} {
			r.Attempt, r.Ended = c.attempt, start.Add(time.Hour)
			ok, err := s.Finish(t.Context(), r, []byte("report"), []Target{target}, nil)
			if ok != c.want || err != nil {
				t.Errorf("attempt %d: %v %v", c.attempt, ok, err)
			}
		}
		targets, err := s.Targets(t.Context(), r.ID)
		target.Facts = nil
		if diff := cmp.Diff([]Target{target}, targets); diff != "" || err != nil {
			t.Error(err, diff)
		}
		snaps, err := s.Snapshots(t.Context(), "web01")
		if len(snaps) != 1 || err != nil {
			t.Fatal(snaps, err)
		}
		if b, err := s.Facts(t.Context(), snaps[0]); string(b) != "facts" || err != nil {
			t.Error(string(b), err)
		}
	})
}

// TestNothingOfAnAttemptThatFails writes nothing when what belongs to it cannot be written.
func TestNothingOfAnAttemptThatFails(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		r := enqueue(t, s, "web", 1)
		r.Attempt, r.Ended = 1, start
		if ok, err := s.Claim(t.Context(), r.ID, 1, "w", start); err != nil || !ok {
			t.Fatal(ok, err)
		}
		full := errors.New("the disk is full")
		if ok, err := s.Finish(t.Context(), r, []byte("report"), []Target{{}}, func(*sql.Tx) error { return full }); ok || !errors.Is(err, full) {
			t.Error(ok, err)
		}
		if got, err := s.Run(t.Context(), r.ID); got.State != Running || err != nil {
			t.Error(got, err)
		}
		if targets, err := s.Targets(t.Context(), r.ID); len(targets) != 0 || err != nil {
			t.Error(targets, err)
		}
		if ok, err := s.Finish(t.Context(), r, []byte("report"), []Target{{}}, nil); !ok || err != nil {
			t.Error(ok, err)
		}
	})
}

func TestPrune(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		results := []finding.Status{"pass", "fail", "fail", "pass", "fail", "unknown", "unknown", "unknown"}
		for i, result := range results {
			r := enqueue(t, s, "web", i)
			r.Attempt = 1
			if !finish(t, s, r, result) {
				t.Fatal(i)
			}
		}
		gone, err := s.Prune(t.Context(), "web", Keep{Runs: 2, Age: time.Hour}, start.Add(30*24*time.Hour))
		if gone != 5 || err != nil {
			t.Errorf("%d runs went: %v", gone, err)
		}
		left, err := s.History(t.Context(), Filter{Job: "web"})
		if err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for _, r := range left {
			numbers = append(numbers, strconv.FormatInt(r.Number, 10))
			if b, err := s.Report(t.Context(), r); err != nil || !strings.Contains(string(b), r.ID) {
				t.Errorf("the report of %s: %q %v", r.ID, b, err)
			}
		}
		if got := strings.Join(numbers, " "); got != "8 7 4" {
			t.Errorf("runs %s are left, want the last two and the last that passed", got)
		}
		var documents int
		if err := s.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM documents").Scan(&documents); documents != 3 || err != nil {
			t.Errorf("%d documents are left: %v", documents, err)
		}
	})
}

// TestEvidenceIsKept of the last three runs and of all that did not pass.
func TestEvidenceIsKept(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		for i, result := range []finding.Status{"pass", "fail", "pass", "unknown", "pass", "pass"} {
			r := enqueue(t, s, "web", i)
			r.Attempt, r.Statement = 1, []byte("signed "+r.ID)
			if !finish(t, s, r, result) {
				t.Fatal(i)
			}
		}
		if gone, err := s.Prune(t.Context(), "web", Keep{Runs: 10, Age: time.Hour}, start); gone != 0 || err != nil {
			t.Fatal(gone, err)
		}
		left, err := s.History(t.Context(), Filter{Job: "web"})
		if err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for _, r := range left {
			b, err := s.Signed(t.Context(), r)
			if err != nil || b != nil && string(b) != "signed "+r.ID {
				t.Errorf("run %d: %q %v", r.Number, b, err)
			}
			if b != nil {
				numbers = append(numbers, strconv.FormatInt(r.Number, 10))
			}
			if report, err := s.Report(t.Context(), r); len(report) == 0 || err != nil {
				t.Errorf("the report of run %d: %v", r.Number, err)
			}
		}
		if got := strings.Join(numbers, " "); got != "6 5 4 2" {
			t.Errorf("evidence of runs %s is left, want that of the last three and of the failure", got)
		}
		var documents int
		if err := s.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM documents").Scan(&documents); documents != 6+4 || err != nil {
			t.Errorf("%d documents are left: %v", documents, err)
		}
	})
}

func TestCompare(t *testing.T) {
	target := func(machine string, ids ...string) Target {
		t := Target{Machine: machine}
		for _, id := range ids {
			t.Findings = append(t.Findings, Finding{Fingerprint: id, ID: id, Status: "fail"})
		}
		return t
	}
	got := Compare([]Target{target("a", "x", "y"), target("b", "x")}, []Target{target("a", "y", "z"), target("b", "x")})
	var text []string
	for _, c := range got.New {
		text = append(text, "+"+c.Machine+c.ID)
	}
	for _, c := range got.Gone {
		text = append(text, "-"+c.Machine+c.ID)
	}
	if s := strings.Join(text, " "); s != "+az -ax" || got.Still != 2 {
		t.Errorf("%s, %d still there", s, got.Still)
	}
}

func TestNotOpened(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("a text, and no database at all; long enough for a header of SQLite, which has a hundred bytes, or more"), 0o600); err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{
		"mysql://host/db":  "mysql://",
		file:               "not a database",
		file + "/state.db": "not a directory",
		"postgres://u:secret@127.0.0.1:1/db?x=%zz%": "",
		"postgres://u:secret@127.0.0.1:1/db":        "connect",
	} {
		s, err := Open(t.Context(), place, slog.New(slog.DiscardHandler))
		if err == nil {
			_ = s.Close()
			t.Errorf("%s was opened", place)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// TestAStoreThatIsFull begins in a file that may not grow: it is said why, and it begins when there is room.
func TestAStoreThatIsFull(t *testing.T) {
	t.Parallel()
	place := filepath.Join(t.TempDir(), "state.db")
	s, err := connect(place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.ExecContext(t.Context(), "PRAGMA max_page_count = 3"); err != nil {
		t.Fatal(err)
	}
	err = Explain(s.migrate(t.Context(), slog.New(slog.DiscardHandler)))
	if err == nil || !strings.HasPrefix(err.Error(), "the disk is full: ") {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if jobs, err := open(t, place).Jobs(t.Context()); len(jobs) != 0 || err != nil {
		t.Error(jobs, err)
	}
}

func BenchmarkHistory(b *testing.B) {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "state.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Tx(b.Context(), func(tx *sql.Tx) error {
		for i := range 10_000 {
			r := Run{ID: strconv.Itoa(i), Job: fmt.Sprintf("job%d", i%20), Due: start.Add(time.Duration(i) * time.Minute), State: Done, Ended: start.Add(time.Duration(i) * time.Minute)}
			if _, err := Enqueue(b.Context(), tx, &r); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if all, err := s.History(b.Context(), Filter{Limit: 50}); len(all) != 50 || err != nil {
			b.Fatal(len(all), err)
		}
	}
}
