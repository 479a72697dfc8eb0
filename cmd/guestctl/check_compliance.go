package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/report"
	"github.com/guestctl/guestctl/rules/frameworks"
)

func newCheckComplianceCommand() *cobra.Command {
	var f struct {
		policy     policyFlags
		format     string
		reports    []string
		frameworks []string
		failOn     string
		coverage   float64
		exitZero   bool
		jobs       int
		assume     string
		image      imageFlags
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
			format, err := report.Find(f.format)
			if err != nil {
				return err
			}
			failOn, err := audit.ParseFailOn(f.failOn)
			if err != nil {
				return fmt.Errorf("--fail-on: %w", err)
			}
			if f.coverage < 0 || f.coverage > 100 {
				return fmt.Errorf("--min-coverage %v, want a percentage from 0 to 100", f.coverage)
			}
			if f.jobs < 1 {
				return fmt.Errorf("--jobs %d, want at least 1", f.jobs)
			}
			if err := checkFrameworks(f.frameworks); err != nil {
				return err
			}
			now, err := now()
			if err != nil {
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
			files, err := openReports(f.reports)
			if err != nil {
				return err
			}
			defer files.discard()
			bar := newProgress(cmd, "images", int64(len(images)))
			r, err := audit.Run(cmd.Context(), audit.Job{
				Images: images, Engine: f.image.options(), Root: f.image.root, Policy: p, FailOn: failOn, Assume: assumed,
				MinCoverage: max(f.coverage, p.MinCoverage), Jobs: f.jobs, Now: now, Tool: toolVersion(),
				Frameworks: f.frameworks,
				Done:       func(string) { bar.Add(1) },
			})
			bar.Close()
			if err != nil {
				return runError(err)
			}
			if err := writeReports(output(cmd), format, files, r); err != nil {
				return withCode(exitInternal, err)
			}
			return verdictCode(r.Verdict(), f.exitZero)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", report.Names()[0], "report on stdout: "+strings.Join(report.Names(), ", "))
	flags.StringArrayVar(&f.reports, "report", nil, "also write a report, as `FORMAT=FILE`; may be repeated")
	flags.StringArrayVar(&f.frameworks, "framework", nil, "show how far each guest meets the framework `KEY`, beside those of the baseline; may be repeated: "+strings.Join(frameworks.Keys(), ", "))
	flags.StringVar(&f.failOn, "fail-on", string(audit.Any), "mildest `SEVERITY` that fails: "+strings.Join(audit.FailOns(), ", "))
	flags.Float64Var(&f.coverage, "min-coverage", 0, "share of the needed facts that must be readable, in `PERCENT`")
	flags.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 instead of 1 or 3")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are judged at the same time")
	flags.StringVar(&f.assume, "assume", "", "what if: JSON or TOML `FILE` merged over the facts of each guest (RFC 7396) before it is judged")
	f.policy.add(cmd)
	f.image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":    carapace.ActionValues(report.Names()...),
		"framework": carapace.ActionValues(frameworks.Keys()...),
		"fail-on":   carapace.ActionValues(audit.FailOns()...),
		"assume":    carapace.ActionFiles(".json", ".toml"),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
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
	return notJudged(err)
}
