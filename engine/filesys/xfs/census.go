package xfs

import (
	"context"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/filesys"
)

// census is one pass over everything that has blocks: what the groups begin with, their trees, and all inodes.
type census struct {
	*FS
	report  func(filesys.Damage)
	claimed func(use filesys.Use, node uint64, start, count uint64) // blocks, counted from the start of the device; nil for nothing
	visit   func(in *inode, u *usage)                               // each inode in use; nil for nothing
	used    *filesys.Marks                                          // blocks, also those that are free
	orphans map[uint64]struct{}                                     // inodes in lists of unlinked ones
	files   []uint64                                                // inodes in use, in order
	clones  []stretch                                               // content that several files may have
	shared  []stretch                                               // what the trees say of such

	free, inodes, unused uint64 // blocks, and inodes, as counted
	unsound              bool   // not all is known of content that several files have
	err                  error  // why the pass cannot go on
}

// stretch is count blocks from a start on, counted from the start of the device, and how many have them.
type stretch struct{ start, count, users uint64 }

func newCensus(f *FS, report func(filesys.Damage)) *census {
	return &census{
		FS: f, report: report, orphans: map[uint64]struct{}{},
		used: filesys.NewMarks(uint64(f.super.agCount), uint64(f.super.agBlocks)),
	}
}

// damage reports damage. A block is counted from the start of the device; -1 is none.
func (s *census) damage(d filesys.Damage, format string, args ...any) {
	d.Message = fmt.Sprintf(format, args...)
	s.report(d)
}

func (s *census) badGroup(group uint64, kind filesys.DamageKind, block int64, format string, args ...any) {
	d := filesys.Damage{Kind: kind, Block: block, Harm: filesys.HarmRisk, Message: fmt.Sprintf("group %d: %s", group, fmt.Sprintf(format, args...))}
	s.report(d)
}

// linear is a block's number counted from the start of the device.
func (s *superblock) linear(block uint64) uint64 {
	group, within := s.split(block)
	return group*uint64(s.agBlocks) + within
}

// claim says that blocks, which must be in the file system, are in use, or free. It returns the first that something had already.
func (s *census) claim(use filesys.Use, node uint64, start, count uint64) (taken uint64, again bool) {
	if s.claimed != nil {
		s.claimed(use, node, start, count)
	}
	taken, again, err := s.used.Set(start, count)
	s.err = errors.Join(s.err, err)
	return taken, again
}

// claimOwn claims blocks of a group for the file system itself.
func (s *census) claimOwn(group uint64, use filesys.Use, within, count uint64) bool {
	taken, again := s.claim(use, 0, group*uint64(s.super.agBlocks)+within, count)
	if again {
		s.badGroup(group, filesys.SharedBlock, int64(taken), "block %d (%s) is in other use already", taken, use)
	}
	return !again
}

func (s *census) run(ctx context.Context) error {
	for group := range uint64(s.super.agCount) {
		if err := errors.Join(ctx.Err(), s.err); err != nil {
			return err
		}
		s.layout(group)
	}
	for group := range uint64(s.super.agCount) {
		if err := s.clearInodes(ctx, group); err != nil {
			return err
		}
	}
	s.claimClones()
	return s.err
}

// layout claims what a group begins with, the log, and the trees of what is free.
func (s *census) layout(group uint64) {
	header := (4*uint64(s.super.sectorSize) + uint64(s.super.blockSize) - 1) >> s.super.blockLog
	header = min(header, s.super.blocksIn(group))
	s.claimOwn(group, filesys.UseSuperblock, 0, 1)
	if header > 1 {
		s.claimOwn(group, filesys.UseDescriptors, 1, header-1)
	}
	if at, within := s.super.split(s.super.logStart); s.super.logStart != 0 && at == group {
		s.claimOwn(group, filesys.UseJournal, within, uint64(s.super.logBlocks))
	}
	g, err := s.groupFree(group)
	if err != nil {
		s.badGroup(group, filesys.DamagedGroup, s.sectorBlock(group, freeSector), "what is free: %v", err)
		if g == nil {
			return
		}
	}
	s.freeTrees(group, g)
	list, err := s.groupList(group, g)
	if err != nil {
		s.badGroup(group, filesys.DamagedGroup, s.sectorBlock(group, listSector), "list of blocks for trees: %v", err)
	}
	for _, block := range list {
		s.claimOwn(group, filesys.UseDescriptors, uint64(block), 1)
	}
	s.free += uint64(len(list))
}

// sectorBlock is the block that one of a group's sectors is in.
func (s *census) sectorBlock(group uint64, n int64) int64 {
	return int64(group*uint64(s.super.agBlocks)) + n*int64(s.super.sectorSize)>>s.super.blockLog
}
