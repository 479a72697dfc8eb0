package btrfs

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxClimb       = 512 // directories and subvolumes above a subvolume
	maxClimbs      = 1 << 20
	maxNameBytes   = 4096 // of a path from the top
	maxAllNames    = 16 << 20
	wholeRootItem  = 439
	rootReadOnly   = 1 << 0
	rootUUIDOffset = 239 // from here on an item is what its second generation says
)

var _ filesys.Rooted = (*FS)(nil)

// listing is what Roots found, once.
type listing struct {
	once  sync.Once
	roots []filesys.Root
	err   error
}

// Roots lists the subvolumes in the order of their numbers, each by the path that leads to it from the top (subvolume 5). One that no
// path leads to is left out, with an error.
func (f *FS) Roots() ([]filesys.Root, error) {
	f.listing.once.Do(func() { f.listing.roots, f.listing.err = f.listRoots() })
	return slices.Clone(f.listing.roots), f.listing.err
}

func (f *FS) listRoots() ([]filesys.Root, error) {
	n := namer{fs: f, refs: map[uint64]rootRef{}, names: map[uint64]string{fsTreeID: ""}, dirs: map[[2]uint64]string{}}
	items := map[uint64]filesys.Root{}
	var bad binread.Errors
	f.rootTree.each(key{fsTreeID, kindRoot, 0}, key{lastFreeID, kindRootRef, lastOffset}, func(k key, b []byte) error {
		switch k.kind {
		case kindRoot:
			if _, ok := f.byID[k.object]; ok {
				items[k.object] = describeRoot(b)
			}
		case kindRootRef:
			ref, err := decodeRootRef(k.object, k.offset, b)
			bad.Add(err)
			if _, listed := f.byID[k.offset]; listed && err == nil {
				n.refs[k.offset] = ref
			}
		}
		return nil
	}, func(_ key, err error) { bad.Add(err) })
	first := f.volumes[0].id
	var roots []filesys.Root
	for index, v := range f.volumes {
		if f.byID[v.id] != index { // it has two roots, which was said
			continue
		}
		name, err := n.name(v.id, 0)
		if n.bytes += len(name); n.bytes > maxAllNames {
			bad.Add(binread.Limit("the paths of subvolumes have more than %d bytes; the rest is left out", maxAllNames))
			break
		}
		if err != nil {
			bad.Add(err)
			continue
		}
		r := items[v.id]
		r.ID, r.Name, r.Default = v.id, name, v.id == first
		if r.Node, err = node(uint64(index), rootDirectory); err != nil {
			bad.Add(err)
			continue
		}
		roots = append(roots, r)
	}
	slices.SortFunc(roots, func(a, b filesys.Root) int { return cmp.Compare(a.ID, b.ID) })
	return roots, bad.Err()
}

// describeRoot reads what struct btrfs_root_item says of a subvolume beside where it is. A kernel older than that part of the item
// wrote another generation before it.
func describeRoot(b []byte) filesys.Root {
	c := binread.Little(b)
	generation := c.At(160).U64()
	r := filesys.Root{ReadOnly: c.At(208).U64()&rootReadOnly != 0}
	if len(b) < wholeRootItem || c.At(rootUUIDOffset).U64() != generation {
		return r
	}
	c.At(rootUUIDOffset + 8)
	r.UUID, r.Parent = identifier(c.Bytes(16)), identifier(c.Bytes(16))
	c.Skip(16 + 4*8 + 12) // what it was received from, four transactions, the time of the last change
	if t := decodeTime(&c); t.Unix() != 0 {
		r.Created = t
	}
	return r
}

// identifier is a UUID, or "" where the field is empty.
func identifier(b []byte) string {
	var id [16]byte
	if copy(id[:], b); id == [16]byte{} {
		return ""
	}
	return uuidString(id)
}

func badName(name string) bool {
	return name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00")
}

// namer finds the paths of subvolumes.
type namer struct {
	fs    *FS
	refs  map[uint64]rootRef   // by the subvolume that they name
	names map[uint64]string    // of those that are known
	dirs  map[[2]uint64]string // by subvolume and inode, as directory has them
	// steps counts the directories that were passed, and bytes those of names.
	steps, bytes int
}

// name returns the path from the top to a subvolume. The depth bounds those that are in each other.
func (n *namer) name(id uint64, depth int) (string, error) {
	if name, ok := n.names[id]; ok {
		return name, nil
	}
	ref, ok := n.refs[id]
	switch {
	case !ok:
		return "", binread.Corrupt("subvolume %d is in no directory", id)
	case depth == maxClimb:
		return "", binread.Corrupt("subvolume %d is more than %d deep, or in itself", id, maxClimb)
	}
	above, err := n.name(ref.parent, depth+1)
	if err != nil {
		return "", err
	}
	dir, err := n.directory(ref.parent, ref.dir)
	if err != nil {
		return "", err
	}
	name := strings.TrimPrefix(above+"/"+dir+ref.name, "/")
	if len(name) > maxNameBytes {
		return "", binread.Limit("subvolume %d: a path of more than %d bytes", id, maxNameBytes)
	}
	n.names[id] = name
	return name, nil
}

// directory returns the path from the root of a subvolume to a directory in it, with a slash behind it; "" for the root itself.
func (n *namer) directory(volume, inode uint64) (string, error) {
	index, ok := n.fs.byID[volume]
	if !ok {
		return "", binread.Corrupt("there is no subvolume %d", volume)
	}
	at := [2]uint64{volume, inode}
	if path, ok := n.dirs[at]; ok {
		return path, nil
	}
	path := ""
	for depth := 0; inode != rootDirectory; depth++ {
		if n.steps++; n.steps > maxClimbs {
			return "", binread.Limit("more than %d directories above subvolumes", maxClimbs)
		}
		if depth == maxClimb || len(path) > maxNameBytes {
			return "", binread.Corrupt("subvolume %d: inode %d is more than %d deep, or in itself", volume, inode, maxClimb)
		}
		above, name, err := n.fs.volumes[index].nameOf(inode)
		if err != nil {
			return "", err
		}
		path, inode = name+"/"+path, above
	}
	n.dirs[at] = path
	return path, nil
}

// nameOf returns the directory that a directory is in, and its name there (struct btrfs_inode_ref).
func (v *subvolume) nameOf(inode uint64) (dir uint64, name string, err error) {
	var bad binread.Errors
	v.tree.each(key{inode, kindInodeRef, 0}, key{inode, kindInodeRef, lastOffset}, func(k key, b []byte) error {
		c := binread.Little(b)
		c.Skip(8)
		dir, name = k.offset, string(c.Bytes(int(c.U16())))
		bad.Add(c.Err())
		return errStop
	}, func(_ key, err error) { bad.Add(err) })
	if err := bad.Err(); err != nil {
		return 0, "", err
	}
	if badName(name) {
		return 0, "", binread.Corrupt("subvolume %d: directory %d has the name %.300q", v.id, inode, name)
	}
	return dir, name, nil
}
