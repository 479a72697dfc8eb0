package squashfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	idSize       = 4  // bytes of an entry
	fragmentSize = 16 // bytes of an entry
	xattrIDSize  = 16 // bytes of an entry
	placeSize    = 8  // bytes of the place of a block of metadata
	xattrHeader  = 16 // bytes, in front of the places
)

// table is a table of entries of one size in blocks of metadata, behind which the places of the blocks are listed.
type table struct {
	places int64 // bytes: where the list is
	count  uint32
	entry  int64 // bytes
}

// entryOf reads an entry of a table.
func (f *FS) entryOf(t table, i uint32) (binread.Cursor, error) {
	if i >= t.count {
		return binread.Cursor{}, binread.Corrupt("number %d of a table with %d entries", i, t.count)
	}
	off := int64(i) * t.entry
	b := make([]byte, placeSize)
	if err := f.fill(b, t.places+off/metadataSize*placeSize); err != nil {
		return binread.Cursor{}, err
	}
	c := binread.Little(b)
	s, err := f.newStream(0, t.places, c.U64(), int(off%metadataSize))
	if err != nil {
		return binread.Cursor{}, err
	}
	return s.cursor(int(t.entry))
}

// readTables reads the table of owners, and where the others are.
func (f *FS) readTables() error {
	s := &f.super
	owners := table{places: int64(s.idTable), count: uint32(s.ids), entry: idSize}
	f.owners = make([]uint32, owners.count)
	for i := range f.owners {
		c, err := f.entryOf(owners, uint32(i))
		if err != nil {
			return fmt.Errorf("table of owners: %w", err)
		}
		f.owners[i] = c.U32()
	}
	if s.fragments > 0 {
		f.fragments = table{places: int64(s.fragmentTable), count: s.fragments, entry: fragmentSize}
	}
	if s.xattrTable == none {
		return nil
	}
	return f.readXattrTable()
}

// readXattrTable reads where the attributes and the table of them are. Without that, whatever has some gives an error.
func (f *FS) readXattrTable() error {
	b := make([]byte, xattrHeader)
	at := int64(f.super.xattrTable)
	if err := f.fill(b, at); err != nil {
		return fmt.Errorf("table of extended attributes: %w", err)
	}
	c := binread.Little(b)
	start := c.U64()
	f.xattrs = table{places: at + xattrHeader, count: c.U32(), entry: xattrIDSize}
	if start < superSize || start > uint64(at) {
		return fmt.Errorf("table of extended attributes: %w", binread.Corrupt("attributes at %#x, want them before %#x", start, at))
	}
	f.xattrData = int64(start)
	return nil
}

func (f *FS) owner(i uint16) (uint32, error) {
	if int(i) >= len(f.owners) {
		return 0, binread.Corrupt("owner %d of a table with %d entries", i, len(f.owners))
	}
	return f.owners[i], nil
}
