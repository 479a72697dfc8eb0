package agent

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/finding"
)

const (
	notices     = "notices" // the queue
	senders     = 4         // how many are sent at the same time
	noticePoll  = 3 * time.Second
	begunWithin = 5 * time.Second // for how long a run waits for the answer to its first ping
	settleTime  = time.Minute     // for how long an agent that is done waits for its notices
	noticeTime  = day             // for how long it is tried to send a notice
	pingTime    = time.Hour       // and a sign of life, which is none when it is late
)

// pingPrefix tells a channel that wants a sign of life from those of --notify.
const pingPrefix = "ping:"

// noticeArgs name an attempt to send a notice.
type noticeArgs struct {
	Notice  string `json:"notice"`
	Attempt int    `json:"attempt"`
}

// Kind is the name of the work in the queue.
func (noticeArgs) Kind() string { return "guestctl.notice" }

// noticeWorker sends notices.
type noticeWorker struct {
	river.WorkerDefaults[noticeArgs]
	agent *Agent
}

// Work is called by River. Its error is that of the store.
func (w *noticeWorker) Work(ctx context.Context, job *river.Job[noticeArgs]) error {
	return w.agent.deliver(ctx, job.Args)
}

// end writes what a run came to, and in the same transaction what is to be told of it: who has not written the one tells nothing.
func (a *Agent) end(ctx context.Context, run store.Run, report []byte, targets []store.Target) (written bool, err error) {
	list, err := a.told(ctx, run, report, targets)
	if err != nil {
		return false, err
	}
	return a.Store.Finish(ctx, run, report, targets, func(tx *sql.Tx) error { return a.put(ctx, tx, list) })
}

// told are the notices on a run that ends.
func (a *Agent) told(ctx context.Context, run store.Run, report []byte, targets []store.Target) ([]store.Notice, error) {
	stored, err := a.Store.Job(ctx, run.Job)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j, _, err := ReadJob(stored)
	if err != nil {
		a.Log.ErrorContext(ctx, "a stored job cannot be read, and nobody is notified", "job", run.Job, "error", err)
		return nil, nil
	}
	if len(j.Notify) == 0 && j.PingURL == "" {
		return nil, nil
	}
	before, err := a.past(ctx, run)
	if err != nil {
		return nil, err
	}
	n := noticeOf(run, before, limitOf(report), targets)
	list, err := a.addressed(j, n, run.ID, "ended")
	if err != nil || j.PingURL == "" {
		return list, err
	}
	c, err := notify.ParsePing(j.PingURL)
	if err != nil {
		return nil, err
	}
	ping, err := a.letter(j, n, run.ID, "ended", pingPrefix+j.PingURL, c)
	return append(list, ping), err
}

// past is what a run is compared with.
func (a *Agent) past(ctx context.Context, run store.Run) (p past, err error) {
	before, ok, err := a.Store.Before(ctx, run)
	if err != nil || !ok {
		return p, err
	}
	p.result = before.Result
	missed, err := store.MissedBefore(ctx, a.Store.DB, run.Job, run.Number)
	if err != nil {
		return p, err
	}
	p.missed = missed > 0
	judged, ok, err := a.Store.Judged(ctx, run)
	if err != nil || !ok {
		return p, err
	}
	p.targets, err = a.Store.Targets(ctx, judged.ID)
	return p, err
}

// tellMissed tells of a run that was left out or is made up for: of the first one only, until there is a run again.
func (a *Agent) tellMissed(ctx context.Context, tx *sql.Tx, j *Job, run store.Run) error {
	n := notify.Notice{
		Events: []notify.Event{notify.Missed}, Job: run.Job, Run: run.Number, Cause: string(run.Cause), Due: run.Due, Result: notify.MissedResult,
		Message: run.Message,
	}
	switch {
	case run.Cause == store.ByHand || !j.wants(n.Events):
		return nil
	case run.State == store.Skipped:
		if before, err := store.MissedBefore(ctx, tx, run.Job, run.Number); err != nil || before > 0 {
			return err
		}
	case run.Cause == store.CatchUp:
		n.Message = fmt.Sprintf("it was due %s, and is made up for now", run.Due.UTC().Format("2006-01-02 15:04 UTC"))
	default:
		return nil
	}
	list, err := a.addressed(j, n, run.ID, "missed")
	if err != nil {
		return err
	}
	return a.put(ctx, tx, list)
}

// addressed is a notice for each channel of a job that wants to hear of it.
func (a *Agent) addressed(j *Job, n notify.Notice, run, what string) (list []store.Notice, err error) {
	if !j.wants(n.Events) {
		return nil, nil
	}
	for _, text := range j.Notify {
		c, err := notify.Parse(text)
		if err != nil {
			return nil, err
		}
		one, err := a.letter(j, n, run, what, text, c)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// letter is a notice to one channel. Its ID says what it is about, so that there is only one.
func (a *Agent) letter(j *Job, n notify.Notice, run, what, channel string, c *notify.Channel) (store.Notice, error) {
	n.ID, n.Command = notify.Key(run, what, channel), j.Command
	n.Look = fmt.Sprintf("guestctl history show %s %d", j.Name, n.Run)
	n.Tidy()
	body, err := json.Marshal(&n)
	now := a.now()
	return store.Notice{
		ID: n.ID, Job: j.Name, Run: n.Run, Channel: channel, Name: c.Name, Body: body, Created: now, Next: now.Add(a.Hold),
	}, err
}

// put gives notices to the store and to the queue.
func (a *Agent) put(ctx context.Context, tx *sql.Tx, list []store.Notice) error {
	for i := range list {
		n, later := &list[i], false
		if strings.HasPrefix(n.Channel, pingPrefix) {
			// of two signs of life the later one has to arrive last: while one is on its way, the next waits
			var err error
			if later, err = store.Overtake(ctx, tx, n.Job, n.Channel, "a later run has ended"); err != nil {
				return err
			}
		}
		added, err := store.PutNotice(ctx, tx, n)
		if err == nil && added && !later {
			err = a.insertNotice(ctx, tx, noticeArgs{n.ID, 1})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) insertNotice(ctx context.Context, tx *sql.Tx, args noticeArgs) error {
	_, err := a.client.InsertTx(ctx, tx, args, &river.InsertOpts{Queue: notices})
	return err
}

// TestNotice is a notice that says that nothing happened.
func (j *Job) TestNotice(now time.Time) *notify.Notice {
	n := &notify.Notice{
		ID: rand.Text(), Events: []notify.Event{notify.Test}, Job: j.Name, Command: j.Command, Ended: now, Result: finding.Pass,
		Message: "this is a test, nothing happened",
	}
	n.Tidy()
	return n
}
