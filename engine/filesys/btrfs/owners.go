package btrfs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxOwnedBlocks = 1 << 24 // that can be asked for at once
	reservedBytes  = 1 << 20 // at the start of a device, which are left to others
)

var _ filesys.Owned = (*FS)(nil)

// asked is a block of the device that was asked for, and the logical address that it has.
type asked struct {
	block, logical uint64
}

// owners is one search for what uses blocks.
type owners struct {
	*FS
	ctx   context.Context //nolint:containedctx // of the one call that the search is
	asked []asked         // in the order of their logical addresses
	found map[uint64]filesys.Owner
}

// Owners implements filesys.Owned, for file systems on one device. An extent that several files share is the first one's.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	switch {
	case len(f.devices)+f.missing > 1:
		return nil, fmt.Errorf("btrfs: owners: %w", binread.Unsupported("a file system on several devices"))
	case len(blocks) > maxOwnedBlocks:
		return nil, fmt.Errorf("btrfs: owners: %w", binread.Limit("%d blocks, want at most %d", len(blocks), maxOwnedBlocks))
	}
	o := &owners{FS: f, ctx: ctx, found: make(map[uint64]filesys.Owner, len(blocks))}
	o.place(slices.Compact(slices.Sorted(slices.Values(blocks))))
	o.trees()
	for i := range f.volumes {
		o.files(i)
	}
	if err := ctx.Err(); err != nil {
		return o.found, fmt.Errorf("btrfs: owners: %w", err)
	}
	return o.found, nil
}

// place finds the logical addresses of blocks. What is in no chunk is no part of any tree or file.
func (o *owners) place(blocks []uint64) {
	type extent struct{ from, end, logical uint64 }
	var extents []extent
	for i := range o.chunks {
		c := &o.chunks[i]
		for _, s := range c.stripes {
			extents = append(extents, extent{s.off, s.off + c.stripeBytes(), c.logical})
		}
	}
	slices.SortFunc(extents, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	sector := uint64(o.super.sectorSize)
	for _, b := range blocks {
		at := b * sector
		i := sort.Search(len(extents), func(i int) bool { return extents[i].end > at })
		switch {
		case b > maxSize/sector:
			o.found[b] = filesys.Owner{Use: filesys.UseUnknown}
		case isSuper(at):
			o.found[b] = filesys.Owner{Use: filesys.UseSuperblock}
		case at < reservedBytes:
			o.found[b] = filesys.Owner{Use: filesys.UseBoot}
		case i == len(extents) || extents[i].from > at:
			o.found[b] = filesys.Owner{Use: filesys.UseFree}
		default:
			o.found[b] = filesys.Owner{Use: filesys.UseUnknown}
			o.asked = append(o.asked, asked{b, extents[i].logical + at - extents[i].from})
		}
	}
	slices.SortFunc(o.asked, func(a, b asked) int { return cmp.Compare(a.logical, b.logical) })
}

func isSuper(at uint64) bool {
	for _, off := range superOffsets() {
		if uint64(off) <= at && at < uint64(off)+superSize {
			return true
		}
	}
	return false
}

// claim notes who uses a stretch of logical addresses, unless that is known.
func (o *owners) claim(on stretch, owner filesys.Owner) {
	i := sort.Search(len(o.asked), func(i int) bool { return o.asked[i].logical >= on.from })
	for ; i < len(o.asked) && o.asked[i].logical < on.end; i++ {
		if use := o.found[o.asked[i].block].Use; use == filesys.UseUnknown || use == filesys.UseFree {
			o.found[o.asked[i].block] = owner
		}
	}
}

// trees claims the blocks of all trees, and says of what the tree of extents does not have that it is free.
func (o *owners) trees() {
	c := &check{FS: o.FS, ctx: o.ctx, noted: noted{report: func(filesys.Damage) {}}, blocks: map[uint64]*use{}, data: map[uint64]*use{}}
	c.trees()
	var used []stretch
	whole := c.eachOf(extentTreeID, func(k key, _ []byte) error {
		switch k.kind {
		case kindExtentItem:
			used = append(used, stretch{k.object, k.object + k.offset})
		case kindMetadataItem:
			used = append(used, stretch{k.object, k.object + uint64(o.super.nodeSize)})
		}
		return nil
	})
	i := 0
	for _, a := range o.asked {
		for i < len(used) && used[i].end <= a.logical {
			i++
		}
		if whole && (i == len(used) || used[i].from > a.logical) {
			o.found[a.block] = filesys.Owner{Use: filesys.UseFree}
		}
	}
	for at := range c.blocks {
		o.claim(stretch{at, at + uint64(o.super.nodeSize)}, filesys.Owner{Use: filesys.UseTree})
	}
}

// files claims the content of files.
func (o *owners) files(volume int) {
	o.volumes[volume].tree.all(func(k key, b []byte) error {
		if k.kind != kindExtent {
			return o.ctx.Err()
		}
		e, err := decodeExtent(k, b)
		if err != nil || e.inline != nil || e.disk == 0 {
			return o.ctx.Err() // reading the file says what is wrong
		}
		if n, err := node(uint64(volume), k.object); err == nil {
			o.claim(stretch{e.disk, e.disk + e.diskBytes}, filesys.Owner{Use: filesys.UseContent, Node: n})
		}
		return o.ctx.Err()
	}, func(key, error) {}) // what cannot be read has no owner
}
