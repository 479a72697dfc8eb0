package xfs

import (
	"fmt"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	logSector    = 512
	logDelta     = 1 << 10 // sectors that are searched at once
	recordsAhead = 8       // that are written at the same time, in any order: XLOG_MAX_ICLOGS
	maxRecord    = 256 << 10

	// maxSearch is how far in front of the end of the log the header of its last record can be.
	maxSearch = (maxRecord + maxRecord/cycleSpace*logSector) / logSector
	// maxAhead is how far in front of its end the log may have holes.
	maxAhead = recordsAhead * maxRecord / logSector
)

// log is a ring of sectors. Each begins with the number of the turn that wrote it, the cycle.
type log struct {
	fs    *FS
	off   int64
	count int // sectors
	first uint32
	last  uint32 // cycles of the first sector and of the last

	head  int    // sector behind the last one written
	tail  int    // sector of the oldest record that was not written back
	cycle uint32 // of the tail
	clean bool   // nothing is to be replayed
	torn  int    // records at the end that do not count
}

// openLog finds the ends of the log.
func (f *FS) openLog() (*log, error) {
	s := f.super
	if s.logStart == 0 {
		return nil, binread.Unsupported("it is on another device")
	}
	l := &log{fs: f, off: s.offset(s.logStart), count: int(int64(s.logBlocks) << s.blockLog / logSector)}
	if l.count < 2 {
		return nil, binread.Corrupt("%d sectors, want more", l.count)
	}
	if err := l.findHead(); err != nil {
		return nil, err
	}
	if l.head == 0 && l.first == 0 {
		l.clean = true // nothing was ever written
		return l, nil
	}
	return l, l.findTail()
}

// read returns some sectors of the ring.
func (l *log) read(at, count int) ([]byte, error) {
	if at < 0 || at >= l.count || count > l.count {
		return nil, binread.Corrupt("%d sectors at sector %d of %d", count, at, l.count)
	}
	b := make([]byte, count*logSector)
	ahead := min(count, l.count-at) * logSector
	if err := l.fs.device.fill(b[:ahead], l.off+int64(at)*logSector); err != nil {
		return nil, fmt.Errorf("sector %d: %w", at, err)
	}
	if err := l.fs.device.fill(b[ahead:], l.off); err != nil {
		return nil, fmt.Errorf("sector 0: %w", err)
	}
	return b, nil
}

// cycleOf returns the number of the turn that wrote a sector. The header of a record keeps it behind its magic.
func cycleOf(sector []byte) uint32 {
	c := binread.Big(sector)
	if v := c.U32(); v != recordMagic {
		return v
	}
	return c.U32()
}

func (l *log) cycleAt(n int) (uint32, error) {
	b, err := l.read(n, 1)
	if err != nil {
		return 0, err
	}
	return cycleOf(b), nil
}

// findHead finds the sector behind the last one written, as xlog_find_head does: the first that an earlier turn wrote.
func (l *log) findHead() (err error) {
	if l.first, err = l.cycleAt(0); err != nil || l.first == 0 {
		return err
	}
	if l.last, err = l.cycleAt(l.count - 1); err != nil {
		return err
	}
	l.head = l.count
	if l.last != l.first {
		if l.last != 0 && l.last != before(l.first) {
			return binread.Corrupt("it begins with turn %d and ends with turn %d", l.first, l.last)
		}
		var bad error
		l.head = sort.Search(l.count, func(i int) bool {
			v, err := l.cycleAt(i)
			switch {
			case err != nil:
				bad = err
			case v != l.first && v != l.last:
				bad = binread.Corrupt("sector %d is of turn %d, want %d or %d", i, v, l.first, l.last)
			}
			return v != l.first
		})
		if bad != nil {
			return bad
		}
	}
	return l.findHole()
}

// before is the turn in front of one. No turn has the number that marks headers.
func before(cycle uint32) uint32 {
	if cycle-1 == recordMagic {
		return cycle - 2
	}
	return cycle - 1
}

// findHole moves the head to the first sector in front of it that was not written: records are written at the same time, and a later one
// may have been finished before an earlier one.
func (l *log) findHole() error {
	old := before(l.first) // what a hole of the current turn holds
	if l.last == 0 {
		old = 0
	}
	for at := max(0, l.head-maxAhead); at < l.head; at += logDelta {
		b, err := l.read(at, min(logDelta, l.head-at))
		if err != nil {
			return err
		}
		for i := range len(b) / logSector {
			if cycleOf(b[i*logSector:]) == old {
				l.head = at + i
				return nil
			}
		}
	}
	return l.findHoleBehind()
}

// findHoleBehind looks at the end of the ring, which the turn before wrote, where the head is near the beginning.
func (l *log) findHoleBehind() error {
	rest := min(maxAhead-l.head, l.count-l.head)
	if rest <= 0 || l.last == 0 || l.last == l.first {
		return nil
	}
	old := before(l.last)
	b, err := l.read(l.count-rest, rest)
	if err != nil {
		return err
	}
	for i := range rest {
		if v := cycleOf(b[i*logSector:]); v == old {
			l.head = l.count - rest + i
			l.first = l.last
			return nil
		}
	}
	return nil
}

// wrapped reports whether the end of the ring holds records.
func (l *log) wrapped() bool { return l.last != 0 && l.last != l.first }

// sectorsTo is how many sectors there are from one to another.
func (l *log) sectorsTo(from, to int) int {
	if n := to - from; n >= 0 {
		return n
	}
	return to - from + l.count
}

// findTail reads the last record, which says where the oldest is that was not written back. Of those that may have been torn, only what
// stands in front of the first with a wrong checksum counts.
func (l *log) findTail() error {
	last, err := l.recordBefore(l.head)
	if err != nil {
		return err
	}
	if (last.at+last.sectors())%l.count != l.head%l.count {
		l.head = last.at // it was not written to its end
		if last, err = l.recordBefore(l.head); err != nil {
			return err
		}
	}
	if l.clean, err = l.unmounted(&last); l.clean || err != nil {
		return err
	}
	if torn := l.findTorn(last); torn >= 0 {
		l.head = torn
		if last, err = l.recordBefore(l.head); err != nil {
			return err
		}
		if l.clean, err = l.unmounted(&last); l.clean || err != nil {
			return err
		}
	}
	l.cycle, l.tail = uint32(last.tail>>32), int(uint32(last.tail))
	if l.tail < 0 || l.tail >= l.count {
		return binread.Corrupt("its oldest record is at sector %d, want less than %d", l.tail, l.count)
	}
	return nil
}

// recordBefore finds the record whose header is the last in front of a sector.
func (l *log) recordBefore(end int) (record, error) {
	reach := min(maxSearch, end)
	if l.wrapped() {
		reach = min(maxSearch, l.count-1)
	}
	start := (end - reach + l.count) % l.count
	b, err := l.read(start, reach)
	if err != nil {
		return record{}, err
	}
	for i := reach - 1; i >= 0; i-- {
		c := binread.Big(b[i*logSector:])
		if c.U32() == recordMagic {
			return l.record((start + i) % l.count)
		}
	}
	return record{}, binread.Corrupt("no record in front of sector %d", end)
}

// findTorn returns the sector of the oldest record with a wrong checksum, among those that may have been in writing when everything ended;
// -1 where all are right. It is as a mount would have it: neither that record nor what is behind it counts.
func (l *log) findTorn(last record) int {
	bad := -1
	for i := range recordsAhead {
		if _, err := l.payload(&last); err != nil {
			bad, l.torn = last.at, i+1
		}
		if last.at == int(uint32(last.tail)) {
			break
		}
		earlier, err := l.recordBefore(last.at)
		if err != nil || (earlier.at+earlier.sectors())%l.count != last.at {
			break
		}
		last = earlier
	}
	return bad
}

// unmounted reports whether a record is the one of an unmount.
func (l *log) unmounted(r *record) (bool, error) {
	if r.operations != 1 {
		return false, nil
	}
	b, err := l.read((r.at+r.headers)%l.count, 1)
	return err == nil && b[9]&operationUnmount != 0, err
}
