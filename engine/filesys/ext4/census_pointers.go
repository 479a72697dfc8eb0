package ext4

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// blockMap claims what the block pointers of ext2 name.
func (s *census) blockMap(in *inode, use *usage) {
	w := &mapWalk{s, in, use}
	c := binread.Little(in.blockMap)
	for i := range uint32(directBlocks) {
		w.pointer(c.U32(), i)
	}
	per := uint64(s.blockSize) / pointerSize
	logical, below := uint64(directBlocks), uint64(1)
	for range 3 {
		w.indirect(c.U32(), below, logical)
		below *= per
		logical += below
	}
}

type mapWalk struct {
	*census
	in  *inode
	use *usage
}

func (w *mapWalk) pointer(block, logical uint32) {
	if block != 0 {
		w.data(w.in, w.use, extent{logical: logical, count: 1, start: uint64(block)})
	}
}

// indirect claims an indirect block, whose pointers stand for below blocks each, and what it names. One that something else uses too is
// not read: that bounds the walk.
func (w *mapWalk) indirect(block uint32, below, logical uint64) {
	if block == 0 {
		return
	}
	number := uint64(block)
	if number < uint64(w.super.firstDataBlock) || number >= w.super.blocks {
		w.misplaced(w.in, w.use, 0, binread.Corrupt("indirect block %d, want less than %d", number, w.super.blocks))
		return
	}
	if w.occupyBlocks(w.in, w.use, filesys.UseMap, number, 1) {
		w.use.damaged = true
		return
	}
	b, err := w.readBlock(number)
	if err != nil {
		w.misplaced(w.in, w.use, number, fmt.Errorf("indirect block: %w", err))
		return
	}
	c := binread.Little(b)
	for c.Len() > 0 {
		next := c.U32()
		switch {
		case next != 0 && logical >= maxLogicalBlocks:
			w.misplaced(w.in, w.use, number, binread.Corrupt("block %d is logical block %d, want less than 2^32", next, logical))
		case below == 1:
			w.pointer(next, uint32(logical))
		default:
			w.indirect(next, below/(uint64(w.blockSize)/pointerSize), logical)
		}
		logical += below
	}
}

// occupyReserved claims the map of the resize inode. What it names is room for descriptors, which is claimed already.
func (s *census) occupyReserved(in *inode, use *usage) {
	c := binread.Little(in.blockMap)
	number := uint64(c.At((directBlocks + 1) * pointerSize).U32())
	if in.links == 0 && number == 0 || number < uint64(s.super.firstDataBlock) || number >= s.super.blocks {
		return
	}
	s.occupyBlocks(in, use, filesys.UseMap, number, 1)
}
