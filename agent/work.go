package agent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/finding"
)

// runArgs name an attempt of a run.
type runArgs struct {
	Run     string `json:"run" river:"unique"`
	Attempt int    `json:"attempt" river:"unique"`
}

// Kind is the name of the work in the queue.
func (runArgs) Kind() string { return "guestctl.run" }

// runWorker works on attempts.
type runWorker struct {
	river.WorkerDefaults[runArgs]
	agent *Agent
}

// Work is called by River. Its error is that of the store: River asks again later.
func (w *runWorker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	return w.agent.work(ctx, job.Args)
}

var errTaken = errors.New("another worker has taken the run over")

// work is one attempt of a run.
func (a *Agent) work(ctx context.Context, args runArgs) error {
	if mine, err := a.Store.Claim(ctx, args.Run, args.Attempt, a.id, a.now()); err != nil || !mine {
		return err
	}
	run, err := a.Store.Run(ctx, args.Run)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go a.beat(ctx, run, end)

	a.Log.InfoContext(ctx, "run begins", "job", run.Job, "run", run.Number, "attempt", run.Attempt)
	report, targets, err := a.attempt(ctx, &run)
	switch {
	case errors.Is(context.Cause(ctx), errTaken):
		return nil
	case err != nil && ctx.Err() != nil:
		return a.giveBack(context.WithoutCancel(ctx), run, "the agent ended", false)
	case err != nil:
		a.Log.WarnContext(ctx, "run came to nothing", "job", run.Job, "run", run.Number, "attempt", run.Attempt, "error", err)
		return a.giveBack(ctx, run, err.Error(), true)
	}
	return a.finish(ctx, run, report, targets)
}

// beat says that the run is worked on, until the context ends; it ends it when another has taken the run over.
func (a *Agent) beat(ctx context.Context, run store.Run, end context.CancelCauseFunc) {
	tick := time.NewTicker(a.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			mine, err := a.Store.Beat(ctx, run.ID, run.Attempt)
			if err == nil && !mine {
				end(errTaken)
				return
			}
		}
	}
}

// attempt runs the command of a run, and fills in what it came to. An error is worth another attempt.
func (a *Agent) attempt(ctx context.Context, run *store.Run) (report []byte, targets []store.Target, err error) {
	stored, err := a.Store.Job(ctx, run.Job)
	if errors.Is(err, store.ErrNotFound) {
		run.Result, run.Message = store.Error, "the job was removed"
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	j, _, err := ReadJob(stored)
	if err != nil {
		return nil, nil, err
	}
	a.pingBegun(ctx, j, *run)
	found, err := j.Images.Find(j.Dir)
	if err != nil {
		return nil, nil, err
	}
	gone := absent(found, j.Images.MaxAge, a.now())
	written := map[string]time.Time{}
	paths := make([]string, 0, len(found.Images))
	for _, i := range found.Images {
		paths = append(paths, i.Path)
		written[i.Path] = i.Written
	}
	if len(paths) > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, time.Duration(j.TimeLimit), fmt.Errorf("it took longer than %s", j.TimeLimit))
		defer cancel()
		rec, err := a.Run(limited, j, paths)
		if err == nil && !rec.judged() {
			err = fmt.Errorf("guestctl %s ended with %d: %s", j.Command, rec.Exit, rec.Message)
		}
		if err != nil {
			if cause := context.Cause(limited); cause != nil && ctx.Err() == nil {
				err = cause
			}
			return nil, nil, err
		}
		var judged []store.Target
		if run.Outcome, judged, err = rec.outcome(); err != nil {
			return nil, nil, err
		}
		for i := range judged {
			judged[i].Taken = written[judged[i].Image]
		}
		report, targets = rec.Report, judged
	}
	worsen(&run.Outcome, len(gone))
	return report, append(targets, gone...), nil
}

// The checks of a run itself.
const (
	missingID = "backup.missing"
	staleID   = "backup.stale"
	imageID   = "image" // that could not be judged
)

// absent are the findings on images that are not there, or are older than the job allows.
func absent(found *Found, most Duration, now time.Time) (targets []store.Target) {
	add := func(path, id, title, message string) {
		targets = append(targets, store.Target{
			Image: path, Machine: machineOf(path, nil), Result: finding.Fail, Failed: 1, Score: -1,
			Findings: []store.Finding{{
				Fingerprint: finding.Fingerprint(id, "", path), ID: id, Status: finding.Fail, Severity: finding.Critical, Title: title, Message: message,
			}},
		})
	}
	for _, pattern := range found.Missing {
		add(pattern, missingID, "There is a backup", "no file is "+pattern)
	}
	for _, i := range found.Stale(now, most) {
		add(i.Path, staleID, "The newest backup is new enough", fmt.Sprintf("it was written %s ago, want at most %s",
			now.Sub(i.Written).Round(time.Minute), most))
	}
	return targets
}

// worsen makes a failure of a run in which so many images are absent or stale.
func worsen(o *store.Outcome, absent int) {
	if absent > 0 {
		o.Result, o.Failed = finding.Fail, o.Failed+absent
	}
	if o.Result == "" {
		o.Result = finding.Unknown
	}
}

// giveBack puts a run back into the queue, or gives it up when it failed too often.
func (a *Agent) giveBack(ctx context.Context, run store.Run, why string, failed bool) error {
	attempts, priority := DefaultAttempts, DefaultPriority
	if stored, err := a.Store.Job(ctx, run.Job); err == nil {
		if j, _, err := ReadJob(stored); err == nil {
			attempts, priority = j.Attempts, j.Priority
		}
	}
	if failed && run.Failures+1 >= attempts {
		run.Outcome = store.Outcome{Result: store.Error, Message: fmt.Sprintf("given up after %d attempts: %s", run.Failures+1, why)}
		return a.finish(ctx, run, nil, nil)
	}
	var at time.Time
	if failed {
		at = time.Now().Add(a.backOff(run.Failures)) // the queue's clock
	}
	return a.Store.Tx(ctx, func(tx *sql.Tx) error {
		if mine, err := store.Release(ctx, tx, run.ID, run.Attempt, why, failed); err != nil || !mine {
			return err
		}
		return a.insert(ctx, tx, runArgs{run.ID, run.Attempt + 1}, priority, at)
	})
}

// backOff is how long a run waits after it failed n times before.
func (a *Agent) backOff(n int) time.Duration { return min(time.Hour, a.Retry<<min(n, 10)) }

// finish writes what a run came to. While the store does not take it, what was found is kept and tried again.
func (a *Agent) finish(ctx context.Context, run store.Run, report []byte, targets []store.Target) error {
	run.Ended = a.now()
	wait := time.Second
	for {
		written, err := a.end(ctx, run, report, targets)
		if err == nil {
			if written {
				a.Log.InfoContext(ctx, "run ended", "job", run.Job, "run", run.Number, "result", run.Result, "failed", run.Failed, "unknown", run.Unknown)
				a.prune(ctx, run.Job)
				if a.Ended != nil {
					a.Ended(ctx, run)
				}
			}
			return nil
		}
		a.Log.ErrorContext(ctx, "what a run found cannot be stored yet", "job", run.Job, "run", run.Number, "error", err)
		select {
		case <-ctx.Done():
			return err // it stays in the queue, and is done again
		case <-time.After(wait):
			wait = min(2*wait, time.Minute)
		}
	}
}

func (a *Agent) prune(ctx context.Context, job string) {
	a.try(ctx, "prune the history", func(ctx context.Context) error {
		stored, err := a.Store.Job(ctx, job)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		j, _, err := ReadJob(stored)
		if err != nil {
			return err
		}
		if _, err := a.Store.Prune(ctx, job, store.Keep{Runs: j.KeepRuns, Age: time.Duration(j.KeepAge)}, a.now()); err != nil {
			return err
		}
		return a.Store.PruneNotices(ctx, job, a.now().Add(-time.Duration(j.KeepAge)))
	})
}
