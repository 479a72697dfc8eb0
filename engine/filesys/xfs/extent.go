package xfs

import (
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	recordSize = 16

	maxLogical = 1 << 54 // what a record can name
	farAway    = 1 << 62 // blocks: nothing more is mapped
)

// run is a piece of a fork: count blocks from some logical block on, at a block of the file system. A hole is nowhere.
type run struct {
	start, count uint64
	hole         bool // or unwritten: it reads as zeros
}

// extent is a decoded record of a map.
type extent struct {
	logical   uint64
	count     uint64 // in blocks
	start     uint64
	unwritten bool
}

func (e *extent) end() uint64 { return e.logical + e.count }

// decodeExtents decodes records. They are behind first, before end and behind each other.
func (s *superblock) decodeExtents(b []byte, first, end uint64) ([]extent, error) {
	list := make([]extent, 0, len(b)/recordSize)
	next := first
	for c := binread.Big(b); c.Len() >= recordSize; {
		high, low := c.U64(), c.U64()
		e := extent{
			logical: high << 1 >> 10, start: high&0x1ff<<43 | low>>21, count: low & (1<<21 - 1), unwritten: high>>63 != 0,
		}
		switch {
		case e.count == 0 || e.logical < next || e.end() > end:
			return nil, binread.Corrupt("extent of logical block %d, %d blocks, want it from %d to %d", e.logical, e.count, next, end)
		case e.start == 0 || !s.hasBlocks(e.start, e.count):
			return nil, binread.Corrupt("extent at block %#x, %d blocks, want it inside of a group", e.start, e.count)
		}
		next = e.end()
		list = append(list, e)
	}
	return list, nil
}

// leaf is a piece of a map and the logical blocks it answers for.
type leaf struct {
	first, end uint64
	extents    []extent
}

func (l *leaf) find(logical uint64) run {
	i := sort.Search(len(l.extents), func(i int) bool { return l.extents[i].end() > logical })
	if i == len(l.extents) {
		return run{count: l.end - logical, hole: true}
	}
	e := &l.extents[i]
	if logical < e.logical {
		return run{count: e.logical - logical, hole: true}
	}
	within := logical - e.logical
	return run{start: e.start + within, count: e.count - within, hole: e.unwritten}
}
