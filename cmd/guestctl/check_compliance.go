package main

import (
	"context"
	"errors"
	"slices"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
)

func newCheckComplianceCommand() *cobra.Command {
	var f struct {
		judge  judgeFlags
		judges complianceFlags
		facts  []string
		assume string
	}
	cmd := &cobra.Command{
		Use:   "check-compliance --baseline FILE|--policy DIR IMAGE...",
		Short: "Judge the guests of disk images by a baseline",
		Long: `Judge the guests of disk images by a baseline.

Each image is one machine. Every verdict says what was expected, what is there, in which file and line, and how to fix it.

With --facts no image is needed: judged is a document that guestctl facts --facts-out stored, or what the history keeps of a machine.
history:web01 is what the last run found of it, history:web01@118 what run 118 did, history:web01@2026-11-20 the state of that day and
history:web01@all every state. A check whose facts were not kept is unknown.`,
		Example: `  guestctl check-compliance --baseline baseline.toml disk.qcow2
  guestctl check-compliance --baseline base.toml --baseline web.toml --fail-on high --report json=result.json images/*.qcow2
  guestctl check-compliance --baseline base.toml --facts history:web01@2026-11-20
  guestctl check-compliance --baseline base.toml --report sarif=out.sarif --report md=summary.md --framework cis_debian12 disk.qcow2`,
		Args: func(cmd *cobra.Command, images []string) error {
			if len(f.facts) > 0 {
				return nil
			}
			return wantArgs(1, -1, "--baseline FILE IMAGE...")(cmd, images)
		},
		RunE: func(cmd *cobra.Command, images []string) error {
			if err := f.judges.check(); err != nil {
				return err
			}
			p, err := f.judges.policy.load()
			if err != nil {
				return err
			}
			assumed, err := readAssumed(f.assume)
			if err != nil {
				return err
			}
			j, err := f.judge.begin(cmd, slices.Concat(images, f.facts))
			if err != nil {
				return err
			}
			defer j.discard()
			j.Job.Assume = assumed
			return f.judges.run(cmd, j, p)
		},
	}
	f.judge.add(cmd, audit.Any)
	f.judges.add(cmd)
	cmd.Flags().StringArrayVar(&f.facts, "facts", nil, "judge the stored facts in `FILE`, or those that the history keeps: history:MACHINE[@RUN|@TIME|@all]; may be repeated")
	cmd.Flags().StringVar(&f.assume, "assume", "", "what if: JSON or TOML `FILE` merged over the facts of each guest (RFC 7396) before it is judged")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"assume": carapace.ActionFiles(".json", ".toml"), "facts": carapace.ActionFiles()})
	return cmd
}

// runError gives the error of a run its exit code: a run that was interrupted is told apart in run.
func runError(err error) error {
	if errors.Is(err, audit.ErrInternal) {
		return withCode(exitInternal, err)
	}
	if errors.Is(err, context.Canceled) {
		return withCode(exitInterrupted, err)
	}
	if coded := (*codeError)(nil); errors.As(err, &coded) {
		return err
	}
	return notJudged(err)
}
