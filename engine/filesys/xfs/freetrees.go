package xfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// digest adds up records in whatever order they come.
type digest struct{ sum, count uint64 }

func (d *digest) add(values ...uint64) {
	h := uint64(0x9e3779b97f4a7c15)
	for _, v := range values {
		h ^= v
		h *= 0xff51afd7ed558ccd
		h ^= h >> 32
		h *= 0xc4ceb9fe1a85ec53
		h ^= h >> 29
	}
	d.sum += h
	d.count++
}

// freeTrees walks the trees of what is free in a group, and those that say who has what.
func (s *census) freeTrees(group uint64, g *groupFree) {
	var byPlace, bySize digest
	var free, longest, end, least uint64
	bad := func(format string, args ...any) {
		s.badGroup(group, filesys.DamagedBitmap, -1, "%s", fmt.Sprintf(format, args...))
	}
	size := s.super.blocksIn(group)
	place := s.walkTree(group, freeByPlace(), g.byPlace, func(c *binread.Cursor) {
		start, count := uint64(c.U32()), uint64(c.U32())
		if count == 0 || start >= size || count > size-start || start < end {
			bad("free blocks by place: %d at block %d, want them behind block %d and before %d", count, start, end, size)
			return
		}
		end = start + count + 1 // what meets is one
		free += count
		longest = max(longest, count)
		byPlace.add(start, count)
		s.claimOwn(group, filesys.UseFree, start, count)
	})
	extent := s.walkTree(group, freeBySize(), g.bySize, func(c *binread.Cursor) {
		start, count := uint64(c.U32()), uint64(c.U32())
		if count<<32|start < least {
			bad("free blocks by size: %d at block %d, out of order", count, start)
		}
		least = count<<32 | start
		bySize.add(start, count)
	})
	inTrees := place.blocks + extent.blocks - min(2, place.blocks+extent.blocks)
	whole := place.whole && extent.whole
	if whole && byPlace != bySize {
		bad("the trees of free blocks differ: %d by place, %d by size", byPlace.count, bySize.count)
	}
	if s.super.roCompat&roCompatRmap != 0 {
		t := s.rmaps(group, g)
		inTrees += t.blocks - min(1, t.blocks)
		whole = whole && t.whole
	}
	if s.super.roCompat&roCompatReflink != 0 {
		s.refcounts(group, g)
	}
	s.free += free
	if whole {
		s.free += inTrees
		s.groupCounts(group, g, free, longest, inTrees)
	}
}

// groupCounts compares what a group counts with what was found.
func (s *census) groupCounts(group uint64, g *groupFree, free, longest, inTrees uint64) {
	bad := func(what string, got uint32, want uint64) {
		if uint64(got) != want {
			s.report(filesys.Damage{
				Kind: filesys.DamagedCount, Block: s.sectorBlock(group, freeSector), Harm: filesys.HarmNone,
				Message: fmt.Sprintf("group %d: %d %s, want %d", group, got, what, want),
			})
		}
	}
	bad("free blocks", g.free, free)
	bad("blocks in the longest free stretch", g.longest, longest)
	if s.super.countsLazily() {
		bad("blocks in trees", g.inTrees, inTrees)
	}
}

// rmaps walks the tree that says who has what. Its records are held to their form, not against who has it.
func (s *census) rmaps(group uint64, g *groupFree) *groupTree {
	size, last := s.super.blocksIn(group), uint64(0)
	return s.walkTree(group, rmapTree(), g.rmap, func(c *binread.Cursor) {
		start, count, owner := uint64(c.U32()), uint64(c.U32()), c.U64()
		if count == 0 || start < last || start >= size || count > size-start || owner == 0 {
			s.badGroup(group, filesys.DamagedBitmap, -1, "reverse map: %d blocks at block %d of inode %d, want them in order", count, start, owner)
		}
		last = start
	})
}

// refcounts walks the tree that says how many files have a block. What is kept for a write that was not finished belongs to none.
func (s *census) refcounts(group uint64, g *groupFree) {
	const staging = 1 << 31
	size, end := s.super.blocksIn(group), uint64(0)
	t := s.walkTree(group, refcountTree(), g.refcount, func(c *binread.Cursor) {
		start, count, users := uint64(c.U32()), uint64(c.U32()), uint64(c.U32())
		within := start &^ staging
		if count == 0 || users == 0 || start < end || within >= size || count > size-within {
			s.badGroup(group, filesys.DamagedBitmap, -1, "reference counts: %d blocks at block %d, want them in order", count, start)
			return
		}
		end = start + count
		if start&staging != 0 {
			s.claimOwn(group, filesys.UseContent, within, count)
			return
		}
		s.shared = append(s.shared, stretch{group*uint64(s.super.agBlocks) + within, count, users})
	})
	if !t.whole {
		s.unsound = true
	}
}
