package engine

import (
	"context"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/guest"
)

// InspectedRoot is a root of a file system that does not boot.
type InspectedRoot struct {
	Root     string    `json:"root"` // as --root names it
	Device   string    `json:"device"`
	Path     string    `json:"path"` // from the top of the file system
	Kind     string    `json:"kind" jsonschema:"enum=subvolume,enum=snapshot,enum=copy,enum=deployment"`
	ID       uint64    `json:"id,omitempty"` // of a subvolume
	ReadOnly bool      `json:"read_only"`
	Created  time.Time `json:"created,omitzero"`
	// By, Type and Description are what the program that made it says of it: "snapper", "pre", "before the upgrade".
	By          string `json:"by,omitempty"`
	Type        string `json:"type,omitempty"`
	Description string `json:"description,omitempty"`
}

func inspectRoot(o guest.Other) InspectedRoot {
	t := o.Tree
	return InspectedRoot{
		Root: o.Name(), Device: o.Volume.Device, Path: t.Name, Kind: t.Kind, ID: t.ID, ReadOnly: t.ReadOnly, Created: t.Created.UTC(),
		By: t.Made.By, Type: t.Made.Type, Description: t.Made.Description,
	}
}

// addRoots tells of the roots that do not boot: each below the first system on its device, or by itself.
func (in *Inspection) addRoots(ctx context.Context, m *Machine) error {
	all, err := m.Others(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		in.Problems = append(slices.Clone(in.Problems), "search for snapshots: "+err.Error())
	}
	for _, o := range all {
		r := inspectRoot(o)
		i := slices.IndexFunc(m.Guests, func(g *guest.Guest) bool { return g.Root.Device == r.Device })
		if i < 0 {
			in.Roots = append(in.Roots, r)
			continue
		}
		in.Systems[i].Others = append(in.Systems[i].Others, r)
	}
	return nil
}
