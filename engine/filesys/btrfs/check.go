package btrfs

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	extentTreeID     = 2
	deviceTreeID     = 4
	freeTreeID       = 10
	groupTreeID      = 11
	relocTreeID      = 1<<64 - 8
	orphanObject     = 1<<64 - 5
	roFreeTree       = 1 << 0
	roFreeTreeValid  = 1 << 1
	roGroupTree      = 1 << 3
	incompatNoHoles  = 1 << 9
	maxCheckedBlocks = 1 << 22
	maxCheckedData   = 1 << 23 // extents of content
)

var _ filesys.Checker = (*FS)(nil)

// check is one check of the whole structure.
type check struct {
	*FS
	noted
	ctx    context.Context //nolint:containedctx // of the one call that the check is
	result filesys.Checked
	roots  []rootItem
	blocks map[uint64]*use // of metadata, by their logical addresses
	data   map[uint64]*use // extents of content
	sums   *summing        // what content there are checksums of; nil where that is not known
	names  map[rootRef]int // entries of subvolumes
	err    error           // why the check cannot go on
}

// use is how an extent is used.
type use struct {
	by     []origin
	length uint64
	owner  uint64 // of a block: the tree that it was made for
	level  uint8
	marked bool // the tree of extents has it
}

// origin is what uses an extent: a node or root of a tree, or an item of a leaf.
type origin struct {
	tree, block uint64
	inode       uint64 // of content
	off         uint64 // of content: where in the file the extent would begin
}

// rootItem is a tree that the tree of roots names.
type rootItem struct {
	id   uint64
	root pointer
}

// Check implements filesys.Checker. It verifies every block of metadata in all copies, and compares what is said twice: trees with the
// tree of extents, that with the groups of blocks and what is free, chunks with the devices, entries with the names that inodes have,
// link counts, sizes and hashes.
func (f *FS) Check(ctx context.Context, report func(filesys.Damage)) (filesys.Checked, error) {
	c := &check{FS: f, ctx: ctx, noted: noted{report: report}, blocks: map[uint64]*use{}, data: map[uint64]*use{}, names: map[rootRef]int{}}
	c.superblocks()
	c.trees()
	c.chunksOnDevices()
	c.extentTree()
	c.coverage()
	for i := range f.volumes {
		c.subvolume(f.volumes[i], func(inode uint64) (filesys.Node, error) { return node(uint64(i), inode) })
	}
	c.otherFiles()
	c.subvolumeNames()
	c.result.Damage, c.result.Unchecked = c.count, c.unchecked
	c.result.Blocks = uint64(len(c.blocks)) * uint64(f.super.nodeSize/f.super.sectorSize)
	for _, d := range c.data {
		c.result.Blocks += d.length / uint64(f.super.sectorSize)
	}
	if err := cmpError(ctx.Err(), c.err); err != nil {
		return c.result, fmt.Errorf("btrfs: check: %w", err)
	}
	return c.result, nil
}

// cmpError is the first error that is one.
func cmpError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// over reports whether the check is not to go on.
func (c *check) over() error { return cmpError(c.ctx.Err(), c.err) }

// bad reports damage that is in no file alone.
func (c *check) bad(kind filesys.DamageKind, harm filesys.Harm, format string, args ...any) {
	c.damage(filesys.Damage{Kind: kind, Block: -1, Harm: harm}, format, args...)
}

// superblocks looks at every copy on every device.
func (c *check) superblocks() {
	for _, d := range c.devices {
		for _, off := range superOffsets() {
			if off > min(d.size, int64(d.super.deviceBytes))-superSize {
				continue
			}
			s, err := d.readSuperblockAt(off)
			if err == nil && s.generation != d.super.generation {
				err = binread.Corrupt("generation %d, want %d", s.generation, d.super.generation)
			}
			if err == nil && (s.fsid != c.super.fsid || s.deviceUUID != d.super.deviceUUID) {
				err = binread.Corrupt("it is of another file system or device")
			}
			if err != nil {
				c.damage(filesys.Damage{Kind: filesys.DamagedSuperblock, Block: c.blockAt(off), Harm: filesys.HarmRisk},
					"%ssuperblock at %#x: %v", d.prefix(len(c.devices)+c.missing), off, err)
			}
		}
	}
	if c.super.flags&superError != 0 {
		c.bad(filesys.RecordedError, filesys.HarmRisk, "the file system is marked as damaged")
	}
}

// blockAt is the number of the block at an offset of the device; -1 where there are several devices.
func (c *check) blockAt(off int64) int64 {
	if len(c.devices)+c.missing > 1 {
		return -1
	}
	return off / int64(c.super.sectorSize)
}

// trees walks all trees.
func (c *check) trees() {
	c.tree(rootItem{chunkTreeID, c.super.chunkRoot})
	c.tree(rootItem{rootTreeID, c.super.root})
	deleting := false
	c.rootTree.each(key{}, key{lastOffset, math.MaxUint8, lastOffset}, func(k key, b []byte) error {
		if k.kind != kindRoot {
			return c.over()
		}
		root, err := decodeRoot(b, k.object)
		if err == nil && k.offset != 0 && !isSubvolume(k.object) && k.object != relocTreeID {
			err = binread.Corrupt("its root is number %d, want 0", k.offset)
		}
		if err != nil {
			c.bad(filesys.DamagedTree, filesys.HarmLoss, "tree %d: %v", int64(k.object), err)
			return nil
		}
		links := binread.Little(b)
		deleting = deleting || links.At(216).U32() == 0 && isSubvolume(k.object) || k.object == relocTreeID
		if root.block != 0 {
			c.roots = append(c.roots, rootItem{k.object, root})
		}
		return nil
	}, func(key, error) {}) // what cannot be read was reported
	for _, r := range c.roots {
		c.tree(r)
	}
	if deleting {
		c.skip("how often extents are used: a subvolume is being removed, or blocks are being moved")
		c.blocks, c.data = nil, nil
	}
	if c.super.logRoot.block != 0 && c.logSums == nil && !c.replayed() {
		c.skip("the log tree, which cannot be replayed")
	}
}

// replayed reports whether a log tree changed something.
func (f *FS) replayed() bool {
	return slices.ContainsFunc(f.volumes, func(v subvolume) bool { return v.tree.over != nil })
}

func (c *check) tree(r rootItem) {
	harm := filesys.HarmLoss
	switch r.id {
	case rootTreeID, chunkTreeID, extentTreeID, deviceTreeID, sumTreeID, c.volumes[0].id: // a system does not mount without
		harm = filesys.HarmFatal
	case freeTreeID:
		harm = filesys.HarmRisk
	}
	c.block(r.root, origin{tree: r.id}, bounds{harm: harm})
}

// leafItem counts what an item uses.
func (c *check) leafItem(k key, b []byte, from origin) {
	if k.kind != kindExtent {
		return
	}
	e, err := decodeExtent(k, b)
	if err != nil || e.inline != nil || e.disk == 0 {
		return // the pass over inodes says what is wrong
	}
	u := c.data[e.disk]
	switch {
	case u == nil && len(c.data) == maxCheckedData:
		c.err = binread.Limit("more than %d extents of content", maxCheckedData)
		return
	case u == nil:
		u = &use{length: e.diskBytes}
		c.data[e.disk] = u
	case u.length != e.diskBytes:
		c.bad(filesys.DamagedExtents, filesys.HarmLoss, "the extent at %#x has %d bytes for one file and %d for another", e.disk, u.length, e.diskBytes)
	}
	from.inode, from.off = k.object, k.offset-e.offset
	u.by = append(u.by, from)
}

// eachOf calls visit with all items of a tree. Of blocks that cannot be read it says nothing: that was reported.
func (c *check) eachOf(id uint64, visit func(k key, b []byte) error) (whole bool) {
	i := slices.IndexFunc(c.roots, func(r rootItem) bool { return r.id == id })
	if i < 0 {
		return false
	}
	whole = true
	var bad error
	tree{fs: c.FS, root: c.roots[i].root}.each(key{}, key{lastOffset, math.MaxUint8, lastOffset}, func(k key, b []byte) error {
		if err := c.over(); err != nil {
			return err
		}
		bad = visit(k, b)
		return bad
	}, func(key, error) { whole = false })
	if bad != nil {
		c.bad(filesys.DamagedTree, filesys.HarmRisk, "tree %d: %v", int64(id), bad)
	}
	return whole
}
