package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/report"
)

// judgeFlags are the flags of every command that gives a verdict on images.
type judgeFlags struct {
	format   string
	reports  []string
	failOn   string
	exitZero bool
	jobs     int
	image    imageFlags
}

// add adds the flags. failOn is the default of --fail-on.
func (f *judgeFlags) add(cmd *cobra.Command, failOn audit.FailOn) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", report.Names()[0], "report on stdout: "+strings.Join(report.Names(), ", "))
	flags.StringArrayVar(&f.reports, "report", nil, "also write a report, as `FORMAT=FILE`; may be repeated")
	flags.StringVar(&f.failOn, "fail-on", string(failOn), "mildest `SEVERITY` that fails: "+strings.Join(audit.FailOns(), ", "))
	flags.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 instead of 1 or 3")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are judged at the same time")
	f.image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":  carapace.ActionValues(report.Names()...),
		"fail-on": carapace.ActionValues(audit.FailOns()...),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
}

// judgement is a run that the flags were found right for, with the reports it will write.
type judgement struct {
	*judgeFlags
	Job    audit.Job
	format report.Format
	files  reportFiles
}

// begin checks the flags, and opens the reports before any work is done. Call discard at the end.
func (f *judgeFlags) begin(images []string) (*judgement, error) {
	format, err := report.Find(f.format)
	if err != nil {
		return nil, err
	}
	failOn, err := audit.ParseFailOn(f.failOn)
	if err != nil {
		return nil, fmt.Errorf("--fail-on: %w", err)
	}
	if f.jobs < 1 {
		return nil, fmt.Errorf("--jobs %d, want at least 1", f.jobs)
	}
	at, err := now()
	if err != nil {
		return nil, err
	}
	files, err := openReports(f.reports)
	if err != nil {
		return nil, err
	}
	return &judgement{f, audit.Job{
		Images: images, Engine: f.image.options(), Root: f.image.root, FailOn: failOn, Jobs: f.jobs, Now: at, Tool: toolVersion(),
	}, format, files}, nil
}

// discard drops the reports that were not written.
func (j *judgement) discard() { j.files.discard() }

// run judges, writes the reports, and returns the exit code.
func (j *judgement) run(cmd *cobra.Command) error {
	r, err := audit.Run(cmd.Context(), j.Job)
	if err != nil {
		return runError(err)
	}
	if err := writeReports(output(cmd), j.format, j.files, r); err != nil {
		return withCode(exitInternal, err)
	}
	return verdictCode(r.Verdict(), j.exitZero)
}
