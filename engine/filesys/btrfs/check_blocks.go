package btrfs

import (
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// bounds are between what the keys of a block are, where that is known, and what harm its damage does.
type bounds struct {
	first, limit *key
	harm         filesys.Harm
}

// harmBelow is what damage to a block below the root of a tree does.
func harmBelow(tree uint64) filesys.Harm {
	switch tree {
	case rootTreeID, chunkTreeID:
		return filesys.HarmFatal
	case extentTreeID, deviceTreeID, freeTreeID, groupTreeID:
		return filesys.HarmRisk
	}
	return filesys.HarmLoss
}

// block walks a block and what is below it, unless it was walked already.
func (c *check) block(p pointer, from origin, within bounds) {
	if c.over() != nil {
		return
	}
	if known := c.blocks[p.block]; known != nil {
		if known.by = append(known.by, from); known.level != p.level {
			c.bad(filesys.DamagedTree, filesys.HarmLoss, "block at %#x: it is used in level %d and %d", p.block, known.level, p.level)
		}
		return
	}
	if len(c.blocks) == maxCheckedBlocks {
		c.err = binread.Limit("more than %d blocks of metadata", maxCheckedBlocks)
		return
	}
	c.blocks[p.block] = &use{by: []origin{from}, level: p.level, length: uint64(c.super.nodeSize)}
	b, ok := c.copies(p, within)
	if !ok {
		return
	}
	owner := b.owner()
	c.blocks[p.block].owner = owner
	for i := range b.count {
		k := b.key(i)
		if b.level == 0 {
			c.leafItem(k, b.data(i), origin{tree: owner, block: p.block})
			continue
		}
		end := within.limit
		if i+1 < b.count {
			next := b.key(i + 1)
			end = &next
		}
		c.block(b.child(i, p.owner), origin{tree: owner, block: p.block}, bounds{&k, end, harmBelow(p.owner)})
	}
}

// copies verifies every copy of a block, and returns one that is right.
func (c *check) copies(p pointer, within bounds) (right block, ok bool) {
	d := filesys.Damage{Kind: filesys.DamagedTree, Block: -1, Harm: within.harm}
	at, err := c.places(p.block)
	if err == nil && (p.block%uint64(c.super.sectorSize) != 0 || at.length < int64(c.super.nodeSize)) {
		err = binread.Corrupt("it is not inside of one chunk")
	}
	if err != nil {
		c.damage(d, "tree %d: block at %#x: %v", int64(p.owner), p.block, err)
		return block{}, false
	}
	var wrong []string
	for i := range at.copies {
		s := &at.copies[i]
		if s.at == nil && len(at.copies) > 1 {
			continue
		}
		b, err := c.copyOf(s, at.off, p, within)
		if err == nil {
			right, ok = b, true
			continue
		}
		if wrong = append(wrong, fmt.Sprintf("copy %d: %v", i+1, err)); d.Block < 0 {
			d.Block = c.blockAt(int64(s.off + at.off))
		}
	}
	if ok {
		d.Harm = filesys.HarmRisk
	}
	if len(wrong) > 0 || !ok {
		c.damage(d, "tree %d: block at %#x: %s", int64(p.owner), p.block, strings.Join(wrong, "; "))
	}
	return right, ok
}

func (c *check) copyOf(s *stripe, off uint64, p pointer, within bounds) (block, error) {
	raw := make([]byte, c.super.nodeSize)
	if err := cmpError(s.fill(raw, off), c.verify(raw, p.block)); err != nil {
		return block{}, err
	}
	b, err := c.expect(raw, p)
	if err != nil {
		return block{}, err
	}
	return b, bounded(b, within.first, within.limit)
}
