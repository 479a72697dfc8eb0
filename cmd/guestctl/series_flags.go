package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/carapace-sh/carapace"
	"github.com/spf13/cobra"

	"github.com/guestctl/guestctl/agent"
	"github.com/guestctl/guestctl/audit"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
)

// seriesFlags say which states of a machine a command looks at, and in which order.
type seriesFlags struct {
	by      string
	history string
	store   storeFlags
	image   imageFlags
}

func (f *seriesFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.by, "by", string(audit.ByWritten), "what the images are ordered by: "+strings.Join(audit.Orders(), ", "))
	flags.StringVar(&f.history, "history", "", "the states of this `MACHINE` that the history keeps")
	f.store.add(cmd)
	f.image.addEach(cmd)
	carapace.Gen(cmd).FlagCompletion(carapace.ActionMap{"by": carapace.ActionValues(audit.Orders()...)})
	carapace.Gen(cmd).PositionalAnyCompletion(carapace.ActionFiles())
}

// args wants images, or a machine of the history.
func (f *seriesFlags) args(cmd *cobra.Command, args []string) error {
	if f.history != "" {
		return nil
	}
	return wantArgs(1, -1, "IMAGE...")(cmd, args)
}

// order is what the states are ordered by: the snapshots of one image by the time that they were made.
func (f *seriesFlags) order() audit.Order {
	if f.image.root == engine.Snapshots {
		return audit.ByCreated
	}
	return audit.Order(f.by)
}

// items are the states, the oldest first.
func (f *seriesFlags) items(cmd *cobra.Command, history *past, gather audit.Gather, images []string) ([]audit.Item, error) {
	if !slices.Contains(audit.Orders(), f.by) {
		return nil, fmt.Errorf("--by %q, want one of %s", f.by, strings.Join(audit.Orders(), ", "))
	}
	items, err := f.find(cmd.Context(), history, images)
	if err != nil {
		return nil, err
	}
	order := f.order()
	if order == audit.ByCreated {
		if len(items) != 1 || f.history != "" {
			return nil, fmt.Errorf("--root %s goes through the snapshots of one image, not of %d", engine.Snapshots, len(items))
		}
		items, err = gather.Roots(cmd.Context(), items[0])
		return items, notJudged(err)
	}
	if order == audit.ByContent {
		bar := newProgress(cmd, int64(len(items)))
		defer bar.Close()
		for i := range items {
			if items[i].Content, err = gather.Content(cmd.Context(), items[i].Image); err != nil {
				return nil, runError(binread.WithHint(err, "--by written and --by name need no image to be read"))
			}
			bar.Add(1)
		}
	}
	order.Sort(items)
	return items, nil
}

func (f *seriesFlags) find(ctx context.Context, history *past, images []string) (items []audit.Item, err error) {
	if f.history != "" {
		name := agent.PastPrefix + strings.TrimPrefix(f.history, agent.PastPrefix)
		if !strings.Contains(name, "@") {
			name += "@all"
		}
		images = append(slices.Clone(images), name)
	}
	var files []string
	for _, image := range images {
		if !strings.HasPrefix(image, agent.PastPrefix) {
			files = append(files, image)
			continue
		}
		kept, err := history.find(ctx, image)
		if err != nil {
			return nil, err
		}
		for _, k := range kept {
			if k.Machine != kept[0].Machine {
				return nil, fmt.Errorf("%s stands for several machines, such as %s and %s: want the states of one", image, kept[0].Machine, k.Machine)
			}
			items = append(items, audit.Item{Image: k.Name, Written: k.State()})
		}
	}
	found, err := (&agent.Images{Paths: files}).Find("")
	if err != nil {
		return nil, err
	}
	if len(found.Missing) > 0 {
		return nil, notJudged(fmt.Errorf("no file is %s", strings.Join(found.Missing, ", ")))
	}
	for _, i := range found.Images {
		items = append(items, audit.Item{Image: i.Path, Written: i.Written.UTC()})
	}
	return items, nil
}
