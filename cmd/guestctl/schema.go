package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/report"
)

func newSchemaCommand() *cobra.Command {
	names := report.SchemaNames()
	cmd := &cobra.Command{
		Use:   "schema " + strings.Join(names, "|"),
		Short: "Print the JSON Schema of a document this program writes",
		Args:  wantArgs(1, 1, strings.Join(names, "|")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(names, args[0]) {
				return fmt.Errorf("no schema called %q, want one of %s", args[0], strings.Join(names, ", "))
			}
			return printSchema(cmd, args[0])
		},
	}
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionValues(names...))
	return cmd
}

func printSchema(cmd *cobra.Command, name string) error {
	b, err := report.Schema(name)
	if err == nil {
		_, err = cmd.OutOrStdout().Write(b)
	}
	return withCode(exitInternal, err)
}
