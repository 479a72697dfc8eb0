package agent

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/guestctl/guestctl/agent/schedule"
	"github.com/guestctl/guestctl/agent/store"
)

// schedule puts the jobs that are due into the queue, and takes over runs on which nobody works any more.
func (a *Agent) schedule(ctx context.Context) error {
	jobs, err := a.Store.Jobs(ctx)
	if err != nil {
		return err
	}
	now := a.now()
	for _, stored := range jobs {
		if stored.Paused {
			continue
		}
		j, s, err := ReadJob(stored)
		if err != nil {
			a.Log.ErrorContext(ctx, "a stored job cannot be read", "job", stored.Name, "error", err)
			continue
		}
		if err := a.move(ctx, stored, j, s, now); err != nil {
			return err
		}
	}
	if err := a.sendAgain(ctx, now); err != nil {
		return err
	}
	open, err := a.Store.Open(ctx)
	if err != nil {
		return err
	}
	return a.takeOver(ctx, open)
}

// move puts a run of a job that is due into the queue, and moves the job on to its next time.
func (a *Agent) move(ctx context.Context, stored store.Job, j *Job, s *schedule.Schedule, now time.Time) error {
	next := j.Next(s, now)
	if stored.NextDue.After(now) {
		if !next.IsZero() && next.Before(stored.NextDue) { // the clock was put back, or was ahead
			return a.Store.Tx(ctx, func(tx *sql.Tx) error {
				_, err := store.Advance(ctx, tx, j.Name, stored.NextDue, next)
				return err
			})
		}
		return nil
	}
	run := &store.Run{ID: rand.Text(), Job: j.Name, Due: j.latest(s, stored.NextDue, now), Cause: store.Scheduled, State: store.Queued, Queued: now}
	if missed := run.Due.After(stored.NextDue) || now.Sub(run.Due) > grace; missed {
		run.Cause = store.CatchUp
		if j.NoCatchUp {
			skip(run, "it was missed, and is not made up for")
		}
	}
	return a.Store.Tx(ctx, func(tx *sql.Tx) error {
		if mine, err := store.Advance(ctx, tx, j.Name, stored.NextDue, next); err != nil || !mine {
			return err
		}
		_, err := a.enqueue(ctx, tx, j, run)
		return err
	})
}

func skip(run *store.Run, why string) {
	run.State, run.Message, run.Ended = store.Skipped, why, run.Queued
}

// enqueue adds a run, which is skipped when the one before has not ended. It returns false when there is one for that time.
func (a *Agent) enqueue(ctx context.Context, tx *sql.Tx, j *Job, run *store.Run) (bool, error) {
	before, err := store.OpenOf(ctx, tx, j.Name)
	if err != nil {
		return false, err
	}
	if before > 0 && run.State == store.Queued {
		skip(run, fmt.Sprintf("run %d had not ended", before))
	}
	added, err := store.Enqueue(ctx, tx, run)
	if err != nil || !added {
		return false, err
	}
	a.Log.InfoContext(ctx, "run "+string(run.State), "job", run.Job, "run", run.Number, "cause", run.Cause, "message", run.Message)
	if err := a.tellMissed(ctx, tx, j, *run); err != nil {
		return false, err
	}
	if run.State != store.Queued {
		return true, nil
	}
	return true, a.insert(ctx, tx, runArgs{run.ID, 1}, j.Priority, time.Time{})
}

// insert gives an attempt of a run to the queue: once, however often it is given.
func (a *Agent) insert(ctx context.Context, tx *sql.Tx, args runArgs, priority int, at time.Time) error {
	_, err := a.client.InsertTx(ctx, tx, args, &river.InsertOpts{
		Queue: queue, Priority: priority, ScheduledAt: at, UniqueOpts: river.UniqueOpts{ByArgs: true},
	})
	return err
}

// Begin puts a run of a job into the queue now.
func (a *Agent) Begin(ctx context.Context, j *Job) (*store.Run, error) {
	now := a.now()
	run := &store.Run{ID: rand.Text(), Job: j.Name, Due: now, Cause: store.ByHand, State: store.Queued, Queued: now}
	for {
		var added bool
		if err := a.Store.Tx(ctx, func(tx *sql.Tx) (err error) {
			added, err = a.enqueue(ctx, tx, j, run)
			return err
		}); err != nil || added {
			return run, err
		}
		run.Due = run.Due.Add(time.Millisecond) // two at the same time are two
	}
}

// watch remembers since when the beat of each run stands still, by a clock that nobody can set.
type watch struct {
	mu    sync.Mutex
	beats map[string]beat
}

type beat struct {
	count int64
	since time.Time // with the monotonic reading of time.Now
}

// still returns the runs whose beat has stood still for longer than dead.
func (w *watch) still(beats map[string]int64, dead time.Duration) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost, seen := map[string]bool{}, map[string]beat{}
	for id, count := range beats {
		b, known := w.beats[id]
		switch {
		case !known || b.count != count:
			seen[id] = beat{count, time.Now()}
		case time.Since(b.since) > dead:
			lost[id] = true
		default:
			seen[id] = b
		}
	}
	w.beats = seen
	return lost
}

// takeOver puts runs back into the queue whose worker is gone.
func (a *Agent) takeOver(ctx context.Context, open []store.Run) error {
	fetched, err := a.fetched(ctx, open)
	if err != nil {
		return err
	}
	beats := map[string]int64{}
	for _, r := range open {
		if r.State == store.Running {
			beats[r.ID] = r.Beat
		} else if attempt, ok := fetched[r.ID]; ok {
			beats[r.ID] = -int64(attempt)
		}
	}
	lost := a.watch.still(beats, a.Dead)
	for _, r := range open {
		if !lost[r.ID] {
			continue
		}
		a.Log.WarnContext(ctx, "the worker of a run is gone", "job", r.Job, "run", r.Number, "worker", r.Worker, "attempt", r.Attempt)
		if r.State == store.Running {
			err = a.giveBack(ctx, r, "its worker "+r.Worker+" is gone", true)
		} else {
			err = a.Store.Tx(ctx, func(tx *sql.Tx) error {
				return a.insert(ctx, tx, runArgs{r.ID, fetched[r.ID] + 1}, DefaultPriority, time.Time{})
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxFetched is how many attempts are looked at that were taken from the queue.
const maxFetched = 10_000

// fetched are the attempts that a worker has taken from the queue, of runs that it has not begun: for a moment, or for good when the
// worker was killed in that moment.
func (a *Agent) fetched(ctx context.Context, open []store.Run) (map[string]int, error) {
	begun := map[string]int{}
	for _, r := range open {
		if r.State == store.Queued {
			begun[r.ID] = r.Attempt
		}
	}
	if len(begun) == 0 {
		return nil, nil
	}
	list, err := a.client.JobList(ctx, river.NewJobListParams().Kinds(runArgs{}.Kind()).States(rivertype.JobStateRunning).First(maxFetched))
	if err != nil {
		return nil, err
	}
	last := map[string]int{}
	for _, row := range list.Jobs {
		var args runArgs
		if err := json.Unmarshal(row.EncodedArgs, &args); err != nil {
			return nil, err
		}
		if n, queued := begun[args.Run]; queued && args.Attempt > n {
			last[args.Run] = max(last[args.Run], args.Attempt)
		}
	}
	return last, nil
}
