package fat

import (
	"context"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Owned = (*FS)(nil)

const maxOwnedBlocks = 1 << 24 // that can be asked for at once

// Owners implements filesys.Owned. A block that two things claim is the first one's: the file system's own, then that of the
// directory nearest to the root.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	if len(blocks) > maxOwnedBlocks {
		return nil, fmt.Errorf("fat: owners: %w", binread.Limit("%d blocks, want at most %d", len(blocks), maxOwnedBlocks))
	}
	o := &owners{
		size: uint64(f.boot.blockSize()), asked: slices.Compact(slices.Sorted(slices.Values(blocks))),
		found: make(map[uint64]filesys.Owner, len(blocks)),
	}
	c := newCensus(f, func(filesys.Damage) {})
	c.claimed = o.claim
	err := c.run(ctx)
	for _, block := range o.asked {
		if _, known := o.found[block]; !known {
			o.found[block] = filesys.Owner{Use: f.unclaimed(block)}
		}
	}
	if err != nil {
		return o.found, fmt.Errorf("fat: owners: %w", err)
	}
	return o.found, nil
}

// owners collects who claims the blocks that were asked for.
type owners struct {
	size  uint64
	asked []uint64 // in order
	found map[uint64]filesys.Owner
}

func (o *owners) claim(use filesys.Use, n filesys.Node, off, length int64) {
	if length == 0 {
		return
	}
	first, last := uint64(off)/o.size, uint64(off+length-1)/o.size
	i, _ := slices.BinarySearch(o.asked, first)
	for ; i < len(o.asked) && o.asked[i] <= last; i++ {
		if _, known := o.found[o.asked[i]]; !known {
			o.found[o.asked[i]] = filesys.Owner{Use: use, Node: n}
		}
	}
}

// unclaimed asks the table about a block that nothing claims.
func (f *FS) unclaimed(block uint64) filesys.Use {
	size := uint64(f.boot.blockSize())
	if block >= uint64(f.boot.size())/size || block*size < uint64(f.boot.dataOff()) {
		return filesys.UseUnknown
	}
	cluster := (block*size-uint64(f.boot.dataOff()))/uint64(f.boot.clusterSize()) + 2
	if cluster > uint64(f.boot.last()) {
		return filesys.UseFree // behind the last whole cluster
	}
	if value, err := f.entry(uint32(cluster)); err != nil || value != markFree {
		return filesys.UseUnknown
	}
	return filesys.UseFree
}
