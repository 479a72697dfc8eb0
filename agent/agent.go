package agent

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/guestctl/guestctl/agent/notify"
	"github.com/guestctl/guestctl/agent/store"
)

// Options say how an agent works. What is zero has its default.
type Options struct {
	Store *store.Store
	// Run runs the command of a job on images, and returns what it left behind. An error says that it could not be run.
	Run func(ctx context.Context, j *Job, images []string) (*Record, error)
	// Ended is told of every run that this agent ended; it may be nil.
	Ended   func(ctx context.Context, r store.Run)
	Workers int // how many runs at the same time; one for each processor
	Notify  notify.Sender
	Log     *slog.Logger
	Version string
	Now     func() time.Time

	Tick  time.Duration // how often it is looked what is due
	Beat  time.Duration // how often a worker says that it works
	Dead  time.Duration // for how long a beat stands still before the run is given to another
	Retry time.Duration // how long a run waits after its first failure
	Hold  time.Duration // for how long nobody else tries to send a notice that somebody sends: longer than sending takes
}

// grace is by how much a run may be late before it counts as missed.
const grace = 5 * time.Minute

// Agent works on jobs, and schedules them while it leads.
type Agent struct {
	Options
	id     string
	host   string
	client *river.Client[*sql.Tx]
	lead   chan struct{} // something arrives now and then while this agent leads
	leads  atomic.Bool
	watch  watch
	now    func() time.Time
}

const queue = "runs"

// New makes an agent, and what its queue needs in the store.
func New(ctx context.Context, opts Options) (*Agent, error) {
	a := &Agent{Options: opts, lead: make(chan struct{}, 1)}
	a.Workers = or(a.Workers, runtime.GOMAXPROCS(0))
	a.Tick, a.Beat, a.Dead = or(a.Tick, 5*time.Second), or(a.Beat, 10*time.Second), or(a.Dead, time.Minute)
	a.Retry, a.Hold = or(a.Retry, 10*time.Second), or(a.Hold, 2*time.Minute)
	if a.now = opts.Now; a.now == nil {
		a.now = time.Now
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	a.host = host
	a.id = fmt.Sprintf("%s-%d-%d", host, os.Getpid(), time.Now().UnixNano())
	if err := a.connect(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", a.Store.Place, err)
	}
	return a, nil
}

// connect makes the tables of the queue and the client that works on it.
func (a *Agent) connect(ctx context.Context) error {
	// River says in its log what the agent handles, such as every time a periodic job is not wanted
	quiet := slog.New(atLeast{a.Log.Handler(), slog.LevelError})
	var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(a.Store.DB)
	if a.Store.Postgres {
		driver = riverdatabasesql.New(a.Store.DB)
	}
	if err := prepare(ctx, driver, quiet); err != nil {
		return err
	}
	workers := river.NewWorkers()
	if err := errors.Join(river.AddWorkerSafely(workers, &runWorker{agent: a}), river.AddWorkerSafely(workers, &noticeWorker{agent: a})); err != nil {
		return err
	}
	client, err := river.NewClient(driver, &river.Config{
		ID: a.id, Logger: quiet, Workers: workers,
		Queues:        map[string]river.QueueConfig{queue: {MaxWorkers: a.Workers}, notices: {MaxWorkers: senders, FetchPollInterval: min(a.Tick, noticePoll)}},
		FetchCooldown: 20 * time.Millisecond, FetchPollInterval: time.Second,
		PollOnly:    true, // SQLite has nothing to wait for: River would ask it twenty times a second instead
		JobTimeout:  -1,   // each job has its own
		RetryPolicy: soon{}, MaxAttempts: math.MaxInt16,
		RescueStuckJobsAfter: 30 * day,
		PeriodicJobs:         []*river.PeriodicJob{river.NewPeriodicJob(river.PeriodicInterval(a.Tick), a.leading, &river.PeriodicJobOpts{RunOnStart: true})},
	})
	a.client = client
	return err
}

// soon is when the queue asks again after the store did not answer: runs that fail have times of their own.
type soon struct{}

func (soon) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(min(30*time.Second, time.Second<<min(len(job.Errors), 5)))
}

// prepare makes the tables of the queue. Two agents may do so at once, so what fails is tried again.
func prepare(ctx context.Context, driver riverdriver.Driver[*sql.Tx], log *slog.Logger) (err error) {
	for range 5 {
		var m *rivermigrate.Migrator[*sql.Tx]
		if m, err = rivermigrate.New(driver, &rivermigrate.Config{Logger: log}); err != nil {
			return err
		}
		if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// leading is called by River while this agent leads. It puts nothing into the queue and only wakes the one who does.
func (a *Agent) leading() (river.JobArgs, *river.InsertOpts) {
	select {
	case a.lead <- struct{}{}:
	default:
	}
	return nil, nil
}

// Serve works until the context ends. What is being worked on then goes back into the queue.
func (a *Agent) Serve(ctx context.Context, ready func()) error {
	if err := a.start(ctx); err != nil {
		return err
	}
	if ready != nil {
		ready()
	}
	started := a.now()
	alive := time.NewTicker(a.Beat)
	defer alive.Stop()
	a.alive(ctx, started)
	for {
		select {
		case <-ctx.Done():
			return a.stop()
		case <-a.lead:
			a.leads.Store(true)
			a.try(ctx, "schedule", a.schedule)
		case <-alive.C:
			a.alive(ctx, started)
		}
	}
}

// RunDue puts what is due into the queue, and works until nothing is left of it.
func (a *Agent) RunDue(ctx context.Context) error {
	if err := a.schedule(ctx); err != nil {
		return err
	}
	return a.Drain(ctx)
}

// Drain works until no run is left in the queue.
func (a *Agent) Drain(ctx context.Context) error {
	return a.until(ctx, func(open []store.Run) bool { return len(open) == 0 })
}

// until works until enough is said of the runs that have not ended.
func (a *Agent) until(ctx context.Context, enough func(open []store.Run) bool) error {
	if err := a.start(ctx); err != nil {
		return err
	}
	poll := time.NewTicker(min(a.Tick, 200*time.Millisecond))
	defer poll.Stop()
	for {
		open, err := a.Store.Open(ctx)
		if err == nil && enough(open) {
			a.settle(ctx)
			return a.stop()
		}
		if err == nil {
			err = a.takeOver(ctx, open)
		}
		if err != nil && ctx.Err() == nil {
			return errors.Join(err, a.stop())
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), a.stop())
		case <-poll.C:
		}
	}
}

func (a *Agent) start(ctx context.Context) error {
	// the context of the workers is their own: stop ends it when the queue has stopped asking
	if err := a.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("%s: %w", a.Store.Place, err)
	}
	return nil
}

// stopTime is how long runs have to go back into the queue when the agent ends.
const stopTime = 20 * time.Second

func (a *Agent) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := a.client.StopAndCancel(ctx)
	return errors.Join(err, a.Store.Left(ctx, a.id, a.now().Add(-day)))
}

// alive says in the store that this agent lives.
func (a *Agent) alive(ctx context.Context, started time.Time) {
	a.try(ctx, "say that the agent lives", func(ctx context.Context) error {
		return a.Store.Seen(ctx, store.Agent{
			ID: a.id, Host: a.host, PID: os.Getpid(), Version: a.Version, Started: started, Seen: a.now(), Leads: a.leads.Swap(false),
		})
	})
}

// try does what is done again soon: an error is told, and ends nothing.
func (a *Agent) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, what, "error", err)
	}
}

// atLeast is a handler of a log without what is less than its level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

// Wait works until a run has ended.
func (a *Agent) Wait(ctx context.Context, id string) error {
	return a.until(ctx, func(open []store.Run) bool {
		return !slices.ContainsFunc(open, func(r store.Run) bool { return r.ID == id })
	})
}
