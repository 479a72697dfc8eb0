package btrfs

import (
	"fmt"
	"hash/crc32"
	"hash/maphash"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxCheckedInodes = 1 << 24
	dataRelocTreeID  = 1<<64 - 9
	kindOrphan       = 48
)

// What has named an inode.
const (
	byIndex = 1 << iota
	byItem
	byRef
	byAll = byIndex | byItem | byRef
)

// inodes is the check of one subvolume.
type inodes struct {
	*check
	of      subvolume
	node    func(inode uint64) (filesys.Node, error)
	seed    maphash.Seed
	states  map[uint64]*inodeState
	links   map[link]*naming
	orphans map[uint64]bool
	broken  bool // a part of the tree cannot be read
}

// inodeState is what is known of an inode.
type inodeState struct {
	there        bool
	mode, links  uint32
	size, bytes  uint64
	flags        uint64
	names        uint32
	nameBytes    uint64 // of a directory's entries
	stored, end  uint64 // bytes of content, and where it ends
	gap, damaged bool
}

// link is a name of an inode, the name as its hash.
type link struct {
	dir, inode, name uint64
}

type naming struct {
	seen       uint8
	index, ref uint64
	kind       uint8
}

// otherFiles checks the tree that holds files while extents are moved.
func (c *check) otherFiles() {
	for _, r := range c.roots {
		if r.id == dataRelocTreeID {
			c.subvolume(subvolume{r.id, tree{fs: c.FS, root: r.root}}, func(uint64) (filesys.Node, error) { return 0, nil })
		}
	}
}

// coverage collects what content there are checksums of.
func (c *check) coverage() {
	s := &summing{FS: c.FS}
	add := func(k key, b []byte) error {
		if k.object != sumObject || k.kind != kindSum {
			return binread.Corrupt("an item of kind %d", k.kind)
		}
		return s.cover(k, b)
	}
	whole := c.eachOf(sumTreeID, add)
	for _, one := range c.logSums {
		if err := add(one.key, one.data); err != nil {
			whole = false
		}
	}
	if !whole {
		c.skip("whether all content has checksums: the tree of them is damaged")
		return
	}
	s.sort()
	c.sums = s
}

// subvolume checks the inodes of a subvolume, as they are once a log tree was replayed.
func (c *check) subvolume(of subvolume, number func(inode uint64) (filesys.Node, error)) {
	if c.over() != nil {
		return
	}
	s := &inodes{
		check: c, of: of, node: number, seed: maphash.MakeSeed(),
		states: map[uint64]*inodeState{}, links: map[link]*naming{}, orphans: map[uint64]bool{},
	}
	of.tree.all(func(k key, b []byte) error {
		if len(s.states) > maxCheckedInodes || len(s.links) > maxCheckedInodes {
			c.err = binread.Limit("more than %d inodes or names", maxCheckedInodes)
		}
		if err := c.over(); err != nil {
			return err
		}
		if err := s.item(k, b); err != nil {
			s.bad(filesys.DamagedInode, filesys.HarmLoss, k.object, "%v", err)
		}
		return nil
	}, func(key, error) { s.broken = true }) // it was reported
	if c.over() != nil {
		return
	}
	s.compare()
}

func (s *inodes) bad(kind filesys.DamageKind, harm filesys.Harm, inode uint64, format string, args ...any) {
	n, err := s.node(inode)
	if err != nil {
		n = 0
	}
	s.damage(filesys.Damage{Kind: kind, Block: -1, Node: n, Harm: harm}, "subvolume %d: inode %d: %s", int64(s.of.id), inode, fmt.Sprintf(format, args...))
}

func (s *inodes) state(inode uint64) *inodeState {
	st := s.states[inode]
	if st == nil {
		st = &inodeState{}
		s.states[inode] = st
	}
	return st
}

func (s *inodes) item(k key, b []byte) error {
	switch k.kind {
	case kindInode:
		return s.inode(k, b)
	case kindInodeRef, kindInodeExtref:
		return eachRef(k, b, func(at ref) error {
			if at.dir == k.object && k.object == rootDirectory { // the root directory is its own parent
				if at.name != ".." || at.index != 0 {
					s.bad(filesys.DamagedDirectory, filesys.HarmRisk, k.object, "its own name is %q at index %d, want %q at 0", at.name, at.index, "..")
				}
				return nil
			}
			n := s.naming(at.dir, k.object, at.name)
			n.seen, n.ref = n.seen|byRef, at.index
			s.state(k.object).names++
			return nil
		})
	case kindDirItem, kindDirIndex:
		return eachName(b, func(e entry) error { return s.entry(k, e) })
	case kindXattr:
		return eachName(b, func(e entry) error {
			if k.offset != uint64(nameHash(e.name)) && s.of.tree.over == nil {
				s.bad(filesys.DamagedXattr, filesys.HarmRisk, k.object, "the attribute %q is not where its hash is", e.name)
			}
			return nil
		})
	case kindExtent:
		return s.extent(k, b)
	case kindOrphan:
		if k.object == orphanObject {
			s.orphans[k.offset] = true
		}
	}
	return nil
}

func (s *inodes) naming(dir, inode uint64, name string) *naming {
	at := link{dir, inode, maphash.String(s.seed, name)}
	n := s.links[at]
	if n == nil {
		n = &naming{}
		s.links[at] = n
	}
	return n
}

func (s *inodes) inode(k key, b []byte) error {
	if len(b) != inodeItemSize {
		return binread.Corrupt("an item of %d bytes, want %d", len(b), inodeItemSize)
	}
	c := binread.Little(b)
	st := s.state(k.object)
	st.there, st.size, st.bytes = true, c.At(16).U64(), c.U64()
	st.links, st.mode, st.flags = c.At(40).U32(), c.At(52).U32(), c.At(64).U64()
	generation := c.At(0).U64()
	switch {
	case filesys.TypeName(st.mode) == "unknown" || st.mode>>16 != 0:
		st.damaged = true
		return binread.Corrupt("mode %#o, which is of no type", st.mode)
	case generation > s.super.generation+1:
		s.bad(filesys.DamagedInode, filesys.HarmNone, k.object, "generation %d, and the file system's is %d", generation, s.super.generation)
	}
	s.result.Inodes++
	if st.mode&filesys.ModeType == filesys.ModeDir {
		s.result.Directories++
	}
	return nil
}

func (s *inodes) entry(k key, e entry) error {
	if k.kind == kindDirItem && k.offset != uint64(nameHash(e.name)) {
		s.bad(filesys.DamagedDirectory, filesys.HarmRisk, k.object, "%q is not where its hash is", e.name)
	}
	if e.location.kind != kindInode {
		if e.location.kind != kindRoot {
			return binread.Corrupt("%q is for a key of kind %d", e.name, e.location.kind)
		}
		if k.kind == kindDirIndex {
			s.result.Entries++
			s.state(k.object).nameBytes += 2 * uint64(len(e.name))
			s.names[rootRef{s.of.id, e.location.object, k.object, k.offset, string(e.name)}]++
		}
		return nil
	}
	n := s.naming(k.object, e.location.object, string(e.name))
	n.kind = e.kind
	if k.kind == kindDirItem {
		n.seen |= byItem
		return nil
	}
	if n.seen&byIndex != 0 {
		s.bad(filesys.DamagedDirectory, filesys.HarmRisk, k.object, "%q is there twice", e.name)
	}
	s.result.Entries++
	n.seen, n.index = n.seen|byIndex, k.offset
	s.state(k.object).nameBytes += 2 * uint64(len(e.name))
	return nil
}

// nameHash is the hash that keys have of names.
func nameHash(name []byte) uint32 { return ^crc32.Update(1, crc32.MakeTable(crc32.Castagnoli), name) }

func (s *inodes) extent(k key, b []byte) error {
	st := s.state(k.object)
	e, err := decodeExtent(k, b)
	if err != nil {
		st.damaged = true
		return err
	}
	switch {
	case e.inline != nil && e.at != 0:
		s.bad(filesys.DamagedMap, filesys.HarmLoss, k.object, "content in its item that is at %d", e.at)
	case k.offset < st.end:
		s.bad(filesys.DamagedMap, filesys.HarmLoss, k.object, "two extents hold the content at %d", k.offset)
	}
	st.gap = st.gap || k.offset > st.end
	st.end = spanOf(&e, uint64(s.super.sectorSize))
	if e.inline != nil || e.disk != 0 {
		st.stored += uint64(e.length)
	}
	if e.inline != nil || e.disk == 0 {
		return nil
	}
	one, err := s.chunkOf(e.disk)
	if err == nil && e.diskBytes > one.logical+one.length-e.disk {
		err = binread.Corrupt("%d bytes at %#x, which go on behind their chunk", e.diskBytes, e.disk)
	}
	if err != nil {
		s.bad(filesys.DamagedMap, filesys.HarmLoss, k.object, "content at %d: %v", k.offset, err)
	}
	if s.sums != nil && !e.zero && st.flags&flagNoSums == 0 && st.there && !s.sums.covers(e.summed()) {
		s.bad(filesys.DamagedContent, filesys.HarmLoss, k.object, "content at %d: not all of it has checksums", k.offset)
	}
	return nil
}
