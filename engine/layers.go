package engine

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/filesys/overlay"
	"github.com/guestctl/guestctl/engine/guest"
)

const maxBootFile = 1 << 20 // bytes of a file that says how layers lie over each other

// layers is what a layout makes of a medium.
type layers struct {
	of       *medium
	lower    []*Volume // those that are not written to, the upper first; nil where there is no system
	upper    *upper    // what the system wrote; nil where it keeps nothing, or nothing was found
	problems []filesys.Problem
	laid     []guest.Laid // over directories of the root
}

// upper is the directory that a system writes to.
type upper struct {
	*Volume
	dir filesys.Node
}

func (l *layers) problem(taints bool, format string, args ...any) {
	l.problems = append(l.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// medium is a file system that holds files of a layout.
type medium struct {
	*Machine
	*Volume
	files []*Volume // of the layout, in the order of discovery
}

// file returns the file at a path that is a volume, or nil.
func (m *medium) file(path string) *Volume {
	i := slices.IndexFunc(m.files, func(v *Volume) bool { return v.File == path })
	if i < 0 {
		return nil
	}
	return m.files[i]
}

// holds returns the file of v at one of the paths that is a volume, or nil.
func (m *Machine) holds(v *Volume, paths ...string) *Volume {
	for _, path := range paths {
		for i := range m.Volumes {
			if c := &m.Volumes[i]; c.Parent == v.Volume && c.File == path {
				return c
			}
		}
	}
	return nil
}

// labelled returns the volumes other than the medium that have one of the labels, as a file system, as a partition or as the name of a
// file, in the order of discovery.
func (m *medium) labelled(labels ...string) []*Volume {
	var found []*Volume
	for i := range m.Volumes {
		v := &m.Volumes[i]
		names := []string{v.Label, v.File}
		if v.FS != nil {
			names = append(names, v.FS.Description().Label)
		}
		if v.Volume != m.Volume.Volume && slices.ContainsFunc(labels, func(l string) bool {
			return slices.Contains(names, l) || slices.Contains(names, "/"+l)
		}) {
			found = append(found, v)
		}
	}
	return found
}

// composed is what is to be told of a guest whose root has layers, and to be done with it.
type composed struct {
	problems []filesys.Problem
	laid     []guest.Laid
}

// compose puts the layers of each root together. The root is called as the uppermost of its layers that are not written to; the layers
// themselves are not among the file systems that can be roots.
func (m *Machine) compose(all []guest.Volume) ([]guest.Volume, map[string]composed) {
	done := map[string]composed{}
	for i := range m.Volumes {
		for _, l := range layouts() {
			md := m.mediumOf(&m.Volumes[i], &l)
			if md == nil {
				continue
			}
			found := l.root(md)
			found.of = md
			all = m.layOver(all, &found, done)
		}
	}
	return all, done
}

// mediumOf returns the volume as a medium of the layout; nil where it is none.
func (m *Machine) mediumOf(v *Volume, l *layout) *medium {
	if l.root == nil || v.FS == nil {
		return nil
	}
	md := &medium{Machine: m, Volume: v}
	for i := range m.Volumes {
		if c := &m.Volumes[i]; c.Parent == v.Volume && l.has(c.File) {
			md.files = append(md.files, c)
		}
	}
	if len(md.files) == 0 && len(l.files) > 0 {
		return nil
	}
	return md
}

// layOver replaces the volumes of the layers by one that they make together. The other files of the medium are layers that another boot
// of it has, and no roots either.
func (m *Machine) layOver(all []guest.Volume, l *layers, done map[string]composed) []guest.Volume {
	var over []overlay.Layer
	if l.upper != nil {
		over = []overlay.Layer{{Name: l.upper.Name, FS: l.upper.FS, Root: l.upper.dir}}
	}
	device := ""
	for _, v := range l.lower {
		if v.FS == nil {
			l.problem(true, "the layer %s is missing: %v", v.Name, unreadable(v))
			continue
		}
		if over = append(over, overlay.Layer{Name: v.Name, FS: v.FS}); device == "" {
			device = v.Name
		}
	}
	if device == "" {
		return all
	}
	done[device] = composed{l.problems, l.laid}
	if len(over) == 1 && !l.written(over[0].FS) {
		return l.without(all, device)
	}
	root, err := overlay.New(over, l.problems...)
	if err != nil {
		m.Problems = append(m.Problems, fmt.Sprintf("layers of %s: %v", device, err))
		return all
	}
	var names []string
	for _, o := range over {
		names = append(names, o.Name)
	}
	rest := l.without(all, device)
	for i := range rest {
		if v := &rest[i]; v.Device == device {
			v.FS, v.Origin, v.Layers = root, nil, names
		}
	}
	return rest
}

// without returns the volumes without those that are layers or could be, but for the one that the root is called as.
func (l *layers) without(all []guest.Volume, device string) []guest.Volume {
	parts := slices.Concat(l.lower, l.of.files)
	if l.upper != nil {
		parts = append(parts, l.upper.Volume)
	}
	return slices.DeleteFunc(slices.Clone(all), func(v guest.Volume) bool {
		return v.Device != device && slices.ContainsFunc(parts, func(p *Volume) bool { return p.Name == v.Device })
	})
}

// written reports whether what is written to the root of one layer is laid over it by the file system: one that can be written to is a
// block device with a snapshot over it, and looks as it is.
func (l *layers) written(f filesys.FS) bool {
	taints := func(p filesys.Problem) bool { return p.Taints }
	return slices.Contains([]string{"squashfs", "erofs"}, f.Description().Type) || slices.ContainsFunc(l.problems, taints)
}

// finish tells of a guest what came up when its layers were put together, and lays over it what its boot does.
func (c composed) finish(g *guest.Guest) {
	for _, p := range c.problems {
		g.Problems = append(g.Problems, guest.Problem{Path: "/", Message: p.Message})
	}
	for _, l := range c.laid {
		g.Lay(l)
	}
}

// unreadable is why a volume has no file system.
func unreadable(v *Volume) error {
	if v.Err != nil {
		return v.Err
	}
	return binread.Unsupported("no file system is recognised")
}

// readOf reads a small file of a volume; ok is false where it is not there or is no file.
func readOf(v *Volume, path string) (text string, ok bool, err error) {
	node, err := walkTo(v.FS, path)
	if node == 0 || err != nil {
		return "", false, err
	}
	if st, err := v.FS.Stat(node); err != nil || !st.IsRegular() {
		return "", false, err
	}
	f, err := v.FS.Open(node)
	if err != nil {
		return "", false, err
	}
	b, err := binread.ReadAt(f, 0, f.Size(), maxBootFile)
	return string(b), err == nil, err
}

// dirOf returns a directory of a volume; 0 where it is not there.
func dirOf(v *Volume, path string) (filesys.Node, error) {
	node, err := walkTo(v.FS, path)
	if node == 0 || err != nil {
		return 0, err
	}
	st, err := v.FS.Stat(node)
	if err != nil || !st.IsDir() {
		return 0, err
	}
	return node, nil
}
