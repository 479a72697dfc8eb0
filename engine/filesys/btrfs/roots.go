package btrfs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxSubvolumes = 1 << 15
	inodeBits     = 48
	standInBit    = 1 << 63

	rootItemSize = 239 // of the oldest form
)

// subvolume is a tree of files.
type subvolume struct {
	id   uint64
	tree tree
}

// readRoots lists the subvolumes, and puts the default one first.
func (f *FS) readRoots() error {
	f.rootTree = tree{fs: f, root: f.super.root}
	var bad binread.Errors
	f.rootTree.each(key{fsTreeID, kindRoot, 0}, key{lastFreeID, kindRoot, lastOffset}, func(k key, b []byte) error {
		if k.kind != kindRoot || !isSubvolume(k.object) {
			return nil
		}
		if len(f.volumes) == maxSubvolumes {
			return binread.Limit("more than %d subvolumes", maxSubvolumes)
		}
		return f.addSubvolume(k.object, b)
	}, func(_ key, err error) { bad.Add(err) })
	first, err := f.defaultSubvolume()
	bad.Add(err)
	slices.SortStableFunc(f.volumes, func(a, b subvolume) int {
		if (a.id == first) != (b.id == first) {
			return cmp.Compare(btoi(b.id == first), btoi(a.id == first))
		}
		return cmp.Compare(a.id, b.id)
	})
	f.byID = map[uint64]int{}
	for i, v := range f.volumes {
		if _, twice := f.byID[v.id]; twice {
			bad.Add(binread.Corrupt("subvolume %d has two roots", v.id))
		}
		f.byID[v.id] = i
	}
	if _, ok := f.byID[first]; !ok {
		bad.Add(binread.Corrupt("there is no default subvolume %d", first))
		return bad.Err()
	}
	if err := bad.Err(); err != nil {
		f.problem(true, "tree of roots: %v; subvolumes may be missing", err)
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (f *FS) addSubvolume(id uint64, b []byte) error {
	root, err := decodeRoot(b, id)
	if err != nil {
		return fmt.Errorf("subvolume %d: %w", id, err)
	}
	c := binread.Little(b)
	if links := c.At(216).U32(); links == 0 && id != fsTreeID { // it was removed
		return nil
	}
	f.volumes = append(f.volumes, subvolume{id, tree{fs: f, root: root}})
	return nil
}

// decodeRoot is where the tree is whose root item is b.
func decodeRoot(b []byte, owner uint64) (pointer, error) {
	c := binread.Little(b)
	p := pointer{generation: c.At(160).U64(), block: c.At(176).U64(), owner: owner}
	p.level = c.At(238).U8()
	switch {
	case len(b) < rootItemSize:
		return pointer{}, binread.Corrupt("a root of %d bytes, want %d", len(b), rootItemSize)
	case p.level > maxLevel:
		return pointer{}, binread.Corrupt("a tree of level %d, want at most %d", p.level, maxLevel)
	}
	return p, nil
}

// defaultSubvolume is the one that is mounted where no other is asked for.
func (f *FS) defaultSubvolume() (id uint64, err error) {
	id = fsTreeID
	var bad binread.Errors
	f.rootTree.each(key{f.super.rootDir, kindDirItem, 0}, key{f.super.rootDir, kindDirItem, lastOffset}, func(_ key, b []byte) error {
		return eachName(b, func(e entry) error {
			if string(e.name) == "default" && e.location.kind == kindRoot {
				id = e.location.object
			}
			return nil
		})
	}, func(_ key, err error) { bad.Add(err) })
	return id, bad.Err()
}

// place is what a node means: an inode of a subvolume, or the empty directory that stands for one subvolume in a snapshot of another.
type place struct {
	volume  *subvolume
	index   uint64
	inode   uint64
	standIn bool
}

// place takes a node apart.
func (f *FS) place(n filesys.Node) (place, error) {
	p := place{index: uint64(n) &^ standInBit >> inodeBits, inode: uint64(n) & (1<<inodeBits - 1), standIn: uint64(n)&standInBit != 0}
	if p.index >= uint64(len(f.volumes)) || p.inode < rootDirectory {
		return place{}, binread.Corrupt("no inode of that number can be")
	}
	p.volume = &f.volumes[p.index]
	return p, nil
}

// node puts one together.
func node(index, inode uint64) (filesys.Node, error) {
	if inode>>inodeBits != 0 || inode < rootDirectory {
		return 0, binread.Limit("inode %d, want it from %d to 2^%d", inode, rootDirectory, inodeBits)
	}
	return filesys.Node(index<<inodeBits | inode), nil
}

// Root is the root directory of the default subvolume.
func (f *FS) Root() filesys.Node { return rootDirectory }

// enter is the node of an entry that names a subvolume. The kernel shows an empty directory where the tree of roots does not say that it
// is in this directory: a snapshot has the entries of what it was made of, and not the subvolumes.
func (f *FS) enter(parent place, id uint64) (filesys.Node, error) {
	if id>>inodeBits != 0 || id < firstFreeID {
		return 0, binread.Corrupt("an entry for subvolume %d", id)
	}
	b, err := f.rootTree.get(key{parent.volume.id, kindRootRef, id})
	if err != nil {
		return 0, err
	}
	c := binread.Little(b)
	if dir := c.U64(); b == nil || dir != parent.inode {
		return filesys.Node(standInBit | parent.index<<inodeBits | id), nil
	}
	index, ok := f.byID[id]
	if !ok {
		return 0, binread.Corrupt("there is no subvolume %d", id)
	}
	return node(uint64(index), rootDirectory)
}
