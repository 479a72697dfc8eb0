package btrfs

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/filesys"
)

// compare compares names with inodes once all items were seen.
func (s *inodes) compare() {
	if s.broken {
		s.skip("names and link counts in subvolume %d: a part of its tree cannot be read", int64(s.of.id))
	} else {
		s.compareNames()
	}
	for _, id := range slices.Sorted(maps.Keys(s.states)) {
		s.compareInode(id, s.states[id])
	}
	if st := s.states[rootDirectory]; st == nil || !st.there {
		s.bad(filesys.DamagedDirectory, filesys.HarmFatal, rootDirectory, "there is no root directory")
	}
}

// compareNames compares what names an inode: an entry by index, one by hash, and the inode itself.
func (s *inodes) compareNames() {
	order := slices.SortedFunc(maps.Keys(s.links), func(a, b link) int {
		return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.inode, b.inode), cmp.Compare(s.links[a].index, s.links[b].index))
	})
	replayed := s.of.tree.over
	for _, at := range order {
		n := s.links[at]
		if _, changed := replayed[at.dir]; changed {
			n.seen |= byItem // a replay makes them of the others
		}
		if _, changed := replayed[at.inode]; changed {
			n.seen |= byRef
		}
		st := s.states[at.inode]
		switch {
		case st == nil || !st.there:
			s.bad(filesys.DamagedDirectory, filesys.HarmLoss, at.dir, "a name at index %d is of inode %d, which is not there", n.index, at.inode)
		case n.seen == byRef:
			s.bad(filesys.DamagedDirectory, filesys.HarmLoss, at.inode, "it has a name in directory %d, which has no entry of it", at.dir)
		case n.seen != byAll:
			s.bad(filesys.DamagedDirectory, filesys.HarmRisk, at.inode, "its name in directory %d: of the entry by index, the entry by hash and its own reference not all are there", at.dir)
		case n.index != n.ref && replayed == nil:
			s.bad(filesys.DamagedDirectory, filesys.HarmRisk, at.inode, "its name in directory %d is at index %d, want %d", at.dir, n.index, n.ref)
		case !st.damaged && entryType(n.kind) != filesys.TypeOf(st.mode):
			s.bad(filesys.DamagedDirectory, filesys.HarmRisk, at.inode, "its name in directory %d is of type %d, and it is a %s", at.dir, n.kind, filesys.TypeName(st.mode))
		}
	}
}

func (s *inodes) compareInode(id uint64, st *inodeState) {
	if !st.there {
		if id >= rootDirectory && id <= lastFreeID {
			s.bad(filesys.DamagedInode, filesys.HarmLoss, id, "it has names, entries or content, and is not there itself")
		}
		return
	}
	if _, changed := s.of.tree.over[id]; changed || st.damaged {
		return // a replay has worked out the counts itself
	}
	s.compareLinks(id, st)
	switch st.mode & filesys.ModeType {
	case filesys.ModeDir:
		if st.size != st.nameBytes && !s.broken {
			s.bad(filesys.DamagedInode, filesys.HarmNone, id, "a directory of size %d, want %d", st.size, st.nameBytes)
		}
	case filesys.ModeRegular, filesys.ModeSymlink:
		if st.bytes != st.stored && !s.broken {
			s.bad(filesys.DamagedInode, filesys.HarmNone, id, "it counts %d bytes, want %d", st.bytes, st.stored)
		}
		if s.super.incompat&incompatNoHoles == 0 && !s.broken && (st.gap || st.end < st.size) {
			s.bad(filesys.DamagedMap, filesys.HarmRisk, id, "a part of its content is nowhere, and no hole")
		}
		if st.mode&filesys.ModeType == filesys.ModeSymlink && st.size > maxTarget {
			s.bad(filesys.DamagedInode, filesys.HarmLoss, id, "a target of %d bytes", st.size)
		}
	}
}

func (s *inodes) compareLinks(id uint64, st *inodeState) {
	if st.mode&filesys.ModeType == filesys.ModeDir && st.links != 1 {
		s.bad(filesys.DamagedLinks, filesys.HarmRisk, id, "a directory with %d links, want 1", st.links)
	}
	switch {
	case id == rootDirectory || s.broken:
	case st.names == 0 && s.orphans[id]:
		s.result.Orphans++
	case st.names == 0:
		s.bad(filesys.Unconnected, filesys.HarmLoss, id, "no directory names it")
	case st.names != st.links && st.mode&filesys.ModeType != filesys.ModeDir:
		s.bad(filesys.DamagedLinks, filesys.HarmRisk, id, "%d links, want %d", st.links, st.names)
	}
}

func keysOf(m map[rootRef]int) iter.Seq[rootRef] { return maps.Keys(m) }

func compareRootRef(a, b rootRef) int {
	return cmp.Or(cmp.Compare(a.parent, b.parent), cmp.Compare(a.child, b.child), cmp.Compare(a.dir, b.dir), cmp.Compare(a.index, b.index),
		cmp.Compare(a.name, b.name))
}
