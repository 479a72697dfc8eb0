package guest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/filesys"
)

// maxTried is how many subvolumes of one file system are looked at in search of a system.
const maxTried = 256

// system is a tree that boots.
type system struct {
	tree     Tree
	problems []Problem
}

// systemsOf returns the trees of a volume that boot: one, as a rule. Several are a file system that does not tell which of its subvolumes
// it is.
func systemsOf(v Volume, volumes []Volume) ([]system, error) {
	if s, ok := deployedOn(v, volumes); ok {
		return []system{s}, nil
	}
	roots, err := rootsOf(v.FS)
	if len(roots) < 2 {
		isRoot, lookErr := looksLikeRoot(v.FS, v.FS.Root())
		if !isRoot {
			return nil, errors.Join(err, lookErr)
		}
		return []system{{}}, errors.Join(err, lookErr)
	}
	c := candidates{volume: v, errs: []error{err}}
	for _, t := range c.systems(roots) {
		c.found = append(c.found, system{tree: t})
	}
	return c.found, errors.Join(c.errs...)
}

// candidates is the search among the subvolumes of one file system.
type candidates struct {
	volume Volume
	found  []system
	errs   []error
}

// systems returns the default subvolume where it looks like a root; else those whose own fstab mounts them at the root; else the only one
// that is no snapshot, or where all are, the only one.
func (c *candidates) systems(roots []filesys.Root) []Tree {
	i := slices.IndexFunc(roots, func(r filesys.Root) bool { return r.Default })
	if i >= 0 && c.looks(roots[i]) {
		return []Tree{treeOf(roots[i])}
	}
	var written, own, made []Tree
	for _, r := range c.writable(roots) {
		if !c.looks(r) {
			continue
		}
		t := treeOf(r)
		written = append(written, t)
		if c.mountsItself(t) {
			own = append(own, t)
		}
		if t.Kind != Snapshot {
			made = append(made, t)
		}
	}
	switch {
	case len(own) > 0:
		return own
	case len(made) > 0:
		return made
	}
	return written
}

// writable are the roots that a system can be on, those first that are no snapshots.
func (c *candidates) writable(roots []filesys.Root) []filesys.Root {
	roots = slices.DeleteFunc(slices.Clone(roots), func(r filesys.Root) bool { return r.ReadOnly || r.Default })
	slices.SortStableFunc(roots, func(a, b filesys.Root) int { return cmp.Compare(btoi(a.Parent != ""), btoi(b.Parent != "")) })
	if len(roots) > maxTried {
		c.errs = append(c.errs, fmt.Errorf("%d subvolumes can be written to; of these %d were looked at", len(roots), maxTried))
		roots = roots[:maxTried]
	}
	return roots
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *candidates) looks(r filesys.Root) bool {
	ok, err := looksLikeRoot(c.volume.FS, r.Node)
	if err != nil {
		c.errs = append(c.errs, fmt.Errorf("subvolume %s: %w", r.Name, err))
	}
	return ok
}

// mountsItself reports whether the fstab of a subvolume has it at the root. That of a snapshot has what it is a snapshot of.
func (c *candidates) mountsItself(t Tree) bool {
	b, err := newTree(c.volume, t).ReadFile(fstabPath, maxFstab)
	if err != nil && !damaged(err) {
		return false // of which the guest tells, when it is put together
	}
	e, ok := rootEntry(string(b))
	if !ok {
		return false
	}
	named, ok, err := c.volume.Subvolume(e.options)
	return ok && err == nil && named.ID == t.ID
}

// IsCalled reports whether source, as fstab and the kernel's argument root= have it, names the volume.
func (v Volume) IsCalled(source string) bool {
	fits := matcher(source)
	return fits != nil && fits(v)
}

// nameOf is what --root calls a tree of the volume.
func (v Volume) nameOf(t Tree) string {
	if t.Name == "" && t.Kind == "" {
		return v.Device
	}
	return v.Device + ":" + t.Name
}
