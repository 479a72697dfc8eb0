package xfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	nodeMagic       = 0xfebe
	nodeMagicV5     = 0x3ebe
	attrLeafMagic   = 0xfbee
	attrLeafMagicV5 = 0x3bee
	leafMagicV5     = 0x3dff // of an index of entries, below nodes
	leafOneMagicV5  = 0x3df1 // of one that is the whole index

	maxAttrLevels = 5
	maxAttrBlocks = 1 << 15
)

// tree reads attributes that stand in blocks: one leaf, or a tree of nodes above leaves.
func (r *attrReader) tree() (err error) {
	if r.blocks, err = r.fs.newBlockMap(r.in, &r.in.attrs); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	r.seen = map[uint64]struct{}{}
	r.block(0, maxAttrLevels+1)
	return nil
}

// block reads a block of the tree, which must be below a level.
func (r *attrReader) block(logical uint64, below int) {
	err := r.visit(logical, below)
	if err != nil {
		r.bad.Add(fmt.Errorf("attributes: block %d: %w", logical, err))
	}
}

func (r *attrReader) visit(logical uint64, below int) error {
	if _, again := r.seen[logical]; again || len(r.seen) >= maxAttrBlocks {
		return binread.Corrupt("the block is in the tree twice, or that has more than %d blocks", maxAttrBlocks)
	}
	r.seen[logical] = struct{}{}
	at, err := r.blocks.run(logical)
	if err != nil {
		return err
	}
	if at.hole {
		return binread.Corrupt("a hole, want attributes")
	}
	b, err := r.fs.readBlock(at.start)
	if err != nil {
		return err
	}
	v5 := r.fs.super.v5()
	if v5 {
		r.bad.Add(r.fs.verify(b, indexPlace(), at.start, r.in.number))
	}
	c := binread.Big(b)
	switch magic := c.At(8).U16(); {
	case v5 && magic == attrLeafMagicV5:
		return r.leaf(b, 56, 80)
	case !v5 && magic == attrLeafMagic:
		return r.leaf(b, 12, 32)
	case v5 && magic == nodeMagicV5:
		return r.node(b, 56, 64, below)
	case !v5 && magic == nodeMagic:
		return r.node(b, 12, 16, below)
	default:
		return binread.Corrupt("magic %#x, want one of attributes", magic)
	}
}

// node visits the children of a node.
func (r *attrReader) node(b []byte, countOff, header, below int) error {
	c := binread.Big(b)
	count, level := int(c.At(countOff).U16()), int(c.U16())
	switch {
	case level == 0 || level >= below:
		return binread.Corrupt("level %d, want less than %d", level, below)
	case count > (len(b)-header)/8:
		return binread.Corrupt("%d children in a block of %d bytes", count, len(b))
	}
	c.At(header)
	for range count {
		c.Skip(4) // the largest hash below it
		r.block(uint64(c.U32()), level)
	}
	return nil
}

// leaf collects the attributes of a leaf.
func (r *attrReader) leaf(b []byte, countOff, header int) error {
	c := binread.Big(b)
	count := int(c.At(countOff).U16())
	if count > (len(b)-header)/8 {
		return binread.Corrupt("%d attributes in a block of %d bytes", count, len(b))
	}
	entries := binread.Big(b[header:])
	for i := range count {
		entries.Skip(4) // hash
		off := int(entries.U16())
		a := attribute{flags: entries.U8()}
		entries.Skip(1)
		if a.flags&attrIncomplete != 0 {
			continue
		}
		if off < header+count*8 {
			return binread.Corrupt("attribute %d is at %d, want it behind the list of them", i, off)
		}
		c.At(off)
		if a.flags&attrLocal != 0 {
			size, length := int(c.U16()), int(c.U8())
			a.name, a.value = c.Bytes(length), c.Bytes(size)
		} else {
			a.block, a.size = uint64(c.U32()), c.U32()
			a.name = c.Bytes(int(c.U8()))
		}
		switch {
		case c.Err() != nil:
			return binread.Corrupt("attribute %d at %d ends behind the block", i, off)
		case a.flags&attrLocal == 0 && a.block == 0:
			return binread.Corrupt("attribute %d has its value in block 0, where the tree begins", i)
		}
		r.add(&a)
	}
	return nil
}
