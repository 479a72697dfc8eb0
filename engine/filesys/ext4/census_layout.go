package ext4

import (
	"context"

	"github.com/guestctl/guestctl/engine/filesys"
)

// layout claims what the file system itself occupies: superblocks, descriptors, bitmaps and inode tables of all groups.
func (s *census) layout(ctx context.Context) error {
	super := s.super
	if super.features.incompat&incompatMMP != 0 && super.mmpBlock < super.blocks && super.mmpBlock > uint64(super.firstDataBlock) {
		s.own(filesys.UseSuperblock, super.mmpBlock, 1)
	}
	if super.firstDataBlock > 0 {
		s.own(filesys.UseBoot, 0, uint64(super.firstDataBlock))
	}
	for number := range s.groups {
		if number%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s.groupStart(number)
		g, _, _ := s.descriptor(number)
		s.own(filesys.UseBlockBitmap, g.blockBitmap, 1)
		s.own(filesys.UseInodeBitmap, g.inodeBitmap, 1)
		if g.inodeTable != 0 {
			s.own(filesys.UseInodeTable, g.inodeTable, s.tableBlocks())
		}
		if s.err != nil {
			return s.err
		}
	}
	return nil
}

// groupStart claims a group's copies of the superblock and the descriptors.
func (s *census) groupStart(number uint64) {
	first, copied := s.firstBlock(number), s.super.hasCopy(number)
	next := first
	if copied {
		next += s.superblocksAt(number)
		s.own(filesys.UseSuperblock, first, next-first)
	}
	perBlock := uint64(s.blockSize) / uint64(s.super.descriptorSize)
	if index := number / perBlock; s.super.features.metaBG() && index >= uint64(s.super.firstMetaGroup) {
		if at := number % perBlock; at == 0 || at == 1 || at == perBlock-1 {
			s.own(filesys.UseDescriptors, next, 1)
		}
		return
	}
	if copied {
		s.own(filesys.UseDescriptors, next, s.descriptorBlocks()+uint64(s.super.reservedDescriptors))
	}
}

// descriptorBlocks is how many blocks of descriptors follow each copy of the superblock, without what is kept for more.
func (f *FS) descriptorBlocks() uint64 {
	perBlock := uint64(f.blockSize) / uint64(f.super.descriptorSize)
	n := (f.super.groups() + perBlock - 1) / perBlock
	if f.super.features.metaBG() {
		n = min(n, uint64(f.super.firstMetaGroup))
	}
	return n
}

// own claims blocks of the file system's own. Clusters may hold several structures, single blocks may not.
func (s *census) own(use filesys.Use, start, count uint64) {
	if start >= s.super.blocks {
		return // said where the descriptor is checked
	}
	count = min(count, s.super.blocks-start)
	if taken, again := s.claim(use, 0, start, count); again && s.clusterShift() == 0 {
		s.damage(filesys.Damage{Kind: filesys.SharedBlock, Block: int64(taken), Harm: filesys.HarmFatal},
			"block %d: %s in a block that is in use already", taken, use)
	}
}
