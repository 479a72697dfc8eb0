package ntfs

import (
	"fmt"
	"io"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxUnit   = 1 << 20 // bytes; Windows has 64 KiB
	unitsKept = 4
)

// compressed is a stream whose clusters are compressed unit by unit. A unit with all its clusters is stored as it is, one without any is
// zeros, and one in between is compressed.
type compressed struct {
	f       *FS
	s       *stream
	extents []extent
	unit    int64 // bytes
	cache   *binread.Cache
}

func (f *FS) openCompressed(s *stream) (*compressed, error) {
	if s.unit == 0 || s.unit > 16 || f.boot.clusterSize<<s.unit > maxUnit {
		return nil, binread.Limit("compressed by 2^%d clusters of %d bytes, want at most %d bytes", s.unit, f.boot.clusterSize, maxUnit)
	}
	list, err := f.extents(s)
	if err != nil {
		return nil, err
	}
	return &compressed{f, s, list, f.boot.clusterSize << s.unit, binread.NewCache(unitsKept)}, nil
}

// Size is the length of the content in bytes.
func (c *compressed) Size() int64 { return c.s.size }

// ReadAt reads the content.
func (c *compressed) ReadAt(p []byte, off int64) (done int, err error) {
	if off < 0 {
		return 0, binread.Corrupt("offset %d, want not negative", off)
	}
	for done < len(p) {
		at := off + int64(done)
		if at >= c.s.size {
			return done, io.EOF
		}
		b := p[done:]
		b = b[:min(int64(len(b)), c.s.size-at)]
		if at >= c.s.valid {
			clear(b)
			done += len(b)
			continue
		}
		unit, err := c.readUnit(at / c.unit)
		if err != nil {
			return done, fmt.Errorf("ntfs: node %d: content at %d: %w", c.s.number, at, err)
		}
		b = b[:min(int64(len(b)), c.s.valid-at)]
		done += copy(b, unit[at%c.unit:])
	}
	return done, nil
}

// readUnit returns a unit, whole.
func (c *compressed) readUnit(number int64) ([]byte, error) {
	if b := c.cache.Get(uint64(number)); b != nil {
		return b, nil
	}
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
	unit, err := c.expand(raw)
	if err != nil {
		return nil, err
	}
	c.cache.Put(uint64(number), unit)
	return unit, nil
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
