package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

func baselinePinCommand() *cobra.Command {
	var f struct {
		baselines []string
		check     bool
		image     imageFlags
	}
	cmd := &cobra.Command{
		Use:   "pin --baseline FILE IMAGE",
		Short: "Write the whole digest in place of each shortened one",
		Long: `Write the whole digest in place of each shortened one.

A shortened digest ("sha256:abc123...") can fail and never pass. The whole one is that of the file in the image, and is
written only where it begins with the given digits; all else in the baseline stays as it is. When one of them does not, the
baseline is not touched and the exit code is 1; 3 when a file could not be read.`,
		Example: `  guestctl baseline pin --baseline baseline.toml golden.qcow2`,
		Args:    wantArgs(1, 1, "--baseline FILE IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(f.baselines) == 0 {
				return errNoBaseline
			}
			var files []*policy.Pins
			var req facts.Request
			for _, name := range f.baselines {
				pins, err := policy.ReadPins(name)
				if err != nil {
					return err
				}
				files, req = append(files, pins), req.Merge(pins.Request())
			}
			doc, err := oneGuest(cmd, f.image, req, args[0])
			if err != nil {
				return err
			}
			return pin(cmd.OutOrStdout(), files, doc, f.check)
		},
	}
	cmd.Flags().StringArrayVar(&f.baselines, "baseline", nil, "baseline `FILE` to pin; may be repeated")
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing, exit with 1 when a digest would be written")
	f.image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"baseline": carapace.ActionFiles(".toml")})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}

// oneGuest gathers the facts of the one guest of an image, or takes those that were stored.
func oneGuest(cmd *cobra.Command, f imageFlags, req facts.Request, image string) (*facts.Document, error) {
	at, err := now()
	if err != nil {
		return nil, err
	}
	docs, err := f.gather(req, at).Image(cmd.Context(), image)
	if err != nil {
		return nil, factsError(err)
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("%s: %d operating systems, want one: choose it with --root DEVICE", image, len(docs))
	}
	return docs[0], nil
}

// pin writes the files, or none of them.
func pin(out io.Writer, files []*policy.Pins, doc *facts.Document, check bool) error {
	var problems []error
	code, found := exitNotJudged, false
	for _, pins := range files {
		pins.Judge(doc)
		for _, one := range pins.List {
			switch found = true; one.Status {
			case finding.Pass:
				continue
			case finding.Fail:
				code = exitFindings
			}
			problems = append(problems, fmt.Errorf("%s:%d: %s", one.Position.File, one.Position.Line, one.Message))
		}
	}
	if len(problems) > 0 {
		return withCode(code, errors.Join(problems...))
	}
	for _, pins := range files {
		if len(pins.List) == 0 {
			continue
		}
		if !check {
			if err := rewrite(pins.List[0].Position.File, pins.Text()); err != nil {
				return err
			}
		}
		for _, one := range pins.List {
			if _, err := fmt.Fprintf(out, "%s:%d: %s: %s -> %s\n", report.Escape(one.Position.File), one.Position.Line,
				report.Escape(one.Path), report.Escape(one.Written), one.Digest); err != nil {
				return withCode(exitInternal, err)
			}
		}
	}
	if check && found {
		return &codeError{code: exitFindings}
	}
	return nil
}
