package mbr

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"slices"

	diskfs "github.com/diskfs/go-diskfs/partition/mbr"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// entry is one of the four entries of a table or the two of a logical partition's.
type entry struct {
	kind   diskfs.Type
	active bool
	start  int64 // in sectors, from wherever the table counts
	count  int64 // sectors
}

// empty reports whether the entry is unused. Linux goes by the count, fdisk by the type; both must be there.
func (e entry) empty() bool { return e.kind == diskfs.Empty || e.count == 0 }

// extended reports whether the entry is a container of logical partitions.
func (e entry) extended() bool {
	return e.kind == diskfs.ExtendedCHS || e.kind == diskfs.ExtendedLBA || e.kind == diskfs.LinuxExtended
}

// decode returns the four entries of a sector.
//
// go-diskfs decodes them; it never sees more of the disk than this sector, and multiplies nothing.
func decode(sector []byte) (entries []entry, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = binread.Corrupt("table: %v", r)
		}
	}()
	t, err := diskfs.Read(memory{bytes.NewReader(sector)}, sectorSize, sectorSize)
	if err != nil {
		return nil, binread.Corrupt("table: %w", err)
	}
	for _, p := range t.Partitions {
		entries = append(entries, entry{kind: p.Type, active: p.Bootable, start: int64(p.Start), count: int64(p.Size)})
	}
	return entries, nil
}

// memory is the file that go-diskfs wants to read from.
type memory struct{ *bytes.Reader }

func (memory) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (memory) Close() error               { return nil }

// diskSignature returns the disk's identifier, or "" when it has none.
func diskSignature(b []byte) string {
	c := binread.Little(b)
	if id := c.At(440).U32(); id != 0 {
		return fmt.Sprintf("%08x", id)
	}
	return ""
}

// span is the place of a partition, for the search for overlaps.
type span struct {
	number     int
	start, end int64 // sectors; end is the first one behind it
}

// span fits e to the disk and notes its place; ok is false when nothing of it lies on the disk.
func (d *disk) span(number int, e entry) (fitted entry, ok bool) {
	switch end := d.sectors(); {
	case e.start == 0:
		d.problem(volume.Broken, "p%d starts at sector 0, on the table itself: left out", number)
		return e, false
	case e.start >= end:
		d.problem(volume.Missing, "p%d starts at sector %d, beyond the end of the disk at %d: left out", number, e.start, end)
		return e, false
	case e.count > end-e.start:
		d.problem(volume.Missing, "p%d ends at sector %d, beyond the end of the disk at %d: cut off", number, e.start+e.count, end)
		e.count = end - e.start
	}
	if !e.extended() {
		d.spans = append(d.spans, span{number, e.start, e.start + e.count})
	}
	return e, true
}

// overlaps names partitions that share sectors.
func (d *disk) overlaps() {
	slices.SortStableFunc(d.spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(d.spans); i++ {
		// the one that reaches farthest so far is the only one a later start has to be held against
		far, s := d.spans[i-1], d.spans[i]
		if s.start < far.end {
			d.problem(volume.Overlapping, "p%d overlaps p%d from sector %d on", s.number, far.number, s.start)
		}
		if s.end < far.end {
			d.spans[i] = far
		}
	}
}
