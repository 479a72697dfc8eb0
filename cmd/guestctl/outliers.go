package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/drift"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

func newOutliersCommand() *cobra.Command {
	var f struct {
		format string
		image  imageFlags
	}
	formats := []string{"text", "json"}
	cmd := &cobra.Command{
		Use:   "outliers IMAGE...",
		Short: "Tell in what each of several guests is not as most of the others are",
		Long: `Tell in what each of several guests is not as most of the others are.

Compared are the facts of three guests or more, of images or of documents that guestctl facts --facts-out stored: what more than half of
them have is what the others are held against. What each has in its own way, such as a name, is told of none. The exit code is 1 when a
guest is not as the others, 3 when facts could not be read.`,
		Example: `  guestctl outliers web*.qcow2`,
		Args:    wantArgs(3, -1, "IMAGE IMAGE IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error {
			if !slices.Contains(formats, f.format) {
				return fmt.Errorf("no format %q, want one of %s", f.format, strings.Join(formats, ", "))
			}
			at, err := now()
			if err != nil {
				return err
			}
			gather := f.image.gather(facts.Request{Domains: drift.Comparable(domains())}, at)
			bar := newProgress(cmd, int64(len(images)))
			defer bar.Close()
			var docs []*facts.Document
			for _, image := range images {
				doc, err := oneDocument(cmd.Context(), gather, image)
				if err != nil {
					return err
				}
				docs = append(docs, doc)
				bar.Add(1)
			}
			r := report.NewOutliers(images, docs)
			return tell(cmd, f.format, r, report.OutliersText)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", formats[0], "how to write it: "+strings.Join(formats, ", "))
	f.image.addEach(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(formats...)})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}
