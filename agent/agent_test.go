package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/internal/postgrestest"
)

func TestMain(m *testing.M) {
	place := os.Getenv(asAgent)
	if place == "" {
		os.Exit(m.Run())
	}
	panic(child(context.Background(), place))
}

// quick are options with which a test need not wait.
func quick(s *store.Store, run func(context.Context, *Job, []string) (*Record, error)) Options {
	return Options{
		Store: s, Run: run, Workers: 2, Version: "test", Log: slog.New(slog.DiscardHandler),
		Tick: 100 * time.Millisecond, Beat: 100 * time.Millisecond, Dead: 2 * time.Second, Retry: 10 * time.Millisecond, Hold: 2 * time.Second,
	}
}

// judged is the record of a command that came to a verdict.
func judged(images []string, result string, checks ...string) *Record {
	type check map[string]string
	targets := []map[string]any{}
	for _, image := range images {
		all := []check{}
		for _, id := range checks {
			all = append(all, check{"id": id, "status": "fail", "severity": "high", "title": id, "fingerprint": id})
		}
		targets = append(targets, map[string]any{"image": image, "result": result, "checks": all, "failed": len(all)})
	}
	b, err := json.Marshal(map[string]any{"targets": targets})
	if err != nil {
		panic(err)
	}
	return &Record{Exit: map[string]int{"pass": 0, "fail": 1, "unknown": 3}[result], Report: b}
}

// each runs a test on SQLite and on PostgreSQL.
func each(t *testing.T, test func(t *testing.T, place string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, filepath.Join(t.TempDir(), "state.db")) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, postgrestest.Start(t).URL) })
}

func open(t testing.TB, place string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), place, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newAgent(t testing.TB, opts Options) *Agent {
	t.Helper()
	a, err := New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// put stores a job about an image that is there.
func put(t testing.TB, s *store.Store, j Job, now time.Time) *Job {
	t.Helper()
	if j.Images.Paths == nil && j.Images.Latest == nil {
		path := filepath.Join(t.TempDir(), j.Name+".img")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		j.Images.Paths = []string{path}
	}
	j.Command, j.On, j.Zone = or(j.Command, "verify-backup"), or(j.On, "daily 02:00"), "UTC"
	sched, err := j.Check()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := j.Stored(sched, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutJob(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	return &j
}

// history are the ended runs, the first first, as "job state result message".
func history(t testing.TB, s *store.Store) string {
	t.Helper()
	all, err := s.History(t.Context(), store.Filter{Skipped: true})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", r.Job, r.Cause, r.State, r.Result, r.Message)))
	}
	return strings.Join(lines, "\n")
}

// clock is a clock that a test sets.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time      { return time.Unix(c.at.Load(), 0).UTC() }
func (c *clock) set(t time.Time)     { c.at.Store(t.Unix()) }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d / time.Second)) }

var start = time.Date(2026, 11, 28, 1, 0, 0, 0, time.UTC)

// TestARunWhenItIsDue moves a clock: nothing before its time, one run at it, one for a week that was missed.
func TestARunWhenItIsDue(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		var c clock
		c.set(start)
		put(t, s, Job{Name: "web"}, c.now())
		put(t, s, Job{Name: "strict", NoCatchUp: true}, c.now())
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
			return judged(images, "fail", "x"), nil
		})
		opts.Now = c.now
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, ""},
			{time.Hour, "strict scheduled done fail\nweb scheduled done fail"},
			{time.Hour, ""},
			{7 * day, "strict catch-up skipped  it was missed, and is not made up for\nweb catch-up done fail"},
			{time.Minute, ""},
			{-9 * day, ""},
			{14 * time.Hour, ""},
			{9 * time.Hour, "strict scheduled done fail\nweb scheduled done fail"},
			{36 * time.Hour, ""}, // what is due now was done before the clock was put back
			{day, "strict catch-up skipped  it was missed, and is not made up for\nweb catch-up done fail"},
		} {
			before := history(t, s)
			c.add(step.after)
			if err := newAgent(t, opts).RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			// the history is by the time of ending, which a clock that was put back disturbs
			got := linesOf(history(t, s))
			for _, l := range strings.Split(before, "\n") {
				got[l]--
			}
			for _, l := range strings.Split(step.want, "\n") {
				got[l]--
			}
			for l, n := range got {
				if n != 0 && l != "" {
					t.Errorf("after %s: %d times %q too many", step.after, n, l)
				}
			}
		}
	})
}

func linesOf(text string) map[string]int {
	m := map[string]int{}
	for _, l := range strings.Split(text, "\n") {
		m[l]++
	}
	return m
}

// TestTwoAgentsScheduleOnce lets two agents serve one store over many times of many jobs.
func TestTwoAgentsScheduleOnce(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		var c clock
		c.set(start)
		s := open(t, place)
		for i := range 10 {
			put(t, s, Job{Name: fmt.Sprintf("j%d", i), On: "@every 1h"}, c.now())
		}
		ctx, stop := context.WithCancel(t.Context())
		var runs atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			opts := quick(open(t, place), func(_ context.Context, _ *Job, images []string) (*Record, error) {
				runs.Add(1)
				return judged(images, "pass"), nil
			})
			opts.Now = c.now
			a := newAgent(t, opts)
			wg.Go(func() {
				if err := a.Serve(ctx, nil); err != nil {
					t.Error(err)
				}
			})
		}
		want := 0
		for range 3 {
			c.add(time.Hour)
			want += 10
			waitFor(t, s, want)
		}
		stop()
		wg.Wait()
		if int(runs.Load()) != want {
			t.Errorf("%d runs, want %d", runs.Load(), want)
		}
	})
}

// waitFor waits until so many runs are done.
func waitFor(t *testing.T, s *store.Store, n int) {
	t.Helper()
	for range 6000 {
		all, err := s.History(t.Context(), store.Filter{})
		if err == nil && len(all) >= n {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%d runs are not done after five minutes", n)
}

// TestAKilledWorker kills one of two agents in the middle of many runs: every run is done, and what it found is stored once.
func TestAKilledWorker(t *testing.T) {
	n := 200
	if testing.Short() {
		n = 40
	}
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		a := newAgent(t, quick(s, nil))
		for i := range n {
			if _, err := a.Begin(t.Context(), put(t, s, Job{Name: fmt.Sprintf("j%d", i), Attempts: 10}, time.Now())); err != nil {
				t.Fatal(err)
			}
		}
		var agents []*exec.Cmd
		for range 2 {
			agents = append(agents, process(t, place, os.Stderr))
		}
		waitFor(t, s, n/4)
		if err := agents[0].Process.Kill(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s, n)
		all, err := s.History(t.Context(), store.Filter{})
		if err != nil || len(all) != n {
			t.Fatal(len(all), err)
		}
		for _, r := range all {
			targets, err := s.Targets(t.Context(), r.ID)
			if r.Result != "pass" || len(targets) != 1 || err != nil {
				t.Errorf("%s: %s, %d targets: %v", r.Job, r.Result, len(targets), err)
			}
		}
	})
}

// TestAnAgentThatEnds puts what it works on back into the queue, and it is no failure.
func TestAnAgentThatEnds(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		begun := make(chan struct{})
		a := newAgent(t, quick(s, func(ctx context.Context, _ *Job, _ []string) (*Record, error) {
			close(begun)
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		if _, err := a.Begin(t.Context(), put(t, s, Job{Name: "web", Attempts: 1}, time.Now())); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.Serve(ctx, nil) }()
		<-begun
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) { return judged(images, "pass"), nil })
		if err := newAgent(t, opts).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := history(t, s); got != "web by hand done pass" {
			t.Error(got)
		}
	})
}

// TestWhatCameToNothing are runs that fail, last too long, or lose their job.
func TestWhatCameToNothing(t *testing.T) {
	t.Parallel()
	gone := errors.New("out of memory")
	for name, c := range map[string]struct {
		job  Job
		run  func(n int64, ctx context.Context, images []string) (*Record, error)
		want string
		runs int64
	}{
		"at the second attempt": {Job{}, func(n int64, _ context.Context, images []string) (*Record, error) {
			if n == 1 {
				return nil, gone
			}
			return judged(images, "pass"), nil
		}, "web by hand done pass", 2},
		"always": {
			Job{Attempts: 2},
			func(int64, context.Context, []string) (*Record, error) { return nil, gone },
			"web by hand done error given up after 2 attempts: out of memory", 2,
		},
		"an exit code that is no verdict": {Job{Attempts: 1}, func(int64, context.Context, []string) (*Record, error) {
			return &Record{Exit: 2, Message: "unknown flag"}, nil
		}, "web by hand done error given up after 1 attempts: guestctl verify-backup ended with 2: unknown flag", 1},
		"a report that is none": {Job{Attempts: 1}, func(int64, context.Context, []string) (*Record, error) {
			return &Record{Exit: 0, Report: []byte("PASS")}, nil
		}, "web by hand done error given up after 1 attempts: the report of the command: invalid character 'P' looking for beginning of value", 1},
		"a report about nothing": {Job{Attempts: 1}, func(int64, context.Context, []string) (*Record, error) {
			return &Record{Exit: 0, Report: []byte("{}")}, nil
		}, "web by hand done error given up after 1 attempts: the report of the command judges nothing", 1},
		"longer than its limit": {Job{Attempts: 1, TimeLimit: Duration(50 * time.Millisecond)}, func(_ int64, ctx context.Context, _ []string) (*Record, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, "web by hand done error given up after 1 attempts: it took longer than 50ms", 1},
		"no image": {Job{Images: Images{Latest: []string{"/nowhere/*.img"}}}, nil, "web by hand done fail", 0},
		"an old image": {
			Job{Images: Images{Paths: []string{"agent.go"}, MaxAge: Duration(time.Nanosecond)}},
			func(_ int64, _ context.Context, images []string) (*Record, error) { return judged(images, "pass"), nil }, "web by hand done fail", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			var runs atomic.Int64
			a := newAgent(t, quick(s, func(ctx context.Context, _ *Job, images []string) (*Record, error) {
				return c.run(runs.Add(1), ctx, images)
			}))
			c.job.Name = "web"
			if _, err := a.Begin(t.Context(), put(t, s, c.job, time.Now())); err != nil {
				t.Fatal(err)
			}
			if err := a.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := history(t, s); got != c.want || runs.Load() != c.runs {
				t.Errorf("%d runs, %q, want %d, %q", runs.Load(), got, c.runs, c.want)
			}
		})
	}
}

// TestNoOverlap leaves out a run while the one before works.
func TestNoOverlap(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	a := newAgent(t, quick(s, nil))
	j := put(t, s, Job{Name: "web"}, time.Now())
	for range 2 {
		if _, err := a.Begin(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	if got := history(t, s); got != "web by hand skipped  run 1 had not ended" {
		t.Error(got)
	}
}

// TestADatabaseThatGoesAway takes PostgreSQL down while a run works: what it found is stored when it is back.
func TestADatabaseThatGoesAway(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	s := open(t, server.URL)
	begun, down := make(chan struct{}), make(chan struct{})
	var runs atomic.Int64
	opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
		if runs.Add(1) == 1 {
			close(begun)
			<-down
		}
		return judged(images, "pass"), nil
	})
	opts.Dead = time.Minute
	a := newAgent(t, opts)
	if _, err := a.Begin(t.Context(), put(t, s, Job{Name: "web"}, time.Now())); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Serve(ctx, nil) }()
	<-begun
	server.Down()
	close(down)
	time.Sleep(time.Second) // it finds that nothing can be stored
	server.Up()
	waitFor(t, s, 1)
	// and goes on
	if _, err := a.Begin(t.Context(), put(t, s, Job{Name: "db"}, time.Now())); err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, 2)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := history(t, s); got != "web by hand done pass\ndb by hand done pass" || runs.Load() != 2 {
		t.Errorf("%d runs\n%s", runs.Load(), got)
	}
}
