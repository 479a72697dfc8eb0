package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/schedule"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/report"
)

// scheduleFlags make a job of a command instead of running it.
type scheduleFlags struct {
	store     storeFlags
	on        string
	name      string
	zone      string
	jitter    string
	latest    []string
	maxAge    string
	timeLimit string
	keepAge   string
	keepRuns  int
	priority  int
	attempts  int
	noCatchUp bool
	notify    notifyFlags
}

// schedulable gives a command --schedule, with which it is stored as a job instead of being run.
func schedulable(cmd *cobra.Command) *cobra.Command {
	f := &scheduleFlags{}
	own := pflag.NewFlagSet("schedule", pflag.ContinueOnError)
	own.StringVar(&f.on, "schedule", "", "do not run now: store a job that runs at these `TIMES`, such as \"daily 02:00\", weekly, \"@every 6h\" or five fields of cron")
	own.StringVar(&f.name, "schedule-name", "", "the `NAME` of the job; else one is made of the command and its images")
	own.StringVar(&f.zone, "schedule-zone", "Local", "the time `ZONE` of --schedule, such as Europe/Berlin")
	own.StringVar(&f.jitter, "schedule-jitter", "", "how much later than --schedule the job may run, as a `TIME` such as 30m: the same for every run of one job")
	own.StringArrayVar(&f.latest, "latest", nil, "with --schedule: the newest file that matches `PATTERN` is looked at; may be repeated")
	own.StringVar(&f.maxAge, "max-age", "", "with --schedule: an image that is older than `TIME`, such as 26h, or missing, is a finding")
	own.StringVar(&f.timeLimit, "schedule-limit", "", "how long a run may take, as a `TIME` such as 2h")
	own.IntVar(&f.priority, "schedule-priority", agent.DefaultPriority, "1 for jobs that come first, 4 for the last")
	own.IntVar(&f.attempts, "schedule-attempts", agent.DefaultAttempts, "how often a run may come to nothing before it is given up")
	own.IntVar(&f.keepRuns, "schedule-keep-runs", agent.DefaultKeepRuns, "how many runs the history keeps at least")
	own.StringVar(&f.keepAge, "schedule-keep", "", "how long the history keeps runs, as a `TIME` such as 90d")
	own.BoolVar(&f.noCatchUp, "schedule-no-catch-up", false, "leave out runs that were missed, instead of making up for them once")
	f.notify.add(own)
	cmd.Flags().AddFlagSet(own)
	f.store.add(cmd)
	run, args := cmd.RunE, cmd.Args
	cmd.Args = func(cmd *cobra.Command, images []string) error {
		if f.on != "" && len(f.latest) > 0 {
			return nil
		}
		return args(cmd, images)
	}
	cmd.RunE = func(cmd *cobra.Command, images []string) error {
		if f.on != "" && len(images)+len(f.latest) == 0 && len(disksOf(cmd)) > 0 {
			return errors.New("--schedule: name the first disk as the image, and the others with --disk")
		}
		if f.on != "" {
			return f.keep(cmd, own, images)
		}
		if changed := changedOf(own, cmd); changed != "" {
			return fmt.Errorf("--%s says how a job runs: give --schedule, too", changed)
		}
		return run(cmd, images)
	}
	return cmd
}

// changedOf is a flag of a set that was given.
func changedOf(set *pflag.FlagSet, cmd *cobra.Command) (name string) {
	set.VisitAll(func(f *pflag.Flag) {
		if name == "" && cmd.Flags().Changed(f.Name) {
			name = f.Name
		}
	})
	return name
}

// job is the job that the flags and images describe.
func (f *scheduleFlags) job(cmd *cobra.Command, own *pflag.FlagSet, images []string) (*agent.Job, *schedule.Schedule, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, nil, err
	}
	j := &agent.Job{
		Name: f.name, Command: cmd.Name(), Args: given(cmd, own), Dir: dir, On: f.on, Zone: f.zone, NoCatchUp: f.noCatchUp,
		Images: agent.Images{Paths: images, Latest: f.latest}, Priority: f.priority, Attempts: f.attempts, KeepRuns: f.keepRuns,
	}
	for _, d := range []struct {
		flag, text string
		to         *agent.Duration
	}{
		{"schedule-jitter", f.jitter, &j.Jitter},
		{"max-age", f.maxAge, &j.Images.MaxAge},
		{"schedule-limit", f.timeLimit, &j.TimeLimit},
		{"schedule-keep", f.keepAge, &j.KeepAge},
	} {
		if d.text == "" {
			continue
		}
		if *d.to, err = agent.ParseDuration(d.text); err != nil {
			return nil, nil, fmt.Errorf("--%s: %w", d.flag, err)
		}
	}
	f.notify.set(j)
	if j.Name == "" {
		j.Name = agent.NameOf(j)
	}
	s, err := j.Check()
	return j, s, err
}

// unwanted are flags that a job decides itself.
var unwanted = []string{"format", "quiet", "no-color", "store", "exit-zero", agentDirFlag}

// given are the flags of a command as they were given, but for those of own.
func given(cmd *cobra.Command, own *pflag.FlagSet) []string {
	args := []string{}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if own.Lookup(f.Name) != nil || slices.Contains(unwanted, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, v := range values {
			args = append(args, "--"+f.Name+"="+v)
		}
	})
	return args
}

// keep stores the job and says when it runs, and what runs it.
func (f *scheduleFlags) keep(cmd *cobra.Command, own *pflag.FlagSet, images []string) error {
	j, s, err := f.job(cmd, own, images)
	if err != nil {
		return err
	}
	flags := cmd.Flags()
	if err := paired(flags.Lookup("evidence").Value.String(), flags.Lookup("sign-key").Value.String()); err != nil {
		return err
	}
	at, err := now()
	if err != nil {
		return err
	}
	return f.store.with(cmd.Context(), slog.New(slog.DiscardHandler), func(st *store.Store) error {
		if f.name == "" {
			if _, err := st.Job(cmd.Context(), j.Name); !errors.Is(err, store.ErrNotFound) {
				return errors.Join(err, withCode(exitUsage, fmt.Errorf("there is a job %q: give --schedule-name %s to replace it, or another name", j.Name, j.Name)))
			}
		}
		stored, err := j.Stored(s, at)
		if err != nil {
			return err
		}
		if err := st.PutJob(cmd.Context(), stored); err != nil {
			return err
		}
		return tellStored(cmd, st, j, s, at)
	})
}

// upcoming is how many times a new job's schedule is told.
const upcoming = 3

func tellStored(cmd *cobra.Command, st *store.Store, j *agent.Job, s *schedule.Schedule, at time.Time) error {
	var b strings.Builder
	fmt.Fprintf(&b, "job %s stored in %s: %s\n", j.Name, report.Escape(st.Place), report.Escape(s.String()))
	next := at
	for range upcoming {
		if next = j.Next(s, next); next.IsZero() {
			break
		}
		fmt.Fprintf(&b, "  runs %s\n", next.In(s.Zone()).Format("Mon 2006-01-02 15:04 MST"))
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	agents, err := st.Agents(cmd.Context())
	if err != nil {
		return err
	}
	if len(living(agents, clockNow())) == 0 {
		b.WriteString("no agent is running on this store. One of these runs the job:\n" +
			"  guestctl schedule install --systemd-user   a user service that runs the agent\n" +
			"  guestctl schedule install --cron           a line of crontab that runs what is due\n" +
			"  guestctl agent                             in the foreground\n")
	}
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

func living(agents []store.Agent, at time.Time) []store.Agent {
	return (&agent.Health{At: at, Agents: agents}).Alive()
}
