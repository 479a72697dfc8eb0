package btrfs

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const maxLogItems = 1 << 20

// replayLogs puts what the log trees hold over the subvolumes, in memory. Where one cannot be replayed none is: no part of what a system
// would refuse to mount is to be believed.
func (f *FS) replayLogs() {
	if f.super.logRoot.block == 0 {
		return
	}
	overlays := map[uint64]overlay{}
	var sums []item
	var bad binread.Errors
	logs := tree{fs: f, root: f.super.logRoot}
	logs.each(key{logTreeID, kindRoot, 0}, key{logTreeID, kindRoot, lastOffset}, func(k key, b []byte) error {
		i, ok := f.byID[k.offset]
		if !ok { // it was removed
			return nil
		}
		root, err := decodeRoot(b, logTreeID)
		if err != nil {
			return err
		}
		r := &replay{fs: f, base: f.volumes[i].tree, log: tree{fs: f, root: root}, groups: map[uint64]*group{}, objects: map[uint64]*revised{}, fix: map[uint64]bool{}}
		if err := r.run(); err != nil {
			return fmt.Errorf("subvolume %d: %w", k.offset, err)
		}
		overlays[k.offset] = r.overlay()
		sums = append(sums, r.sums...)
		return nil
	}, func(_ key, err error) { bad.Add(err) })
	if err := bad.Err(); err != nil {
		f.problem(true, "the file system was not unmounted, and its log tree cannot be replayed: the newest changes are missing: %v", err)
		return
	}
	for id, o := range overlays {
		f.volumes[f.byID[id]].tree.over = o
	}
	f.logSums = sums
}

// replay puts the log tree of one subvolume over it, as the kernel's fs/btrfs/tree-log.c does.
type replay struct {
	fs      *FS
	base    tree
	log     tree
	groups  map[uint64]*group   // what the log has, by inode
	order   []uint64            // the inodes, ascending
	objects map[uint64]*revised // what was looked at or changed
	loaded  int                 // items
	fix     map[uint64]bool     // inodes whose names are to be counted
	sums    []item              // checksums of content
}

// group is what the log has of one inode.
type group struct {
	revised
	refItems []item // in the order of their keys
	logged   []item // entries
	ranges   []item // of indexes that it has all entries of
	present  map[uint64]string
}

func (r *replay) run() error {
	if err := r.read(); err != nil {
		return err
	}
	for _, step := range []func(*group) error{r.replayInode, r.replayEntries, r.replayRest} {
		for _, id := range r.order {
			if err := step(r.groups[id]); err != nil {
				return fmt.Errorf("inode %d: %w", id, err)
			}
		}
	}
	if err := r.fixLinks(); err != nil {
		return err
	}
	r.fixSizes()
	return nil
}

// read reads all of the log.
func (r *replay) read() error {
	var bad binread.Errors
	count := 0
	r.log.each(key{}, key{lastOffset, math.MaxUint8, lastOffset}, func(k key, b []byte) error {
		if count++; count > maxLogItems {
			return binread.Limit("more than %d items in the log", maxLogItems)
		}
		if k.kind == kindSum {
			r.sums = append(r.sums, item{k, b})
			return nil
		}
		g := r.groups[k.object]
		if g == nil {
			g = &group{revised: revised{id: k.object}, present: map[uint64]string{}}
			r.groups[k.object] = g
			r.order = append(r.order, k.object)
		}
		return g.take(k, b)
	}, func(_ key, err error) { bad.Add(err) })
	r.order = slices.DeleteFunc(r.order, func(id uint64) bool { return r.groups[id].unlinked() })
	return bad.Err()
}

func (g *group) take(k key, b []byte) error {
	switch k.kind {
	case kindDirLogItem:
		return nil
	case kindDirLogIndex:
		g.ranges = append(g.ranges, item{k, b})
		return nil
	case kindDirIndex:
		g.logged = append(g.logged, item{k, b})
		return eachName(b, func(e entry) error {
			g.present[k.offset] = string(e.name)
			return nil
		})
	case kindInodeRef, kindInodeExtref:
		g.refItems = append(g.refItems, item{k, b})
	}
	return g.add(k, b)
}

// unlinked reports whether the log has an inode without a name: of such the log means nothing.
func (g *group) unlinked() bool {
	c := binread.Little(g.inode)
	return g.inode != nil && c.At(40).U32() == 0
}

// object returns an object of the subvolume as it is by now.
func (r *replay) object(id uint64) (*revised, error) {
	if o := r.objects[id]; o != nil {
		return o, nil
	}
	o := &revised{id: id}
	var bad binread.Errors
	r.base.each(key{id, 0, 0}, key{id, math.MaxUint8, lastOffset}, func(k key, b []byte) error {
		if r.loaded++; r.loaded > maxRevised {
			return binread.Limit("more than %d items to change", maxRevised)
		}
		return o.add(k, b)
	}, func(_ key, err error) { bad.Add(err) })
	r.objects[id] = o
	return o, bad.Err()
}

// replayInode is the first pass: inodes, and what is gone of them.
func (r *replay) replayInode(g *group) error {
	if g.inode == nil {
		return nil
	}
	o, err := r.object(g.id)
	if err != nil {
		return err
	}
	for name := range o.xattrs {
		if _, kept := g.xattrs[name]; !kept {
			delete(o.xattrs, name)
		}
	}
	if g.mode() == filesys.ModeDir {
		if err := r.dropEntries(g, o); err != nil {
			return err
		}
	}
	r.overwrite(g, o)
	r.fix[g.id] = true
	if o.mode() != filesys.ModeRegular {
		return nil
	}
	end := roundUp(o.size(), uint64(r.fs.super.sectorSize))
	for i, e := range slices.Backward(o.extents) {
		x, err := decodeExtent(e.key, e.data)
		switch {
		case err != nil:
			return err
		case spanOf(&x, uint64(r.fs.super.sectorSize)) <= end:
			return nil
		case e.offset >= end:
			o.extents = o.extents[:i]
		default:
			o.extents[i] = cut(e, e.offset, end)
		}
	}
	return nil
}

// overwrite replaces the inode. A generation of 0 says that the log only knows that it exists.
func (r *replay) overwrite(g *group, o *revised) {
	c := binread.Little(g.inode)
	known := c.U64() != 0
	switch {
	case known || o.inode == nil:
		o.inode = slices.Clone(g.inode)
		if !known {
			putLittle(o.inode[:8], r.fs.super.generation+1)
		}
	case g.mode() == filesys.ModeRegular && o.mode() == filesys.ModeRegular && g.size() != 0:
		o.inode = slices.Clone(o.inode)
		putLittle(o.inode[16:24], g.size())
	}
}

// dropEntries removes the entries that are in a range of which the log has all, and not in the log.
func (r *replay) dropEntries(g *group, o *revised) error {
	slices.Sort(o.order)
	for _, of := range g.ranges {
		c := binread.Little(of.data)
		end := c.U64()
		if c.Err() != nil {
			return c.Err()
		}
		i, _ := slices.BinarySearch(o.order, of.offset)
		for ; i < len(o.order) && o.order[i] <= end; i++ {
			e, ok := o.entries[o.order[i]]
			if name, kept := g.present[o.order[i]]; !ok || kept && name == string(e.name) {
				continue
			}
			if err := r.unlink(o, o.order[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// replayRest is the last pass: attributes, names that inodes have, and content.
func (r *replay) replayRest(g *group) error {
	if len(g.xattrs)+len(g.refItems)+len(g.extents) == 0 {
		return nil
	}
	o, err := r.object(g.id)
	if err != nil {
		return err
	}
	if o.inode == nil {
		return binread.Corrupt("names or content of what is not there")
	}
	if o.xattrs == nil {
		o.xattrs = map[string][]byte{}
	}
	maps.Copy(o.xattrs, g.xattrs)
	for _, one := range g.refItems {
		if err := r.replayRefs(g, o, one); err != nil {
			return err
		}
	}
	return r.replayExtents(g, o)
}

func (r *replay) replayExtents(g *group, o *revised) error {
	if len(g.extents) == 0 {
		return nil
	}
	sector, end := uint64(r.fs.super.sectorSize), uint64(0)
	for _, one := range g.extents {
		e, err := decodeExtent(one.key, one.data)
		switch {
		case err != nil:
			return err
		case one.offset < end:
			return binread.Corrupt("two extents of the log hold the content at %d", one.offset)
		}
		end = spanOf(&e, sector)
	}
	left, err := without(o.extents, g.extents, sector)
	if err != nil {
		return err
	}
	o.extents = slices.Concat(left, g.extents)
	slices.SortFunc(o.extents, func(a, b item) int { return a.compare(b.key) })
	return nil
}

func (r *replay) overlay() overlay {
	all := overlay{}
	for id, o := range r.objects {
		all[id] = o.items()
	}
	return all
}
