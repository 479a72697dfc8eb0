package ext4

import (
	"fmt"
	"sort"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	extentMagic      = 0xf30a
	maxExtentDepth   = 5
	maxExtentBlocks  = 1 << 15 // of one extent; a larger length says that it is unwritten
	maxLogicalBlocks = 1 << 32
	extentEntrySize  = 12
)

// run is a piece of a file: count blocks from some logical block on, at device block start. Start 0 is a hole.
type run struct {
	start, count uint64
}

// mapper finds where a file's blocks are. count of the run is at least 1.
type mapper interface {
	run(logical uint64) (run, error)
}

// mapper returns the way in which the inode's blocks are found.
func (f *FS) mapper(in *inode) (mapper, error) {
	if !in.has(flagExtents) {
		return &blockMap{fs: f, direct: in.blockMap}, nil
	}
	tree, err := f.newExtentTree(in)
	if changes := f.fast.extents[in.number]; changes != nil && err == nil {
		return &changedMap{changes, tree}, nil
	}
	return tree, err
}

type extent struct {
	logical uint32
	count   uint32 // in blocks
	start   uint64 // device block; 0 is a hole
	// unwritten blocks are the file's, and what they hold is not: they read as zeros
	unwritten bool
}

// extentTree finds blocks by the extent tree of an inode. It keeps the leaf it used last.
type extentTree struct {
	fs   *FS
	seed uint32
	root extentNode
	last atomic.Pointer[extentLeaf]
}

// extentNode is one decoded block of the tree: a leaf has extents, an inner node has children.
type extentNode struct {
	depth    int
	extents  extentList
	children []extentChild
}

type extentChild struct {
	logical uint32 // first logical block below it
	block   uint64
}

// extentLeaf is a leaf and the logical blocks it answers for.
type extentLeaf struct {
	first, end uint64
	extents    extentList
}

func (f *FS) newExtentTree(in *inode) (*extentTree, error) {
	t := &extentTree{fs: f, seed: f.inodeSeed(in)}
	root, err := f.decodeExtents(in.blockMap)
	if err != nil {
		return nil, fmt.Errorf("extents: %w", err)
	}
	t.root = root
	if root.depth == 0 {
		t.last.Store(&extentLeaf{0, maxLogicalBlocks, root.extents})
	}
	return t, nil
}

func (t *extentTree) run(logical uint64) (run, error) {
	if logical >= maxLogicalBlocks {
		return run{count: 1 << 63}, nil
	}
	leaf := t.last.Load()
	if leaf == nil || logical < leaf.first || logical >= leaf.end {
		var err error
		if leaf, err = t.leaf(logical); err != nil {
			return run{}, err
		}
		t.last.Store(leaf)
	}
	r := leaf.extents.find(logical)
	r.count = min(r.count, leaf.end-logical)
	return r, nil
}

// leaf walks from the root to the leaf that answers for a logical block. The depth counts down, so that no cycle can
// hold it up.
func (t *extentTree) leaf(logical uint64) (*extentLeaf, error) {
	node := t.root
	first, end := uint64(0), uint64(maxLogicalBlocks)
	for node.depth > 0 {
		i := sort.Search(len(node.children), func(i int) bool { return uint64(node.children[i].logical) > logical })
		if i < len(node.children) {
			end = min(end, uint64(node.children[i].logical))
		}
		if i == 0 {
			return &extentLeaf{first, end, nil}, nil // before the first child is a hole
		}
		child := node.children[i-1]
		first = max(first, uint64(child.logical))
		below, err := t.child(child.block)
		if err != nil {
			return nil, fmt.Errorf("extent block %d: %w", child.block, err)
		}
		if below.depth != node.depth-1 {
			return nil, binread.Corrupt("extent block %d: depth %d below depth %d", child.block, below.depth, node.depth)
		}
		node = below
	}
	if n := len(node.extents); n > 0 {
		low, last := uint64(node.extents[0].logical), node.extents[n-1]
		if high := uint64(last.logical) + uint64(last.count); low < first || high > end {
			return nil, binread.Corrupt("extents of logical blocks %d to %d, want them from %d to %d", low, high, first, end)
		}
	}
	return &extentLeaf{first, end, node.extents}, nil
}

// child reads and verifies a node. With a wrong checksum it returns both.
func (t *extentTree) child(number uint64) (extentNode, error) {
	b, err := t.fs.readBlock(number)
	if err != nil {
		return extentNode{}, err
	}
	node, err := t.fs.decodeExtents(b)
	if err != nil || !t.fs.super.features.metadataCsum() {
		return node, err
	}
	c := binread.Little(b)
	tail := extentEntrySize * (1 + int(c.At(4).U16()))
	got := c.At(tail).U32()
	if c.Err() != nil {
		return extentNode{}, binread.Corrupt("no room for a checksum")
	}
	if want := crc32c(t.seed, b[:tail]); got != want {
		return node, binread.Checksum("checksum %#08x, want %#08x", got, want)
	}
	return node, nil
}

// decodeExtents decodes one node: struct ext4_extent_header and what follows it. With an error, the node is what came
// before the damage.
func (f *FS) decodeExtents(b []byte) (extentNode, error) {
	c := binread.Little(b)
	magic, entries, limit, depth := c.U16(), int(c.U16()), int(c.U16()), int(c.U16())
	node := extentNode{depth: depth}
	room := len(b)/extentEntrySize - 1
	switch {
	case magic != extentMagic:
		return node, binread.Corrupt("extent header magic %#x, want %#x", magic, extentMagic)
	case depth > maxExtentDepth:
		return node, binread.Corrupt("extent tree of depth %d, want at most %d", depth, maxExtentDepth)
	case entries > limit || limit > room:
		return node, binread.Corrupt("%d of %d extents, want at most %d", entries, limit, room)
	}
	c.At(extentEntrySize)
	if depth > 0 {
		return node, f.decodeChildren(&c, entries, &node)
	}
	node.extents = make([]extent, 0, entries)
	next := uint64(0) // first logical block that is not mapped yet
	for range entries {
		e := extent{logical: c.U32(), count: uint32(c.U16())}
		e.start = uint64(c.U16()) << 32
		e.start |= uint64(c.U32())
		if e.unwritten = e.count > maxExtentBlocks; e.unwritten {
			e.count -= maxExtentBlocks
		}
		switch {
		case e.count == 0 || uint64(e.logical) < next:
			return node, binread.Corrupt("extent of logical block %d, %d blocks, want it behind %d", e.logical, e.count, next)
		case uint64(e.logical)+uint64(e.count) > maxLogicalBlocks:
			return node, binread.Corrupt("extent of logical block %d, %d blocks, want it to end at 2^32", e.logical, e.count)
		case e.start == 0 || e.start >= f.super.blocks || uint64(e.count) > f.super.blocks-e.start:
			return node, binread.Corrupt("extent at block %d, %d blocks, want it among %d", e.start, e.count, f.super.blocks)
		}
		next = uint64(e.logical) + uint64(e.count)
		node.extents = append(node.extents, e)
	}
	return node, c.Err()
}

func (f *FS) decodeChildren(c *binread.Cursor, entries int, node *extentNode) error {
	node.children = make([]extentChild, 0, entries)
	for i := range entries {
		child := extentChild{logical: c.U32(), block: uint64(c.U32())}
		child.block |= uint64(c.U16()) << 32
		c.Skip(2)
		if i > 0 && child.logical <= node.children[i-1].logical {
			return binread.Corrupt("extent index of logical block %d, want it behind %d", child.logical, node.children[i-1].logical)
		}
		if child.block == 0 || child.block >= f.super.blocks {
			return binread.Corrupt("extent index names block %d, want less than %d", child.block, f.super.blocks)
		}
		node.children = append(node.children, child)
	}
	return c.Err()
}

// extentList is sorted by logical block and does not overlap. What it does not map is a hole.
type extentList []extent

func (l extentList) find(logical uint64) run {
	i := sort.Search(len(l), func(i int) bool { return uint64(l[i].logical)+uint64(l[i].count) > logical })
	if i == len(l) {
		return run{count: 1 << 63}
	}
	e := l[i]
	if logical < uint64(e.logical) {
		return run{count: uint64(e.logical) - logical}
	}
	within := logical - uint64(e.logical)
	r := run{count: uint64(e.count) - within}
	if e.start != 0 && !e.unwritten {
		r.start = e.start + within
	}
	return r
}
