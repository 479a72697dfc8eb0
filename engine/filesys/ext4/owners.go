package ext4

import (
	"context"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Owned = (*FS)(nil)

const maxOwnedBlocks = 1 << 24 // that can be asked for at once

// Owners implements filesys.Owned. A block that two things claim is the first one's: the file system's own, then the lowest inode's.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	if len(blocks) > maxOwnedBlocks {
		return nil, fmt.Errorf("ext4: owners: %w", binread.Limit("%d blocks, want at most %d", len(blocks), maxOwnedBlocks))
	}
	o := &owners{asked: slices.Compact(slices.Sorted(slices.Values(blocks))), found: make(map[uint64]filesys.Owner, len(blocks))}
	c := newCensus(f, func(filesys.Damage) {})
	c.claimed = o.claim
	err := c.run(ctx)
	o.rest(c)
	if err != nil {
		return o.found, fmt.Errorf("ext4: owners: %w", err)
	}
	return o.found, nil
}

// owners collects who claims the blocks that were asked for.
type owners struct {
	asked []uint64 // in order
	found map[uint64]filesys.Owner
}

func (o *owners) claim(use filesys.Use, node uint32, start, count uint64) {
	i, _ := slices.BinarySearch(o.asked, start)
	for ; i < len(o.asked) && o.asked[i]-start < count; i++ {
		if _, known := o.found[o.asked[i]]; !known {
			o.found[o.asked[i]] = filesys.Owner{Use: use, Node: filesys.Node(node)}
		}
	}
}

// rest asks the block bitmaps about the blocks that nothing claims.
func (o *owners) rest(c *census) {
	for _, block := range o.asked {
		if _, known := o.found[block]; known {
			continue
		}
		use := filesys.UseUnknown
		if block < c.super.blocks && block >= uint64(c.super.firstDataBlock) && c.markedFree(block) {
			use = filesys.UseFree
		}
		o.found[block] = filesys.Owner{Use: use}
	}
}

// markedFree reports whether the block bitmap says that a block is free.
func (f *FS) markedFree(block uint64) bool {
	cluster := f.cluster(block)
	number, bit := cluster/f.clustersPerGroup(), cluster%f.clustersPerGroup()
	g, _, err := f.descriptor(number)
	if err != nil {
		return false
	}
	if g.flags&groupBlocksUninit != 0 && (f.super.features.metadataCsum() || f.super.features.gdtCsum()) {
		return true
	}
	b, err := f.readBlock(g.blockBitmap)
	return err == nil && b[bit/8]>>(bit%8)&1 == 0
}
