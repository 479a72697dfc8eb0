package scan

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/owners"
)

// packages names the packages that own the privileged files. Where the lists of the package manager could not be read
// whole, a file without an owner may have one: it stays nil.
func (w *walker) packages(ctx context.Context) error {
	if len(w.out.SUID)+len(w.out.SGID)+len(w.out.Capabilities) == 0 {
		return nil
	}
	index, err := owners.Load(ctx, w.s.Guest)
	if err != nil || len(index.Managers) == 0 {
		return ctx.Err() // without owners the files are listed all the same
	}
	owner := func(path string) *string {
		name := index.Owner(path)
		if name == "" && len(index.Problems) > 0 {
			return nil
		}
		return &name
	}
	for _, list := range [][]facts.ScanEntry{w.out.SUID, w.out.SGID} {
		for i := range list {
			list[i].Package = owner(list[i].Path)
		}
	}
	for i := range w.out.Capabilities {
		w.out.Capabilities[i].Package = owner(w.out.Capabilities[i].Path)
	}
	return nil
}
