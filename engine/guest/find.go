package guest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
)

// rootSigns are paths of which each alone shows that a file system is the root of an operating system.
var rootSigns = []string{"etc/os-release", "usr/lib/os-release", "etc/fstab", "etc/passwd", "sbin/init", "usr/lib/systemd/systemd"}

// Find returns the operating systems on the volumes, in the order of the volumes, each put together as its fstab says, or with the letters
// that a Windows remembers. Files that one kind of system keeps in the root of the other make it no other: Windows starts from NTFS, and
// from there nothing else does. Of a file system that holds several roots it is the one that boots, as far as the file system tells: Others
// lists the rest.
// A volume on which the search itself failed is in the error, and the guests on the others are returned with it.
func Find(ctx context.Context, volumes []Volume) ([]*Guest, error) {
	var guests []*Guest
	var errs []error
	for _, v := range volumes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		systems, err := systemsOf(v, volumes)
		dir, windowsErr := hasWindows(v.FS)
		if err := errors.Join(err, windowsErr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.Device, err))
		}
		if dir != "" && (len(systems) == 0 || v.FS.Description().Type == "ntfs") {
			guests = append(guests, assembleWindows(v, dir, volumes))
			continue
		}
		for _, s := range systems {
			g := Assemble(v, s.tree, volumes)
			g.Problems = append(s.problems, g.Problems...)
			if g.Name = v.Device; len(systems) > 1 {
				g.Name = v.nameOf(s.tree)
			}
			guests = append(guests, g)
		}
	}
	return guests, errors.Join(errs...)
}

// looksLikeRoot wants a directory /etc and one of the signs. Links count as they stand, since they may lead to a volume
// that is not mounted yet.
func looksLikeRoot(f filesys.FS, root filesys.Node) (bool, error) {
	has := func(path string) (bool, error) {
		node := root
		names := strings.Split(path, "/")
		for i, name := range names {
			next, err := f.Lookup(node, name)
			if next == 0 {
				if errors.Is(err, fs.ErrNotExist) {
					err = nil
				}
				return false, err
			}
			st, err := f.Stat(next)
			if err != nil && !damaged(err) {
				return false, err
			}
			if st.IsSymlink() {
				return true, nil
			}
			if node = next; !st.IsDir() && (i < len(names)-1 || path == "etc") {
				return false, nil
			}
		}
		return true, nil
	}
	if ok, err := has("etc"); !ok {
		return false, err
	}
	var errs []error
	for _, sign := range rootSigns {
		ok, err := has(sign)
		if ok {
			return true, nil
		}
		errs = append(errs, err)
	}
	return false, errors.Join(errs...)
}

// Assemble returns the guest whose root a tree of a volume is. It mounts what its fstab names, in its order with parents first, and records
// what it cannot.
func Assemble(root Volume, t Tree, volumes []Volume) *Guest {
	g := newTree(root, t)
	g.Name = root.nameOf(t)
	g.deploy(volumes)
	entries, problems := g.readFstab()
	g.Problems = append(g.Problems, problems...)
	volumes = g.nameOpened(volumes)
	slices.SortStableFunc(entries, func(a, b fstabEntry) int {
		return cmp.Compare(strings.Count(a.target, "/"), strings.Count(b.target, "/"))
	})
	for _, e := range entries {
		g.mountEntry(e, volumes)
	}
	return g
}

func (g *Guest) mountEntry(e fstabEntry, volumes []Volume) {
	m := Mount{Target: e.target, Source: e.source, FSType: e.fstype, Line: e.line}
	over, t, err := g.resolve("mount", e.target, true)
	if err != nil && !damaged(err) {
		g.mountNowhere(m, t, err)
		return
	}
	m.Target = t.path()
	if e.bind() {
		g.mountBind(m, e, over)
		return
	}
	found, why := match(e.source, volumes)
	if why != "" {
		g.Problems = append(g.Problems, Problem{fstabPath, e.line, fmt.Sprintf("%s on %s: %s", e.source, m.Target, why)})
	}
	if found == nil {
		m.Unread = why
		g.mount(m, &mounted{device: e.source, unread: fmt.Sprintf("%s is not mounted: %s", e.source, why)}, over)
		return
	}
	tree, _, err := found.Subvolume(e.options)
	if err != nil {
		m.Unread = err.Error()
		g.Problems = append(g.Problems, Problem{fstabPath, e.line, fmt.Sprintf("%s on %s: %v", e.source, m.Target, err)})
		g.mount(m, &mounted{device: e.source, unread: fmt.Sprintf("%s is not mounted: %v", e.source, err)}, over)
		return
	}
	m.Device, m.Subvolume = found.Device, tree.Name
	g.mount(m, newMounted(*found, tree.node), over)
}

// mountNowhere is for a mount point that could not be reached. One that is not there is made at boot (systemd.mount(5)),
// so that paths below it may exist: the first name that is missing stands for them.
func (g *Guest) mountNowhere(m Mount, t *trail, err error) {
	m.Unread = fmt.Sprintf("mount point %s: %v", m.Target, err)
	g.Problems = append(g.Problems, Problem{fstabPath, m.Line, m.Unread})
	g.Mounts = append(g.Mounts, m)
	if errors.Is(err, fs.ErrNotExist) && t.missing != "" {
		g.nowhere[name{t.here(), t.missing}] = fmt.Sprintf("%s is not mounted: %s", m.Source, m.Unread)
	}
}

func (g *Guest) mountBind(m Mount, e fstabEntry, over place) {
	p, _, err := g.resolve("bind", e.source, true)
	if err != nil && !damaged(err) {
		m.Unread = err.Error()
		g.mount(m, &mounted{device: e.source, unread: fmt.Sprintf("%s is not mounted: %v", e.source, err)}, over)
		return
	}
	bound := *p.at
	bound.root = p.node
	m.Device = bound.device
	g.mount(m, &bound, over)
}

func (g *Guest) mount(m Mount, what *mounted, over place) {
	g.Mounts = append(g.Mounts, m)
	g.mounts = append(g.mounts, what)
	if over.at != nil {
		g.over[over] = what
	}
}

// newTree returns a tree of a volume, with nothing mounted into it.
func newTree(root Volume, t Tree) *Guest {
	g := &Guest{Root: root, Name: root.Device, Tree: t, over: map[place]*mounted{}, nowhere: map[name]string{}}
	m := Mount{Target: "/", Source: root.Device, FSType: root.FS.Description().Type, Device: root.Device, Subvolume: t.Name}
	g.mount(m, newMounted(root, t.node), place{})
	return g
}

// newMounted is a volume at its place, with a node of it for its root; 0 is the file system's own.
func newMounted(v Volume, root filesys.Node) *mounted {
	m := &mounted{device: v.Device, fs: v.FS, root: root, origin: v.Origin}
	if root == 0 {
		m.root = v.FS.Root()
	}
	for _, p := range v.FS.Description().Problems {
		if p.Taints {
			m.taint = &TaintError{v.Device, p.Message}
			break
		}
	}
	return m
}

// Bare returns the tree of a single volume, with nothing mounted into it: for looking into a disk that holds no operating
// system.
func Bare(v Volume) *Guest {
	return newTree(v, Tree{})
}
