package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/carapace-sh/carapace"
	textdiff "github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

func baselineFmtCommand() *cobra.Command {
	var check, showDiff bool
	cmd := &cobra.Command{
		Use:   "fmt FILE...",
		Short: "Lay out baselines in the one canonical way, with their comments",
		Long: `Lay out baselines in the one canonical way, with their comments.

What a file says stays the same, and so does where its lists are broken into lines. The names of the files that changed are
printed. --check and --diff write nothing; both exit with 1 when a file would change.`,
		Example: `  guestctl baseline fmt baseline.toml
  guestctl baseline fmt --check policies/*.toml`,
		Args: wantArgs(1, -1, "FILE..."),
		RunE: func(cmd *cobra.Command, files []string) error {
			changed := false
			for _, name := range files {
				before, after, err := formatFile(name)
				if err != nil {
					return err
				}
				if bytes.Equal(before, after) {
					continue
				}
				changed = true
				if err := tellFormat(cmd.OutOrStdout(), name, before, after, showDiff); err != nil {
					return withCode(exitInternal, err)
				}
				if check || showDiff {
					continue
				}
				if err := rewrite(name, after); err != nil {
					return err
				}
			}
			if changed && (check || showDiff) {
				return &codeError{code: exitFindings}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "write nothing, exit with 1 when a file would change")
	cmd.Flags().BoolVar(&showDiff, "diff", false, "print what would change, write nothing, exit with 1 when a file would change")
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles(".toml"))
	return cmd
}

func formatFile(name string) (before, after []byte, err error) {
	if before, err = os.ReadFile(name); err != nil {
		return nil, nil, err
	}
	after, err = policy.Format(name, before)
	return before, after, err
}

func tellFormat(w io.Writer, name string, before, after []byte, showDiff bool) error {
	name = report.Escape(name)
	if showDiff {
		_, err := w.Write(textdiff.Diff(name, before, name, after))
		return err
	}
	_, err := fmt.Fprintln(w, name)
	return err
}
