package xfs

import (
	"fmt"
	"sort"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	mapMagic   = 0x424d4150 // "BMAP"
	mapMagicV5 = 0x424d4133 // "BMA3"

	maxMapLevels = 9
)

// blockMap finds where the blocks of a fork are. It keeps the leaf it used last.
type blockMap struct {
	fs    *FS
	owner uint64
	root  mapNode
	last  atomic.Pointer[leaf]
}

// mapNode is an inner node of the B+tree: the first logical block below each child.
type mapNode struct {
	level    int
	keys     []uint64
	children []uint64
}

// newBlockMap returns the map of a fork that has extents.
func (f *FS) newBlockMap(in *inode, k *fork) (*blockMap, error) {
	m := &blockMap{fs: f, owner: in.number}
	switch k.form {
	case formExtents:
		if k.extents > uint64(len(k.b)/recordSize) {
			return nil, binread.Corrupt("%d extents in %d bytes", k.extents, len(k.b))
		}
		list, err := f.super.decodeExtents(k.b[:k.extents*recordSize], 0, maxLogical)
		if err != nil {
			return nil, err
		}
		m.last.Store(&leaf{0, maxLogical, list})
		return m, nil
	case formBTree:
		c := binread.Big(k.b)
		level, count := int(c.U16()), int(c.U16())
		if c.Err() != nil || level == 0 || level > maxMapLevels {
			return nil, binread.Corrupt("map of %d levels, want 1 to %d", level, maxMapLevels)
		}
		var err error
		m.root, err = f.decodeMapNode(k.b[4:], level, count)
		return m, err
	}
	return nil, binread.Corrupt("a fork of form %d, want extents", k.form)
}

// decodeMapNode decodes the keys of a node, and the children, which begin where all keys that there is room for would end.
func (f *FS) decodeMapNode(b []byte, level, count int) (mapNode, error) {
	n := mapNode{level: level}
	room := len(b) / 16
	if count == 0 || count > room {
		return n, binread.Corrupt("%d children, want 1 to %d", count, room)
	}
	keys, children := binread.Big(b), binread.Big(b[room*8:])
	for i := range count {
		key, child := keys.U64(), children.U64()
		if i > 0 && key <= n.keys[i-1] || key >= maxLogical {
			return n, binread.Corrupt("child %d is of logical block %d, want them in order", i, key)
		}
		if !f.super.hasBlocks(child, 1) {
			return n, binread.Corrupt("child at block %#x, want it inside of a group", child)
		}
		n.keys, n.children = append(n.keys, key), append(n.children, child)
	}
	return n, nil
}

// run says where a logical block is. The count is at least 1.
func (m *blockMap) run(logical uint64) (run, error) {
	if logical >= maxLogical {
		return run{count: farAway, hole: true}, nil
	}
	l := m.last.Load()
	if l == nil || logical < l.first || logical >= l.end {
		var err error
		if l, err = m.leaf(logical); err != nil {
			return run{}, fmt.Errorf("map: %w", err)
		}
		m.last.Store(l)
	}
	return l.find(logical), nil
}

// leaf walks from the root to the leaf that answers for a logical block. The level counts down, so that no cycle can hold it up.
func (m *blockMap) leaf(logical uint64) (*leaf, error) {
	node := m.root
	first, end := uint64(0), uint64(maxLogical)
	for {
		i := sort.Search(len(node.keys), func(i int) bool { return node.keys[i] > logical })
		if i < len(node.keys) {
			end = min(end, node.keys[i])
		}
		if i == 0 {
			return &leaf{first, end, nil}, nil // in front of the first is a hole
		}
		first = max(first, node.keys[i-1])
		block := node.children[i-1]
		b, count, err := m.node(block, node.level-1)
		if err != nil {
			return nil, fmt.Errorf("block %#x: %w", block, err)
		}
		if node.level == 1 {
			return m.decodeLeaf(b, count, first, end, block)
		}
		if node, err = m.fs.decodeMapNode(b, node.level-1, count); err != nil {
			return nil, fmt.Errorf("block %#x: %w", block, err)
		}
	}
}

func (m *blockMap) decodeLeaf(b []byte, count int, first, end, block uint64) (*leaf, error) {
	if count > len(b)/recordSize {
		return nil, binread.Corrupt("block %#x: %d extents in %d bytes", block, count, len(b))
	}
	list, err := m.fs.super.decodeExtents(b[:count*recordSize], first, end)
	if err != nil {
		return nil, fmt.Errorf("block %#x: %w", block, err)
	}
	return &leaf{first, end, list}, nil
}

// node reads and verifies a block of the tree, and returns what follows its header and how many entries it has. What is damaged is not
// used: blocks of a file in the wrong places are not its content.
func (m *blockMap) node(block uint64, level int) (b []byte, count int, err error) {
	if b, err = m.fs.readBlock(block); err != nil {
		return nil, 0, err
	}
	c := binread.Big(b)
	magic, gotLevel, count := c.U32(), int(c.U16()), int(c.U16())
	want, header := uint32(mapMagic), 24
	if m.fs.super.v5() {
		want, header = mapMagicV5, 72
	}
	switch {
	case magic != want:
		return nil, 0, binread.Corrupt("magic %#x, want %#x", magic, want)
	case gotLevel != level:
		return nil, 0, binread.Corrupt("level %d, want %d", gotLevel, level)
	}
	if m.fs.super.v5() {
		if err := m.fs.verify(b, mapPlace(), block, m.owner); err != nil {
			return nil, 0, err
		}
	}
	return b[header:], count, nil
}
