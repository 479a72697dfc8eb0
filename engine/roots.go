package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Snapshots is what --root calls every root that is a state of the past.
const Snapshots = "snapshots"

// maxToldRoots is how many roots an error names.
const maxToldRoots = 5

// booted puts in the place of a guest that is one of several subvolumes the one that its boot menu starts, where that tells.
func (m *Machine) booted(ctx context.Context, guests []*guest.Guest) ([]*guest.Guest, error) {
	for i, g := range guests {
		if g.Tree.Kind != guest.Subvolume && g.Tree.Kind != guest.Snapshot || g.Name != g.Root.Device {
			continue
		}
		other, err := m.started(ctx, g)
		if err != nil {
			return nil, err
		}
		if other != nil {
			guests[i] = other
		}
	}
	return guests, nil
}

// started returns the guest that the boot menu of g starts, or nil where that is g, and where it does not tell.
func (m *Machine) started(ctx context.Context, g *guest.Guest) (*guest.Guest, error) {
	doc, err := facts.Collect(ctx, g, facts.Request{Domains: []string{"boot"}}, Collectors(), 0)
	if err != nil {
		return nil, err
	}
	b, ok := facts.Get[facts.Boot](doc, "boot")
	if !ok {
		return nil, nil
	}
	e, ok := b.DefaultEntry()
	if !ok {
		return nil, nil
	}
	flags, ok := e.Arg("rootflags")
	if root, told := e.Arg("root"); !ok || told && !g.Root.IsCalled(root.Value) {
		return nil, nil
	}
	at := flags.Source
	if at == nil {
		at = &e.Source
	}
	problem := guest.Problem{Path: at.Path, Line: at.Line}
	t, named, err := g.Root.Subvolume(strings.Split(flags.Value, ","))
	switch {
	case err != nil:
		problem.Message = fmt.Sprintf("the kernel is told rootflags=%s: %v; %s is judged", flags.Value, err, g.Tree.Name)
		g.Problems = append(g.Problems, problem)
		return nil, nil
	case !named || t.ID == g.Tree.ID:
		return nil, nil
	}
	other := guest.Assemble(g.Root, t, m.fileSystems())
	problem.Message = fmt.Sprintf("the kernel is told rootflags=%s, which is not the subvolume that would be taken without it (%s)", flags.Value, g.Tree.Name)
	other.Name, other.Problems = g.Root.Device, append(other.Problems, problem)
	return other, nil
}

// Others lists the roots that do not boot: snapshots, other deployments, copies, the oldest first. The error says which may be missing.
func (m *Machine) Others(ctx context.Context) ([]guest.Other, error) {
	return guest.Others(ctx, m.fileSystems(), m.Guests)
}

// Past lists the roots that are states of the past, the oldest first. Where some may be missing it is a problem of the machine; that there
// is none is an error.
func (m *Machine) Past(ctx context.Context) ([]guest.Other, error) {
	all, err := m.Others(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		m.Problems = append(m.Problems, "search for snapshots: "+err.Error())
	}
	all = slices.DeleteFunc(all, func(o guest.Other) bool { // one that is written to is another system, not a state of this one
		return o.Tree.Kind == guest.Subvolume && !o.Tree.ReadOnly
	})
	if len(all) == 0 {
		return nil, binread.WithHint(errors.New("no snapshots of an operating system, and no other deployments"), "see what is in it with: guestctl inspect IMAGE")
	}
	return all, nil
}

// selectPast puts together the roots that are states of the past.
func (m *Machine) selectPast(ctx context.Context) ([]*guest.Guest, error) {
	past, err := m.Past(ctx)
	if err != nil {
		return nil, err
	}
	var guests []*guest.Guest
	for _, o := range past {
		guests = append(guests, m.assemble(o.Volume, o.Tree))
	}
	return guests, nil
}

func (m *Machine) assemble(v guest.Volume, t guest.Tree) *guest.Guest {
	g := guest.Assemble(v, t, m.fileSystems())
	g.Disks = m.describeDisks(g)
	return g
}

// named returns the guest that root names by its device and the path of its tree: one that boots, or any other.
func (m *Machine) named(root string) (*guest.Guest, bool) {
	for _, v := range m.fileSystems() {
		path, ok := strings.CutPrefix(root, v.Device+":")
		if !ok {
			continue
		}
		t, ok := v.Named(strings.TrimPrefix(path, "/"))
		if !ok {
			continue
		}
		i := slices.IndexFunc(m.Guests, func(g *guest.Guest) bool { return g.Root.Device == v.Device && g.Tree.Name == t.Name })
		if i >= 0 {
			return m.Guests[i], true
		}
		return m.assemble(v, t), true
	}
	return nil, false
}

// toldOthers names the first of the roots that do not boot, for an error.
func (m *Machine) toldOthers(ctx context.Context) []string {
	all, _ := m.Others(ctx) // the error that is made has its own cause
	var names []string
	for _, o := range all[:min(len(all), maxToldRoots)] {
		names = append(names, o.Name())
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return names
}
