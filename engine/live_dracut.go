package engine

import (
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/guest"
)

// dracutRoot makes the root of a live system of Fedora and its family, or of SUSE, as dmsquash-live-root.sh of dracut does: a file system
// that holds the root, or a file in it that does.
func dracutRoot(m *medium) layers {
	var l layers
	root := m.file("/LiveOS/squashfs.img")
	switch {
	case root == nil:
		root = m.holds(m.Volume, "/LiveOS/rootfs.img", "/LiveOS/ext3fs.img")
	case root.FS != nil:
		if within := m.holds(root, "/LiveOS/rootfs.img", "/LiveOS/ext3fs.img"); within != nil {
			root = within
		}
	}
	// a squashfs.img is a medium itself, of the file in it; the disc around it has more to say
	if root == nil || m.File == "/LiveOS/squashfs.img" && m.Parent != nil {
		return l
	}
	l.lower = []*Volume{root}
	l.dracutOverlay(m)
	return l
}

// dracutOverlay adds what the system wrote: a directory, a file system in a file, or the snapshot of a block device, which is not read.
func (l *layers) dracutOverlay(m *medium) {
	live, err := dirOf(m.Volume, "/LiveOS")
	if err != nil || live == 0 {
		return // the files in it were found
	}
	entries, err := m.FS.ReadDir(live)
	if err != nil {
		l.problem(true, "%s:/LiveOS: %v", m.Name, err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name, "overlay-") {
			continue
		}
		file := path.Join("/LiveOS", e.Name)
		v := m.file(file)
		switch dir, err := dirOf(m.Volume, file); {
		case err != nil:
			l.problem(true, "%s:%s: %v", m.Name, file, err)
		case l.upper != nil:
			l.problem(true, "%s:%s: a second overlay, of which the boot chooses one; took the first", m.Name, file)
		case dir != 0:
			l.upper = &upper{m.Volume, dir}
		case v != nil && v.FS != nil:
			l.persistence([]*Volume{v}, "overlayfs")
		case v != nil:
			l.problem(true, "%s: what the system wrote is the snapshot of a block device, which is not read by this version", v.Name)
		}
	}
}

// archRoot makes the root of a live system of Arch Linux (archiso): one file system.
func archRoot(m *medium) layers {
	return layers{lower: m.files[:1]}
}

// persistence adds a directory of the first of the volumes as what the system wrote.
func (l *layers) persistence(found []*Volume, dir string) {
	v := found[0]
	if len(found) > 1 {
		l.problem(true, "%d file systems are called so; took %s for what the system wrote", len(found), v.Name)
	}
	if v.FS == nil {
		l.problem(true, "what the system wrote to %s is not read: %v", v.Name, unreadable(v))
		return
	}
	node, err := dirOf(v, dir)
	switch {
	case err != nil:
		l.problem(true, "%s:/%s: %v", v.Name, dir, err)
	case node != 0:
		l.upper = &upper{v, node}
	}
}

// layHome lays a volume over /home.
func (l *layers) layHome(v *Volume) {
	laid := guest.Laid{Target: "/home", Source: v.Name, Device: v.Name, FS: v.FS}
	if v.FS == nil {
		laid.Unread = unreadable(v).Error()
	} else {
		laid.Root = v.FS.Root()
	}
	l.laid = append(l.laid, laid)
}
