package agent

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/store"
)

// horizon is how far ahead a notice may be put off: a clock that was wrong puts it further.
const horizon = 2 * time.Hour

// sendAgain gives the notices to the queue whose time has come: that could not be sent, or whose sender is gone.
func (a *Agent) sendAgain(ctx context.Context, now time.Time) error {
	due, err := a.Store.DueNotices(ctx, now, now.Add(horizon))
	if err != nil {
		return err
	}
	for _, n := range due {
		if err := a.Store.Tx(ctx, func(tx *sql.Tx) error {
			mine, err := store.HoldNotice(ctx, tx, n, a.id, now.Add(a.Hold))
			if err != nil || !mine {
				return err
			}
			return a.insertNotice(ctx, tx, noticeArgs{n.ID, n.Attempts + 1})
		}); err != nil {
			return err
		}
	}
	return nil
}

// deliver is one attempt to send a notice.
func (a *Agent) deliver(ctx context.Context, args noticeArgs) error {
	if mine, err := a.Store.ClaimNotice(ctx, args.Notice, args.Attempt, a.id, a.now().Add(a.Hold)); err != nil || !mine {
		return err
	}
	n, ok, err := a.Store.Notice(ctx, args.Notice)
	if err != nil || !ok {
		return err
	}
	err = a.send(ctx, n)
	now := a.now()
	switch {
	case err == nil:
		n.Sent, n.Next, n.Error = now, time.Time{}, ""
	case ctx.Err() != nil: // the agent ends: another one may try at once
		n.Next, n.Error = now, "the agent ended"
	default:
		n.Error = err.Error()
		if n.Next = now.Add(a.backOff(n.Attempts - 1)); n.Next.After(n.Created.Add(patienceFor(n))) {
			n.Next = time.Time{}
		}
		a.Log.WarnContext(ctx, "a notice could not be sent", "job", n.Job, "run", n.Run, "channel", n.Name, "attempt", n.Attempts,
			"given up", !n.Waiting(), "error", err)
	}
	return a.tried(ctx, n)
}

// patienceFor is for how long it is tried to send a notice.
func patienceFor(n store.Notice) time.Duration {
	if strings.HasPrefix(n.Channel, pingPrefix) {
		return pingTime
	}
	return noticeTime
}

// send sends a notice of the store.
func (a *Agent) send(ctx context.Context, n store.Notice) error {
	var notice notify.Notice
	if err := json.Unmarshal(n.Body, &notice); err != nil {
		return err
	}
	parse, text := notify.Parse, n.Channel
	if url, ok := strings.CutPrefix(text, pingPrefix); ok {
		parse, text = notify.ParsePing, url
	}
	c, err := parse(text)
	if err != nil {
		return err
	}
	return a.Notify.Send(ctx, c, &notice)
}

// tried writes what became of an attempt. While the store does not take it, it is tried again: else the notice would be sent again.
func (a *Agent) tried(ctx context.Context, n store.Notice) error {
	for end := time.Now().Add(a.Hold / 2); ; {
		_, err := a.Store.TriedNotice(context.WithoutCancel(ctx), n)
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// pingBegun says that a run begins, to who wants to know. Nothing waits for it for long, and it is not tried again.
func (a *Agent) pingBegun(ctx context.Context, j *Job, run store.Run) {
	if j.PingURL == "" || run.Attempt > 1 {
		return
	}
	c, err := notify.ParsePing(j.PingURL)
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, begunWithin)
		defer cancel()
		n := notify.Notice{ID: notify.Key(run.ID, "begun", j.PingURL), Job: run.Job, Run: run.Number, Result: notify.Begun}
		err = a.Notify.Send(limited, c, &n)
	}
	if err != nil {
		a.Log.WarnContext(ctx, "a watch cannot be told that a run begins", "job", run.Job, "run", run.Number, "error", err)
	}
}

// settle waits until the notices were sent, or could not be: whoever is done with its runs may not come again for long.
func (a *Agent) settle(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	poll := time.NewTicker(min(a.Tick, 200*time.Millisecond))
	defer poll.Stop()
	for {
		if n, err := a.Store.Unsent(limited, a.now()); err != nil || n == 0 {
			return
		}
		select {
		case <-limited.Done():
			return
		case <-poll.C:
		}
	}
}
