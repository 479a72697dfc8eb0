package main

import (
	"fmt"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/rules/frameworks"
)

// complianceFlags are the flags of every command that lets all judges speak about a guest.
type complianceFlags struct {
	policy     policyFlags
	frameworks []string
	coverage   float64
	scan       bool
	files      scanFlags
	packages   bool
	driftFrom  string
}

func (f *complianceFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.frameworks, "framework", nil, "show how far each guest meets the framework `KEY`, beside those of the baseline; may be repeated: "+strings.Join(frameworks.Keys(), ", "))
	flags.Float64Var(&f.coverage, "min-coverage", 0, "share of the needed facts that must be readable, in `PERCENT`")
	flags.BoolVar(&f.scan, "scan", false, "scan the files of each guest for malware, too; so does [malware] in a baseline, and each of the flags of guestctl scan")
	flags.BoolVar(&f.packages, "verify-packages", false, "hold the files of packages against the package database, too; so does packages.verify in a baseline")
	flags.StringVar(&f.driftFrom, "drift-from", "", "hold each guest against what it was in `FACTS|IMAGE`, history:MACHINE or, by the history, at its run before (previous), too; [drift] in a baseline says what counts")
	f.files.add(cmd)
	f.policy.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"framework":  carapace.ActionValues(frameworks.Keys()...),
		"drift-from": carapace.ActionFiles(),
	})
}

// check refuses values that cannot be.
func (f *complianceFlags) check() error {
	if f.coverage < 0 || f.coverage > 100 {
		return fmt.Errorf("--min-coverage %v, want a percentage from 0 to 100", f.coverage)
	}
	return checkFrameworks(f.frameworks)
}

// scans reports whether the user asked for a scan.
func (f *complianceFlags) scans(cmd *cobra.Command) bool { return f.scan || f.files.asked(cmd) }

// run lets the judges speak that the flags and the policy ask for.
func (f *complianceFlags) run(cmd *cobra.Command, j *judgement, p *policy.Policy) error {
	j.Job.Policy, j.Job.Frameworks = p, f.frameworks
	j.Job.MinCoverage = max(f.coverage, p.MinCoverage)
	if f.packages {
		j.Job.Verify = &audit.Verify{Asked: true}
	}
	if f.driftFrom != "" {
		if err := j.drift(cmd, f.driftFrom); err != nil {
			return err
		}
	}
	asked := f.scans(cmd)
	if asked || len(p.Elsewhere(policy.ByScan)) > 0 {
		return f.files.run(cmd, j, asked)
	}
	bar := newProgress(cmd, int64(len(j.Job.Images)))
	defer bar.Close()
	j.Job.Done = func(string) { bar.Add(1) }
	return j.run(cmd)
}
