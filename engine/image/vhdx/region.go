package vhdx

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	regions1At  = 192 * kib
	regions2At  = 256 * kib
	regionsSize = 64 * kib
	maxEntries  = 2047 // of a region table, and of a metadata table

	batRegion      = "2dc27766-f623-4200-9d64-115e9bfd4a08"
	metadataRegion = "8b7ca206-4790-4b9a-b8fe-575f050f886e"
)

// region is a stretch of the file.
type region struct {
	id       string
	off, n   int64
	required bool
}

// regions are those of the region table that is used.
type regions struct {
	all           []region
	bat, metadata region
}

// readRegions reads the first of the two region tables that is whole.
func (m *Image) readRegions() error {
	var first []byte
	var errs []error
	for _, off := range []int64{regions1At, regions2At} {
		b, err := m.file.readSealed("region table", "regi", off, regionsSize)
		switch {
		case err != nil && !isDamage(err):
			return err
		case err != nil:
			errs = append(errs, err)
		case first == nil:
			first = b
		case !bytes.Equal(first, b):
			m.problem("the two region tables differ: the first is used")
		}
	}
	if first == nil {
		return fmt.Errorf("no region table: %w", errors.Join(errs...))
	}
	for _, err := range errs {
		m.problem("%v: the other one is used", err)
	}
	all, err := decodeRegions(first)
	if err == nil {
		m.regions, err = selectRegions(all, m.file.size)
	}
	if err != nil {
		return fmt.Errorf("region table: %w", err)
	}
	return nil
}

func decodeRegions(b []byte) ([]region, error) {
	c := binread.Little(b)
	count := c.At(8).U32()
	if count > maxEntries {
		return nil, binread.Corrupt("%d entries, want at most %d", count, maxEntries)
	}
	c.Skip(4)
	all := make([]region, 0, count)
	for range count {
		r := region{id: c.GUID().String(), off: int64(c.U64()), n: int64(c.U32())}
		r.required = c.U32()&1 != 0
		all = append(all, r)
	}
	return all, c.Err()
}

// selectRegions wants the regions that are known, once each and inside of the file of that size, and none that must be known and is not.
func selectRegions(all []region, size int64) (*regions, error) {
	rs := &regions{all: all}
	for _, r := range all {
		var known *region
		switch r.id {
		case batRegion:
			known = &rs.bat
		case metadataRegion:
			known = &rs.metadata
		}
		switch {
		case known == nil && r.required:
			return nil, binread.Unsupported("region %s, which must be known to read the image", r.id)
		case known == nil:
			continue
		case known.n > 0:
			return nil, binread.Corrupt("region %s is there twice", r.id)
		case r.off < sectionSize || r.off%mib != 0 || r.n < mib || r.n%mib != 0 || r.off > size || r.n > size-r.off:
			return nil, binread.Corrupt("region %s of %#x bytes at %#x, want multiples of 1 MiB, behind the first and inside of a file of %d bytes", r.id, r.n, r.off, size)
		}
		*known = r
	}
	a, b := rs.bat, rs.metadata
	switch {
	case a.n == 0 || b.n == 0:
		return nil, binread.Corrupt("%d regions, want the block allocation table and the metadata among them", len(all))
	case a.off < b.off+b.n && b.off < a.off+a.n:
		return nil, binread.Corrupt("block allocation table at %#x and metadata at %#x lie over one another", a.off, b.off)
	}
	return rs, nil
}
