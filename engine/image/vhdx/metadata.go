package vhdx

import (
	"bytes"
	"fmt"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	metadataTableSize = 64 * kib
	maxItem           = 1 * mib
	maxDisk           = 64 << 40
	chunkSectors      = 1 << 23 // that one sector bitmap block describes

	itemParameters = "caa16737-fa36-4d43-b3b6-33f0aa44e76b"
	itemSize       = "2fa54224-cd1b-4876-b211-5dbed83bf4b8"
	itemDiskID     = "beca12ab-b2e6-4523-93ef-c309e000c746"
	itemSector     = "8141bf1d-a96f-4709-ba47-f233a8faab5f"
	itemPhysical   = "cda348c7-445d-4471-9cc9-e9885251c556"
	itemLocator    = "a8d35f2d-b30b-454d-abf7-d3d84834ab0c"
)

// metadata is what the metadata region says of the disk.
type metadata struct {
	blockSize  int64 // BlockSize, bytes
	hasParent  bool  // HasParent
	size       int64 // VirtualDiskSize, bytes
	sectorSize int64 // LogicalSectorSize, bytes
	locator    []byte
	items      []item
}

// item is an entry of the metadata table.
type item struct {
	id       string
	off, n   int64 // in the region
	user     bool
	required bool
}

// chunkRatio is how many payload blocks one sector bitmap block describes.
func (d *metadata) chunkRatio() int64 { return chunkSectors * d.sectorSize / d.blockSize }

// blocks is how many payload blocks the disk has.
func (d *metadata) blocks() int64 { return (d.size-1)/d.blockSize + 1 }

// entries is how many entries the block allocation table must have.
func (d *metadata) entries() int64 {
	blocks, ratio := d.blocks(), d.chunkRatio()
	if d.hasParent {
		return ((blocks-1)/ratio + 1) * (ratio + 1)
	}
	return blocks + (blocks-1)/ratio
}

func (m *Image) readMetadata() error {
	at := m.regions.metadata
	b, err := binread.ReadAt(m.file, at.off, metadataTableSize, metadataTableSize)
	if err == nil {
		m.meta, err = decodeMetadata(b, at.n)
	}
	if err == nil {
		err = m.readItems()
	}
	if err == nil {
		err = m.meta.validate(m.regions.bat.n)
	}
	if err != nil {
		return fmt.Errorf("metadata at %#x: %w", at.off, err)
	}
	return nil
}

// decodeMetadata decodes the table of a region of n bytes.
func decodeMetadata(b []byte, n int64) (*metadata, error) {
	if !bytes.HasPrefix(b, []byte("metadata")) {
		return nil, binread.Corrupt("want it to begin with %q", "metadata")
	}
	c := binread.Little(b)
	count := c.At(10).U16()
	if count > maxEntries {
		return nil, binread.Corrupt("%d entries, want at most %d", count, maxEntries)
	}
	c.At(32)
	d := &metadata{}
	seen := map[string]bool{}
	for range count {
		i := item{id: c.GUID().String(), off: int64(c.U32()), n: int64(c.U32())}
		flags := c.U32()
		c.Skip(4)
		i.user, i.required = flags&1 != 0, flags&4 != 0
		key := fmt.Sprintf("%t %s", i.user, i.id)
		switch {
		case i.required && (i.user || !isKnown(i.id)):
			return nil, binread.Unsupported("item %s, which must be known to read the image", i.id)
		case i.n > maxItem:
			return nil, binread.Limit("item %s of %d bytes, want at most %d", i.id, i.n, maxItem)
		case i.n > 0 && (i.off < metadataTableSize || i.off > n || i.n > n-i.off):
			return nil, binread.Corrupt("item %s of %d bytes at %#x, want it behind the table and inside of a region of %d bytes", i.id, i.n, i.off, n)
		case seen[key]:
			return nil, binread.Corrupt("item %s is there twice", i.id)
		}
		seen[key] = true
		d.items = append(d.items, i)
	}
	return d, c.Err()
}

func isKnown(id string) bool {
	switch id {
	case itemParameters, itemSize, itemDiskID, itemSector, itemPhysical, itemLocator:
		return true
	}
	return false
}

// readItems reads the items that say how to read the disk.
func (m *Image) readItems() error {
	d := m.meta
	for _, known := range []struct {
		name, id string
		n        int64
		take     func(c *binread.Cursor)
	}{
		{"file parameters", itemParameters, 8, func(c *binread.Cursor) { d.blockSize, d.hasParent = int64(c.U32()), c.U32()&2 != 0 }},
		{"virtual disk size", itemSize, 8, func(c *binread.Cursor) { d.size = int64(c.U64()) }},
		{"logical sector size", itemSector, 4, func(c *binread.Cursor) { d.sectorSize = int64(c.U32()) }},
	} {
		b, err := m.item(known.id)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", known.name, err)
		case int64(len(b)) != known.n:
			return binread.Corrupt("%s: item of %d bytes, want %d", known.name, len(b), known.n)
		}
		c := binread.Little(b)
		known.take(&c)
	}
	if !d.hasParent {
		return nil
	}
	b, err := m.item(itemLocator)
	if err != nil {
		return fmt.Errorf("parent locator: %w", err)
	}
	d.locator = b
	return nil
}

// item reads an item of the system, which must be there.
func (m *Image) item(id string) ([]byte, error) {
	for _, i := range m.meta.items {
		if i.id == id && !i.user {
			return binread.ReadAt(m.file, m.regions.metadata.off+i.off, i.n, maxItem)
		}
	}
	return nil, binread.Corrupt("no item %s", id)
}

// validate wants a block allocation table of batSize bytes that finds all of the disk's bytes.
func (d *metadata) validate(batSize int64) error {
	switch {
	case d.blockSize < mib || d.blockSize > 256*mib || bits.OnesCount64(uint64(d.blockSize)) != 1:
		return binread.Corrupt("block size %d, want a power of two from 1 MiB to 256 MiB", d.blockSize)
	case d.sectorSize != 512 && d.sectorSize != 4096:
		return binread.Corrupt("logical sectors of %d bytes, want 512 or 4096", d.sectorSize)
	case d.size <= 0 || d.size > maxDisk || d.size%d.sectorSize != 0:
		return binread.Corrupt("disk of %#x bytes, want a multiple of %d, at most 64 TiB", uint64(d.size), d.sectorSize)
	case d.entries() > batSize/8:
		return binread.Corrupt("block allocation table of %d bytes, want %d entries for a disk of %d bytes in blocks of %d", batSize, d.entries(), d.size, d.blockSize)
	}
	return nil
}
