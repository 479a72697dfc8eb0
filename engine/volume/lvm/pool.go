package lvm

import (
	"fmt"
	"hash/crc32"
	"slices"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
)

// The metadata of a thin pool, as the kernel's dm-thin-metadata and persistent-data/dm-btree write it.
const (
	nodeSize       = 4096 // bytes of a metadata block
	superMagic     = 27022010
	superSalt      = 160774
	nodeSalt       = 121107
	nodeHeader     = 32 // bytes
	maxTreeDepth   = 12 // of a B-tree; 2^64 keys need nine levels
	minPoolChunk   = 64 << 10
	maxPoolChunk   = 1 << 30
	maxMetadata    = 16 << 30 // bytes, what the kernel uses at most
	maxLeaves      = 1 << 22  // of all volumes of a group
	keptLeaves     = 4096     // of a pool, of at most 6 KiB each
	needsCheck     = 1
	internal, leaf = 1, 2 // flags of a node
)

// pool is the metadata and data of a thin pool.
type pool struct {
	name     string
	meta     device
	blocks   uint64 // of the metadata
	data     *built
	chunk    int64                    // bytes
	mappings uint64                   // block of the tree of trees: by device, then by chunk
	kept     []atomic.Pointer[chunks] // the leaves that were read last, by their block modulo the length
}

// thinPool opens the pool that a segment describes.
func (b *builder) thinPool(o *built, s segment) (piece, error) {
	chunk := sectorSize * s.number("chunk_size", minPoolChunk/sectorSize, maxPoolChunk/sectorSize)
	transaction := s.number("transaction_id", 0, maxNumber)
	if s.wrong != nil {
		return piece{}, s.wrong
	}
	meta, err := b.part(s.text("metadata"))
	if err != nil {
		return piece{}, err
	}
	data, err := b.part(s.text("pool"))
	if err != nil {
		return piece{}, err
	}
	o.merge(data)
	o.merge(meta)
	if err := s.wrong; err != nil {
		return piece{}, err
	}
	p := &pool{name: o.name, meta: meta.device, blocks: uint64(min(meta.size, maxMetadata) / nodeSize), data: data, chunk: chunk}
	p.kept = make([]atomic.Pointer[chunks], min(p.blocks, keptLeaves))
	if err := p.open(o, uint64(transaction)); err != nil {
		return piece{}, fmt.Errorf("metadata: %w", err)
	}
	o.pool = p
	return piece{device: unreadable{binread.Unsupported("%s: a thin pool", o.name)}}, nil
}

// open reads the superblock (thin_disk_superblock).
func (p *pool) open(o *built, transaction uint64) error {
	b, err := p.block(0, superSalt)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	flags, magic, version := c.At(4).U32(), c.At(32).U64(), c.At(40).U32()
	seen := c.At(48).U64()       // trans_id
	p.mappings = c.At(320).U64() // data_mapping_root
	sectors := c.At(336).U32()   // data_block_size
	incompatible := c.At(360).U32()
	switch {
	case magic != superMagic:
		return binread.Corrupt("magic %d, want %d", magic, superMagic)
	case version < 1 || version > 2:
		return binread.Unsupported("version %d, want 1 or 2", version)
	case incompatible != 0:
		return binread.Unsupported("incompatible features 0x%x", incompatible)
	case int64(sectors)*sectorSize != p.chunk:
		return binread.Corrupt("chunks of %d sectors, the group says %d", sectors, p.chunk/sectorSize)
	}
	if seen != transaction {
		o.note([]string{fmt.Sprintf("the pool is at transaction %d, the group at %d: LVM activates no such pool", seen, transaction)})
	}
	if flags&needsCheck != 0 {
		o.note([]string{"the pool is marked as in need of a check"})
	}
	return nil
}

// block reads a block of metadata and verifies it.
func (p *pool) block(at uint64, salt uint32) ([]byte, error) {
	if at >= p.blocks {
		return nil, binread.Corrupt("block %d, beyond the %d of the metadata", at, p.blocks)
	}
	b, err := binread.ReadAt(p.meta, int64(at)*nodeSize, nodeSize, nodeSize)
	if err != nil {
		return nil, err
	}
	c := binread.Little(b)
	sum, number := c.U32(), c.At(8).U64()
	want := ^crc32.Checksum(b[4:], crc32.MakeTable(crc32.Castagnoli)) ^ salt
	switch {
	case sum != want:
		return nil, binread.Checksum("block %d: checksum 0x%08x, want 0x%08x", at, sum, want)
	case number != at:
		return nil, binread.Corrupt("block %d says it is block %d", at, number)
	}
	return b, nil
}

// node is a block of a B-tree.
type node struct {
	leaf   bool
	keys   []uint64
	values []uint64 // of an inner node the blocks of its children
}

// node reads a node whose values have eight bytes, as those of all trees that are read here.
func (p *pool) node(at uint64) (*node, error) {
	b, err := p.block(at, nodeSalt)
	if err != nil {
		return nil, err
	}
	c := binread.Little(b)
	flags, count, most, width := c.At(4).U32(), c.At(16).U32(), c.U32(), c.U32()
	switch {
	case flags != internal && flags != leaf:
		return nil, binread.Corrupt("block %d: node with flags 0x%x", at, flags)
	case width != 8:
		return nil, binread.Corrupt("block %d: values of %d bytes, want 8", at, width)
	case most > (nodeSize-nodeHeader)/16 || count > most:
		return nil, binread.Corrupt("block %d: %d of %d entries, want at most %d", at, count, most, (nodeSize-nodeHeader)/16)
	case count == 0 && flags == internal:
		return nil, binread.Corrupt("block %d: an inner node without children", at)
	}
	n := &node{leaf: flags == leaf, keys: make([]uint64, count), values: make([]uint64, count)}
	c.At(nodeHeader)
	for i := range n.keys {
		n.keys[i] = c.U64()
		if i > 0 && n.keys[i] <= n.keys[i-1] {
			return nil, binread.Corrupt("block %d: key %d behind key %d", at, n.keys[i], n.keys[i-1])
		}
	}
	c.At(nodeHeader + 8*int(most))
	for i := range n.values {
		n.values[i] = c.U64()
	}
	return n, c.Err()
}

// lookup finds the value of a key in the tree at root.
func (p *pool) lookup(root, key uint64) (uint64, bool, error) {
	for range maxTreeDepth {
		n, err := p.node(root)
		if err != nil {
			return 0, false, err
		}
		i, found := slices.BinarySearch(n.keys, key)
		switch {
		case n.leaf && found:
			return n.values[i], true, nil
		case n.leaf || i == 0 && !found:
			return 0, false, nil
		case !found:
			i--
		}
		root = n.values[i]
	}
	return 0, false, binread.Limit("a tree of more than %d levels", maxTreeDepth)
}

// leaves lists the leaves of the tree at root with the first key of each. The tree is as deep everywhere as it is at its left.
func (p *pool) leaves(root uint64, most int) ([]leafAt, error) {
	depth, at := 0, root
	for ; ; depth++ {
		if depth == maxTreeDepth {
			return nil, binread.Limit("a tree of more than %d levels", maxTreeDepth)
		}
		n, err := p.node(at)
		if err != nil {
			return nil, err
		}
		if n.leaf {
			break
		}
		at = n.values[0]
	}
	level := []leafAt{{0, root}}
	seen := make([]uint64, (p.blocks+63)/64)
	for range depth {
		var next []leafAt
		for _, inner := range level {
			var err error
			if next, err = p.children(inner, next, seen); err != nil {
				return nil, err
			}
			if len(next) > most {
				return nil, binread.Limit("more than %d blocks of mappings", maxLeaves)
			}
		}
		level = next
	}
	return level, nil
}

// children appends the children of an inner node. No block may stand in a tree twice.
func (p *pool) children(inner leafAt, next []leafAt, seen []uint64) ([]leafAt, error) {
	n, err := p.node(inner.block)
	if err != nil {
		return nil, err
	}
	if n.leaf {
		return nil, binread.Corrupt("block %d: a leaf above the others", inner.block)
	}
	for i, child := range n.values {
		switch {
		case child >= p.blocks:
			return nil, binread.Corrupt("block %d: child %d, beyond the %d of the metadata", inner.block, child, p.blocks)
		case seen[child/64]>>(child%64)&1 != 0:
			return nil, binread.Corrupt("block %d: child %d stands in the tree twice", inner.block, child)
		case len(next) > 0 && n.keys[i] <= next[len(next)-1].first || n.keys[i] < inner.first:
			return nil, binread.Corrupt("block %d: keys are not in order", inner.block)
		}
		seen[child/64] |= 1 << (child % 64)
		next = append(next, leafAt{n.keys[i], child})
	}
	return next, nil
}

// leafAt is a leaf with the first key that it can have.
type leafAt struct{ first, block uint64 }
