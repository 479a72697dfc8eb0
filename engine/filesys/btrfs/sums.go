package btrfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	sumObject   = 1<<64 - 10 // of the keys of all checksums of content
	sumRead     = 1 << 20    // bytes that are read at once
	maxBadSums  = 1 << 20    // stretches
	maxCovered  = 1 << 22    // stretches
	flagNoSums  = 1 << 0
	maxUnsummed = 1 << 24 // files
)

var _ filesys.Verified = (*FS)(nil)

// stretch is a run of logical addresses.
type stretch struct {
	from, end uint64
}

// badSum is content that is not what its checksum is of.
type badSum struct {
	stretch
	at    int64 // where the first copy of it that is wrong is on the device; -1 where there are several devices
	lost  bool  // no copy is right
	named bool
	why   string
}

// summing is one verification of content.
type summing struct {
	*FS
	noted
	buf     []byte
	bytes   uint64
	covered []stretch
	bad     []badSum
	without map[filesys.Node]bool
}

// noted counts damage, and reports as much of it as is reported one by one.
type noted struct {
	report    func(filesys.Damage)
	count     uint64
	unchecked []string
}

func (n *noted) damage(d filesys.Damage, format string, args ...any) {
	if n.count++; n.count <= filesys.MaxDamage {
		d.Message = fmt.Sprintf(format, args...)
		n.report(d)
	}
}

func (n *noted) skip(format string, args ...any) {
	n.unchecked = append(n.unchecked, fmt.Sprintf(format, args...))
}

// VerifyContent implements filesys.Verified. Each checksum is that of a sector as it lies on a device, which may be compressed.
func (f *FS) VerifyContent(ctx context.Context, report func(filesys.Damage)) (filesys.VerifiedContent, error) {
	s := &summing{FS: f, noted: noted{report: report}, buf: make([]byte, sumRead), without: map[filesys.Node]bool{}}
	err := s.run(ctx)
	if err != nil {
		err = fmt.Errorf("btrfs: content: %w", err)
	}
	return filesys.VerifiedContent{Bytes: s.bytes, Without: uint64(len(s.without)), Damage: s.count, Unchecked: s.unchecked}, err
}

func (s *summing) run(ctx context.Context) error {
	t, err := s.treeOf(sumTreeID)
	if err != nil {
		return fmt.Errorf("tree of checksums: %w", err)
	}
	verify := func(k key, b []byte) error { return errors.Join(ctx.Err(), s.item(k, b)) }
	var stopped error
	t.each(key{sumObject, kindSum, 0}, key{sumObject, kindSum, lastOffset}, verify, func(_ key, err error) {
		if stopped = ctx.Err(); stopped == nil {
			s.skip("content, since the tree of its checksums is damaged: %v", err)
		}
	})
	for _, one := range s.logSums {
		stopped = errors.Join(stopped, verify(one.key, one.data))
	}
	if stopped != nil {
		return stopped
	}
	s.sort()
	if err := s.name(ctx); err != nil {
		return err
	}
	for _, bad := range s.bad {
		if !bad.named {
			s.damage(s.about(&bad, 0), "logical address %#x: %s", bad.from, bad.why)
		}
	}
	return nil
}

// treeOf returns the tree of that number.
func (f *FS) treeOf(id uint64) (tree, error) {
	b, err := f.rootTree.get(key{id, kindRoot, 0})
	if err != nil {
		return tree{}, err
	}
	root, err := decodeRoot(b, id)
	return tree{fs: f, root: root}, err
}

// cover notes what the checksums of an item are of.
func (s *summing) cover(k key, b []byte) error {
	size, sector := s.super.sumType.size(), uint64(s.super.sectorSize)
	on := stretch{k.offset, k.offset + uint64(len(b)/size)*sector}
	last := len(s.covered) - 1
	switch {
	case len(b) == 0 || len(b)%size != 0 || k.offset%sector != 0 || k.offset > maxSize:
		return binread.Corrupt("%d bytes of checksums of the content at %#x", len(b), k.offset)
	case len(s.covered) == maxCovered:
		return binread.Limit("more than %d stretches of content", maxCovered)
	case last >= 0 && s.covered[last].end == on.from:
		s.covered[last].end = on.end
	default:
		s.covered = append(s.covered, on)
	}
	return nil
}

// item verifies what the checksums of an item are of.
func (s *summing) item(k key, b []byte) error {
	if err := s.cover(k, b); err != nil {
		return err
	}
	size, sector := s.super.sumType.size(), uint64(s.super.sectorSize)
	for at := k.offset; len(b) > 0; {
		n := min(sumRead/sector, uint64(len(b)/size))
		p, err := s.places(at)
		if err != nil {
			s.add(badSum{stretch: stretch{at, at + n*sector}, at: -1, lost: true, why: err.Error()})
		} else {
			n = min(n, max(1, uint64(p.length)/sector))
			s.copies(at, p, b[:int(n)*size])
		}
		at, b = at+n*sector, b[int(n)*size:]
	}
	return nil
}

// copies holds every copy of a stretch against its checksums.
func (s *summing) copies(logical uint64, p places, sums []byte) {
	size, sector := s.super.sumType.size(), int(s.super.sectorSize)
	count := len(sums) / size
	wrong, why := make([]uint8, count), ""
	firstAt, there := make([]int64, count), uint8(0)
	for i := range p.copies {
		c := &p.copies[i]
		if c.at == nil && len(p.copies) > 1 {
			continue // the file system says so of the device
		}
		there++
		buf := s.buf[:count*sector]
		err := c.fill(buf, p.off)
		s.bytes += uint64(len(buf))
		for j := range count {
			if err == nil {
				sum := s.super.sumType.of(buf[j*sector : (j+1)*sector])
				if bytes.Equal(sum[:size], sums[j*size:(j+1)*size]) {
					continue
				}
			}
			if wrong[j]++; wrong[j] == 1 {
				firstAt[j] = int64(c.off+p.off) + int64(j*sector)
			}
			if why = fmt.Sprintf("the %s checksum is wrong", s.super.sumType); err != nil {
				why = err.Error()
			}
		}
	}
	if there == 0 {
		s.add(badSum{stretch: stretch{logical, logical + uint64(count*sector)}, at: -1, lost: true, why: "no device that has it is on the disks"})
	}
	for j := range count {
		from := logical + uint64(j*sector)
		if wrong[j] > 0 {
			s.add(badSum{stretch: stretch{from, from + uint64(sector)}, at: firstAt[j], lost: wrong[j] == there, why: why})
		}
	}
}

// add keeps what is wrong.
func (s *summing) add(b badSum) {
	if len(s.devices)+s.missing > 1 {
		b.at = -1
	}
	if last := len(s.bad) - 1; last >= 0 && s.bad[last].end == b.from && s.bad[last].lost == b.lost && s.bad[last].why == b.why {
		s.bad[last].end = b.end
		return
	}
	if len(s.bad) == maxBadSums {
		s.count++
		return
	}
	s.bad = append(s.bad, b)
}

func (s *summing) sort() {
	slices.SortFunc(s.bad, func(a, b badSum) int { return compareStretch(a.stretch, b.stretch) })
	slices.SortFunc(s.covered, compareStretch)
}

func compareStretch(a, b stretch) int {
	switch {
	case a.from < b.from:
		return -1
	case a.from > b.from:
		return 1
	}
	return 0
}
