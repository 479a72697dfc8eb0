package filesys

import (
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxOwnedBlocks = 1 << 24 // that can be asked for at once

// Claims collects who uses the blocks that were asked for.
type Claims struct {
	Found map[uint64]Owner

	size  int64    // bytes of a block
	asked []uint64 // in order
}

// NewClaims asks for blocks of a size in bytes.
func NewClaims(blocks []uint64, size int64) (*Claims, error) {
	if len(blocks) > maxOwnedBlocks {
		return nil, binread.Limit("%d blocks, want at most %d", len(blocks), maxOwnedBlocks)
	}
	return &Claims{
		Found: make(map[uint64]Owner, len(blocks)),
		size:  size, asked: slices.Compact(slices.Sorted(slices.Values(blocks))),
	}, nil
}

// Claim says what length bytes at off are used for. What two claim is the first one's.
func (c *Claims) Claim(use Use, n Node, off, length int64) {
	if off < 0 || length <= 0 {
		return
	}
	first, last := uint64(off)/uint64(c.size), (uint64(off)+uint64(length)-1)/uint64(c.size)
	i, _ := slices.BinarySearch(c.asked, first)
	for ; i < len(c.asked) && c.asked[i] <= last; i++ {
		if _, known := c.Found[c.asked[i]]; !known {
			c.Found[c.asked[i]] = Owner{Use: use, Node: n}
		}
	}
}

// Rest asks what the blocks are that nothing claims.
func (c *Claims) Rest(use func(block uint64) Use) {
	for _, block := range c.asked {
		if _, known := c.Found[block]; !known {
			c.Found[block] = Owner{Use: use(block)}
		}
	}
}
