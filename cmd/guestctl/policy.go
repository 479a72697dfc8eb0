package main

import "github.com/spf13/cobra"

func newPolicyCommand() *cobra.Command {
	return group(&cobra.Command{Use: "policy", Short: "Test checks in Rego, and see what a change of a policy changes"},
		policyTestCommand(),
		policyDiffCommand(),
	)
}
