package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/agent/store"
	"github.com/guestctl/guestctl/report"
)

func newHistoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what jobs found, and what changed from run to run",
		Example: `  guestctl history list --job web-backups --since 30d
  guestctl history show web-backups
  guestctl history show web-backups 118 --format json
  guestctl history trend web01`,
		Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(historyListCommand(), historyShowCommand(), scheduleCommand("trend", "Print how the score and the findings of a machine went", 1, historyTrend))
	return cmd
}

func historyListCommand() *cobra.Command {
	var f struct {
		store   storeFlags
		job     string
		since   string
		limit   int
		skipped bool
		format  string
	}
	cmd := &cobra.Command{
		Use: "list", Short: "List the runs, the latest first", Args: wantArgs(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter := store.Filter{Job: f.job, Limit: f.limit, Skipped: f.skipped}
			if f.since != "" {
				d, err := agent.ParseDuration(f.since)
				if err != nil {
					return fmt.Errorf("--since: %w", err)
				}
				filter.Since = clockNow().Add(-time.Duration(d))
			}
			if f.format != "text" && f.format != "json" {
				return fmt.Errorf("no format %q, want one of text, json", f.format)
			}
			return f.store.with(cmd.Context(), quietLog(), func(s *store.Store) error {
				runs, err := s.History(cmd.Context(), filter)
				if err != nil {
					return err
				}
				if f.format == "json" {
					return report.WriteJSON(cmd.OutOrStdout(), append([]store.Run{}, runs...))
				}
				return runTable(cmd.OutOrStdout(), runs)
			})
		},
	}
	f.store.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.job, "job", "", "only runs of the job `NAME`")
	flags.StringVar(&f.since, "since", "", "only runs of the last `TIME`, such as 30d")
	flags.IntVar(&f.limit, "limit", 50, "how many at most (0: all)")
	flags.BoolVar(&f.skipped, "skipped", false, "also what was left out, and why")
	flags.StringVar(&f.format, "format", "text", "how to write it: text, json")
	return cmd
}

// aligned writes lines whose cells end with a tab, each column as wide as its widest cell.
func aligned(out io.Writer, text string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return w.Flush()
}

func runTable(out io.Writer, runs []store.Run) error {
	var w strings.Builder
	fmt.Fprintf(&w, "ENDED\tJOB\tRUN\tRESULT\tFAILED\tUNKNOWN\tTOOK\tCAUSE\tNOTE\n")
	for _, r := range runs {
		took := ""
		if !r.Started.IsZero() {
			took = r.Ended.Sub(r.Started).Round(time.Second).String()
		}
		fmt.Fprintf(&w, "%s\t%s\t%d\t%s\t%d\t%d\t%s\t%s\t%s\n", r.Ended.Local().Format("2006-01-02 15:04"), report.Escape(r.Job), r.Number,
			resultOf(r), r.Failed, r.Unknown, took, r.Cause, report.Escape(r.Message))
	}
	return aligned(out, w.String())
}

func historyShowCommand() *cobra.Command {
	var f struct {
		store    storeFlags
		format   string
		evidence string
	}
	cmd := &cobra.Command{
		Use: "show JOB [RUN]", Short: "Print a run, and what is new and gone since the one before", Args: wantArgs(1, 2, "JOB [RUN]"),
		Long: `Print a run, and what is new and gone since the one before. Without a number it is the last one.

With --format json it is the report as the command of the job wrote it. --evidence writes the signed statement of the run, where the
job was given --evidence and --sign-key, for guestctl evidence verify; the exit code is 3 when there is none.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var number int64
			if len(args) == 2 {
				n, err := strconv.ParseInt(args[1], 10, 64)
				if err != nil || n < 1 {
					return fmt.Errorf("run %q, want a number", args[1])
				}
				number = n
			}
			if f.format != "text" && f.format != "json" {
				return fmt.Errorf("no format %q, want one of text, json", f.format)
			}
			return f.store.with(cmd.Context(), quietLog(), func(s *store.Store) error {
				r, err := s.Numbered(cmd.Context(), args[0], number)
				if err != nil {
					return err
				}
				if f.evidence != "" {
					return writeSigned(cmd.Context(), s, r, f.evidence)
				}
				if f.format == "json" {
					b, err := s.Report(cmd.Context(), r)
					if err != nil {
						return err
					}
					_, err = cmd.OutOrStdout().Write(b)
					return err
				}
				return showRun(cmd.Context(), cmd.OutOrStdout(), s, r)
			})
		},
	}
	f.store.add(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "how to write it: text, json")
	cmd.Flags().StringVar(&f.evidence, "evidence", "", "print nothing, and write the signed statement of the run to `FILE`")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"evidence": carapace.ActionFiles()})
	return cmd
}

// writeSigned writes the evidence of a run to a file.
func writeSigned(ctx context.Context, s *store.Store, r store.Run, path string) error {
	b, err := s.Signed(ctx, r)
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return notJudged(fmt.Errorf("%s run %d: no evidence is kept: the job was not given --evidence and --sign-key, no image could be read, "+
			"or the run passed and three later ones are there", r.Job, r.Number))
	}
	f, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("--evidence %s: %w", path, err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, complete(f)); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		remove(f.Name())
	}
	return err
}

// showRun tells a run, and what is new in it.
func showRun(ctx context.Context, out io.Writer, s *store.Store, r store.Run) error {
	targets, err := s.Targets(ctx, r.ID)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s run %d  %s  %s  %d passed, %d failed, %d unknown, %d waived\n", report.Escape(r.Job), r.Number,
		r.Ended.Local().Format("Mon 2006-01-02 15:04"), resultOf(r), r.Passed, r.Failed, r.Unknown, r.Waived)
	if r.Message != "" && r.Result != "pass" && r.Result != "fail" {
		fmt.Fprintf(&b, "  %s\n", report.Escape(r.Message))
	}
	for _, t := range targets {
		fmt.Fprintf(&b, "  %s  %s  %s\n", strings.ToUpper(string(t.Result)), report.Escape(t.Machine), report.Escape(t.Image))
	}
	before, ok, err := s.Before(ctx, r)
	if err != nil {
		return err
	}
	var old []store.Target
	if ok {
		if old, err = s.Targets(ctx, before.ID); err != nil {
			return err
		}
		fmt.Fprintf(&b, "since run %d:", before.Number)
	} else {
		b.WriteString("the first run:")
	}
	c := store.Compare(old, targets)
	fmt.Fprintf(&b, " %d new, %d still there, %d gone\n", len(c.New), c.Still, len(c.Gone))
	for _, one := range c.New {
		fmt.Fprintf(&b, "  new   %s  %s\n", report.Escape(one.Machine), changeOf(one))
	}
	for _, one := range c.Gone {
		fmt.Fprintf(&b, "  gone  %s  %s\n", report.Escape(one.Machine), changeOf(one))
	}
	_, err = io.WriteString(out, b.String())
	return err
}

func changeOf(c store.Change) string {
	return report.Escape(fmt.Sprintf("%s %s (%s) %s", strings.ToUpper(string(c.Status)), c.ID, c.Severity, c.Message))
}

func historyTrend(cmd *cobra.Command, s *store.Store, args []string) error {
	points, err := s.Trend(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	if len(points) == 0 {
		return fmt.Errorf("machine %q: %w", args[0], store.ErrNotFound)
	}
	var w strings.Builder
	fmt.Fprintf(&w, "ENDED\tJOB\tRUN\tRESULT\tSCORE\tFAILED\tUNKNOWN\n")
	for _, p := range points {
		score := "-"
		if p.Score >= 0 {
			score = strconv.FormatFloat(p.Score, 'f', 1, 64) + " %"
		}
		fmt.Fprintf(&w, "%s\t%s\t%d\t%s\t%s\t%d\t%d\n", p.Ended.Local().Format("2006-01-02 15:04"), report.Escape(p.Job), p.Run,
			strings.ToUpper(string(p.Result)), score, p.Failed, p.Unknown)
	}
	return aligned(cmd.OutOrStdout(), w.String())
}
