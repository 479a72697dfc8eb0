package main

import (
	"fmt"
	"slices"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/guestctl/guestctl/engine/binread"
)

// addDisks adds --disk to a command whose image is the argument at an index. Where that argument is missing the first --disk stands in
// for it, so that all disks of a machine can be named alike.
func (f *imageFlags) addDisks(cmd *cobra.Command, image int) {
	f.addDisk(cmd)
	args, run := cmd.Args, cmd.RunE
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		err := args(cmd, given)
		if err != nil && len(f.disks) > 0 && len(given) >= image && args(cmd, slices.Insert(slices.Clone(given), image, f.disks[0])) == nil {
			return nil
		}
		return err
	}
	cmd.RunE = func(cmd *cobra.Command, given []string) error {
		if args(cmd, given) != nil {
			given, f.disks = slices.Insert(slices.Clone(given), image, f.disks[0]), f.disks[1:]
		}
		return run(cmd, given)
	}
}

// addDisk adds --disk to a command that names its image in another way.
func (f *imageFlags) addDisk(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.disks, "disk", nil, "further disk of the machine, as an `IMAGE`; may be repeated, and the order is that of the machine")
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"disk": carapace.ActionFiles()})
}

// one wants a single machine where there are further disks: nobody could say whose they are.
func (f *imageFlags) one(images []string) error {
	if len(f.disks) == 0 || len(images) <= 1 {
		return nil
	}
	return binread.WithHint(fmt.Errorf("--disk %s: a further disk of one machine, and %d images are named", f.disks[0], len(images)),
		"name one machine at a time: its first disk as the image, and each other with --disk")
}

// disksOf are the further disks that were given to a command.
func disksOf(cmd *cobra.Command) []string {
	if flag := cmd.Flag("disk"); flag != nil {
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			return list.GetSlice()
		}
	}
	return nil
}
