package main

import (
	"fmt"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/policy"
	"github.com/guestctl/guestctl/report"
)

func baselineCheckCommand() *cobra.Command {
	var waivers, labels []string
	var strict bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Look for mistakes in baselines, without an image",
		Long: `Look for mistakes in baselines, without an image.

The files are read together, later ones over earlier ones, as check-compliance reads them. Every mistake is told with its
place, and the exit code is 2. Warnings are about what works and is probably not meant: shortened digests, digests that can
be forged, checks that say the same or the opposite of each other, waivers that have expired, end soon, are not approved or
are for nothing. With --strict a warning is a finding: exit code 1.`,
		Example: `  guestctl baseline check baseline.toml
  guestctl baseline check --strict --waivers waivers.toml base.toml web.toml`,
		Args: wantArgs(1, -1, "FILE..."),
		RunE: func(cmd *cobra.Command, files []string) error {
			at, err := now()
			if err != nil {
				return err
			}
			given, err := parseLabels(labels)
			if err != nil {
				return err
			}
			p, err := policy.Load(files, policy.Options{Waivers: waivers, Labels: given, Now: at})
			if err != nil {
				return err
			}
			warnings := p.Lint(at)
			out := cmd.OutOrStdout()
			for _, w := range warnings {
				if _, err := fmt.Fprintf(out, "%s:%d: warning: %s\n", report.Escape(w.File), w.Line, report.Escape(w.Message)); err != nil {
					return withCode(exitInternal, err)
				}
			}
			if _, err := fmt.Fprintf(out, "checks: %d, waivers: %d, warnings: %d\n", len(p.Checks), len(p.Waivers.List), len(warnings)); err != nil {
				return withCode(exitInternal, err)
			}
			if strict && len(warnings) > 0 {
				return &codeError{code: exitFindings}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&waivers, "waivers", nil, "`FILE` of accepted exceptions; may be repeated")
	cmd.Flags().StringArrayVar(&labels, "label", nil, "label of the images, as `KEY=VALUE`; may be repeated")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 when there is a warning")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"waivers": carapace.ActionFiles(".toml")})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles(".toml"))
	return cmd
}
