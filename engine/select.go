package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

// Select returns the guests that root names: "auto" is the only one that boots, "all" is every one, "snapshots" is every state of the past,
// the oldest first, and anything else is the device of one, or the device and the path of a root: "p2:@/.snapshots/2/snapshot". An error
// says what the disks hold instead.
func (m *Machine) Select(ctx context.Context, root string) ([]*guest.Guest, error) {
	if root == Snapshots {
		return m.selectPast(ctx)
	}
	if g, ok := m.named(root); ok {
		return []*guest.Guest{g}, nil
	}
	if len(m.Guests) == 0 {
		return nil, m.noGuest(ctx)
	}
	switch root {
	case "all":
		return m.Guests, nil
	case "auto", "":
		if len(m.Guests) == 1 {
			return m.Guests, nil
		}
		return nil, binread.WithHint(fmt.Errorf("%d operating systems, on %s", len(m.Guests), strings.Join(m.roots(), " and ")),
			"choose one with --root "+m.Guests[0].Name+", or --root all")
	}
	for _, g := range m.Guests {
		if g.Name == root {
			return []*guest.Guest{g}, nil
		}
	}
	hint := "there is one on " + strings.Join(append(m.roots(), m.toldOthers(ctx)...), ", ")
	return nil, binread.WithHint(fmt.Errorf("no operating system on %q", root), hint)
}

// View returns the one tree to look into: as Select does, and where that finds no operating system, the only file system
// of the disks, or the one on the device that root names.
func (m *Machine) View(ctx context.Context, root string) (*guest.Guest, error) {
	guests, err := m.Select(ctx, root)
	if len(guests) == 1 {
		return guests[0], nil
	}
	if err == nil {
		var names []string
		for _, g := range guests[:min(len(guests), maxToldRoots)] {
			names = append(names, g.Name)
		}
		return nil, binread.WithHint(fmt.Errorf("%d operating systems, want one", len(guests)), "choose one with --root DEVICE: "+strings.Join(names, ", "))
	}
	volumes := m.fileSystems()
	if (root == "auto" || root == "") && len(m.Guests) == 0 && len(volumes) == 1 {
		return guest.Bare(volumes[0]), nil
	}
	var names []string
	for _, v := range volumes {
		if v.Device == root {
			return guest.Bare(v), nil
		}
		names = append(names, v.Device)
	}
	if len(names) > 0 && !strings.Contains(root, ":") {
		err = binread.WithHint(err, "choose a file system with --root DEVICE: "+strings.Join(names, ", "))
	}
	return nil, err
}

func (m *Machine) roots() []string {
	var names []string
	for _, g := range m.Guests {
		names = append(names, g.Name)
	}
	return names
}

// noGuest says what was found instead of an operating system. Its kind is that of the first encrypted volume that was not read, or of the
// first other one.
func (m *Machine) noGuest(ctx context.Context) error {
	var found []string
	var cause error
	for _, v := range m.Volumes {
		switch {
		case v.Err != nil:
			found = append(found, fmt.Sprintf("%s: %v", v.Name, v.Err))
			if cause == nil || errors.Is(v.Err, binread.ErrEncrypted) && !errors.Is(cause, binread.ErrEncrypted) {
				cause = v.Err
			}
		case v.Table == nil && v.Content != "":
			found = append(found, v.Name+": "+v.Content)
		}
	}
	hint := "see what is in it with: guestctl inspect IMAGE"
	if others := m.toldOthers(ctx); len(others) > 0 {
		hint = "no root of these boots: choose one with --root " + others[0] + ", or --root snapshots"
	}
	if len(found) == 0 {
		return binread.WithHint(errors.New("no operating system found: no partition table and no file system is recognised"), hint)
	}
	if h := binread.HintOf(cause); h != "" {
		hint = h
	}
	return binread.WithHint(&causeError{"no operating system found (" + strings.Join(found, "; ") + ")", cause}, hint)
}

// causeError has a text of its own and the kind of its cause.
type causeError struct {
	text  string
	cause error
}

func (e *causeError) Error() string { return e.text }
func (e *causeError) Unwrap() error { return e.cause }
