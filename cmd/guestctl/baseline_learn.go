package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/policy"
)

func baselineLearnCommand() *cobra.Command {
	var out string
	var image imageFlags
	cmd := &cobra.Command{
		Use:   "learn IMAGE IMAGE...",
		Short: "Write a baseline of what golden images have in common",
		Long: `Write a baseline of what golden images have in common.

Every line holds for all of the images, and behind it stands the file and line it was read from. What differs between them is
left out, and so is what could not be read and what changes on its own: machine ids, keys, logs, random data. In place of an
image stands also a document that guestctl facts --facts-out stored, as far as it goes.`,
		Example: `  guestctl baseline learn -o baseline.toml golden-a.qcow2 golden-b.qcow2`,
		Args:    wantArgs(2, -1, "IMAGE IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error {
			text, err := learn(cmd, image, images)
			if err != nil {
				return err
			}
			if out == "" {
				_, err := cmd.OutOrStdout().Write(text)
				return withCode(exitInternal, err)
			}
			return writeWhole(out, func(w io.Writer) error {
				_, err := w.Write(text)
				return err
			})
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write to `FILE`, whole or not at all, and not to stdout")
	image.addEach(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"output": carapace.ActionFiles(".toml")})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
	return cmd
}

func learn(cmd *cobra.Command, image imageFlags, images []string) ([]byte, error) {
	at, err := now()
	if err != nil {
		return nil, err
	}
	gather := image.gather(policy.LearnGlobs(), at)
	docs, _, err := guests(cmd.Context(), gather, images)
	if err != nil {
		return nil, err
	}
	gather.Request = policy.LearnRequest(docs)
	docs, names, err := guests(cmd.Context(), gather, images)
	if err != nil {
		return nil, err
	}
	text, err := policy.Learn(cmd.Context(), names, docs)
	return text, notJudged(err)
}

// guests gathers the facts of all guests of the images, and what to call them.
func guests(ctx context.Context, gather audit.Gather, images []string) (docs []*facts.Document, names []string, err error) {
	for _, image := range images {
		found, err := gather.Image(ctx, image)
		if err != nil {
			return nil, nil, factsError(err)
		}
		for _, doc := range found {
			name := filepath.Base(image)
			if len(found) > 1 {
				name = fmt.Sprintf("%s (%s)", name, doc.Meta.Root.Called())
			}
			docs, names = append(docs, doc), append(names, name)
		}
	}
	return docs, names, nil
}
