package main

import (
	"context"
	"path"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/engine/guest"
)

// completeInside completes an image first and paths of its guest after it.
func completeInside(cmd *cobra.Command) {
	carapace.Gen(cmd).PositionalCompletion(carapace.ActionFiles())
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionCallback(func(c carapace.Context) carapace.Action {
		names, err := namesInside(cmd, c.Args[0], c.Value)
		if err != nil {
			return carapace.ActionMessage(err.Error())
		}
		return carapace.ActionValues(names...).NoSpace('/')
	}))
}

// namesInside lists the guest paths that begin with prefix.
func namesInside(cmd *cobra.Command, image, prefix string) (names []string, err error) {
	f := imageFlags{disks: disksOf(cmd), root: cmd.Flag("root").Value.String(), snapshot: cmd.Flag("snapshot").Value.String()}
	if keys, ok := cmd.Flag("key").Value.(*keyList); ok {
		f.sealed.keys = *keys
	}
	err = f.inside(context.Background(), image, func(g *guest.Guest) error {
		dir := "/" + strings.TrimPrefix(prefix[:strings.LastIndex(prefix, "/")+1], "/")
		entries, err := g.ReadDir(dir)
		for _, e := range entries {
			name := path.Join(dir, e.Name)
			if e.Type.IsDir() {
				name += "/"
			}
			names = append(names, name)
		}
		return err
	})
	return names, err
}
