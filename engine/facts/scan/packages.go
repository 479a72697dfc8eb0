package scan

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/owners"
)

// packages names the packages that own what the walk found. Where the lists of the package manager could not be read whole, a file
// without an owner may have one: it stays nil.
func (w *walker) packages(ctx context.Context) error {
	found := w.owned()
	if len(w.modules) == 0 {
		w.out.UnownedModules = []facts.ScanEntry{}
	}
	if len(found)+len(w.modules) == 0 {
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
	for _, f := range found {
		*f.pkg = owner(f.path)
	}
	w.out.UnownedModules = []facts.ScanEntry{}
	for _, m := range w.modules {
		if m.Package = owner(m.Path); (m.Package == nil || *m.Package == "") && w.counts("unowned_modules") {
			w.out.UnownedModules = append(w.out.UnownedModules, m)
		}
	}
	return nil
}

// ownable is one entry whose package is told.
type ownable struct {
	path string
	pkg  **string
}

func (w *walker) owned() []ownable {
	var all []ownable
	for _, list := range [][]facts.ScanEntry{w.out.SUID, w.out.SGID} {
		for i := range list {
			all = append(all, ownable{list[i].Path, &list[i].Package})
		}
	}
	for i := range w.out.Capabilities {
		all = append(all, ownable{w.out.Capabilities[i].Path, &w.out.Capabilities[i].Package})
	}
	for i := range w.out.TemporaryPrograms {
		all = append(all, ownable{w.out.TemporaryPrograms[i].Path, &w.out.TemporaryPrograms[i].Package})
	}
	for i := range w.out.DeceptiveNames {
		all = append(all, ownable{w.out.DeceptiveNames[i].Path, &w.out.DeceptiveNames[i].Package})
	}
	for i := range w.out.Flagged {
		all = append(all, ownable{w.out.Flagged[i].Path, &w.out.Flagged[i].Package})
	}
	return all
}
