package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/report"
)

// hygiene is the baseline that --hygiene stands for.
const hygiene = "builtin:golden-image"

func newGateCommand() *cobra.Command {
	var f gateFlags
	cmd := &cobra.Command{
		Use:   "gate IMAGE",
		Short: "Decide in a pipeline whether an image may go on: every judge, all reports and the evidence in one run",
		Long: `Decide in a pipeline whether an image may go on: every judge, all reports and the evidence in one run.

The judges are those that are asked for: baselines, policies in Rego, the hygiene of golden images, the package database, a scan for
malware, and drift since the image that was released before. The image is opened once. All files are written before the exit code is
given, and none of them half. In a step of GitHub Actions, where GITHUB_STEP_SUMMARY names a file, a summary is appended to it.

The gate is open when the exit code is 0, and --exit-zero does not open it.`,
		Example: `  guestctl gate --baseline baseline.toml --hygiene --verify-packages --scan --fail-on high web.qcow2
  guestctl gate --baseline baseline.toml --drift-from web-1.41.facts.zst --facts-out web-1.42.facts.zst \
      --report sarif=gate.sarif --report junit=gate.xml --evidence web-1.42.intoto.jsonl --sign-key env:GATE_KEY web-1.42.qcow2`,
		Args: wantArgs(1, 1, "IMAGE"),
		RunE: f.run,
	}
	f.judge.add(cmd, audit.Any)
	f.judges.add(cmd)
	f.store.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.hygiene, "hygiene", false, "look for what the build of an image leaves in it: the baseline "+hygiene)
	flags.StringVar(&f.factsOut, "facts-out", "", "store the facts about the guest in `FILE`, for --drift-from of the next one; zstd reads it where it ends in .zst")
	flags.BoolVar(&f.noSummary, "no-step-summary", false, "append nothing to the file that GITHUB_STEP_SUMMARY names")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"facts-out": carapace.ActionFiles()})
	return cmd
}

type gateFlags struct {
	judge     judgeFlags
	judges    complianceFlags
	store     storeFlags // of --drift-from history:MACHINE
	hygiene   bool
	factsOut  string
	noSummary bool
}

func (f *gateFlags) run(cmd *cobra.Command, images []string) error {
	if err := f.judges.check(); err != nil {
		return err
	}
	p := &f.judges.policy
	if len(p.baselines)+len(p.policies) == 0 && !f.hygiene && !f.judges.packages && f.judges.driftFrom == "" && !f.judges.scans(cmd) {
		return errors.New("nothing to judge by, want --baseline, --policy, --hygiene, --verify-packages, --scan or --drift-from")
	}
	if f.hygiene {
		p.baselines = slices.Insert(p.baselines, 0, hygiene) // a file of the user says more of it
	}
	judges, err := p.loadOptional()
	if err != nil {
		return err
	}
	j, err := f.judge.begin(cmd, images)
	if err != nil {
		return err
	}
	defer func() { j.discard() }() // with the files that are opened below
	if err := f.open(j); err != nil {
		return err
	}
	return f.judges.run(cmd, j, judges)
}

// open opens what a gate writes beside other commands.
func (f *gateFlags) open(j *judgement) error {
	if f.factsOut != "" {
		j.Job.KeepFacts = true
		write := func(w io.Writer, r *audit.Result) error { return writeFacts(w, f.factsOut, r.Targets[0].Facts) }
		if err := j.files.open(factsFile, f.factsOut, write); err != nil {
			return fmt.Errorf("--facts-out %s: %w", f.factsOut, err)
		}
	}
	if f.judge.format == report.Names()[0] {
		j.format.Write = func(w io.Writer, r *audit.Result) error { return report.Gate(w, r, j.files.paths()) }
	}
	summary, err := openSummary(f.noSummary, j.files.paths())
	if err != nil {
		return err
	}
	j.summary = summary
	return nil
}

// oneWithFacts wants the facts of one guest.
func oneWithFacts(r *audit.Result) error {
	switch {
	case len(r.Targets) != 1:
		return fmt.Errorf("%d operating systems, want one: choose it with --root DEVICE", len(r.Targets))
	case r.Targets[0].Facts == nil:
		return errors.New("no guest could be judged")
	}
	return nil
}
