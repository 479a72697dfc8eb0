package agent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/finding"
)

// TestAKilledSender kills one of two agents that run jobs and tell of them: everything is told, and nothing in two ways.
func TestAKilledSender(t *testing.T) {
	n := 60
	if testing.Short() {
		n = 20
	}
	each(t, func(t *testing.T, place string) {
		s, r := open(t, place), receive(t)
		r.slow = 30 * time.Millisecond
		a := newAgent(t, quick(s, nil))
		for i := range n {
			j := put(t, s, Job{Name: fmt.Sprintf("j%d", i), Attempts: 10, Notify: []string{r.URL}}, time.Now())
			if _, err := a.Begin(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
		victim := process(t, place, os.Stderr, asFound+"=fail")
		process(t, place, os.Stderr, asFound+"=fail")
		told := func() map[string]string {
			r.mu.Lock()
			defer r.mu.Unlock()
			ids := map[string]string{}
			for _, n := range r.got {
				ids[n.ID] = n.Job
			}
			return ids
		}
		for len(told()) < n/4 {
			time.Sleep(10 * time.Millisecond)
		}
		if err := victim.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for range 3000 {
			if len(told()) >= n {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		jobs := map[string]bool{}
		for _, job := range told() {
			jobs[job] = true
		}
		if len(told()) != n || len(jobs) != n {
			t.Errorf("%d notices of %d jobs, want %d", len(told()), len(jobs), n)
		}
	})
}

// TestANetworkThatIsAway tries for a day, later and later, and then no more.
func TestANetworkThatIsAway(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s, r := open(t, place), receive(t)
		var c clock
		c.set(start)
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
			return judged(images, "fail", "x"), nil
		})
		opts.Now, opts.Retry, opts.Hold = c.now, 10*time.Second, 2*time.Minute
		run := func(j *Job) {
			t.Helper()
			a := newAgent(t, opts)
			if _, err := a.Begin(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			if err := a.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		later := func(d time.Duration) {
			t.Helper()
			c.add(d)
			if err := newAgent(t, opts).RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		last := func(job string) store.Notice {
			t.Helper()
			all, err := s.Notices(t.Context(), job, 1)
			if len(all) != 1 || err != nil {
				t.Fatal(all, err)
			}
			return all[0]
		}
		r.down.Store(true)
		run(put(t, s, Job{Name: "web", On: "0 0 1 1 *", Notify: []string{r.URL}}, c.now()))
		n := last("web")
		if n.Attempts != 1 || n.Next.Sub(c.now()) != 10*time.Second || n.Error != "127.0.0.1 answered 503 Service Unavailable" {
			t.Errorf("%+v", n)
		}
		later(5 * time.Second) // not yet
		if n := last("web"); n.Attempts != 1 {
			t.Errorf("%+v", n)
		}
		later(5 * time.Second)
		if n := last("web"); n.Attempts != 2 || n.Next.Sub(c.now()) != 20*time.Second {
			t.Errorf("%+v", n)
		}
		later(-3 * day) // a clock that was wrong
		if n := last("web"); n.Attempts != 3 || !n.Waiting() {
			t.Errorf("%+v", n)
		}
		c.add(3 * day)
		r.down.Store(false)
		later(time.Hour)
		if n := last("web"); n.Attempts != 4 || n.Waiting() || n.Sent.IsZero() || n.Error != "" || len(r.take()) != 1 {
			t.Errorf("%+v", n)
		}

		r.down.Store(true)
		run(put(t, s, Job{Name: "db", On: "0 0 1 1 *", Notify: []string{r.URL}}, c.now()))
		later(23 * time.Hour)
		if n := last("db"); n.Attempts != 2 || !n.Waiting() {
			t.Errorf("%+v", n)
		}
		later(2 * time.Hour)
		if n := last("db"); n.Attempts != 3 || n.Waiting() || !n.Sent.IsZero() || n.Error == "" {
			t.Errorf("%+v", n)
		}
		r.down.Store(false)
		later(time.Hour)
		if got := r.take(); len(got) != 0 {
			t.Errorf("given up, and told: %s", got)
		}
	})
}

// TestSignsOfLife come from every run, in their order; an old one does not come after a new one.
func TestSignsOfLife(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s, r := open(t, place), receive(t)
		var c clock
		c.set(start)
		result := "pass"
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
			if result == "nothing" {
				return nil, errors.New("out of memory")
			}
			return judged(images, result), nil
		})
		opts.Now, opts.Retry = c.now, time.Second
		j := put(t, s, Job{Name: "web", On: "0 0 1 1 *", Attempts: 1, PingURL: r.URL + "/ping"}, c.now())
		for _, step := range []struct {
			result string
			down   bool
			want   string
		}{
			{"pass", false, "/start "},
			{"pass", false, "/start "},
			{"fail", false, "/start /fail"},
			{"unknown", false, "/start /fail"},
			{"nothing", false, "/start /fail"},
			{"pass", true, ""},
			{"fail", false, "/start /fail"},
		} {
			result = step.result
			r.down.Store(step.down)
			a := newAgent(t, opts)
			if _, err := a.Begin(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			if err := a.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.add(time.Second)
			if got := r.takePings(); got != step.want {
				t.Errorf("%s: %q, want %q", step.result, got, step.want)
			}
		}
		c.add(10 * time.Minute)
		if err := newAgent(t, opts).RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := r.takePings(); got != "" {
			t.Errorf("%q came late", got)
		}
		all, err := s.Notices(t.Context(), "web", 100)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(all, func(n store.Notice) bool { return n.Run == 6 }); i < 0 || all[i].Error != "a later run has ended" || all[i].Waiting() {
			t.Errorf("%+v", all)
		}
	})
}

// TestASignOfLifeOnItsWay holds the next one back until it has arrived, or not.
func TestASignOfLifeOnItsWay(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		a := newAgent(t, quick(s, nil))
		j := put(t, s, Job{Name: "web", PingURL: "https://hc.example/"}, time.Now())
		for i := range 2 {
			run, err := a.Begin(t.Context(), j)
			if err != nil {
				t.Fatal(err)
			}
			if mine, err := s.Claim(t.Context(), run.ID, 1, "w", time.Now()); err != nil || !mine {
				t.Fatal(mine, err)
			}
			run.Result, run.Ended, run.Attempt = finding.Fail, time.Now(), 1
			if written, err := a.end(t.Context(), *run, nil, nil); err != nil || !written {
				t.Fatal(written, err)
			}
			all, err := s.Notices(t.Context(), "web", 100)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if mine, err := s.ClaimNotice(t.Context(), all[0].ID, 1, "w", time.Now().Add(time.Minute)); err != nil || !mine {
					t.Fatal(mine, err)
				}
			}
		}
		list, err := a.client.JobList(t.Context(), river.NewJobListParams().Kinds(noticeArgs{}.Kind()))
		if len(list.Jobs) != 1 || err != nil {
			t.Errorf("%d are in the queue: %v", len(list.Jobs), err)
		}
	})
}

// TestAnAgentThatEndsWhileItTells gives the notice back.
func TestAnAgentThatEndsWhileItTells(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		asked, end := make(chan struct{}, 10), make(chan struct{})
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			select {
			case <-end:
			case <-r.Context().Done():
			}
		}))
		defer server.Close()
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
			return judged(images, "fail", "x"), nil
		})
		opts.Hold = time.Hour
		a := newAgent(t, opts)
		if _, err := a.Begin(t.Context(), put(t, s, Job{Name: "web", Notify: []string{server.URL}}, time.Now())); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.Serve(ctx, nil) }()
		<-asked
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		close(end)
		if err := newAgent(t, opts).RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := s.Notices(t.Context(), "web", 100)
		if len(all) != 1 || all[0].Attempts != 2 || all[0].Sent.IsZero() || err != nil {
			t.Errorf("%+v: %v", all, err)
		}
	})
}
