package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"
)

func shells() []string {
	return []string{"bash", "zsh", "fish", "powershell", "elvish"}
}

func newCompletionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion " + strings.Join(shells(), "|"),
		Short: "Print the completion script of a shell",
		Long: `Print the completion script of a shell. Load it from the shell's start file:

  bash        source <(guestctl completion bash)
  zsh         source <(guestctl completion zsh)
  fish        guestctl completion fish | source
  elvish      eval (guestctl completion elvish | slurp)
  powershell  guestctl completion powershell | Out-String | Invoke-Expression`,
		Args: wantArgs(1, 1, strings.Join(shells(), "|")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(shells(), args[0]) {
				return fmt.Errorf("no completion for shell %q, want one of %s", args[0], strings.Join(shells(), ", "))
			}
			script, err := carapace.Gen(cmd.Root()).Snippet(args[0])
			if err != nil {
				return withCode(exitInternal, err)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), script)
			return withCode(exitInternal, err)
		},
	}
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionValues(shells()...))
	return cmd
}
