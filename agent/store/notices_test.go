package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// putNotice adds a notice of a run with that number, as late as it says.
func putNotice(t *testing.T, s *Store, run int64) (n Notice) {
	t.Helper()
	n = Notice{
		ID: fmt.Sprint("n", run), Job: "web", Run: run, Channel: "exec:/bin/true", Name: "exec /bin/true", Body: []byte("{}"),
		Created: start.Add(time.Duration(run) * time.Hour), Next: start.Add(time.Duration(run)*time.Hour + time.Minute),
	}
	for _, want := range []bool{true, false} { // again is none
		if err := s.Tx(t.Context(), func(tx *sql.Tx) error {
			added, err := PutNotice(t.Context(), tx, &n)
			if added != want {
				t.Errorf("added: %t", added)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// TestOneSendsANotice lets many try to send one notice at the same time, and many find that its time has come.
func TestOneSendsANotice(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		n := putNotice(t, s, 1)
		count := func(try func(who string) (bool, error)) int64 {
			var wg sync.WaitGroup
			var won atomic.Int64
			for i := range 8 {
				wg.Go(func() {
					ok, err := try(fmt.Sprint("agent", i))
					if err != nil {
						t.Error(err)
					}
					if ok {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			return won.Load()
		}
		later := n.Next.Add(time.Hour)
		if got := count(func(who string) (ok bool, err error) {
			return ok, s.Tx(context.Background(), func(tx *sql.Tx) error {
				ok, err = HoldNotice(context.Background(), tx, n, who, later)
				return err
			})
		}); got != 1 {
			t.Errorf("%d put it into the queue", got)
		}
		if got := count(func(who string) (bool, error) { return s.ClaimNotice(context.Background(), n.ID, 1, who, later) }); got != 1 {
			t.Errorf("%d send it", got)
		}
		if unsent, err := s.Unsent(t.Context(), start); unsent != 1 || err != nil {
			t.Error(unsent, err)
		}
		// the second attempt counts, and what becomes of the first does not
		if ok, err := s.ClaimNotice(t.Context(), n.ID, 2, "other", later); !ok || err != nil {
			t.Error(ok, err)
		}
		for _, c := range []struct {
			attempt int
			want    bool
		}{{1, false}, {2, true}, {2, false}} {
			if ok, err := s.TriedNotice(t.Context(), Notice{ID: n.ID, Attempts: c.attempt, Sent: later}); ok != c.want || err != nil {
				t.Errorf("attempt %d: %t %v", c.attempt, ok, err)
			}
		}
		got, ok, err := s.Notice(t.Context(), n.ID)
		if !ok || err != nil || got.Waiting() || !got.Sent.Equal(later) || got.Attempts != 2 || got.Sender != "" {
			t.Errorf("%+v %v", got, err)
		}
		if unsent, err := s.Unsent(t.Context(), later); unsent != 0 || err != nil {
			t.Error(unsent, err)
		}
	})
}

// TestPruneNotices forgets what is over and old, and neither what is still to be sent nor the last one.
func TestPruneNotices(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		for run := range int64(4) {
			n := putNotice(t, s, run)
			if run == 1 {
				continue // it waits
			}
			if ok, err := s.TriedNotice(t.Context(), Notice{ID: n.ID, Sent: start}); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if err := s.PruneNotices(t.Context(), "web", start.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		left, err := s.Notices(t.Context(), "web", 10)
		if len(left) != 2 || left[0].Run != 3 || left[1].Run != 1 || err != nil {
			t.Errorf("%+v %v", left, err)
		}
		if _, ok, err := s.Notice(t.Context(), "n0"); ok || err != nil {
			t.Error(ok, err)
		}
	})
}
