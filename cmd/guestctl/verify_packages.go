package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
)

// verifyFlags are the flags of every command that verifies packages.
type verifyFlags struct {
	allowConfig bool
	local       bool
	ignore      []string
}

func (f *verifyFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.allowConfig, "allow-config-changes", false, "take changed and removed configuration files of packages for what they are meant to be")
	flags.BoolVar(&f.local, "local", false, "tell programs and libraries below /usr/local and /opt, too, where no package is expected")
	flags.StringArrayVar(&f.ignore, "ignore", nil, "paths that are not told, as a `GLOB` in which ** stands for any text; may be repeated")
}

// options returns what the flags ask for.
func (f *verifyFlags) options(asked bool, bar *progress) (*audit.Verify, error) {
	if _, err := policy.PathPatterns(f.ignore); err != nil {
		return nil, fmt.Errorf("--ignore: %w", err)
	}
	return &audit.Verify{
		Asked: asked, AllowConfig: f.allowConfig, Local: f.local, Ignore: f.ignore, Started: bar.Grow, Progress: bar.Add,
	}, nil
}

func newVerifyPackagesCommand() *cobra.Command {
	var f struct {
		judge  judgeFlags
		verify verifyFlags
	}
	cmd := &cobra.Command{
		Use:   "verify-packages IMAGE...",
		Short: "Hold the files of packages against the package database",
		Long: `Hold the files of packages against the package database.

Every file of a package is told that is missing or not as the package has it, and every program, library, unit and kernel module in a
system directory that no package owns. The database lies in the guest: signs that it was changed are told, too.`,
		Example: `  guestctl verify-packages disk.qcow2
  guestctl verify-packages --allow-config-changes --ignore '/usr/lib/vendor/**' --fail-on high disk.qcow2`,
		Args: wantArgs(1, -1, "IMAGE..."),
		RunE: func(cmd *cobra.Command, images []string) error {
			bar := newByteProgress(cmd, "verified")
			defer bar.Close()
			verify, err := f.verify.options(true, bar)
			if err != nil {
				return err
			}
			j, err := f.judge.begin(cmd, images)
			if err != nil {
				return err
			}
			defer j.discard()
			j.Job.Policy, j.Job.Verify = &policy.Policy{}, verify
			return j.run(cmd)
		},
	}
	f.judge.add(cmd, audit.Any)
	f.verify.add(cmd)
	return cmd
}
