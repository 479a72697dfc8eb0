package xfs

import (
	"fmt"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	logSector    = 512
	recordMagic  = 0xfeedbabe
	recordHeader = 512 // bytes, for each 32 KiB of a record
	cycleSpace   = 32 << 10
	maxRecord    = 256 << 10
	unmountFlag  = 0x20

	// maxSearch is how far in front of the end of the log the header of its last record can be.
	maxSearch = (maxRecord + maxRecord/cycleSpace*recordHeader) / logSector
)

// logReader looks for the end of the log. It is a ring; each sector begins with the number of the turn that wrote it, the cycle.
type logReader struct {
	fs    *FS
	off   int64
	count int // sectors
}

// logClean reports whether everything in the log was written back: its last record says that the file system was unmounted.
func (f *FS) logClean() (bool, error) {
	s := f.super
	if s.logStart == 0 {
		return false, binread.Unsupported("it is on another device")
	}
	l := logReader{fs: f, off: s.offset(s.logStart), count: int(int64(s.logBlocks) << s.blockLog / logSector)}
	if l.count < 2 {
		return false, binread.Corrupt("%d sectors, want more", l.count)
	}
	head, err := l.head()
	if err != nil {
		return false, err
	}
	if head == 0 {
		return true, nil // nothing was ever written
	}
	return l.unmounted(head)
}

// sector returns a sector of the log.
func (l *logReader) sector(n int) ([]byte, error) {
	b := make([]byte, logSector)
	if err := l.fs.device.fill(b, l.off+int64(n)*logSector); err != nil {
		return nil, fmt.Errorf("sector %d: %w", n, err)
	}
	return b, nil
}

// cycle returns the number of the turn that wrote a sector. The header of a record keeps it behind its magic.
func (l *logReader) cycle(n int) (uint32, error) {
	b, err := l.sector(n)
	if err != nil {
		return 0, err
	}
	c := binread.Big(b)
	if v := c.U32(); v != recordMagic {
		return v, c.Err()
	}
	return c.U32(), c.Err()
}

// head returns the sector behind the last one written, from 1 to their count; 0 where nothing was written.
func (l *logReader) head() (int, error) {
	first, err := l.cycle(0)
	if err != nil || first == 0 {
		return 0, err
	}
	last, err := l.cycle(l.count - 1)
	if err != nil || last == first {
		return l.count, err
	}
	if last != 0 && last+1 != first {
		return 0, binread.Corrupt("it begins with turn %d and ends with turn %d", first, last)
	}
	var bad error
	n := sort.Search(l.count, func(i int) bool {
		v, err := l.cycle(i)
		if err != nil {
			bad = err
		}
		return v != first
	})
	return n, bad
}

// unmounted reports whether the last record in front of the head is the one of an unmount, and nothing is behind it.
func (l *logReader) unmounted(head int) (bool, error) {
	for n := head - 1; n >= max(0, head-maxSearch); n-- {
		b, err := l.sector(n)
		if err != nil {
			return false, err
		}
		c := binread.Big(b)
		if c.U32() != recordMagic {
			continue
		}
		version, length, operations := c.At(8).U32(), c.U32(), c.At(40).U32()
		size := c.At(320).U32()
		headers := 1
		if version&2 != 0 && size > cycleSpace && size <= maxRecord {
			headers = int((size + cycleSpace - 1) / cycleSpace)
		}
		if operations != 1 || length > maxRecord || n+headers+int((length+logSector-1)/logSector) != head {
			return false, nil
		}
		operation, err := l.sector(n + headers)
		if err != nil {
			return false, err
		}
		return operation[9]&unmountFlag != 0, nil
	}
	return false, nil
}
