package xfs

import (
	"context"
	"errors"
	"fmt"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	chunkInodes  = 64      // that one record speaks of
	maxInodes    = 1 << 26 // in use, that are kept in memory
	maxOrphans   = 1 << 22
	noInode      = 0xffffffff
	holeInodes   = 4 // for each bit of a chunk's holes
	flag2Reflink = 0x2
)

// chunk is a record of the tree of inodes: struct xfs_inobt_rec.
type chunk struct {
	first uint32 // inode, counted in the group
	holes uint16 // where no inodes are, of sparse chunks
	count uint32 // of those that are there
	free  uint32 // of them
	mask  uint64 // of those that are free
}

func (s *superblock) decodeChunk(c *binread.Cursor) chunk {
	k := chunk{first: c.U32(), count: chunkInodes}
	if s.incompat&incompatSparse != 0 {
		k.holes, k.count, k.free = c.U16(), uint32(c.U8()), uint32(c.U8())
	} else {
		k.free = c.U32()
	}
	k.mask = c.U64()
	return k
}

// there reports whether an inode of the chunk has space.
func (k *chunk) there(i int) bool { return k.holes>>(i/holeInodes)&1 == 0 }

func (s *superblock) verifyChunk(k *chunk, group uint64, next uint32) error {
	there := uint32(chunkInodes - holeInodes*bits.OnesCount16(k.holes))
	free := uint32(0)
	for i := range chunkInodes {
		if k.there(i) && k.mask>>i&1 != 0 {
			free++
		}
	}
	blocks := s.blocksIn(group)
	switch {
	case k.first < next || k.first%chunkInodes != 0 && k.first%(1<<s.inodesLog) != 0:
		return binread.Corrupt("inodes from %d on, want them from %d", k.first, next)
	case uint64(k.first)+chunkInodes > blocks<<s.inodesLog:
		return binread.Corrupt("inodes from %d on, want them before %d", k.first, blocks<<s.inodesLog)
	case k.count != there || k.free != free:
		return binread.Corrupt("inodes from %d on: %d, of which %d are free, want %d and %d", k.first, k.count, k.free, there, free)
	}
	return nil
}

// clearInodes visits the inodes of a group.
func (s *census) clearInodes(ctx context.Context, group uint64) error {
	g, err := s.groupInode(group)
	if err != nil {
		s.badGroup(group, filesys.DamagedGroup, s.sectorBlock(group, inodeSector), "inodes: %v", err)
		if g == nil {
			return nil
		}
	}
	s.unlinked(group, g)
	var some, unused digest
	var count, free, next uint32
	claimed := uint64(noInode)
	var chunks []chunk
	t := s.walkTree(group, inodeTree(), g.inodes, func(c *binread.Cursor) {
		k := s.super.decodeChunk(c)
		if err := s.super.verifyChunk(&k, group, next); err != nil {
			s.badGroup(group, filesys.DamagedBitmap, -1, "%v", err)
			return
		}
		next = k.first + chunkInodes
		count, free = count+k.count, free+k.free
		if k.free > 0 {
			some.add(uint64(k.first), uint64(k.holes), k.mask)
		}
		claimed = s.claimChunk(group, &k, claimed)
		chunks = append(chunks, k)
	})
	if s.super.roCompat&roCompatUnused != 0 {
		u := s.walkTree(group, unusedInodes(), g.unused, func(c *binread.Cursor) {
			k := s.super.decodeChunk(c)
			unused.add(uint64(k.first), uint64(k.holes), k.mask)
		})
		if t.whole && u.whole && some != unused {
			s.badGroup(group, filesys.DamagedBitmap, -1, "the trees of inodes differ: %d chunks have free ones, and the other says %d", some.count, unused.count)
		}
	}
	if t.whole && (g.count != count || g.free != free) {
		s.report(filesys.Damage{
			Kind: filesys.DamagedCount, Block: s.sectorBlock(group, inodeSector), Harm: filesys.HarmNone,
			Message: fmt.Sprintf("group %d: %d inodes, of which %d are free, want %d and %d", group, g.count, g.free, count, free),
		})
	}
	s.inodes, s.unused = s.inodes+uint64(count), s.unused+uint64(free)
	return s.visitChunks(ctx, group, chunks)
}

// claimChunk claims the blocks of a chunk. Where a block holds several chunks, the first has it.
func (s *census) claimChunk(group uint64, k *chunk, claimed uint64) uint64 {
	for i := range chunkInodes {
		block := (uint64(k.first) + uint64(i)) >> s.super.inodesLog
		if !k.there(i) || block == claimed {
			continue
		}
		s.claimOwn(group, filesys.UseInodeTable, block, 1)
		claimed = block
	}
	return claimed
}

func (s *census) visitChunks(ctx context.Context, group uint64, chunks []chunk) error {
	for i := range chunks {
		if err := errors.Join(ctx.Err(), s.err); err != nil {
			return err
		}
		k := &chunks[i]
		for n := range chunkInodes {
			if k.there(n) {
				s.inode(group<<(s.super.agLog+s.super.inodesLog)|(uint64(k.first)+uint64(n)), k.mask>>n&1 != 0)
			}
		}
	}
	return nil
}

func (s *census) badInode(number uint64, harm filesys.Harm, format string, args ...any) {
	d := filesys.Damage{Kind: filesys.DamagedInode, Block: s.inodeBlock(number), Node: filesys.Node(number), Harm: harm}
	s.damage(d, "inode %d: %s", number, fmt.Sprintf(format, args...))
}

func (s *census) inodeBlock(number uint64) int64 {
	return int64(s.super.linear(number >> s.super.inodesLog))
}

// harm is what the loss of an inode means.
func (s *census) harm(number uint64) filesys.Harm {
	switch {
	case number == s.super.root:
		return filesys.HarmFatal
	case s.super.isOwn(number):
		return filesys.HarmRisk
	}
	return filesys.HarmLoss
}

// isOwn reports whether an inode is the file system's own: it has no name.
func (s *superblock) isOwn(number uint64) bool {
	return number != 0 && (number == s.realtime[0] || number == s.realtime[1]) || s.isQuota(number)
}

// inode decodes, verifies and classifies one inode.
func (s *census) inode(number uint64, free bool) {
	raw, err := s.inodeBytes(number)
	if err != nil {
		s.damage(filesys.Damage{Kind: filesys.MissingBytes, Block: s.inodeBlock(number), Node: filesys.Node(number), Harm: s.harm(number)}, "inode %d: %v", number, err)
		return
	}
	in, err := s.decodeInode(raw, number)
	if err == nil {
		err = s.verifyInode(&in)
	}
	switch {
	case err != nil && free:
		s.badInode(number, filesys.HarmNone, "%v", err)
		return
	case free && in.mode != 0:
		s.badInode(number, filesys.HarmRisk, "in use, and marked as free")
		return
	case free:
		return
	case err != nil:
		s.badInode(number, s.harm(number), "%v", err)
	case in.mode == 0:
		s.badInode(number, s.harm(number), "not in use, and not marked as free")
		return
	}
	if in.raw == nil {
		return
	}
	if s.files = append(s.files, number); len(s.files) > maxInodes {
		s.err = binread.Limit("more than %d inodes in use", maxInodes)
		return
	}
	u := s.occupy(&in)
	u.damaged = u.damaged || err != nil
	if s.visit != nil {
		s.visit(&in, u)
	}
}

// unlinked collects the inodes of a group that the next mount removes.
func (s *census) unlinked(group uint64, g *groupInode) {
	for bucket, next := range g.unlinked {
		for next != noInode {
			number := group<<(s.super.agLog+s.super.inodesLog) | uint64(next)
			if err := s.orphan(number, &next); err != nil {
				d := filesys.Damage{Kind: filesys.DamagedOrphans, Block: s.sectorBlock(group, inodeSector), Node: filesys.Node(number), Harm: filesys.HarmRisk}
				s.damage(d, "group %d: list %d of inodes to be removed: inode %d: %v", group, bucket, number, err)
				break
			}
		}
	}
}

func (s *census) orphan(number uint64, next *uint32) error {
	if !s.super.hasInode(number) || len(s.orphans) >= maxOrphans {
		return binread.Corrupt("none can be there")
	}
	if _, again := s.orphans[number]; again {
		return binread.Corrupt("it is in a list twice")
	}
	raw, err := s.inodeBytes(number)
	if err != nil {
		return err
	}
	c := binread.Big(raw)
	if magic := c.U16(); magic != inodeMagic {
		return binread.Corrupt("magic %#x, want %#x", magic, inodeMagic)
	}
	s.orphans[number] = struct{}{}
	*next = c.At(unlinkedOff).U32()
	return nil
}
