package vhdx

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// state is that of a block, in an entry of the block allocation table.
type state uint8

const (
	notPresent       state = 0 // the parent's, where there is one
	undefined        state = 1
	zeroed           state = 2
	unmapped         state = 3
	fullyPresent     state = 6
	partiallyPresent state = 7 // some sectors of it: the sector bitmap says which
)

// bitmapPresent is the state of a sector bitmap block that is there.
const bitmapPresent = fullyPresent

const bitmapSize = 1 * mib // of a sector bitmap block

// entry is one of the block allocation table.
type entry struct {
	at       int64 // where it lies in the file
	state    state
	host     int64 // FileOffsetMB, in bytes
	reserved bool  // bits are set that must not be
}

// entry returns entry number i of the block allocation table.
func (m *Image) entry(i int64) (entry, error) {
	at := m.regions.bat.off + 8*i
	b, err := m.tables.From(at)
	c := binread.Little(b)
	v := c.U64()
	if err == nil {
		err = c.Err()
	}
	if err != nil {
		return entry{}, fmt.Errorf("entry of the block allocation table at %#x: %w", at, err)
	}
	return entry{at, state(v & 7), int64(v &^ (mib - 1)), v&(mib-1)&^7 != 0}, nil
}

// payload returns the entry of a payload block, between whose entries lie those of the sector bitmaps.
func (m *Image) payload(block int64) (entry, error) {
	return m.entry(block + block/m.meta.chunkRatio())
}

// bitmap returns the entry of the sector bitmap block of a chunk, which stands behind those of its payload blocks.
func (m *Image) bitmap(chunk int64) (entry, error) {
	return m.entry((chunk+1)*m.meta.chunkRatio() + chunk)
}

// inside wants an entry to be of a place behind the header section and in the file.
func (m *Image) inside(e entry) error {
	if e.host < sectionSize || e.host >= m.file.size {
		return binread.Corrupt("entry of the block allocation table at %#x: block at %#x, want it behind the first MiB and inside of a file of %d bytes", e.at, e.host, m.file.size)
	}
	return nil
}

func (m *Image) find(off, n int64) (image.Run, error) {
	in := off % m.meta.blockSize
	r := image.Run{Place: image.Zeros, Len: min(n, m.meta.blockSize-in)}
	e, err := m.payload(off / m.meta.blockSize)
	if err != nil {
		return r, err
	}
	switch e.state {
	case notPresent:
		r.Place = image.Below
		return r, nil
	case undefined, zeroed, unmapped:
		return r, nil
	case fullyPresent:
	case partiallyPresent:
		set, k, err := m.present(e, off, r.Len)
		if r.Len = k; err != nil {
			return r, err
		}
		if !set {
			r.Place = image.Below
			return r, nil
		}
	default:
		return r, binread.Corrupt("entry of the block allocation table at %#x: state %d", e.at, e.state)
	}
	r.Place, r.Host = image.Stored, e.host+in
	return r, m.inside(e)
}

// present returns whether the sector bitmap has the sector at off in this file, and how many of the n bytes from there on, at least
// one, are like it.
func (m *Image) present(e entry, off, n int64) (set bool, k int64, err error) {
	if !m.meta.hasParent {
		return false, n, binread.Corrupt("entry of the block allocation table at %#x: a block is partially present, and there is no parent", e.at)
	}
	sector := off / m.meta.sectorSize
	bitmap, err := m.bitmap(sector / chunkSectors)
	if err == nil && bitmap.state != bitmapPresent {
		err = binread.Corrupt("entry of the block allocation table at %#x: a block is partially present, and its sector bitmap has state %d", e.at, bitmap.state)
	}
	if err == nil {
		err = m.inside(bitmap)
	}
	if err != nil {
		return false, n, err
	}
	bit := sector % chunkSectors
	b, err := m.tables.From(bitmap.host + bit/8)
	if err != nil {
		return false, n, fmt.Errorf("sector bitmap at %#x: %w", bitmap.host, err)
	}
	last := (off + n - 1) / m.meta.sectorSize
	set, sectors := binread.LowFirst.Run(b, int(bit%8), int(min(last-sector+1, int64(len(b))*8-bit%8)))
	return set, min(n, int64(sectors)*m.meta.sectorSize-off%m.meta.sectorSize), nil
}
