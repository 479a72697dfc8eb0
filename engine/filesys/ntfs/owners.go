package ntfs

import (
	"context"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Owned = (*FS)(nil)

const maxOwnedBlocks = 1 << 24 // that can be asked for at once

// Owners implements filesys.Owned. A block that two files claim is that of the record with the lower number.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	if len(blocks) > maxOwnedBlocks {
		return nil, fmt.Errorf("ntfs: owners: %w", binread.Limit("%d blocks, want at most %d", len(blocks), maxOwnedBlocks))
	}
	asked := slices.Compact(slices.Sorted(slices.Values(blocks)))
	found := make(map[uint64]filesys.Owner, len(asked))
	c := newCensus(f, func(filesys.Damage) {})
	c.claimed = func(use filesys.Use, n filesys.Node, e extent) {
		i, _ := slices.BinarySearch(asked, uint64(e.start))
		for ; i < len(asked) && asked[i] < uint64(e.start+e.length); i++ {
			if _, known := found[asked[i]]; !known {
				found[asked[i]] = filesys.Owner{Use: use, Node: n}
			}
		}
	}
	err := c.run(ctx)
	for _, block := range asked {
		if _, known := found[block]; !known {
			found[block] = filesys.Owner{Use: f.unclaimed(block)}
		}
	}
	if err != nil {
		return found, fmt.Errorf("ntfs: owners: %w", err)
	}
	return found, nil
}

// unclaimed asks $Bitmap about a cluster that no file has.
func (f *FS) unclaimed(block uint64) filesys.Use {
	if block == uint64(f.boot.clusters) {
		return filesys.UseSuperblock // the copy of the boot sector stands behind the last cluster
	}
	bits, err := f.clusterBitmap()
	if err != nil || block > uint64(f.boot.clusters) {
		return filesys.UseUnknown
	}
	b := make([]byte, 1)
	if n, _ := bits.ReadAt(b, int64(block/8)); n < 1 || b[0]>>(block%8)&1 != 0 {
		return filesys.UseUnknown
	}
	return filesys.UseFree
}

// clusterBitmap is the content of $Bitmap, which says which clusters are in use.
func (f *FS) clusterBitmap() (filesys.File, error) {
	of, err := f.readNode(recordBitmap)
	if err != nil {
		return nil, err
	}
	s := of.stream(typeData, "")
	if s == nil {
		return nil, fmt.Errorf("ntfs: $Bitmap: %w", binread.Corrupt("no content"))
	}
	return f.open(s)
}
