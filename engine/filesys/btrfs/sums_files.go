package btrfs

import (
	"context"
	"errors"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// name finds the files that have what is wrong, and counts those without checksums.
func (s *summing) name(ctx context.Context) error {
	for i := range s.volumes {
		v := &s.volumes[i]
		sums, id := true, uint64(0)
		v.tree.all(func(k key, b []byte) error {
			if k.object != id {
				id, sums = k.object, true
			}
			switch k.kind {
			case kindInode:
				c := binread.Little(b)
				sums = c.At(64).U64()&flagNoSums == 0
			case kindExtent:
				return errors.Join(ctx.Err(), s.extent(uint64(i), k, b, sums))
			}
			return nil
		}, func(_ key, err error) {
			if ctx.Err() == nil {
				s.skip("the content of files of subvolume %d: %v", v.id, err)
			}
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// extent looks at the content of a file.
func (s *summing) extent(volume uint64, k key, b []byte, sums bool) error {
	e, err := decodeExtent(k, b)
	if err != nil {
		return err
	}
	n, err := node(volume, k.object)
	if err != nil {
		return err
	}
	if e.zero || e.inline != nil {
		return nil
	}
	if !sums {
		if len(s.without) == maxUnsummed {
			return binread.Limit("more than %d files without checksums", maxUnsummed)
		}
		s.without[n] = true
		return nil
	}
	on := e.summed()
	if !s.covers(on) {
		s.damage(s.about(nil, n), "subvolume %d: inode %d: content at %d: not all of it has checksums", s.volumes[volume].id, k.object, e.at)
	}
	i := sort.Search(len(s.bad), func(i int) bool { return s.bad[i].end > on.from })
	for ; i < len(s.bad) && s.bad[i].from < on.end; i++ {
		bad := &s.bad[i]
		bad.named = true
		at := e.at
		if e.packing == packNone && bad.from > on.from {
			at += int64(bad.from - on.from)
		}
		s.damage(s.about(bad, n), "subvolume %d: inode %d: content at %d: %s", s.volumes[volume].id, k.object, at, bad.why)
	}
	return nil
}

// summed is what of an extent checksums are of: all of a compressed one, and what is used of others.
func (e *extent) summed() stretch {
	if e.packing != packNone {
		return stretch{e.disk, e.disk + e.diskBytes}
	}
	return stretch{e.disk + e.offset, e.disk + e.offset + uint64(e.length)}
}

// covers reports whether there are checksums of all of a stretch.
func (s *summing) covers(on stretch) bool {
	i := sort.Search(len(s.covered), func(i int) bool { return s.covered[i].end > on.from })
	for ; i < len(s.covered) && s.covered[i].from <= on.from; i++ {
		if on.from = max(on.from, s.covered[i].end); on.from >= on.end {
			return true
		}
	}
	return on.from >= on.end
}

// about begins what is said of a node.
func (s *summing) about(bad *badSum, n filesys.Node) filesys.Damage {
	d := filesys.Damage{Kind: filesys.DamagedContent, Block: -1, Node: n, Harm: filesys.HarmLoss}
	switch {
	case bad == nil:
		return d
	case !bad.lost:
		d.Harm = filesys.HarmRisk
	}
	if bad.at >= 0 {
		d.Block = bad.at / int64(s.super.sectorSize)
	}
	return d
}
