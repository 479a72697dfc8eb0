package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

func factsDiffCommand() *cobra.Command {
	var f struct {
		only     []string
		volatile bool
		format   string
		image    imageFlags
		history  storeFlags
	}
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Show every value in which the facts about two guests differ",
		Long: `Show every value in which the facts about two guests differ.

A and B are documents that guestctl facts --facts-out stored, images, or what the history keeps of a machine (history:web01@118). Each value is told with the file and line of both sides. What
changes by itself, such as sizes of logs and times of installation, is left out unless it is asked for. The exit code is 1 when there is
a difference, 0 when there is none, 3 when some of the facts could not be read.`,
		Example: `  guestctl facts diff web01-old.facts web01.facts
  guestctl facts diff --only users,sshd --format json golden.qcow2 web01.qcow2`,
		Args: wantArgs(2, 2, "A B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, f.format) {
				return fmt.Errorf("no format %q, want one of %s", f.format, strings.Join(formats, ", "))
			}
			req, err := factsRequest(f.only, nil, facts.FileRequest{})
			if err != nil {
				return err
			}
			at, err := now()
			if err != nil {
				return err
			}
			history := pastOf(cmd)
			defer history.done()
			if args, err = history.names(cmd.Context(), args); err != nil {
				return err
			}
			if len(args) != 2 {
				return fmt.Errorf("%d documents, want two: %s", len(args), strings.Join(args, ", "))
			}
			gather := f.image.gather(req, at)
			gather.Documents = history.read
			before, err := oneDocument(cmd.Context(), gather, args[0])
			if err != nil {
				return err
			}
			after, err := oneDocument(cmd.Context(), gather, args[1])
			if err != nil {
				return err
			}
			d := report.FactsDiff{
				Schema: report.FactsDiffSchema, Old: args[0], New: args[1],
				Comparison: drift.Compare(before, after, drift.Options{Only: f.only, Structural: true, Volatile: f.volatile}),
			}
			return tell(cmd, f.format, d, report.FactsDiffText)
		},
	}
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "compare just these `DOMAINS`, separated by commas")
	cmd.Flags().BoolVar(&f.volatile, "volatile", false, "show what changes by itself, too")
	cmd.Flags().StringVar(&f.format, "format", formats[0], "how to write it: "+strings.Join(formats, ", "))
	f.image.addEach(cmd)
	f.history.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"format": carapace.ActionValues(formats...),
		"only":   carapace.ActionValues(domains()...).UniqueList(","),
	})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}

// oneDocument gathers the facts of the one guest of an image.
func oneDocument(ctx context.Context, gather audit.Gather, name string) (*facts.Document, error) {
	docs, err := gather.Image(ctx, name)
	if err != nil {
		return nil, factsError(err)
	}
	if len(docs) != 1 {
		return nil, notJudged(fmt.Errorf("%s: %d operating systems, want one: choose it with --root", name, len(docs)))
	}
	return docs[0], nil
}
