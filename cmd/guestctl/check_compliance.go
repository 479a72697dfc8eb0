package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/report"
)

func newCheckComplianceCommand() *cobra.Command {
	var f struct {
		policy   policyFlags
		format   string
		reports  []string
		failOn   string
		coverage float64
		exitZero bool
		jobs     int
		image    imageFlags
	}
	cmd := &cobra.Command{
		Use:   "check-compliance --baseline FILE|--policy DIR IMAGE...",
		Short: "Judge the guests of disk images by a baseline",
		Long: `Judge the guests of disk images by a baseline.

Each image is one machine. Every verdict says what was expected, what is there, in which file and line, and how to fix it.`,
		Example: `  guestctl check-compliance --baseline baseline.toml disk.qcow2
  guestctl check-compliance --baseline base.toml --baseline web.toml --fail-on high --report json=result.json images/*.qcow2`,
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
			p, err := f.policy.load()
			if err != nil {
				return err
			}
			files, err := openReports(f.reports)
			if err != nil {
				return err
			}
			defer files.discard()
			now, err := now()
			if err != nil {
				return err
			}
			bar := newProgress(cmd, "images", int64(len(images)))
			r, err := audit.Run(cmd.Context(), audit.Job{
				Images: images, Engine: f.image.options(), Root: f.image.root, Policy: p, FailOn: failOn,
				MinCoverage: max(f.coverage, p.MinCoverage), Jobs: f.jobs, Now: now, Tool: toolVersion(),
				Done: func(string) { bar.Add(1) },
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
	flags.StringVar(&f.failOn, "fail-on", string(audit.Any), "mildest `SEVERITY` that fails: "+strings.Join(audit.FailOns(), ", "))
	flags.Float64Var(&f.coverage, "min-coverage", 0, "share of the needed facts that must be readable, in `PERCENT`")
	flags.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 instead of 1 or 3")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many images are judged at the same time")
	f.policy.add(cmd)
	f.image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format":  carapace.ActionValues(report.Names()...),
		"fail-on": carapace.ActionValues(audit.FailOns()...),
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

// reportFile is a report that will be written beside stdout. It is a temporary file until it is complete, so that nobody
// ever reads half a report.
type reportFile struct {
	format report.Format
	path   string
	temp   *os.File
}

type reportFiles []reportFile

// openReports creates the temporary files now, so that a path that cannot be written is known before any work is done.
func openReports(specs []string) (reportFiles, error) {
	var files reportFiles
	for _, spec := range specs {
		name, path, ok := strings.Cut(spec, "=")
		if !ok || path == "" {
			files.discard()
			return nil, fmt.Errorf("--report %q, want FORMAT=FILE with FORMAT one of %s", spec, strings.Join(report.Names(), ", "))
		}
		format, err := report.Find(name)
		if err == nil && slices.ContainsFunc(files, func(f reportFile) bool { return f.path == path }) {
			err = fmt.Errorf("%s is named twice", path)
		}
		var temp *os.File
		if err == nil {
			temp, err = createBeside(path)
		}
		if err != nil {
			files.discard()
			return nil, fmt.Errorf("--report %s: %w", spec, err)
		}
		files = append(files, reportFile{format, path, temp})
	}
	return files, nil
}

// discard removes what was not completed.
func (files reportFiles) discard() {
	for _, f := range files {
		_ = f.temp.Close() // closed before, when the report was completed
		remove(f.temp.Name())
	}
}

func writeReports(w io.Writer, format report.Format, files reportFiles, r *audit.Result) error {
	for _, f := range files {
		if err := f.write(r); err != nil {
			return fmt.Errorf("report %s: %w", f.path, err)
		}
	}
	return format.Write(w, r)
}

func (f reportFile) write(r *audit.Result) error {
	if err := f.format.Write(plain(f.temp), r); err != nil {
		return err
	}
	return finish(f.temp, f.path)
}

// createBeside makes a temporary file in the folder of path.
func createBeside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
}

// finish gives a temporary file that is complete its name.
func finish(temp *os.File, path string) error {
	// CreateTemp makes files private; this one is read by others, such as the next step of a pipeline.
	if err := errors.Join(temp.Chmod(0o644), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
