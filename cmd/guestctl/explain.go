package main

import (
	"fmt"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/report"
)

func newExplainCommand() *cobra.Command {
	var f struct {
		policy policyFlags
		image  imageFlags
		store  storeFlags
		format string
	}
	cmd := &cobra.Command{
		Use:   "explain IMAGE CHECK",
		Short: "Say why a check comes to its verdict on a guest, and what would make it pass",
		Long: `Say why a check comes to its verdict on a guest, and what would make it pass.

It prints the lines that decide and what they override, the facts that the check reads, the files these were read from, and of
a failing check in Rego the smallest change of the facts with which it passes. Without a baseline or policy the built-in checks
are meant. The verdict does not change the exit code.`,
		Example: "  guestctl explain disk.qcow2 ssh-root-login\n  guestctl explain disk.qcow2 system.selinux --baseline baseline.toml",
		Args:    wantArgs(2, 2, "IMAGE CHECK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := report.FindExplanation(f.format)
			if err != nil {
				return err
			}
			if len(f.policy.baselines)+len(f.policy.policies) == 0 {
				f.policy.baselines = []string{"builtin:linux-server"}
			}
			p, err := f.policy.load()
			if err != nil {
				return err
			}
			one, err := p.Only(args[1])
			if err != nil {
				return err
			}
			at, err := now()
			if err != nil {
				return err
			}
			history := pastOf(cmd)
			defer history.done()
			images, err := history.names(cmd.Context(), args[:1])
			if err != nil {
				return err
			}
			if len(images) != 1 {
				return fmt.Errorf("%s stands for %d documents, want one", args[0], len(images))
			}
			gather := f.image.gather(one.Request().Merge(facts.Request{Domains: []string{"os"}}), at) // fixes differ by family
			gather.Documents = history.read
			docs, err := gather.Image(cmd.Context(), images[0])
			if err != nil {
				return factsError(err)
			}
			if len(docs) != 1 {
				return fmt.Errorf("%s: %d operating systems, want one: choose it with --root DEVICE", args[0], len(docs))
			}
			e, err := one.Explain(cmd.Context(), docs[0], args[1])
			if err != nil {
				return err
			}
			return withCode(exitInternal, format.Write(output(cmd), e))
		},
	}
	f.policy.add(cmd)
	f.image.add(cmd)
	f.store.add(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "how to write it: text, json, yaml")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"format": carapace.ActionValues("text", "json", "yaml")})
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	return cmd
}
