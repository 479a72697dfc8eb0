package metrics

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/postgrestest"
)

// at is when a test asks.
var at = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, place string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), place, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// put stores a job that was made at a time.
func put(t *testing.T, s *store.Store, name, command string, made time.Time) store.Job {
	t.Helper()
	j := agent.Job{Name: name, Command: command, On: "daily 02:00", Zone: "UTC", Images: agent.Images{Paths: []string{"x.img"}}}
	sched, err := j.Check()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := j.Stored(sched, made)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutJob(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	return stored
}

// run adds a run that was due; when it ended with a result, it found what is given.
func run(t *testing.T, s *store.Store, r store.Run, findings ...store.Finding) {
	t.Helper()
	r.ID, r.Queued = r.Job+r.Due.String(), r.Due
	result := r.Result
	if r.State == "" {
		r.State, r.Result = store.Queued, ""
	}
	if err := s.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := store.Enqueue(t.Context(), tx, &r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if result == "" {
		return
	}
	if ok, err := s.Claim(t.Context(), r.ID, 1, "w", r.Due); err != nil || !ok {
		t.Fatal(ok, err)
	}
	r.Attempt, r.Result, r.Ended = 1, result, r.Due.Add(time.Minute)
	if ok, err := s.Finish(t.Context(), r, []byte("{}"), []store.Target{{Findings: findings}}, nil); err != nil || !ok {
		t.Fatal(ok, err)
	}
}

// fill is a store with a job in each state.
func fill(t *testing.T, s *store.Store) {
	t.Helper()
	hours := func(n int) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	put(t, s, "db", "verify-backup", hours(-2))
	run(t, s, store.Run{Job: "db", Due: hours(-1), Cause: store.Scheduled})
	put(t, s, "idle", "scan", hours(-1))
	put(t, s, "overdue", "scan", hours(-13)) // due at 02:00, ten hours ago
	paused := put(t, s, "paused", "scan", hours(-13))
	if err := s.Pause(t.Context(), "paused", true, paused.NextDue, at); err != nil {
		t.Fatal(err)
	}
	put(t, s, "web", "verify-backup", hours(-100))
	if err := s.Pause(t.Context(), "web", false, hours(14), at); err != nil { // as after its runs below
		t.Fatal(err)
	}
	finding1 := store.Finding{Fingerprint: "1", ID: "a", Status: finding.Fail, Severity: finding.High}
	finding2 := store.Finding{Fingerprint: "2", ID: "b", Status: finding.Unknown, Severity: finding.Low}
	run(t, s, store.Run{Job: "web", Due: hours(-50), Cause: store.Scheduled, Outcome: store.Outcome{Result: finding.Pass}})
	run(t, s, store.Run{Job: "web", Due: hours(-30), Cause: store.Scheduled, Outcome: store.Outcome{Result: finding.Fail}}, finding1)
	run(t, s, store.Run{Job: "web", Due: hours(-20), Cause: store.CatchUp, Outcome: store.Outcome{Result: finding.Fail}}, finding1, finding2)
	run(t, s, store.Run{Job: "web", Due: hours(-10), Cause: store.Scheduled, State: store.Skipped, Ended: hours(-10)})
	run(t, s, store.Run{Job: "web", Due: hours(-9), Cause: store.Scheduled, Outcome: store.Outcome{Result: store.Error}})
	run(t, s, store.Run{Job: "removed", Due: hours(-8), Cause: store.ByHand, Outcome: store.Outcome{Result: finding.Fail}}, finding1)
	for id, seen := range map[string]time.Time{"a": at.Add(-time.Second), "b": at.Add(-time.Hour)} {
		if err := s.Seen(t.Context(), store.Agent{ID: id, Host: "h", Started: hours(-3), Seen: seen}); err != nil {
			t.Fatal(err)
		}
	}
}

// want are the values of the store of fill: by hand, from what it holds.
const want = `
guestctl_agents 1
guestctl_backup_unverified_seconds{job_name="db"} 7200
guestctl_backup_unverified_seconds{job_name="web"} 179940
guestctl_build_info{version="1.2.3"} 1
guestctl_job_lag_seconds{job_name="db"} 3600
guestctl_job_lag_seconds{job_name="idle"} 0
guestctl_job_lag_seconds{job_name="overdue"} 36000
guestctl_job_lag_seconds{job_name="paused"} 0
guestctl_job_lag_seconds{job_name="web"} 0
guestctl_job_last_run_success{command="verify-backup",job_name="web"} 0
guestctl_job_last_run_timestamp_seconds{job_name="web"} 1.79583486e+09
guestctl_job_last_success_timestamp_seconds{job_name="web"} 1.79568726e+09
guestctl_job_missed_runs{job_name="db"} 0
guestctl_job_missed_runs{job_name="idle"} 0
guestctl_job_missed_runs{job_name="overdue"} 0
guestctl_job_missed_runs{job_name="paused"} 0
guestctl_job_missed_runs{job_name="web"} 2
guestctl_job_next_run_timestamp_seconds{job_name="web"} 1.7959176e+09
guestctl_job_paused{job_name="paused"} 1
guestctl_jobs 5
guestctl_open_findings{severity="critical",status="fail"} 0
guestctl_open_findings{severity="high",status="fail"} 1
guestctl_open_findings{severity="low",status="unknown"} 1
guestctl_queue_runs{state="queued"} 1
guestctl_queue_runs{state="running"} 0
guestctl_recent_runs{result="error"} 1
guestctl_recent_runs{result="fail"} 2
guestctl_recent_runs{result="pass"} 0
guestctl_recent_runs{result="skipped"} 1
guestctl_recent_runs{result="unknown"} 0
guestctl_run_duration_seconds_bucket{command="verify-backup",le="60"} 1
guestctl_run_duration_seconds_bucket{command="verify-backup",le="30"} 0
guestctl_run_duration_seconds_count{command="verify-backup"} 1
guestctl_runs_total{command="unknown",result="error"} 1
guestctl_runs_total{command="verify-backup",result="fail"} 1
guestctl_store_up 1
`

func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "state.db") },
		"postgres": func(t *testing.T) string { return postgrestest.Start(t).URL },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, place(t))
			fill(t, s)
			m := New(s, "1.2.3", func() time.Time { return at })
			m.Ended(t.Context(), store.Run{Job: "web", Outcome: store.Outcome{Result: finding.Fail}, Started: at.Add(-45 * time.Second), Ended: at})
			m.Ended(t.Context(), store.Run{Job: "removed", Outcome: store.Outcome{Result: store.Error}, Ended: at})
			if problems, err := testutil.GatherAndLint(m.registry); len(problems) > 0 || err != nil {
				t.Error(err, problems)
			}
			told := ask(t, m, "/metrics", http.StatusOK)
			for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
				if !strings.Contains(told, "\n"+line+"\n") {
					t.Errorf("%s is not told", line)
				}
			}
			for _, not := range []string{"last_success_timestamp_seconds{job_name=\"db", "next_run_timestamp_seconds{job_name=\"paused", "unverified_seconds{job_name=\"idle"} {
				if strings.Contains(told, not) {
					t.Errorf("%s is told", not)
				}
			}
			ask(t, m, "/healthz", http.StatusOK)
			ask(t, m, "/", http.StatusNotFound)
			ask(t, m, "/debug/pprof/", http.StatusNotFound)

			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			told = ask(t, m, "/metrics", http.StatusOK)
			if !strings.Contains(told, "\nguestctl_store_up 0\n") || strings.Contains(told, "guestctl_jobs ") || !strings.Contains(told, "guestctl_runs_total") {
				t.Errorf("of a store that does not answer: %s", told)
			}
			if body := ask(t, m, "/healthz", http.StatusServiceUnavailable); body != "the store does not answer\n" {
				t.Error(body)
			}
		})
	}
}

// ask serves the metrics as an agent does, and asks once.
func ask(t *testing.T, m *Metrics, path string, want int) string {
	t.Helper()
	l, open, err := Listen(t.Context(), ":0")
	if err != nil || open {
		t.Fatal(open, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Serve(ctx, l, slog.New(slog.DiscardHandler)) }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.Addr().String()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil || answer.StatusCode != want {
		t.Errorf("%s: %s, %v", path, answer.Status, err)
	}
	return string(b)
}

func TestOnlyWhoIsAskedFor(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{":0": false, "127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true} {
		l, open, err := Listen(t.Context(), address)
		if err != nil || open != want {
			t.Errorf("%s: open to others %v, %v", address, open, err)
			continue
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"9464", "", "127.0.0.1", "127.0.0.1:99999", "999.0.0.1:0"} {
		if l, _, err := Listen(t.Context(), address); err == nil {
			t.Errorf("%q is listened on", address)
			_ = l.Close()
		}
	}
}
