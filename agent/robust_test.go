package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/internal/postgrestest"
)

// text is a log that a test reads.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *text) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *text) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.b.String(), s)
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 6000 {
		if so() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("after five minutes not yet: %s", what)
}

// TestProcessesScheduleOnce has two processes serve one store while the time of many jobs comes again and again. One of them is killed
// and another one begun: no time of any job is left out, and none has two runs.
func TestProcessesScheduleOnce(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		clock := filepath.Join(t.TempDir(), "clock")
		at := start
		setClock(t, clock, at)
		const jobs = 10
		for i := range jobs {
			put(t, s, Job{Name: fmt.Sprintf("j%d", i), On: "@every 1h"}, at)
		}
		first := process(t, place, os.Stderr, asClock+"="+clock)
		process(t, place, os.Stderr, asClock+"="+clock)
		for round := range 4 {
			if round == 2 {
				if err := first.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				process(t, place, os.Stderr, asClock+"="+clock)
			}
			at = at.Add(time.Hour)
			setClock(t, clock, at)
			waitFor(t, s, (round+1)*jobs)
		}
		all, err := s.History(t.Context(), store.Filter{Skipped: true})
		if err != nil || len(all) != 4*jobs {
			t.Fatalf("%d runs, want %d: %v", len(all), 4*jobs, err)
		}
		for _, r := range all {
			if targets, err := s.Targets(t.Context(), r.ID); r.Result != "pass" || r.Cause != store.Scheduled || len(targets) != 1 || err != nil {
				t.Errorf("%s run %d: %s, %s, %d targets: %v", r.Job, r.Number, r.Result, r.Cause, len(targets), err)
			}
		}
	})
}

// TestAFullStore lets the file of a store grow no further while a run works: what it found is kept, and stored when there is room.
func TestAFullStore(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	begun, full := make(chan struct{}), make(chan struct{})
	runs := 0
	log := &text{}
	opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
		runs++
		close(begun)
		<-full
		return judged(images, "fail", manyNames(2000)...), nil
	})
	opts.Log, opts.Dead = slog.New(slog.NewTextHandler(log, nil)), time.Hour
	a := newAgent(t, opts)
	if _, err := a.Begin(t.Context(), put(t, s, Job{Name: "web"}, time.Now())); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Serve(ctx, nil) }()
	<-begun
	limit := func(pages string) {
		t.Helper()
		if _, err := s.DB.ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // of those that it has
	close(full)
	eventually(t, "it is said that the store is full", func() bool {
		return log.has("what a run found cannot be stored yet") && log.has("database or disk is full")
	})
	if got := history(t, s); got != "" {
		t.Errorf("stored in a full store: %s", got)
	}
	limit("1073741823")
	waitFor(t, s, 1)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	last, err := s.Numbered(t.Context(), "web", 0)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := s.Targets(t.Context(), last.ID)
	if err != nil || len(targets) != 1 || len(targets[0].Findings) != 2000 || runs != 1 {
		t.Errorf("%d targets after %d runs: %v", len(targets), runs, err)
	}
}

func manyNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("check-%d", i))
	}
	return names
}

// TestAJobThatIsDueWithoutADatabase takes PostgreSQL away while the time of a job comes: the agent says so, goes on, and makes up for it
// once.
func TestAJobThatIsDueWithoutADatabase(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := open(t, server.URL)
	var c clock
	c.set(start)
	put(t, s, Job{Name: "web", On: "@every 1h"}, c.now())
	log := &text{}
	opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) { return judged(images, "pass"), nil })
	opts.Log, opts.Now = slog.New(slog.NewTextHandler(log, nil)), c.now
	a := newAgent(t, opts)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Serve(ctx, nil) }()
	eventually(t, "the agent lives", func() bool {
		agents, err := s.Agents(t.Context())
		return err == nil && len(agents) == 1
	})
	server.Down()
	c.add(time.Hour)
	eventually(t, "it is said that the database is gone", func() bool { return log.has("say that the agent lives") })
	c.add(time.Minute)
	server.Up()
	waitFor(t, s, 1)
	c.add(time.Hour)
	waitFor(t, s, 2)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := history(t, s); got != "web scheduled done pass\nweb scheduled done pass" {
		t.Error(got)
	}
}
