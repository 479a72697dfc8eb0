package ext4

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// census is one pass over everything that occupies blocks: the file system's own structures, then all inodes.
type census struct {
	*FS
	found   func(filesys.Damage)
	claimed func(use filesys.Use, node uint32, start, count uint64) // may be nil
	visit   func(in *inode, use *usage)                             // each inode in use, once its blocks are known; may be nil
	clean   func(in *inode)                                         // each inode that is not in use; may be nil

	groups  uint64         // whose descriptors are in the image
	used    *filesys.Marks // clusters
	inUse   uint64         // inodes
	orphans map[uint32]struct{}
	attrs   map[uint64]*sharedAttrs // by attribute block
	values  map[uint32]uint32       // how often each inode is the value of an attribute
	err     error                   // ends the pass
}

// sharedAttrs is an attribute block, which inodes may share.
type sharedAttrs struct {
	want, users uint32
	node        uint32 // the first user
	charge      uint64 // blocks of the values that are in inodes of their own
}

func newCensus(f *FS, found func(filesys.Damage)) *census {
	groups := sort.Search(int(f.super.groups()), func(i int) bool {
		return f.descriptorBlock(uint64(i), 0) >= uint64(f.device.size)>>f.device.shift
	})
	return &census{
		FS: f, found: found, groups: uint64(groups),
		used:    filesys.NewMarks(f.super.groups(), f.clustersPerGroup()),
		orphans: map[uint32]struct{}{}, attrs: map[uint64]*sharedAttrs{}, values: map[uint32]uint32{},
	}
}

// damage reports one thing. block is -1 and node 0 where there is none.
func (s *census) damage(d filesys.Damage, format string, args ...any) {
	d.Message = fmt.Sprintf(format, args...)
	if d.Block == 0 {
		d.Block = -1
	}
	s.found(d)
}

// clusterShift is log2 of the blocks that one bit of a block bitmap stands for.
func (f *FS) clusterShift() uint {
	if !f.super.features.bigalloc() {
		return 0
	}
	return uint(f.super.logClusterSize - f.super.logBlockSize)
}

func (f *FS) clustersPerGroup() uint64 { return uint64(f.super.blocksPerGroup) >> f.clusterShift() }

// cluster is which bit of the block bitmaps stands for a block, counted through all groups.
func (f *FS) cluster(block uint64) uint64 {
	return (block - uint64(f.super.firstDataBlock)) >> f.clusterShift()
}

// claim says that blocks, which must be in the file system, are in use. It returns the first that already was.
func (s *census) claim(use filesys.Use, node uint32, start, count uint64) (taken uint64, again bool) {
	if s.claimed != nil {
		s.claimed(use, node, start, count)
	}
	first := uint64(s.super.firstDataBlock)
	if start < first { // the boot block has no bit
		skip := min(count, first-start)
		start, count = start+skip, count-skip
	}
	if count == 0 {
		return 0, false
	}
	low, high := s.cluster(start), s.cluster(start+count-1)
	bit, again, err := s.used.Set(low, high-low+1)
	if err != nil && s.err == nil {
		s.err = err
	}
	return max(start, bit<<s.clusterShift()+first), again
}

// descriptor returns the descriptor of a group: the one in use, or where that is damaged a copy, which knows only where things are.
func (f *FS) descriptor(number uint64) (g group, fresh bool, err error) {
	perBlock := uint64(f.blockSize) / uint64(f.super.descriptorSize)
	block, err := f.readBlock(f.descriptorBlock(number, 0))
	if err == nil {
		if g, err = f.decodeGroup(block, number, number%perBlock); err == nil {
			return g, true, nil
		}
	}
	for copyNumber := 1; copyNumber <= 2 && number < maxGroupCopies; copyNumber++ {
		at := f.descriptorBlock(number, copyNumber)
		if at == 0 {
			break
		}
		if block, copyErr := f.readBlock(at); copyErr == nil {
			if copied, copyErr := f.decodeGroup(block, number, number%perBlock); copyErr == nil {
				return copied, false, err
			}
		}
	}
	return g, false, err
}

// run makes the whole pass.
func (s *census) run(ctx context.Context) error {
	if err := s.layout(ctx); err != nil {
		return err
	}
	s.findOrphans()
	if err := s.clearInodes(ctx); err != nil {
		return err
	}
	return s.err
}

// clearInodes visits the inodes of all groups.
func (s *census) clearInodes(ctx context.Context) error {
	sums := s.super.features.metadataCsum() || s.super.features.gdtCsum()
	for number := range s.groups {
		g, fresh, _ := s.descriptor(number)
		if g.inodeTable == 0 {
			continue
		}
		count := s.super.inodesPerGroup
		if sums && fresh {
			if g.flags&groupInodesUninit != 0 {
				continue
			}
			count -= min(count, g.unused)
		}
		first := uint32(number)*s.super.inodesPerGroup + 1
		for i := range count {
			if i%256 == 0 {
				if err := errors.Join(ctx.Err(), s.err); err != nil {
					return err
				}
			}
			s.inode(first + i)
		}
	}
	return nil
}

// inode decodes, verifies and classifies one inode.
func (s *census) inode(number uint32) {
	node := filesys.Node(number)
	raw, replayed := s.fast.inodes[number]
	if !replayed {
		var err error
		if raw, err = s.inodeBytes(number); err != nil {
			s.damage(filesys.Damage{Kind: filesys.MissingBytes, Node: node, Harm: filesys.HarmLoss}, "inode %d: %v", number, err)
			return
		}
	}
	links := binread.Little(raw)
	inUse := links.At(0x1a).U16() != 0
	in, err := s.decodeInode(raw, number)
	if err != nil {
		if inUse {
			s.damage(filesys.Damage{Kind: filesys.DamagedInode, Node: node, Harm: s.harm(number)}, "inode %d: %v", number, err)
		}
		in = inode{number: number, raw: raw, blockMap: raw[0x28 : 0x28+mapSize], damaged: true}
		in.mode = uint32(uint16(raw[0]) | uint16(raw[1])<<8)
		in.links = uint32(uint16(raw[0x1a]) | uint16(raw[0x1b])<<8)
	} else if err := s.verifyInode(&in); err != nil && !replayed && !isZero(raw) {
		harm := filesys.HarmNone
		if inUse {
			harm = s.harm(number)
		}
		s.damage(filesys.Damage{Kind: filesys.DamagedInode, Node: node, Harm: harm}, "inode %d: %v", number, err)
	}
	if _, orphan := s.orphans[number]; !inUse && !orphan && !s.reserved(number) {
		if s.clean != nil {
			s.clean(&in)
		}
		return
	}
	s.inUse++
	use := s.occupy(&in)
	if s.visit != nil {
		s.visit(&in, use)
	}
}

// reserved reports whether an inode is the file system's own, whatever its link count says. The root directory is like any other.
func (f *FS) reserved(number uint32) bool {
	return number != rootInode && number < f.super.firstInode || f.super.isSpecial(number)
}

// harm is what the loss of an inode means.
func (f *FS) harm(number uint32) filesys.Harm {
	switch {
	case number == rootInode, number == f.super.journalInode && f.super.features.hasJournal():
		return filesys.HarmFatal
	case f.reserved(number):
		return filesys.HarmRisk
	}
	return filesys.HarmLoss
}

func isZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
