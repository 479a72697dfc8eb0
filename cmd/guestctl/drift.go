package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
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

// check refuses values that cannot be.
func (f *driftFlags) check() error {
	if _, err := policy.PathPatterns(f.ignore); err != nil {
		return fmt.Errorf("--ignore: %w", err)
	}
	if !slices.Contains(policy.ExplainedWords(), f.explained) {
		return fmt.Errorf("--explained %q, want one of %s", f.explained, strings.Join(policy.ExplainedWords(), ", "))
	}
	if f.most < 0 {
		return fmt.Errorf("--max-unexplained %d, want at least 0", f.most)
	}
	return nil
}

// set puts what the flags ask for into a comparison.
func (f *driftFlags) set(d *audit.Drift, bar *progress) {
	d.Drift = policy.Drift{Ignore: f.ignore, Explained: f.explained, MaxUnexplained: &f.most}
	d.ReadAll, d.Started, d.Progress = f.full, bar.Grow, bar.Add
}

func newDriftCommand() *cobra.Command {
	var f struct {
		judge judgeFlags
		drift driftFlags
		from  string
		root  string
	}
	cmd := &cobra.Command{
		Use:   "drift GOLDEN CURRENT...",
		Short: "Tell what changed since another state of a guest, and what explains it",
		Long: `Tell what changed since another state of a guest, and what explains it.

GOLDEN and CURRENT are images, or documents that guestctl facts --facts-out stored. Compared are packages, units, accounts, keys,
settings, mounts, jobs and boot entries, and of two images every file. A change is explained where the package databases of both sides
account for it, where the scripts of a package that changed make such files, or where it is ignored. What is left is told, each with
where it is from.

--from stands in for GOLDEN: history:web01 is what the last run of a job found of that machine, and previous what each guest was at the
run before, in a job of the same job. --from-root chooses among the roots of GOLDEN; where CURRENT alone is named, it is one of CURRENT's own,
such as a snapshot.`,
		Example: `  guestctl drift golden.qcow2 web01.qcow2
  guestctl drift --ignore '/srv/www/**' --max-unexplained 3 golden.facts web01.qcow2
  guestctl drift --from history:web01@2026-11-20 web01.qcow2
  guestctl drift --from-root p2:@/.snapshots/2/snapshot web01.qcow2
  guestctl drift --schedule daily --from previous --latest '/backups/web01-*.qcow2'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.from != "" || f.root != "" {
				return wantArgs(1, -1, "--from GOLDEN CURRENT...")(cmd, args)
			}
			return wantArgs(2, -1, "GOLDEN CURRENT...")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			from := f.from
			if from == "" {
				from = args[0]
				if f.root == "" || len(args) > 1 {
					args = args[1:]
				}
			}
			if err := f.drift.check(); err != nil {
				return err
			}
			if f.root != "" && (from == previousState || strings.HasPrefix(from, agent.PastPrefix)) {
				return fmt.Errorf("--from-root chooses among the roots of an image, and %s is none", from)
			}
			j, err := f.judge.begin(cmd, args)
			if err != nil {
				return err
			}
			defer j.discard()
			if err := j.drift(cmd, from); err != nil {
				return err
			}
			bar := newByteProgress(cmd, "compared")
			defer bar.Close()
			f.drift.set(j.Job.Drift, bar)
			j.Job.Drift.FromRoot = f.root
			j.Job.Policy = &policy.Policy{}
			return j.run(cmd)
		},
	}
	cmd.Flags().StringVar(&f.from, "from", "", "what the guests are meant to be, in place of GOLDEN: `FACTS|IMAGE`, history:MACHINE, or previous")
	cmd.Flags().StringVar(&f.root, "from-root", "", "root of GOLDEN, as `ROOT` of --root has it; of CURRENT itself where GOLDEN is left out")
	f.judge.addAt(cmd, audit.Any, 1)
	f.drift.add(cmd)
	return cmd
}
