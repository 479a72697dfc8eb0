package main

import (
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/policy"
)

func newScanCommand() *cobra.Command {
	var f struct {
		judge judgeFlags
		files scanFlags
	}
	cmd := &cobra.Command{
		Use:   "scan IMAGE...",
		Short: "Look for malware in the files of disk images",
		Long: `Look for malware in the files of disk images.

Every file of each guest is read once and shown to every engine. A file that no engine looked into whole is told with the reason, and
the result is then unknown, never clean.`,
		Example: `  guestctl scan disk.qcow2
  guestctl scan --fail-on high --report json=scan.json disk.qcow2`,
		Args: wantArgs(1, -1, "IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error {
			p, err := policy.Load([]string{"builtin:malware"}, policy.Options{})
			if err != nil {
				return withCode(exitInternal, err)
			}
			j, err := f.judge.begin(cmd, images)
			if err != nil {
				return err
			}
			defer j.discard()
			j.Job.Policy = p
			return f.files.run(cmd, j, true)
		},
	}
	f.judge.add(cmd, audit.FailOn(finding.Medium))
	f.files.add(cmd)
	return cmd
}
