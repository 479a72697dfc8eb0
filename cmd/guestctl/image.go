package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
)

// imageFlags are the flags of every command that opens an image.
type imageFlags struct {
	disks     []string
	root      string
	snapshot  string
	allowDirs []string
	noCache   bool
	sealed    keyFlags
	unpacked  byteSize
}

// add adds the flags of a command that looks at the operating system of a machine. Its first argument is the image.
func (f *imageFlags) add(cmd *cobra.Command) { f.addAt(cmd, 0) }

// addAt is add for a command whose image is another argument.
func (f *imageFlags) addAt(cmd *cobra.Command, image int) {
	f.addEach(cmd)
	f.addDisks(cmd, image)
}

// addEach adds the flags of a command that looks at operating systems of several machines together, of which each has one disk.
func (f *imageFlags) addEach(cmd *cobra.Command) {
	f.addOpening(cmd)
	cmd.Flags().StringVar(&f.root, "root", "auto", "operating system: auto (the only one that boots), all, a `DEVICE` such as p2, one root of it as p2:PATH, or snapshots")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"root": carapace.ActionValues("auto", "all", engine.Snapshots)})
}

// addMachine adds the flags of a command that looks at all of a machine. Its first argument is the image.
func (f *imageFlags) addMachine(cmd *cobra.Command) {
	f.addOpening(cmd)
	f.addDisks(cmd, 0)
}

// addOpening adds the flags that say how an image is opened.
func (f *imageFlags) addOpening(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.snapshot, "snapshot", "", "internal snapshot of the image, by `NAME` or id")
	flags.StringArrayVar(&f.allowDirs, "allow-dir", nil, "`DIR` in which the image may have its backing files, beside its own; may be repeated")
	f.unpacked = image.DefaultRoom
	flags.Var(&f.unpacked, "max-unpacked", "how large compressed images (gzip, xz, zstd) may be when they are unpacked, as a `SIZE`; what was unpacked lies in TMPDIR")
	flags.BoolVar(&f.noCache, "no-cache", false, "neither use nor keep facts of an earlier run")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"allow-dir": carapace.ActionDirectories()})
	f.sealed.add(cmd)
}

func (f *imageFlags) options() engine.Options {
	opts := engine.Options{
		Snapshot: f.snapshot, AllowDirs: f.allowDirs, Keys: f.sealed.keys.parsed(), Headers: f.sealed.headers.parsed(),
		MaxUnpacked: int64(f.unpacked),
	}
	if !f.noCache {
		opts.Cache = openCache()
	}
	return opts
}

// gather says how the facts are gathered that a request names.
func (f *imageFlags) gather(req facts.Request, at time.Time) audit.Gather {
	return audit.Gather{Engine: f.options(), Disks: f.disks, Root: f.root, Request: req, Now: at, Tool: toolVersion()}
}

// open opens the machine of one image for a command that looks inside. Close it after use.
func (f *imageFlags) open(ctx context.Context, image string) (*engine.Machine, error) {
	m, err := engine.Open(ctx, slices.Concat([]string{image}, f.disks), f.options())
	if err != nil {
		return nil, notJudged(err)
	}
	return m, nil
}

// inside opens an image and calls work with the tree that the flags name. An error of work that has no exit code of its
// own is about the image.
func (f *imageFlags) inside(ctx context.Context, image string, work func(g *guest.Guest) error) (err error) {
	m, err := f.open(ctx, image)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	g, err := m.View(ctx, f.root)
	if err != nil {
		return notJudged(fmt.Errorf("%s: %w", image, err))
	}
	err = work(g)
	if coded := (*codeError)(nil); errors.As(err, &coded) {
		return err
	}
	return notJudged(err)
}

// now is the time of the run. SOURCE_DATE_EPOCH replaces it, in seconds since 1970, so that a run can be repeated.
func now() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Now(), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q, want seconds since 1970", s)
	}
	return time.Unix(n, 0), nil
}
