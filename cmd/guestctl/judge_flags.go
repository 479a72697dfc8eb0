package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
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
	evidence evidenceFlags
	agentDir string
}

// add adds the flags. failOn is the default of --fail-on.
func (f *judgeFlags) add(cmd *cobra.Command, failOn audit.FailOn) { f.addAt(cmd, failOn, 0) }

// addAt is add for a command whose first image is not its first argument.
func (f *judgeFlags) addAt(cmd *cobra.Command, failOn audit.FailOn, image int) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", report.Names()[0], "report on stdout: "+strings.Join(report.Names(), ", "))
	flags.StringArrayVar(&f.reports, "report", nil, "also write a report, as `FORMAT=FILE`; may be repeated")
	flags.StringVar(&f.failOn, "fail-on", string(failOn), "mildest `SEVERITY` that fails: "+strings.Join(audit.FailOns(), ", "))
	flags.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 instead of 1 or 3")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are judged at the same time")
	flags.StringVar(&f.agentDir, agentDirFlag, "", "leave the facts of every guest and the evidence in `DIR`, for the agent")
	_ = flags.MarkHidden(agentDirFlag) // it is there
	f.image.addAt(cmd, image)
	f.evidence.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":  carapace.ActionValues(report.Names()...),
		"fail-on": carapace.ActionValues(audit.FailOns()...),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
}

// judgement is a run that the flags were found right for, with the files it will write.
type judgement struct {
	*judgeFlags
	Job    audit.Job
	format report.Format
	files  reportFiles
	attest *attestation // nil without evidence
	past   *past

	summary *stepSummary // nil without one
}

// begin checks the flags, and opens the reports before any work is done. Call discard at the end.
func (f *judgeFlags) begin(cmd *cobra.Command, images []string) (j *judgement, err error) {
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
	attest, err := f.evidence.begin()
	if err != nil {
		return nil, err
	}
	history := pastOf(cmd)
	defer func() {
		if err != nil {
			history.done()
		}
	}()
	if images, err = history.names(cmd.Context(), images); err != nil {
		return nil, err
	}
	if err := f.image.one(images); err != nil {
		return nil, err
	}
	files, err := openReports(f.reports)
	if err != nil {
		return nil, err
	}
	if attest != nil {
		paths := []string{attest.path}
		if f.agentDir != "" {
			paths = append(paths, filepath.Join(f.agentDir, signedName))
		}
		for _, path := range paths {
			if err := files.open(evidenceFile, path, attest.write); err != nil {
				files.discard()
				return nil, fmt.Errorf("--evidence %s: %w", path, err)
			}
		}
	}
	j = &judgement{f, audit.Job{
		Images: images, Documents: history.read, Disks: f.image.disks, Engine: f.image.options(), Root: f.image.root, FailOn: failOn, Jobs: f.jobs, Now: at,
		Tool: toolVersion(),
	}, format, files, attest, history, nil}
	if f.agentDir != "" {
		j.Job.EachFacts = (&agentDir{path: f.agentDir, seen: map[string]bool{}}).put
	}
	return j, nil
}

// discard drops the files that were not written, and closes the history.
func (j *judgement) discard() {
	j.files.discard()
	j.past.done()
}

// drift holds every guest against what it was in from.
func (j *judgement) drift(cmd *cobra.Command, from string) (err error) {
	j.Job.Drift, err = j.past.drift(cmd.Context(), from)
	return err
}

// run judges, writes the reports and the evidence, and returns the exit code.
func (j *judgement) run(cmd *cobra.Command) error {
	if j.attest != nil {
		if j.Job.Assume != nil {
			return errors.New("--evidence: with --assume the guest is not judged as it is")
		}
		if j.past.store != nil {
			return errors.New("--evidence: facts of the history are no file that could be held against a digest")
		}
		bar := newByteProgress(cmd, "hashed")
		defer bar.Close()
		j.Job.Digests = &audit.Digests{Started: bar.Grow, Progress: bar.Add}
	}
	r, err := audit.Run(cmd.Context(), j.Job)
	if err != nil {
		return runError(err)
	}
	missing := j.prepare(cmd, r)
	if err := writeReports(output(cmd), j.format, j.files, r); err != nil {
		return withCode(exitInternal, err)
	}
	if j.summary != nil {
		if err := j.summary.write(r); err != nil {
			return withCode(exitInternal, err)
		}
	}
	switch {
	case missing == nil:
		return verdictCode(r.Verdict(), j.exitZero)
	case r.Verdict() == audit.Findings && !j.exitZero:
		return withCode(exitFindings, missing)
	}
	return notJudged(missing)
}

// prepare makes ready what is written beside the reports. A file for which an image gave nothing is not written, and the error says so.
func (j *judgement) prepare(cmd *cobra.Command, r *audit.Result) error {
	var missing []error
	j.files = slices.DeleteFunc(j.files, func(f reportFile) bool {
		var err error
		switch f.what {
		case evidenceFile:
			err = j.attest.state(cmd, &j.Job, r)
		case factsFile:
			err = oneWithFacts(r)
		}
		if err == nil {
			return false
		}
		missing = append(missing, fmt.Errorf("%s %s: not written: %w", f.what, f.path, err))
		reportFiles{f}.discard()
		return true
	})
	return errors.Join(missing...)
}
