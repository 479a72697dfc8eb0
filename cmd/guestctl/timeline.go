package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

func newTimelineCommand() *cobra.Command {
	var f timelineFlags
	cmd := &cobra.Command{
		Use:   "timeline IMAGE...",
		Short: "Tell what changed in a machine from each of its backups to the next",
		Long: `Tell what changed in a machine from each of its backups to the next.

IMAGE is an image, a document that guestctl facts --facts-out stored, a folder of them or a pattern; --history is what the history keeps of
a machine. They are ordered by the time their file was written, by name, or by the newest trace of use in the guest, the oldest first.
Compared are the facts; guestctl drift tells of two of them what files changed, and what explains it. With a baseline every state is judged,
and the exit code is 1 when one fails; it is 3 when a state, or a part of it, could not be read.`,
		Example: `  guestctl timeline /backups/web01-*.qcow2
  guestctl timeline --by content --baseline baseline.toml /backups/web01/
  guestctl timeline --history web01 --top 20`,
		Args: f.series.args,
		RunE: f.run,
	}
	f.series.add(cmd)
	f.policy.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.failOn, "fail-on", string(audit.Any), "mildest `SEVERITY` that fails: "+strings.Join(audit.FailOns(), ", "))
	flags.IntVar(&f.top, "top", 5, "how many changes of a step are told one by one, the gravest first (0: all)")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are read at the same time")
	flags.StringVar(&f.format, "format", "text", "how to write it: text, json")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":  carapace.ActionValues("text", "json"),
		"fail-on": carapace.ActionValues(audit.FailOns()...),
	})
	return cmd
}

type timelineFlags struct {
	series seriesFlags
	policy policyFlags
	failOn string
	top    int
	jobs   int
	format string
}

func (f *timelineFlags) run(cmd *cobra.Command, images []string) error {
	s, err := f.job()
	if err != nil {
		return err
	}
	history := pastOf(cmd)
	defer history.done()
	s.Gather.Documents = history.read
	if s.Items, err = f.series.items(cmd, history, s.Gather, images); err != nil {
		return err
	}
	bar := newProgress(cmd, int64(len(s.Items)))
	defer bar.Close()
	s.Done = func() { bar.Add(1) }
	t, err := s.Timeline(cmd.Context())
	if err != nil {
		return runError(err)
	}
	return tell(cmd, f.format, t, report.TimelineText)
}

// job is what the flags ask for, without the images.
func (f *timelineFlags) job() (s audit.Series, err error) {
	switch {
	case !slices.Contains([]string{"text", "json"}, f.format):
		return s, fmt.Errorf("no format %q, want one of text, json", f.format)
	case f.jobs < 1:
		return s, fmt.Errorf("--jobs %d, want at least 1", f.jobs)
	case f.top < 0:
		return s, fmt.Errorf("--top %d, want at least 0", f.top)
	}
	if s.FailOn, err = audit.ParseFailOn(f.failOn); err != nil {
		return s, fmt.Errorf("--fail-on: %w", err)
	}
	at, err := now()
	if err != nil {
		return s, err
	}
	if len(f.policy.baselines)+len(f.policy.policies) > 0 {
		if s.Policy, err = f.policy.load(); err != nil {
			return s, err
		}
	}
	s.Order, s.Top, s.Jobs = f.series.order(), f.top, f.jobs
	s.Gather = f.series.image.gather(facts.Request{}, at)
	return s, nil
}
