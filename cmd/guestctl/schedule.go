package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/report"
)

func newScheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "List, run, pause and remove jobs that run by themselves",
		Long: `List, run, pause and remove jobs that run by themselves.

A job is made with --schedule of verify-backup, check-compliance, scan, verify-packages and drift. Something has to run what is due:
guestctl agent, or guestctl schedule run-due from a cron of your own.`,
		Example: `  guestctl verify-backup --schedule 'daily 02:00' --latest '/backups/web-*.qcow2' --max-age 26h
  guestctl schedule list
  guestctl schedule run verify-backup-web
  guestctl schedule export > jobs.toml`,
		Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		scheduleCommand("list", "List the jobs, when they run next and how they went", 0, scheduleList),
		scheduleCommand("show", "Print what a job does and how its last runs went", 1, scheduleShow),
		scheduleRunCommand(),
		scheduleCommand("test-notify", "Send a test to every channel of a job", 1, testNotify),
		scheduleCommand("pause", "Leave a job out until it is resumed", 1, pause(true)),
		scheduleCommand("resume", "Let a paused job run again", 1, pause(false)),
		scheduleCommand("remove", "Remove a job; its history stays", 1, func(cmd *cobra.Command, s *store.Store, args []string) error {
			return s.RemoveJob(cmd.Context(), args[0])
		}),
		scheduleCommand("export", "Print all jobs as TOML", 0, scheduleExport),
		scheduleCommand("import", "Store the jobs of a TOML `FILE` that export wrote", 1, scheduleImport),
		scheduleRunDueCommand(),
		scheduleInstallCommand(),
	)
	return cmd
}

// scheduleCommand is a command on the store of jobs, with a name of a job or none.
func scheduleCommand(name, short string, args int, work func(*cobra.Command, *store.Store, []string) error) *cobra.Command {
	var f storeFlags
	use := []string{name, name + " NAME"}[args]
	if name == "import" {
		use = "import FILE"
	}
	cmd := &cobra.Command{
		Use: use, Short: strings.ReplaceAll(short, "`", ""), Args: wantArgs(args, args, strings.TrimPrefix(strings.TrimPrefix(use, name), " ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), quietLog(), func(s *store.Store) error { return work(cmd, s, args) })
		},
	}
	f.add(cmd)
	return cmd
}

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// trend is how many results of a job are told.
const trend = 8

func scheduleList(cmd *cobra.Command, s *store.Store, _ []string) error {
	jobs, err := s.Jobs(cmd.Context())
	if err != nil {
		return err
	}
	var w strings.Builder
	fmt.Fprintf(&w, "NAME\tON\tNEXT\tLAST\tRESULT\tTREND\n")
	for _, stored := range jobs {
		j, _, err := agent.ReadJob(stored)
		if err != nil {
			return err
		}
		runs, err := s.History(cmd.Context(), store.Filter{Job: j.Name, Limit: trend})
		if err != nil {
			return err
		}
		next, last, result := local(stored.NextDue, j), "never", "-"
		if stored.Paused {
			next = "paused"
		}
		if len(runs) > 0 {
			last, result = local(runs[0].Ended, j), resultOf(runs[0])
		}
		fmt.Fprintf(&w, "%s\t%s\t%s\t%s\t%s\t%s\n", report.Escape(j.Name), report.Escape(j.On), next, last, result, trendOf(runs))
	}
	return aligned(cmd.OutOrStdout(), w.String())
}

// local is a time as the clock of the job shows it.
func local(t time.Time, j *agent.Job) string {
	if t.IsZero() {
		return "never"
	}
	if loc, err := time.LoadLocation(j.Zone); err == nil {
		t = t.In(loc)
	}
	return t.Format("Mon 2006-01-02 15:04")
}

func resultOf(r store.Run) string {
	switch {
	case r.State == store.Skipped:
		return "skipped"
	case r.Failed > 0:
		return fmt.Sprintf("%s %d", strings.ToUpper(string(r.Result)), r.Failed)
	}
	return strings.ToUpper(string(r.Result))
}

// trendOf is a sign for each run, the last one right.
func trendOf(runs []store.Run) string {
	var b strings.Builder
	for i := len(runs) - 1; i >= 0; i-- {
		b.WriteString(map[finding.Status]string{finding.Pass: "✓", finding.Fail: "✗", finding.Unknown: "?", store.Error: "!"}[runs[i].Result])
	}
	return b.String()
}

func scheduleShow(cmd *cobra.Command, s *store.Store, args []string) error {
	stored, err := s.Job(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	j, sched, err := agent.ReadJob(stored)
	if err != nil {
		return err
	}
	if err := toml.NewEncoder(cmd.OutOrStdout()).Encode(jobFile{[]agent.Job{*j}}); err != nil {
		return err
	}
	var b strings.Builder
	if stored.Paused {
		b.WriteString("\npaused\n")
	} else {
		fmt.Fprintf(&b, "\nnext %s\n", stored.NextDue.In(sched.Zone()).Format("Mon 2006-01-02 15:04 MST"))
	}
	if _, err := io.WriteString(cmd.OutOrStdout(), b.String()); err != nil {
		return err
	}
	runs, err := s.History(cmd.Context(), store.Filter{Job: j.Name, Limit: trend, Skipped: true})
	if err != nil || len(runs) == 0 {
		return err
	}
	if err := runTable(cmd.OutOrStdout(), runs); err != nil {
		return err
	}
	return noticeTable(cmd, s, j)
}

func pause(paused bool) func(*cobra.Command, *store.Store, []string) error {
	return func(cmd *cobra.Command, s *store.Store, args []string) error {
		stored, err := s.Job(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		j, sched, err := agent.ReadJob(stored)
		if err != nil {
			return err
		}
		at, err := now()
		if err != nil {
			return err
		}
		return s.Pause(cmd.Context(), j.Name, paused, j.Next(sched, at), at)
	}
}

// jobFile is the file that export writes and import reads.
type jobFile struct {
	Jobs []agent.Job `toml:"job"`
}

func scheduleExport(cmd *cobra.Command, s *store.Store, _ []string) error {
	stored, err := s.Jobs(cmd.Context())
	if err != nil {
		return err
	}
	var f jobFile
	for _, one := range stored {
		j, _, err := agent.ReadJob(one)
		if err != nil {
			return err
		}
		f.Jobs = append(f.Jobs, *j)
	}
	return toml.NewEncoder(cmd.OutOrStdout()).Encode(f)
}

func scheduleImport(cmd *cobra.Command, s *store.Store, args []string) error {
	b, err := os.ReadFile(args[0])
	if err != nil {
		return withCode(exitUsage, err)
	}
	var f jobFile
	meta, err := toml.Decode(string(b), &f)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("%s: %w", args[0], err))
	}
	if odd := meta.Undecoded(); len(odd) > 0 {
		return withCode(exitUsage, fmt.Errorf("%s: unknown key %s", args[0], odd[0]))
	}
	at, err := now()
	if err != nil {
		return withCode(exitUsage, err)
	}
	all := make([]store.Job, 0, len(f.Jobs))
	for i := range f.Jobs {
		sched, err := f.Jobs[i].Check()
		if err != nil {
			return withCode(exitUsage, fmt.Errorf("%s: %w", args[0], err))
		}
		one, err := f.Jobs[i].Stored(sched, at)
		if err != nil {
			return err
		}
		all = append(all, one)
	}
	for _, one := range all {
		if err := s.PutJob(cmd.Context(), one); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d jobs stored\n", len(all))
	return err
}

func scheduleRunCommand() *cobra.Command {
	var f storeFlags
	cmd := &cobra.Command{
		Use: "run NAME", Short: "Run a job now, and wait for it", Args: wantArgs(1, 1, "NAME"),
		Long: `Run a job now, and wait for it.

The exit code is that of its command: 0, 1 or 3; 4 when the run came to nothing.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.with(cmd.Context(), quietLog(), func(s *store.Store) error {
				stored, err := s.Job(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				j, _, err := agent.ReadJob(stored)
				if err != nil {
					return err
				}
				log, err := (&logFlags{"text", "info"}).open(cmd)
				if err != nil {
					return err
				}
				a, err := agent.New(cmd.Context(), agentOptions(s, 0, log))
				if err != nil {
					return err
				}
				run, err := a.Begin(cmd.Context(), j)
				if err != nil {
					return err
				}
				if run.State == store.Skipped {
					return notJudged(fmt.Errorf("%s: %s", j.Name, run.Message))
				}
				if err := a.Wait(cmd.Context(), run.ID); err != nil {
					return runError(err)
				}
				return tellRun(cmd, s, run.ID)
			})
		},
	}
	f.add(cmd)
	return cmd
}

// tellRun prints a run that has ended, and returns its exit code.
func tellRun(cmd *cobra.Command, s *store.Store, id string) error {
	r, err := s.Run(cmd.Context(), id)
	if err != nil {
		return err
	}
	if err := showRun(cmd.Context(), cmd.OutOrStdout(), s, r); err != nil {
		return err
	}
	switch r.Result {
	case finding.Pass:
		return nil
	case finding.Fail:
		return &codeError{code: exitFindings}
	case store.Error:
		return withCode(exitInternal, fmt.Errorf("%s: %s", r.Job, r.Message))
	}
	return &codeError{code: exitNotJudged}
}

func scheduleRunDueCommand() *cobra.Command {
	var f storeFlags
	var l logFlags
	var workers int
	cmd := &cobra.Command{
		Use: "run-due", Short: "Run the jobs that are due, and end: for a cron of your own", Args: wantArgs(0, 0, ""),
		Long: `Run the jobs that are due, and end: for a cron of your own.

The exit code is 0 when every run was made, whatever it found: guestctl history tells that.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := l.open(cmd)
			if err != nil {
				return err
			}
			return f.with(cmd.Context(), log, func(s *store.Store) error {
				a, err := agent.New(cmd.Context(), agentOptions(s, workers, log))
				if err != nil {
					return err
				}
				return runError(a.RunDue(cmd.Context()))
			})
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&workers, "workers", 0, "how many runs at the same time (0: one for each processor)")
	l.add(cmd)
	return cmd
}

// agentOptions are those of an agent that runs the commands of this program.
func agentOptions(s *store.Store, workers int, log *slog.Logger) agent.Options {
	run := func(ctx context.Context, j *agent.Job, images []string) (*agent.Record, error) {
		return runJob(ctx, s.Address, j, images)
	}
	return agent.Options{Store: s, Run: run, Workers: workers, Log: log, Version: toolVersion(), Now: clockNow}
}

// clockNow is the clock of an agent: SOURCE_DATE_EPOCH stands still, which is of use to tests only.
func clockNow() time.Time {
	if t, err := now(); err == nil {
		return t
	}
	return time.Now()
}
