package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

// newViewCommand makes the command of one view: a table of facts that people know from the shell.
func newViewCommand(v report.View) *cobra.Command {
	var format string
	var conditions []string
	var image imageFlags
	formats := append([]string{"text"}, report.DocumentNames()...)
	cmd := &cobra.Command{
		Use:     v.Name + " IMAGE",
		Short:   v.Doc,
		Example: "  guestctl " + v.Name + " disk.qcow2\n  guestctl " + v.Name + " --where '" + v.Columns[0] + "=s*' --format json disk.qcow2",
		Args:    wantArgs(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, format) {
				return fmt.Errorf("no format %q, want one of %s", format, strings.Join(formats, ", "))
			}
			var where []report.Where
			for _, c := range conditions {
				w, err := v.ParseWhere(c)
				if err != nil {
					return fmt.Errorf("--where: %w", err)
				}
				where = append(where, w)
			}
			at, err := now()
			if err != nil {
				return err
			}
			docs, err := image.gather(facts.Request{Domains: v.Domains}, at).Image(cmd.Context(), args[0])
			if err != nil {
				return factsError(err)
			}
			if len(docs) != 1 {
				return fmt.Errorf("%s: %d operating systems, want one: choose it with --root DEVICE", args[0], len(docs))
			}
			return errors.Join(printView(cmd, v, v.Table(docs[0], where), format), viewProblems(v, docs[0]))
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "how to write it: "+strings.Join(formats, ", "))
	cmd.Flags().StringArrayVar(&conditions, "where", nil, "only rows in which `COLUMN=PATTERN`, with * ? and [ ]; may be repeated; columns: "+strings.Join(v.Columns, ", "))
	image.add(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(formats...)})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}

func printView(cmd *cobra.Command, v report.View, rows [][]string, format string) error {
	if format == "text" {
		return withCode(exitInternal, report.WriteTable(cmd.OutOrStdout(), v.Columns, rows))
	}
	f, err := report.FindDocument(format)
	if err != nil {
		return err
	}
	return withCode(exitInternal, f.Write(cmd.OutOrStdout(), map[string]any{v.Name: report.Objects(v.Columns, rows)}))
}

// viewProblems is the error of a list that may not be complete.
func viewProblems(v report.View, d *facts.Document) error {
	var errs []error
	for _, name := range v.Domains {
		st := d.Collectors[name]
		if st.State == facts.OK || st.State == facts.Absent {
			continue
		}
		for _, p := range st.Problems {
			errs = append(errs, fmt.Errorf("%s: %s: %s", name, cmp.Or(p.Path, d.Meta.Root.Called()), p.Message))
		}
		if len(st.Problems) == 0 {
			errs = append(errs, fmt.Errorf("%s: not among the facts", name))
		}
	}
	return notJudged(errors.Join(errs...))
}
