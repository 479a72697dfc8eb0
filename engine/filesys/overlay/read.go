package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Stat describes a node as the upper layer that has it does. A merged directory has one link, as Linux counts.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	o, err := f.object(n)
	if err != nil {
		return filesys.Stat{}, f.of(n, err)
	}
	damage := o.damage
	merged := false
	if o.dir {
		s, err := f.stackOf(n)
		if err != nil {
			return filesys.Stat{}, f.of(n, err)
		}
		damage, merged = first(damage, s.damage), len(s.dirs) > 1
	}
	st, err := f.layers[o.top.layer].FS.Stat(o.top.node)
	if err != nil && !damaged(err) {
		return filesys.Stat{}, f.of(n, f.in(o.top.layer, err))
	}
	if st.Node = n; merged {
		st.Links = 1
	}
	return st, f.of(n, first(damage, f.in(o.top.layer, err)))
}

// ReadLink returns the target of a symbolic link as it stands.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	o, err := f.object(n)
	if err != nil {
		return "", f.of(n, err)
	}
	target, err := f.layers[o.top.layer].FS.ReadLink(o.top.node)
	if err != nil && !damaged(err) {
		return "", f.of(n, f.in(o.top.layer, err))
	}
	return target, f.of(n, first(o.damage, f.in(o.top.layer, err)))
}

// Xattrs returns the extended attributes of a node, without those of the overlay.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	o, err := f.object(n)
	if err != nil {
		return nil, f.of(n, err)
	}
	attrs, err := f.attributes(o.top)
	if err != nil && !damaged(err) {
		return nil, f.of(n, err)
	}
	return attrs.shown(), f.of(n, first(o.damage, err))
}

// Open opens the content of a regular file. It is not mapped: its place is known on the volume of its layer alone.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	o, err := f.object(n)
	if err != nil {
		return nil, f.of(n, err)
	}
	if o.dir {
		return nil, f.of(n, binread.Corrupt("a directory, want a file"))
	}
	at, damage, err := f.content(&o)
	if err != nil {
		return nil, f.of(n, err)
	}
	file, err := f.layers[at.layer].FS.Open(at.node)
	if err != nil && !damaged(err) || file == nil {
		return nil, f.of(n, f.in(at.layer, err))
	}
	damage = first(damage, f.in(at.layer, err))
	if at != o.top {
		st, err := f.Stat(n)
		switch {
		case err != nil && !damaged(err):
			return nil, err
		case st.Size != file.Size():
			return nil, f.of(n, binread.Corrupt("metadata of %d bytes over a content of %d", st.Size, file.Size()))
		}
	}
	return content{file}, f.of(n, damage)
}

// content is a file that says nothing but its size and bytes.
type content struct{ filesys.File }

// ReadDir lists a directory in the order of the names' bytes.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	if err != nil {
		return nil, f.of(n, err)
	}
	return slices.Clone(l.Entries), f.of(n, l.Err)
}

// Lookup finds a name in a directory.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, f.of(dir, err)
	}
	n, ok := l.Names[name]
	switch {
	case ok:
		o, err := f.object(n)
		return n, f.of(dir, first(err, o.damage))
	case l.Err != nil:
		return 0, f.of(dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	o, err := f.object(n)
	switch {
	case err != nil:
		return nil, err
	case !o.dir:
		return nil, binread.Corrupt("no directory")
	}
	s, err := f.stackOf(n)
	if err != nil {
		return nil, err
	}
	r := lister{fs: f, dir: n, damage: first(o.damage, s.damage), known: map[string]bool{}, Listing: &filesys.Listing{}}
	r.bad.Add(s.damage)
	for _, at := range s.dirs {
		r.layer(at)
	}
	r.End(r.bad.Err())
	f.dirs.Put(uint64(n), r.Listing)
	return r.Listing, nil
}

// lister makes one listing out of those of the layers.
type lister struct {
	fs     *FS
	dir    filesys.Node
	damage error           // of kind binread.ErrChecksum: what is listed from here on may be hidden
	known  map[string]bool // names that the layers above have or hide
	bad    binread.Errors
	*filesys.Listing
}

func (r *lister) layer(at spot) {
	in := r.fs.layers[at.layer].FS
	entries, err := in.ReadDir(at.node)
	for _, e := range entries {
		if r.known[e.Name] {
			continue
		}
		r.known[e.Name] = true
		if err := r.entry(spot{at.layer, e.Node}, e); err != nil {
			r.bad.Add(fmt.Errorf("%q: %w", e.Name, err))
		}
	}
	if err != nil {
		err = r.fs.in(at.layer, err)
		r.bad.Add(err)
		r.damage = first(r.damage, binread.Checksum("a layer above may hide it: %v", err))
	}
}

// entry adds an entry, unless it is a whiteout. What cannot be described is an entry, too: who looks at it learns why.
func (r *lister) entry(at spot, e filesys.DirEntry) error {
	damage := r.damage
	if e.Type == 0 || e.Type&(fs.ModeCharDevice|fs.ModeIrregular) != 0 {
		st, err := r.fs.layers[at.layer].FS.Stat(at.node)
		if err == nil || damaged(err) {
			e.Type = filesys.TypeOf(st.Mode)
			attrs := attributes(nil)
			if st.IsRegular() && st.Size == 0 {
				var bad error
				if attrs, bad = r.fs.attributes(at); bad != nil {
					damage = first(damage, binread.Checksum("it may be a whiteout: %v", bad))
				}
			}
			if attrs.whiteout(&st) {
				return nil
			}
		}
	}
	o := object{name: name{r.dir, e.Name}, top: at, damage: damage, dir: e.Type&fs.ModeDir != 0}
	n, err := r.fs.number(o)
	if err != nil {
		return err
	}
	return r.Add(filesys.DirEntry{Name: e.Name, Node: n, Type: e.Type}, e.Name)
}

// in says which layer an error is about.
func (f *FS) in(layer int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", f.layers[layer].Name, err)
}

// of says which node an error is about.
func (f *FS) of(n filesys.Node, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("overlay: node %d: %w", n, err)
}

// damaged tells an error that comes with a value.
func damaged(err error) bool { return errors.Is(err, binread.ErrChecksum) }

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
