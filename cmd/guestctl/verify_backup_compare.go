package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/backup/seal"
)

// againstFlags say what an image is held against: another image, or a seal.
type againstFlags struct {
	source string
	seal   string // to write
	sealed string // to read
	cycle  cycleFlags
	ignore []string // patterns of paths whose differences do not count
}

func (f *againstFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.source, "compare", "", "hold each image against `SOURCE`, byte for byte and file for file, and do nothing else")
	flags.StringVar(&f.seal, "seal", "", "write a seal of the image to `FILE`, and do nothing else; without =FILE beside the image, as IMAGE.seal")
	flags.Lookup("seal").NoOptDefVal = besideImage
	flags.StringVar(&f.sealed, "sealed", "", "hold the image against the seal in `FILE`, and do nothing else")
	flags.StringVar(&f.cycle.budget, "budget", "", "with --full or --sealed, read each image for this `TIME` or so many bytes and go on there the next time: 20m, 10GiB")
	flags.StringVar(&f.cycle.within, "read-all-within", "", "with --budget, fail when there are bytes that were not read for longer than this `TIME`: 30d")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{
		"compare": carapace.ActionFiles(), "seal": carapace.ActionFiles(), "sealed": carapace.ActionFiles(),
	})
}

// besideImage stands for a file beside the image.
const besideImage = "IMAGE.seal"

// asked reports whether the images are held against something, which must be one thing.
func (f *againstFlags) asked(cmd *cobra.Command, full bool) (bool, error) {
	n := 0
	for _, name := range []string{"compare", "seal", "sealed", "budget", "read-all-within"} {
		flag := cmd.Flags().Lookup(name)
		switch {
		case !flag.Changed:
		case flag.Value.String() == "":
			return false, fmt.Errorf("--%s: want a value", name)
		case name != "budget" && name != "read-all-within":
			n++
		}
	}
	switch {
	case n > 1:
		return false, errors.New("--compare, --seal and --sealed: want one of them")
	case f.cycle.budget != "" && f.sealed == "" && (!full || n > 0):
		return false, errors.New("--budget: want --full or --sealed, too")
	case f.cycle.within != "" && f.cycle.budget == "":
		return false, errors.New("--read-all-within: want --budget, too")
	}
	return n == 1, nil
}

// run does what the flags ask for.
func (f *againstFlags) run(cmd *cobra.Command, judge *judgeFlags, j *judgement) error {
	switch {
	case f.seal != "" && j.attest != nil:
		return errors.New("--evidence: --seal judges nothing that could be signed")
	case f.seal != "":
		return f.write(cmd, judge, j.Job.Images, j.Job.Now)
	case f.sealed != "":
		return f.hold(cmd, j)
	}
	bar := newByteProgress(cmd, "compared")
	defer bar.Close()
	j.Job.Against = &audit.Against{Source: f.source, Ignore: f.ignore, Started: bar.Grow, Progress: bar.Add}
	return j.run(cmd)
}

// hold holds an image against its seal, as far as the budget reaches.
func (f *againstFlags) hold(cmd *cobra.Command, j *judgement) error {
	if len(j.Job.Images) != 1 {
		return fmt.Errorf("--sealed: %d images, want one", len(j.Job.Images))
	}
	m, err := readSeal(f.sealed)
	if err != nil {
		return err
	}
	bar := newByteProgress(cmd, "read")
	defer bar.Close()
	a := &audit.Against{Seal: m, Started: bar.Grow, Progress: bar.Add}
	j.Job.Against = a
	if f.cycle.budget == "" {
		return j.run(cmd)
	}
	budget, within, err := f.cycle.parse()
	if err != nil {
		return err
	}
	folder, err := openCycles(j.image.noCache)
	if err != nil {
		return err
	}
	if a.Cycle, err = folder.load(m.ID(), m.ID(), m.Size); err != nil {
		return err
	}
	a.Budget, a.Within = budget(), within
	verdict := j.run(cmd)
	if cmd.Context().Err() != nil {
		return verdict
	}
	if err := folder.keep(m.ID(), a.Cycle); err != nil {
		return err
	}
	return verdict
}

func readSeal(path string) (*seal.Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--sealed: %w", err)
	}
	defer f.Close()
	m, err := seal.Read(f)
	if err != nil {
		return nil, notJudged(fmt.Errorf("%s: %w", path, err))
	}
	return m, nil
}
