package xfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// Magic numbers of what each allocation group begins with, and of its trees.
const (
	groupFreeMagic  = 0x58414746 // "XAGF"
	groupInodeMagic = 0x58414749 // "XAGI"
	groupListMagic  = 0x5841464c // "XAFL"

	freeByPlaceMagic   = 0x41425442 // "ABTB"
	freeByPlaceMagicV5 = 0x41423342 // "AB3B"
	freeBySizeMagic    = 0x41425443 // "ABTC"
	freeBySizeMagicV5  = 0x41423343 // "AB3C"
	inodeTreeMagic     = 0x49414254 // "IABT"
	inodeTreeMagicV5   = 0x49414233 // "IAB3"
	freeInodeMagic     = 0x46494254 // "FIBT"
	freeInodeMagicV5   = 0x46494233 // "FIB3"
	rmapMagicV5        = 0x524d4233 // "RMB3"
	refcountMagicV5    = 0x52334643 // "R3FC"
)

// The sectors that a group begins with, behind a copy of the superblock.
const (
	freeSector  = 1
	inodeSector = 2
	listSector  = 3

	groupFreeSumOff  = 216
	groupInodeSumOff = 312
	groupListSumOff  = 32

	maxCounted = 1 << 12 // groups whose counts are added up for a description
)

// treeRoot is a tree of a group: the block of its root, and of how many levels it is.
type treeRoot struct{ block, levels uint32 }

// groupFree is struct xfs_agf: what is free.
type groupFree struct {
	length                 uint32
	byPlace, bySize        treeRoot
	rmap, refcount         treeRoot
	first, last, listed    uint32 // of the list of free blocks that are kept for the trees
	free, longest, inTrees uint32
}

// groupInode is struct xfs_agi: where the inodes are.
type groupInode struct {
	length      uint32
	count, free uint32
	inodes      treeRoot
	unused      treeRoot // of inodes, with some in each chunk
	unlinked    [64]uint32
}

// groupSector reads one of the sectors that a group begins with.
func (f *FS) groupSector(group uint64, n int64, sum int, magic uint32) ([]byte, error) {
	s := f.super
	off := s.offset(group<<s.agLog) + n*int64(s.sectorSize)
	b, err := binread.ReadAt(&f.device, off, int64(s.sectorSize), maxSectorSize)
	if err != nil {
		return nil, err
	}
	c := binread.Big(b)
	if got := c.U32(); got != magic {
		return nil, binread.Corrupt("magic %#x, want %#x", got, magic)
	}
	if s.v5() {
		return b, verifySum(b, sum)
	}
	return b, nil
}

func (f *FS) groupFree(group uint64) (*groupFree, error) {
	b, err := f.groupSector(group, freeSector, groupFreeSumOff, groupFreeMagic)
	if err != nil {
		return nil, err
	}
	c := binread.Big(b)
	version, number := c.At(4).U32(), c.U32()
	g := &groupFree{length: c.U32()}
	g.byPlace.block, g.bySize.block, g.rmap.block = c.U32(), c.U32(), c.U32()
	g.byPlace.levels, g.bySize.levels, g.rmap.levels = c.U32(), c.U32(), c.U32()
	g.first, g.last, g.listed = c.U32(), c.U32(), c.U32()
	g.free, g.longest, g.inTrees = c.U32(), c.U32(), c.U32()
	uuid := [16]byte(c.Bytes(16))
	g.refcount = treeRoot{c.At(88).U32(), c.At(92).U32()}
	return g, f.verifyGroup(group, version, number, g.length, uuid)
}

func (f *FS) groupInode(group uint64) (*groupInode, error) {
	b, err := f.groupSector(group, inodeSector, groupInodeSumOff, groupInodeMagic)
	if err != nil {
		return nil, err
	}
	c := binread.Big(b)
	version, number := c.At(4).U32(), c.U32()
	g := &groupInode{length: c.U32(), count: c.U32()}
	g.inodes = treeRoot{c.U32(), c.U32()}
	g.free = c.U32()
	c.At(40)
	for i := range g.unlinked {
		g.unlinked[i] = c.U32()
	}
	uuid := [16]byte(c.Bytes(16))
	g.unused = treeRoot{c.At(328).U32(), c.U32()}
	return g, f.verifyGroup(group, version, number, g.length, uuid)
}

// verifyGroup compares what each of a group's sectors says of it.
func (f *FS) verifyGroup(group uint64, version, number, length uint32, uuid [16]byte) error {
	s := f.super
	switch {
	case version != 1:
		return binread.Corrupt("version %d, want 1", version)
	case uint64(number) != group:
		return binread.Corrupt("of group %d, want %d", number, group)
	case uint64(length) != s.blocksIn(group):
		return binread.Corrupt("a group of %d blocks, want %d", length, s.blocksIn(group))
	case s.v5() && uuid != s.metaUUID:
		return binread.Corrupt("of file system %s, want %s", uuidString(uuid), uuidString(s.metaUUID))
	}
	return nil
}

// freeBlocks is how many blocks are free. The superblock knows it since the last unmount; after another end the groups do.
func (f *FS) freeBlocks() (uint64, bool) {
	s := f.super
	if f.device.replayed == nil && !f.copied {
		return s.free, s.free <= s.blocks
	}
	if s.agCount > maxCounted {
		return 0, false
	}
	free := uint64(0)
	for group := range uint64(s.agCount) {
		g, err := f.groupFree(group)
		if err != nil {
			return 0, false
		}
		free += uint64(g.free) + uint64(g.listed) + uint64(g.inTrees)
	}
	return free, free <= s.blocks
}

// groupList returns the free blocks that a group keeps for its trees.
func (f *FS) groupList(group uint64, g *groupFree) ([]uint32, error) {
	s := f.super
	header := 0
	var b []byte
	var err error
	if s.v5() {
		header = 36
		b, err = f.groupSector(group, listSector, groupListSumOff, groupListMagic)
	} else {
		b, err = binread.ReadAt(&f.device, s.offset(group<<s.agLog)+listSector*int64(s.sectorSize), int64(s.sectorSize), maxSectorSize)
	}
	if err != nil {
		return nil, err
	}
	room := uint32(len(b)-header) / 4
	if g.first >= room || g.last >= room || g.listed > room || g.listed > 0 && (g.last+room-g.first)%room+1 != g.listed {
		return nil, binread.Corrupt("%d blocks from %d to %d, want room for %d", g.listed, g.first, g.last, room)
	}
	list := make([]uint32, g.listed)
	for i := range list {
		c := binread.Big(b)
		list[i] = c.At(header + int((g.first+uint32(i))%room)*4).U32()
		if uint64(list[i]) >= s.blocksIn(group) {
			return nil, fmt.Errorf("entry %d: %w", i, binread.Corrupt("block %d, want less than %d", list[i], s.blocksIn(group)))
		}
	}
	return list, nil
}
