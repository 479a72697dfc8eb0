package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
)

// receiver is a server that takes notices, and signs of life.
type receiver struct {
	URL string

	mu    sync.Mutex
	got   []notify.Notice
	pings []string
	down  atomic.Bool
	slow  time.Duration
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return // the sender was killed
		}
		time.Sleep(r.slow)
		if r.down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if strings.HasPrefix(req.URL.Path, "/ping") {
			r.pings = append(r.pings, strings.TrimPrefix(req.URL.Path, "/ping"))
			return
		}
		var n notify.Notice
		if err := json.Unmarshal(b, &n); err != nil {
			t.Error(err)
		}
		r.got = append(r.got, n)
	}))
	t.Cleanup(s.Close)
	r.URL = s.URL
	return r
}

// take returns what arrived since it was asked last, as "events: result before +new -gone".
func (r *receiver) take() (lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.got {
		line := fmt.Sprintf("%s: %s %s", notify.Words(n.Events), n.Result, n.Before)
		for _, f := range n.New {
			line += " +" + f.ID
		}
		for _, f := range n.Gone {
			line += " -" + f.ID
		}
		lines = append(lines, line)
	}
	r.got = nil
	return lines
}

func (r *receiver) takePings() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.pings = nil }()
	return strings.Join(r.pings, " ")
}

// TestOnlyWhatChangedIsTold runs one job again and again.
func TestOnlyWhatChangedIsTold(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s, r := open(t, place), receive(t)
		j := put(t, s, Job{Name: "web", Notify: []string{r.URL}, Attempts: 2}, time.Now())
		for i, step := range []struct{ run, want string }{
			{"pass", ""},
			{"fail x", "change,fail: fail pass +x"},
			{"fail x", ""},
			{"fail x y", "change,fail: fail fail +y"},
			{"fail y", "change: fail fail -x"},
			{"nothing", "change,missed: error fail"},
			{"nothing", ""},
			{"fail y", "change,fail: fail error"},
			{"pass", "change,recovery: pass fail -y"},
			{"pass", ""},
			{"nothing once", ""},
			{"unknown u", "change,unknown: unknown pass +u"},
			{"unknown u", ""},
			{"unknown u v", "change,unknown: unknown unknown +v"},
			{"pass", "change,recovery: pass unknown -u -v"},
		} {
			var attempts atomic.Int64
			a := newAgent(t, quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
				words := strings.Fields(step.run)
				if words[0] != "nothing" {
					return judged(images, words[0], words[1:]...), nil
				}
				if attempts.Add(1) > 1 && len(words) > 1 {
					return judged(images, "pass"), nil
				}
				return nil, errors.New("out of memory")
			}))
			if _, err := a.Begin(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			if err := a.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.take(), "\n"); got != step.want {
				t.Errorf("%d, %s: %q, want %q", i, step.run, got, step.want)
			}
		}
		all, err := s.Notices(t.Context(), "web", 100)
		if len(all) != 9 || err != nil {
			t.Errorf("%d notices: %v", len(all), err)
		}
		for _, n := range all {
			if n.Sent.IsZero() || n.Waiting() || n.Attempts != 1 || n.Error != "" || !strings.HasPrefix(n.Name, "webhook 127.0.0.1:") {
				t.Errorf("%+v", n)
			}
		}
	})
}

func TestEventsThatAreWanted(t *testing.T) {
	for name, c := range map[string]struct {
		on     []notify.Event
		events []notify.Event
		want   bool
	}{
		"nothing happened":      {nil, nil, false},
		"all are wanted":        {nil, []notify.Event{notify.Missed}, true},
		"one of two is wanted":  {[]notify.Event{notify.Change}, []notify.Event{notify.Change, notify.Fail}, true},
		"another one is wanted": {[]notify.Event{notify.Recovery}, []notify.Event{notify.Change, notify.Fail}, false},
	} {
		j := Job{Notify: []string{"exec:/bin/true"}, NotifyOn: c.on}
		if got := j.wants(c.events); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestNotificationsOfJobsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		job  Job
		want string
	}{
		"a channel that is none": {Job{Notify: []string{"pager:1"}}, "no such channel"},
		"a channel twice":        {Job{Notify: []string{"exec:/a", "exec:/a"}}, "one channel twice"},
		"an event that is none":  {Job{Notify: []string{"exec:/a"}, NotifyOn: []notify.Event{"always"}}, `it notifies on "always", want some of change,fail,`},
		"a test as an event":     {Job{Notify: []string{"exec:/a"}, NotifyOn: []notify.Event{notify.Test}}, `"test"`},
		"events for nobody":      {Job{NotifyOn: []notify.Event{notify.Fail}}, "not whom"},
		"a ping to nowhere":      {Job{PingURL: "hc"}, "ping: that is no address"},
		"a ping as a channel":    {Job{Notify: []string{"ping:https://hc/"}}, "no such channel"},
	} {
		c.job.Name, c.job.Command, c.job.On, c.job.Images.Paths = "web", "scan", "daily", []string{"a"}
		if _, err := c.job.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFindingsThatCount are told apart by the limit of the job, and by whether they were looked for.
func TestFindingsThatCount(t *testing.T) {
	f := func(id string, status finding.Status, severity finding.Severity) store.Finding {
		return store.Finding{ID: id, Fingerprint: id, Status: status, Severity: severity}
	}
	target := func(machine string, all ...store.Finding) store.Target {
		return store.Target{Machine: machine, Result: "fail", Findings: all}
	}
	x := f("x", "fail", "high")
	for name, c := range map[string]struct {
		limit         audit.FailOn
		before, after []store.Target
		want          string
	}{
		"a mild one is new":                    {"high", nil, []store.Target{target("a", f("m", "fail", "medium"))}, "0 0 0 0"},
		"a bad one is new":                     {"high", nil, []store.Target{target("a", f("m", "fail", "critical"))}, "1 0 0 0"},
		"none counts":                          {"none", []store.Target{target("a", x)}, []store.Target{target("a")}, "0 0 0 0"},
		"one is gone":                          {"any", []store.Target{target("a", x)}, []store.Target{target("a")}, "0 1 0 0"},
		"one stays":                            {"", []store.Target{target("a", x)}, []store.Target{target("a", x)}, "0 0 1 0"},
		"one could not be read any more":       {"any", []store.Target{target("a", x)}, []store.Target{target("a", f("x", "unknown", "high"))}, "1 0 0 0"},
		"the machine is not there":             {"any", []store.Target{target("a", x)}, []store.Target{target("b")}, "0 0 0 1"},
		"the machine could not be read":        {"any", []store.Target{target("a", x)}, []store.Target{target("a", f(imageID, "unknown", "high"))}, "1 0 0 1"},
		"the machine can be read again":        {"any", []store.Target{target("web-1", f(imageID, "unknown", "high"))}, []store.Target{target("a")}, "0 1 0 0"},
		"the backup is there again":            {"any", []store.Target{target("web-*", f(missingID, "fail", "critical"))}, []store.Target{target("a")}, "0 1 0 0"},
		"one image of a machine could be read": {"any", []store.Target{target("a", x)}, []store.Target{target("a", f(imageID, "unknown", "high")), target("a")}, "1 1 0 0"},
	} {
		got := changes(reaching(c.before, c.limit), reaching(c.after, c.limit))
		if s := fmt.Sprint(len(got.New), len(got.Gone), got.Still, got.unseen); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
	if got := limitOf([]byte(`{"policy":{"fail_on":"high"}}`)); got != "high" {
		t.Error(got)
	}
	if got := limitOf(nil); got != audit.Any {
		t.Error(got)
	}
}

// TestMissedRuns are told once for all that are missed, and so is that they are over.
func TestMissedRuns(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s, r := open(t, place), receive(t)
		var c clock
		c.set(start)
		put(t, s, Job{Name: "web", Notify: []string{r.URL}}, c.now())
		strict := receive(t)
		put(t, s, Job{Name: "strict", NoCatchUp: true, Notify: []string{strict.URL}}, c.now())
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) { return judged(images, "pass"), nil })
		opts.Now = c.now
		for i, step := range []struct {
			after       time.Duration
			web, strict string
		}{
			{time.Hour, "", ""},
			{7*day + time.Hour, "missed: missed ", "missed: missed "},
			{2 * day, "missed: missed ", ""}, // at 03:00, which is late
			{23 * time.Hour, "", "recovery: pass pass"},
			{day, "", ""},
		} {
			c.add(step.after)
			if err := newAgent(t, opts).RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			if web, other := strings.Join(r.take(), "\n"), strings.Join(strict.take(), "\n"); web != step.web || other != step.strict {
				t.Errorf("%d: %q and %q, want %q and %q", i, web, other, step.web, step.strict)
			}
		}
	})
}

// TestOverlapIsToldOnce leaves out two runs while one works.
func TestOverlapIsToldOnce(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s, r := open(t, place), receive(t)
		var c clock
		c.set(start)
		j := put(t, s, Job{Name: "web", On: "@every 1h", Notify: []string{r.URL}}, c.now())
		begun, end := make(chan struct{}), make(chan struct{})
		opts := quick(s, func(_ context.Context, _ *Job, images []string) (*Record, error) {
			close(begun)
			<-end
			return judged(images, "pass"), nil
		})
		opts.Now, opts.Dead = c.now, time.Minute
		a := newAgent(t, opts)
		if _, err := a.Begin(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		drained := make(chan error)
		go func() { drained <- a.Drain(t.Context()) }()
		<-begun
		for range 3 {
			c.add(time.Hour)
			if err := a.schedule(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if _, err := a.Begin(t.Context(), j); err != nil {
			t.Error(err)
		}
		close(end)
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.take(), "\n"); got != "missed: missed " {
			t.Errorf("%q", got)
		}
	})
}

// TestWhoEndsTheRunTellsOfIt lets an attempt end that does not count any more, and the one that does end twice.
func TestWhoEndsTheRunTellsOfIt(t *testing.T) {
	each(t, func(t *testing.T, place string) {
		s := open(t, place)
		a := newAgent(t, quick(s, nil))
		run, err := a.Begin(t.Context(), put(t, s, Job{Name: "web", Notify: []string{"exec:/bin/true"}, PingURL: "https://hc.example/"}, time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		for _, attempt := range []int{1, 2} {
			if mine, err := s.Claim(t.Context(), run.ID, attempt, "w", time.Now()); err != nil || !mine {
				t.Fatal(mine, err)
			}
		}
		run.Result, run.Ended = finding.Fail, time.Now()
		for _, c := range []struct{ attempt, want int }{{1, 0}, {2, 2}, {2, 2}, {1, 2}} {
			run.Attempt = c.attempt
			if _, err := a.end(t.Context(), *run, nil, nil); err != nil {
				t.Fatal(err)
			}
			all, err := s.Notices(t.Context(), "web", 100)
			if len(all) != c.want || err != nil {
				t.Errorf("%d notices, want %d: %v", len(all), c.want, err)
			}
		}
	})
}
