package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/rules/frameworks"
)

func newCheckComplianceCommand() *cobra.Command {
	var f struct {
		judge      judgeFlags
		policy     policyFlags
		frameworks []string
		coverage   float64
		assume     string
		scan       bool
		files      scanFlags
		packages   bool
		driftFrom  string
	}
	cmd := &cobra.Command{
		Use:   "check-compliance --baseline FILE|--policy DIR IMAGE...",
		Short: "Judge the guests of disk images by a baseline",
		Long: `Judge the guests of disk images by a baseline.

Each image is one machine. Every verdict says what was expected, what is there, in which file and line, and how to fix it.`,
		Example: `  guestctl check-compliance --baseline baseline.toml disk.qcow2
  guestctl check-compliance --baseline base.toml --baseline web.toml --fail-on high --report json=result.json images/*.qcow2
  guestctl check-compliance --baseline base.toml --report sarif=out.sarif --report md=summary.md --framework cis_debian12 disk.qcow2`,
		Args: wantArgs(1, -1, "--baseline FILE IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error {
			if f.coverage < 0 || f.coverage > 100 {
				return fmt.Errorf("--min-coverage %v, want a percentage from 0 to 100", f.coverage)
			}
			if err := checkFrameworks(f.frameworks); err != nil {
				return err
			}
			p, err := f.policy.load()
			if err != nil {
				return err
			}
			assumed, err := readAssumed(f.assume)
			if err != nil {
				return err
			}
			j, err := f.judge.begin(images)
			if err != nil {
				return err
			}
			defer j.discard()
			j.Job.Policy, j.Job.Assume, j.Job.Frameworks = p, assumed, f.frameworks
			j.Job.MinCoverage = max(f.coverage, p.MinCoverage)
			if f.packages {
				j.Job.Verify = &audit.Verify{Asked: true}
			}
			if f.driftFrom != "" {
				j.Job.Drift = &audit.Drift{From: f.driftFrom}
			}
			asked := f.scan || f.files.asked(cmd)
			if asked || len(p.Elsewhere(policy.ByScan)) > 0 {
				return f.files.run(cmd, j, asked)
			}
			bar := newProgress(cmd, "images", int64(len(images)))
			defer bar.Close()
			j.Job.Done = func(string) { bar.Add(1) }
			return j.run(cmd)
		},
	}
	f.judge.add(cmd, audit.Any)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.frameworks, "framework", nil, "show how far each guest meets the framework `KEY`, beside those of the baseline; may be repeated: "+strings.Join(frameworks.Keys(), ", "))
	flags.Float64Var(&f.coverage, "min-coverage", 0, "share of the needed facts that must be readable, in `PERCENT`")
	flags.StringVar(&f.assume, "assume", "", "what if: JSON or TOML `FILE` merged over the facts of each guest (RFC 7396) before it is judged")
	flags.BoolVar(&f.scan, "scan", false, "scan the files of each guest for malware, too; so does [malware] in a baseline, and each of the flags of guestctl scan")
	flags.BoolVar(&f.packages, "verify-packages", false, "hold the files of packages against the package database, too; so does packages.verify in a baseline")
	flags.StringVar(&f.driftFrom, "drift-from", "", "hold each guest against what it was in `FACTS|IMAGE`, too; [drift] in a baseline says what counts")
	f.files.add(cmd)
	f.policy.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"framework":  carapace.ActionValues(frameworks.Keys()...),
		"drift-from": carapace.ActionFiles(),
		"assume":     carapace.ActionFiles(".json", ".toml"),
	})
	return cmd
}

// runError gives the error of a run its exit code: a run that was interrupted is told apart in run.
func runError(err error) error {
	if errors.Is(err, audit.ErrInternal) {
		return withCode(exitInternal, err)
	}
	if errors.Is(err, context.Canceled) {
		return withCode(exitInterrupted, err)
	}
	if coded := (*codeError)(nil); errors.As(err, &coded) {
		return err
	}
	return notJudged(err)
}
