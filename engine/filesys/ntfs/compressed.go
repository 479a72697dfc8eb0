package ntfs

import (
	"fmt"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

const maxUnit = 1 << 20 // bytes; Windows has 64 KiB

// compressed is a stream whose clusters are compressed unit by unit. A unit with all its clusters is stored as it is, one without any is
// zeros, and one in between is compressed.
type compressed struct {
	f       *FS
	s       *stream
	extents []extent
	unit    int64 // bytes
}

func (f *FS) openCompressed(s *stream) (*units, error) {
	if s.unit == 0 || s.unit > 16 || f.boot.clusterSize<<s.unit > maxUnit {
		return nil, binread.Limit("compressed by 2^%d clusters of %d bytes, want at most %d bytes", s.unit, f.boot.clusterSize, maxUnit)
	}
	list, err := f.extents(s)
	if err != nil {
		return nil, err
	}
	c := &compressed{f, s, list, f.boot.clusterSize << s.unit}
	return &units{
		where: fmt.Sprintf("ntfs: node %d", s.number), size: s.size, valid: s.valid, unit: c.unit, read: c.readUnit,
		cache: binread.NewCache(unitsKept),
	}, nil
}

// readUnit returns a unit, whole.
func (c *compressed) readUnit(number int64) ([]byte, error) {
	size, first := c.f.boot.clusterSize, number<<c.s.unit
	raw := make([]byte, 0, c.unit)
	end := first + 1<<c.s.unit
	i := sort.Search(len(c.extents), func(i int) bool { return c.extents[i].at+c.extents[i].length > first })
	at, holes := first, false
	for ; at < end; i++ {
		if i == len(c.extents) {
			return nil, binread.Corrupt("no cluster %d", at)
		}
		e := c.extents[i]
		n := min(end, e.at+e.length) - at
		switch {
		case e.start == hole:
			holes = true
		case holes:
			return nil, binread.Corrupt("a compressed unit with a hole inside")
		default:
			was := len(raw)
			raw = raw[:was+int(n*size)]
			if err := c.f.device.fill(raw[was:], (e.start+at-e.at)*size); err != nil {
				return nil, err
			}
		}
		at += n
	}
	return c.expand(raw)
}

func (c *compressed) expand(raw []byte) ([]byte, error) {
	switch int64(len(raw)) {
	case 0:
		return make([]byte, c.unit), nil
	case c.unit:
		return raw, nil
	}
	unit := make([]byte, c.unit)
	return unit, expandLZNT1(unit, raw)
}
