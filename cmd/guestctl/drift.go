package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/policy"
)

// driftFlags say what counts as drift.
type driftFlags struct {
	ignore    []string
	explained string
	most      int
	full      bool
}

func (f *driftFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.ignore, "ignore", nil, "paths whose changes do not count, as a `GLOB` in which ** stands for any text; may be repeated")
	flags.StringVar(&f.explained, "explained", "pass", "what becomes of packages that were added, removed or upgraded: "+strings.Join(policy.ExplainedWords(), ", "))
	flags.IntVar(&f.most, "max-unexplained", 0, "how many changes may have no explanation")
	flags.BoolVar(&f.full, "full", false, "read the content of every file, also where its inode says that nothing was written")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"explained": carapace.ActionValues(policy.ExplainedWords()...)})
}

// options returns what the flags ask for.
func (f *driftFlags) options(from string, bar *progress) (*audit.Drift, error) {
	if _, err := policy.PathPatterns(f.ignore); err != nil {
		return nil, fmt.Errorf("--ignore: %w", err)
	}
	if !slices.Contains(policy.ExplainedWords(), f.explained) {
		return nil, fmt.Errorf("--explained %q, want one of %s", f.explained, strings.Join(policy.ExplainedWords(), ", "))
	}
	if f.most < 0 {
		return nil, fmt.Errorf("--max-unexplained %d, want at least 0", f.most)
	}
	return &audit.Drift{
		From: from, Drift: policy.Drift{Ignore: f.ignore, Explained: f.explained, MaxUnexplained: &f.most}, ReadAll: f.full,
		Started: bar.Grow, Progress: bar.Add,
	}, nil
}

func newDriftCommand() *cobra.Command {
	var f struct {
		judge judgeFlags
		drift driftFlags
	}
	cmd := &cobra.Command{
		Use:   "drift GOLDEN CURRENT...",
		Short: "Tell what changed since another state of a guest, and what explains it",
		Long: `Tell what changed since another state of a guest, and what explains it.

GOLDEN and CURRENT are images, or documents that guestctl facts --facts-out stored. Compared are packages, units, accounts, keys,
settings, mounts, jobs and boot entries, and of two images every file. A change is explained where the package databases of both sides
account for it, where the scripts of a package that changed make such files, or where it is ignored. What is left is told, each with
where it is from.`,
		Example: `  guestctl drift golden.qcow2 web01.qcow2
  guestctl drift --ignore '/srv/www/**' --max-unexplained 3 golden.facts web01.qcow2`,
		Args: wantArgs(2, -1, "GOLDEN CURRENT..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			bar := newByteProgress(cmd, "compared")
			defer bar.Close()
			drift, err := f.drift.options(args[0], bar)
			if err != nil {
				return err
			}
			j, err := f.judge.begin(args[1:])
			if err != nil {
				return err
			}
			defer j.discard()
			j.Job.Policy, j.Job.Drift = &policy.Policy{}, drift
			return j.run(cmd)
		},
	}
	f.judge.addAt(cmd, audit.Any, 1)
	f.drift.add(cmd)
	return cmd
}
