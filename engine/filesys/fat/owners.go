package fat

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Owned = (*FS)(nil)

// Owners implements filesys.Owned. A block that two things claim is the first one's: the file system's own, then that of the
// directory nearest to the root.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	o, err := filesys.NewClaims(blocks, f.boot.blockSize())
	if err != nil {
		return nil, fmt.Errorf("fat: owners: %w", err)
	}
	c := newCensus(f, func(filesys.Damage) {})
	c.claimed = o.Claim
	err = c.run(ctx)
	o.Rest(f.unclaimed)
	if err != nil {
		return o.Found, fmt.Errorf("fat: owners: %w", err)
	}
	return o.Found, nil
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
