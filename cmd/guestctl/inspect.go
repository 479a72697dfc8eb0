package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/report"
)

func newInspectCommand() *cobra.Command {
	var format string
	var image imageFlags
	formats := report.InspectionFormats()
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	cmd := &cobra.Command{
		Use:   "inspect IMAGE",
		Short: "Say what an image is: container, partitions, file systems, operating systems",
		Args:  wantArgs(1, 1, "IMAGE"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			i := slices.Index(names, format)
			if i < 0 {
				return fmt.Errorf("no format %q, want one of %s", format, strings.Join(names, ", "))
			}
			at, err := now()
			if err != nil {
				return err
			}
			m, err := image.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, m.Close()) }()
			in, err := m.Inspect(cmd.Context(), at)
			if err != nil {
				return notJudged(err)
			}
			if err := formats[i].Write(output(cmd), in); err != nil {
				return withCode(exitInternal, err)
			}
			return unreadVolumes(m)
		},
	}
	cmd.Flags().StringVar(&format, "format", names[0], "how to write it: "+strings.Join(names, ", "))
	image.addMachine(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues(names...)})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}

// unreadVolumes is the exit code of an inspection: what could not be read is on the report, and is not success.
func unreadVolumes(m *engine.Machine) error {
	for _, a := range m.Appliances {
		if len(a.Problems) > 0 { // there are disks that are not among the volumes
			return &codeError{code: exitNotJudged}
		}
	}
	for _, v := range m.Volumes {
		if v.Err != nil {
			return &codeError{code: exitNotJudged}
		}
	}
	return nil
}
