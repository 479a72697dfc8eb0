package btrfs

import (
	"bytes"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// unlink removes an entry, and the name that it is to its inode.
func (r *replay) unlink(dir *revised, index uint64) error {
	e := dir.entries[index]
	if e.location.kind != kindInode {
		return binread.Unsupported("%q, which is no file, is removed", e.name)
	}
	o, err := r.object(e.location.object)
	if err != nil {
		return err
	}
	delete(o.refs[dir.id], string(e.name))
	r.fix[o.id] = true
	dir.dropEntry(index)
	return nil
}

// replayEntries is the second pass: names that directories have.
func (r *replay) replayEntries(g *group) error {
	for _, one := range g.logged {
		dir, err := r.object(g.id)
		if err != nil {
			return err
		}
		if dir.inode == nil {
			return binread.Corrupt("entries of a directory that is not there")
		}
		err = eachName(one.data, func(e entry) error { return r.replayEntry(dir, one.offset, e) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) replayEntry(dir *revised, index uint64, e entry) error {
	if e.location.kind != kindInode {
		return nil
	}
	o, err := r.object(e.location.object)
	if err != nil {
		return err
	}
	same := func(other named) bool { return other.location == e.location && other.kind == e.kind }
	at, byName := dir.names[string(e.name)]
	there, byIndex := dir.entries[index]
	byIndex = byIndex && bytes.Equal(there.name, e.name)
	if byName && byIndex && same(there) || o.inode == nil {
		return nil
	}
	if byName && !same(dir.entries[at]) {
		if err := r.unlink(dir, at); err != nil {
			return err
		}
		byName = false
	}
	if later := r.groups[o.id]; later != nil && !later.unlinked() {
		if _, ok := later.refs[dir.id][string(e.name)]; ok {
			return nil
		}
	}
	if _, taken := dir.entries[index]; taken || byName {
		return nil
	}
	if o.mode() != filesys.ModeDir {
		r.fix[o.id] = true
	}
	return r.link(dir, o, ref{dir.id, index, string(e.name)})
}

// link adds a name.
func (r *replay) link(dir, o *revised, at ref) error {
	e := entry{location: key{o.id, kindInode, 0}, kind: kindOf(o.mode()), name: []byte(at.name)}
	if err := dir.addEntry(at.index, named{e, encodeEntry(e)}); err != nil {
		return err
	}
	return o.addRef(at)
}

// replayRefs replays an item of names: those that the inode has in a directory are these then, and no others.
func (r *replay) replayRefs(g *group, o *revised, one item) error {
	dirs := map[uint64]bool{}
	err := eachRef(one.key, one.data, func(at ref) error {
		dir, err := r.object(at.dir)
		if err != nil || dir.inode == nil {
			return err
		}
		dirs[at.dir] = true
		if index, ok := dir.names[at.name]; ok && index == at.index && dir.entries[index].location.object == o.id {
			return o.addRef(at)
		}
		return r.replayRef(g, o, dir, at)
	})
	if err != nil {
		return err
	}
	for id := range dirs {
		if err := r.dropNames(g, o, id); err != nil {
			return err
		}
	}
	return nil
}

func (r *replay) replayRef(g *group, o, dir *revised, at ref) error {
	if o.id == dir.id { // the root directory is its own parent
		return o.addRef(at)
	}
	if err := r.dropNames(g, o, dir.id); err != nil {
		return err
	}
	if _, taken := dir.entries[at.index]; taken {
		if err := r.unlink(dir, at.index); err != nil {
			return err
		}
	}
	if index, taken := dir.names[at.name]; taken {
		if err := r.unlink(dir, index); err != nil {
			return err
		}
	}
	return r.link(dir, o, at)
}

// dropNames removes the names of an inode in a directory that the log does not have.
func (r *replay) dropNames(g *group, o *revised, dir uint64) error {
	for name := range o.refs[dir] {
		if _, kept := g.refs[dir][name]; kept {
			continue
		}
		of, err := r.object(dir)
		if err != nil {
			return err
		}
		index, ok := of.names[name]
		if ok && of.entries[index].location.object == o.id {
			err = r.unlink(of, index)
		}
		delete(o.refs[dir], name)
		r.fix[o.id] = true
		if err != nil {
			return err
		}
	}
	return nil
}
