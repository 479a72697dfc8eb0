package xfs

import (
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Owned = (*FS)(nil)

// Owners implements filesys.Owned. A block that two things claim is the first one's: the file system's own, then the lowest inode's.
func (f *FS) Owners(ctx context.Context, blocks []uint64) (map[uint64]filesys.Owner, error) {
	claims, err := filesys.NewClaims(blocks, int64(f.super.blockSize))
	if err != nil {
		return nil, fmt.Errorf("xfs: owners: %w", err)
	}
	s := newCensus(f, func(filesys.Damage) {})
	s.claimed = func(use filesys.Use, node uint64, start, count uint64) {
		claims.Claim(use, filesys.Node(node), int64(start<<f.super.blockLog), int64(count<<f.super.blockLog))
	}
	err = s.run(ctx)
	claims.Rest(func(uint64) filesys.Use { return filesys.UseUnknown })
	if err != nil {
		return claims.Found, fmt.Errorf("xfs: owners: %w", err)
	}
	return claims.Found, nil
}
