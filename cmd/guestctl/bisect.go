package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

func newBisectCommand() *cobra.Command {
	var f bisectFlags
	cmd := &cobra.Command{
		Use:   "bisect --check ID|--rule NAME IMAGE...",
		Short: "Find the last good and the first bad of a series of backups",
		Long: `Find the last good and the first bad of a series of backups.

IMAGE is an image, a document that guestctl facts --facts-out stored, a folder of them or a pattern; --history is what the history keeps of
a machine. Bad is an image whose guest fails a check of a baseline (--check, of builtin:linux-server where no baseline is named), or has a
file that a YARA rule matches (--rule, of those that guestctl scan would use). The first and the last are looked at, and then always the one
in the middle. One that cannot be judged is left out for its neighbour; where none is left, it is told between which two the change lies.

The exit code is 1 when the first bad one was found, 0 when neither the first nor the last is bad, or with --all none at all, and 3 when it
could not be decided.`,
		Example: `  guestctl bisect --check ssh-root-login /backups/web01-*.qcow2
  guestctl bisect --check packages.forbidden/telnet --baseline baseline.toml --history web01
  guestctl bisect --rule webshell_php --rules rules/ --all /backups/web01/`,
		Args: f.series.args,
		RunE: f.run,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.check, "check", "", "look for the first that fails the check `ID`")
	flags.StringVar(&f.rule, "rule", "", "look for the first with a file that the YARA rule `NAME` matches")
	flags.BoolVar(&f.all, "all", false, "judge all of them, and tell whether the series goes to and fro")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are judged at the same time with --all")
	flags.StringVar(&f.format, "format", "text", "how to write it: text, json")
	f.series.add(cmd)
	f.policy.add(cmd)
	f.files.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues("text", "json")})
	return cmd
}

type bisectFlags struct {
	check, rule string
	all         bool
	jobs        int
	format      string
	series      seriesFlags
	policy      policyFlags
	files       scanFlags
}

func (f *bisectFlags) run(cmd *cobra.Command, images []string) error {
	if err := f.verify(cmd); err != nil {
		return err
	}
	at, err := now()
	if err != nil {
		return err
	}
	history := pastOf(cmd)
	defer history.done()
	gather := f.series.image.gather(facts.Request{}, at)
	gather.Documents = history.read
	b := audit.Bisect{Order: f.series.order(), All: f.all}
	b.Job = audit.Job{
		Documents: history.read, Engine: gather.Engine, Root: gather.Root, FailOn: audit.Any, Jobs: f.jobs, Now: at, Tool: toolVersion(),
	}
	scanned := newByteProgress(cmd, "scanned")
	defer scanned.Close()
	closeScan, err := f.lookFor(cmd, &b, scanned)
	if err != nil {
		return err
	}
	defer closeScan()
	if b.Items, err = f.series.items(cmd, history, gather, images); err != nil {
		return err
	}
	bar := newProgress(cmd, int64(len(b.Items)))
	defer bar.Close()
	b.Done = func(one audit.JudgedItem) {
		bar.Say(string(one.State) + " " + one.Image)
		bar.Add(1)
	}
	r, err := b.Run(cmd.Context())
	if err != nil {
		return runError(err)
	}
	return tell(cmd, f.format, r, report.BisectionText)
}

// verify refuses flags that do not fit each other.
func (f *bisectFlags) verify(cmd *cobra.Command) error {
	named := len(f.policy.baselines)+len(f.policy.policies) > 0
	switch {
	case (f.check == "") == (f.rule == ""):
		return errors.New("want either --check ID or --rule NAME")
	case f.rule != "" && named:
		return errors.New("--rule looks for a YARA rule: a baseline or policy is for --check")
	case f.rule != "" && f.series.history != "":
		return errors.New("--rule looks into files, and the history keeps facts: name the images")
	case f.rule != "" && f.files.engines.NoYARA:
		return errors.New("--rule looks for a YARA rule, and --no-yara leaves YARA out")
	case !slices.Contains([]string{"text", "json"}, f.format):
		return fmt.Errorf("no format %q, want one of text, json", f.format)
	case f.jobs < 1:
		return fmt.Errorf("--jobs %d, want at least 1", f.jobs)
	}
	return f.files.notEmpty(cmd)
}

// lookFor makes the job look for the check or the rule. What comes back ends the scan, where there is one.
func (f *bisectFlags) lookFor(cmd *cobra.Command, b *audit.Bisect, bar *progress) (done func(), err error) {
	none := func() {}
	if f.rule != "" {
		scan, err := f.scanFor(cmd, b, bar)
		if err != nil {
			return none, err
		}
		return scan.Close, nil
	}
	if len(f.policy.baselines)+len(f.policy.policies) == 0 {
		f.policy.baselines = []string{"builtin:linux-server"}
	}
	p, err := f.policy.load()
	if err != nil {
		return none, err
	}
	if err := b.CheckJob(p, f.check); err != nil {
		return none, err
	}
	if len(b.Job.Policy.Elsewhere(policy.ByScan)) == 0 {
		return none, nil
	}
	if b.Job.Scan, err = f.files.open(cmd.Context(), p, !f.files.noCache(cmd), false, bar); err != nil {
		return none, err
	}
	return b.Job.Scan.Close, nil
}

// scanFor opens the rules of the user, and where the rule is none of them those that are built in, too.
func (f *bisectFlags) scanFor(cmd *cobra.Command, b *audit.Bisect, bar *progress) (scan *audit.Scan, err error) {
	flags := f.files
	own := len(flags.engines.Rules) > 0 && !flags.engines.NoBuiltin
	flags.engines.NoBuiltin = flags.engines.NoBuiltin || own
	for {
		if scan, err = flags.open(cmd.Context(), &policy.Policy{}, !f.files.noCache(cmd), true, bar); err != nil {
			return nil, err
		}
		if err = b.RuleJob(scan, f.rule); err == nil {
			return scan, nil
		}
		scan.Close()
		if !own {
			return nil, err
		}
		own, flags.engines.NoBuiltin = false, false
	}
}
