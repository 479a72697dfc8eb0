package ext4

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// indexCheck compares the hash tree of a directory with the names in its blocks.
type indexCheck struct {
	*dirCheck
	version uint8
	blocks  []dirBlock
	ranges  []hashRange // by place in blocks
	hashed  bool        // names can be hashed: their version is known, and they are not folded
}

// hashRange is what the tree says of a block.
type hashRange struct {
	seen      bool
	index     bool   // no entries: it is the root or another index block
	low, high uint32 // the first hash that may be in the block, and the first behind it; an odd one says that equal hashes continue
}

// newIndex walks the hash tree. It is nil where the directory has none.
func (d *dirCheck) newIndex(blocks []dirBlock) *indexCheck {
	if !d.dir.indexed() || len(blocks) == 0 {
		return nil
	}
	x := &indexCheck{dirCheck: d, blocks: blocks, ranges: make([]hashRange, len(blocks))}
	b, err := x.readIndex(0)
	if err != nil {
		x.badIndex(0, err)
		return nil
	}
	c := binread.Little(b)
	reserved := c.At(indexRootOffset).U32()
	version, length, levels := c.U8(), int(c.U8()), int(c.U8())
	limit := maxIndexLevels
	if !d.super.features.largeDir() {
		limit--
	}
	x.version, x.hashed = version, !d.dir.in.has(flagCasefold)
	_, hashErr := d.hashName("", version)
	switch {
	case c.Err() != nil || reserved != 0 || length != 8 || levels > limit:
		x.badIndex(0, binread.Corrupt("hash tree root: %#x, %d bytes and %d levels, want 0, 8 and at most %d", reserved, length, levels, limit))
		return nil
	case hashErr != nil && x.hashed:
		x.badIndex(0, hashErr)
		return nil
	}
	x.ranges[0] = hashRange{seen: true, index: true}
	x.walk(0, indexRootOffset+length, levels, 0, hashEnd+1)
	return x
}

func (x *indexCheck) badIndex(logical uint32, err error) {
	block := uint64(0)
	if i, ok := x.place(logical); ok {
		block = x.blocks[i].block
	}
	x.bad(block, filesys.HarmRisk, fmt.Errorf("block %d: %w", logical, err))
}

// place is where a logical block is in blocks.
func (x *indexCheck) place(logical uint32) (int, bool) {
	return slices.BinarySearchFunc(x.blocks, logical, func(b dirBlock, logical uint32) int { return int(int64(b.logical) - int64(logical)) })
}

// readIndex reads an index block. A wrong checksum is reported where all blocks are read.
func (x *indexCheck) readIndex(logical uint32) ([]byte, error) {
	i, ok := x.place(logical)
	if !ok {
		return nil, binread.Corrupt("a hole, want an index block")
	}
	return x.readBlock(x.blocks[i].block)
}

// walk reads one index block, whose entries begin at off. Each block of the directory has one place in the tree: that bounds the walk.
func (x *indexCheck) walk(logical uint32, off, levels int, low, high uint32) {
	b, err := x.readIndex(logical)
	if err != nil {
		x.badIndex(logical, err)
		return
	}
	c := binread.Little(b)
	limit, count := int(c.At(off).U16()), int(c.U16())
	room := (len(b) - off) / indexEntrySize
	if x.super.features.metadataCsum() {
		room = (len(b) - off - indexTailSize) / indexEntrySize
	}
	if count == 0 || count > limit || limit != room {
		x.badIndex(logical, binread.Corrupt("%d of %d index entries, want %d", count, limit, room))
		if count == 0 || count > room {
			return
		}
	}
	for i := range count {
		first, end := low, high
		if i > 0 {
			first = c.At(off + i*indexEntrySize).U32()
		}
		if i+1 < count {
			end = c.At(off + (i+1)*indexEntrySize).U32()
		}
		if first&^1 > end&^1 || first < low&^1 {
			x.badIndex(logical, binread.Corrupt("index entry %d: hashes %#x to %#x, want them in order from %#x", i, first, end, low))
		}
		x.below(logical, c.At(off+i*indexEntrySize+4).U32()&0x0fffffff, levels, hashRange{true, levels > 0, first, end})
	}
}

// below enters what an index entry names.
func (x *indexCheck) below(from, logical uint32, levels int, r hashRange) {
	i, ok := x.place(logical)
	switch {
	case !ok:
		x.badIndex(from, binread.Corrupt("the index names block %d, which is not there", logical))
		return
	case x.ranges[i].seen:
		x.badIndex(from, binread.Corrupt("the index names block %d twice", logical))
		return
	}
	x.ranges[i] = r
	if levels > 0 {
		x.walk(logical, indexNodeOffset, levels-1, r.low, r.high)
	}
}

// name widens the range of hashes that a block has.
func (x *indexCheck) name(_ uint32, name []byte, low, high *uint32) {
	if !x.hashed {
		return
	}
	if hash, err := x.hashName(string(name), x.version); err == nil {
		*low, *high = min(*low, hash), max(*high, hash)
	}
}

// leaf compares the hashes of a block's names with its place in the tree.
func (x *indexCheck) leaf(b dirBlock, low, high uint32) {
	i, ok := x.place(b.logical)
	if !ok || !x.ranges[i].seen || x.ranges[i].index {
		return
	}
	r := x.ranges[i]
	if low < r.low&^1 || high > r.high&^1 || high == r.high&^1 && r.high&1 == 0 {
		x.badIndex(b.logical, binread.Corrupt("names with hashes from %#x to %#x, want them from %#x to %#x", low, high, r.low, r.high))
	}
}

// finish says which blocks the tree does not lead to.
func (x *indexCheck) finish() {
	for i, r := range x.ranges {
		if !r.seen {
			x.badIndex(x.blocks[i].logical, binread.Corrupt("no index entry leads to it"))
			return
		}
	}
}
