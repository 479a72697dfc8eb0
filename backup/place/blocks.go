package place

import (
	"context"
	"errors"

	"github.com/guestctl/guestctl/engine/filesys"
)

// maxBlocks is how many blocks of one file system are asked for.
const maxBlocks = 1 << 20

// Stretch is a stretch of the disk, in bytes.
type Stretch struct{ Off, Len int64 }

// Learn asks the file systems what they use the blocks of the stretches for, so that metadata and free space can be told apart there. The
// stretches must be in order. The error is that of the context.
func (m *Map) Learn(ctx context.Context, stretches []Stretch) error {
	for i := range m.parts {
		p := &m.parts[i]
		owned, ok := p.fs.(filesys.Owned)
		if !ok {
			continue
		}
		size := p.fs.Description().BlockSize
		blocks := p.unclear(stretches, size)
		if len(blocks) == 0 {
			continue
		}
		if len(blocks) == maxBlocks {
			m.problem(p.volume, "too many of its blocks differ: what they are used for is not known of all")
		}
		owners, err := owned.Owners(ctx, blocks)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errors.ErrUnsupported):
			continue
		case err != nil:
			m.problem(p.volume, err.Error())
		}
		m.use(p, size, blocks, owners)
	}
	return nil
}

// unclear are the blocks of the part that lie in a stretch and in no file, in order.
func (p *part) unclear(stretches []Stretch, size int64) []uint64 {
	var blocks []uint64
	if size <= 0 {
		return nil
	}
	for _, s := range stretches {
		off, end := max(s.Off, p.off), min(s.Off+s.Len, p.end)
		if off >= end {
			continue
		}
		p.each(off, end, func(at span) bool {
			if at.region != Unclear {
				return true
			}
			for b := (p.from + at.off - p.off) / size; b*size < p.from+at.end-p.off && len(blocks) < maxBlocks; b++ {
				if n := len(blocks); n == 0 || blocks[n-1] < uint64(b) {
					blocks = append(blocks, uint64(b))
				}
			}
			return len(blocks) < maxBlocks
		})
	}
	return blocks
}

// use notes what blocks are used for. Neighbours that are used for the same are one span.
func (m *Map) use(p *part, size int64, blocks []uint64, owners map[uint64]filesys.Owner) {
	all := p.spans
	for _, b := range blocks {
		owner, ok := owners[b]
		if !ok {
			continue
		}
		s := span{off: max(p.off-p.from+int64(b)*size, p.off), file: int32(m.Named(p.volume, owner.Node)), region: regionOf(owner.Use)}
		s.end = min(p.off-p.from+int64(b+1)*size, p.end)
		if n := len(all); n > 0 && all[n-1].end == s.off && all[n-1].file == s.file && all[n-1].region == s.region {
			all[n-1].end = s.end
			continue
		}
		all = append(all, s)
	}
	p.spans = separate(all)
}

func regionOf(u filesys.Use) Region {
	switch u {
	case filesys.UseFree:
		return Free
	case filesys.UseBoot:
		return Boot
	case filesys.UseSuperblock:
		return Super
	case filesys.UseDescriptors:
		return Groups
	case filesys.UseBlockBitmap, filesys.UseInodeBitmap:
		return Bitmaps
	case filesys.UseInodeTable:
		return Inodes
	case filesys.UseJournal:
		return Journal
	case filesys.UseDirectory:
		return Directory
	case filesys.UseContent:
		return Content
	case filesys.UseMap:
		return BlockMap
	case filesys.UseXattr:
		return Attributes
	case filesys.UseTree:
		return Tree
	case filesys.UseUnknown:
	}
	return Unclear
}
