package exfat

import (
	"bytes"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	signature     = "EXFAT   "
	regionSectors = 12 // of a boot region; the last holds the checksum of the others

	minSectorShift  = 9
	maxSectorShift  = 12
	maxClusterShift = 25 // of the sizes of a sector and of a cluster in sectors together: 32 MiB
	maxClusters     = 0xffff_fff5

	flagSecond = 1 << 0 // the second table and bitmap are the active ones
	flagDirty  = 1 << 1
	flagFailed = 1 << 2
)

// bootSector is the main boot sector (3.1).
type bootSector struct {
	sectors      uint64 // VolumeLength
	tableStart   uint32 // FatOffset, in sectors
	tableSectors uint32 // FatLength
	heapStart    uint32 // ClusterHeapOffset, in sectors
	clusters     uint32 // ClusterCount
	root         uint32 // FirstClusterOfRootDirectory
	serial       uint32 // VolumeSerialNumber
	revision     uint16 // FileSystemRevision
	flags        uint16 // VolumeFlags
	sectorShift  uint8  // BytesPerSectorShift
	clusterShift uint8  // SectorsPerClusterShift
	tables       uint8  // NumberOfFats
}

// probe knows a boot sector by its name; where the first sector is empty, its copy.
func probe(r io.ReaderAt, size int64) (bool, error) {
	if ok, err := binread.Magic(3, signature)(r, size); ok || err != nil {
		return ok, err
	}
	if size < 1<<minSectorShift {
		return false, nil
	}
	first, err := binread.ReadAt(r, 0, 1<<minSectorShift, 1<<minSectorShift)
	if err != nil || len(bytes.TrimLeft(first, "\x00")) > 0 {
		return false, err
	}
	_, found, err := findCopy(r, size)
	return found, err
}

// findCopy looks for the copy of the boot sector of a volume whose own is damaged.
func findCopy(r io.ReaderAt, size int64) (off int64, found bool, err error) {
	for shift := minSectorShift; shift <= maxSectorShift; shift++ {
		off := int64(regionSectors) << shift
		if ok, err := binread.Magic(off+3, signature)(r, size); err != nil {
			return 0, false, err
		} else if !ok {
			continue
		}
		b, err := readBootSector(r, off)
		if err == nil && int(b.sectorShift) == shift {
			return off, true, nil
		}
	}
	return 0, false, nil
}

// findBootSector reads the boot sector, or its copy where that is whole and it is not.
func (f *FS) findBootSector() error {
	b, err := readBootSector(f.r, 0)
	if err == nil {
		f.boot = b
		if second, err := readBootSector(f.r, regionSectors<<b.sectorShift); err != nil {
			f.problem(false, "copy of the boot region: %v", err)
		} else if second.layout() != b.layout() {
			f.problem(true, "the copy of the boot sector says something else")
		}
		return nil
	}
	off, found, copyErr := findCopy(f.r, f.size)
	switch {
	case copyErr != nil:
		return copyErr
	case found:
		f.boot, err = readBootSector(f.r, off)
		f.problem(true, "the boot region is damaged; the copy at %#x is used", off)
		return err
	case b.sectors == 0:
		return fmt.Errorf("boot region: %w", err)
	}
	f.boot = b
	f.problem(true, "boot region: %v, and there is no copy that is whole", err)
	return nil
}

// layout is what the boot sector and its copy must agree on.
func (b bootSector) layout() bootSector {
	b.flags = 0 // changes in the first alone
	return b
}

// readBootSector reads and checks a boot region. A region whose checksum alone is wrong comes with the error.
func readBootSector(r io.ReaderAt, off int64) (bootSector, error) {
	raw, err := binread.ReadAt(r, off, 1<<minSectorShift, 1<<minSectorShift)
	if err != nil {
		return bootSector{}, err
	}
	b := decodeBootSector(raw)
	if err := b.check(raw); err != nil {
		return bootSector{}, err
	}
	n := int64(regionSectors) << b.sectorShift
	region, err := binread.ReadAt(r, off, n, regionSectors<<maxSectorShift)
	if err != nil {
		return b, err
	}
	return b, checkRegion(region, n/regionSectors)
}

func decodeBootSector(raw []byte) bootSector {
	c := binread.Little(raw)
	return bootSector{
		sectors:      c.At(0x48).U64(),
		tableStart:   c.U32(),
		tableSectors: c.U32(),
		heapStart:    c.U32(),
		clusters:     c.U32(),
		root:         c.U32(),
		serial:       c.U32(),
		revision:     c.U16(),
		flags:        c.U16(),
		sectorShift:  c.U8(),
		clusterShift: c.U8(),
		tables:       c.U8(),
	}
}

func (b *bootSector) check(raw []byte) error {
	switch {
	case string(raw[3:11]) != signature || raw[510] != 0x55 || raw[511] != 0xaa:
		return binread.Corrupt("no boot sector")
	case b.revision>>8 != 1:
		return binread.Unsupported("revision %d.%02d, want 1", b.revision>>8, b.revision&0xff)
	case b.sectorShift < minSectorShift || b.sectorShift > maxSectorShift:
		return binread.Corrupt("sectors of 2^%d bytes, want 2^%d to 2^%d", b.sectorShift, minSectorShift, maxSectorShift)
	case b.clusterShift > maxClusterShift-b.sectorShift:
		return binread.Corrupt("clusters of 2^%d sectors of 2^%d bytes, want at most 2^%d bytes", b.clusterShift, b.sectorShift, maxClusterShift)
	case b.sectors == 0 || b.sectors > 1<<(62-b.sectorShift):
		return binread.Corrupt("%d sectors", b.sectors)
	case b.tables != 1 && b.tables != 2:
		return binread.Corrupt("%d tables, want 1 or 2", b.tables)
	case b.active() >= b.tables:
		return binread.Corrupt("the second table is active, and there is one")
	case b.clusters == 0 || b.clusters > maxClusters:
		return binread.Corrupt("%d clusters, want 1 to %d", b.clusters, uint32(maxClusters))
	case b.tableStart < 2*regionSectors:
		return binread.Corrupt("the table begins at sector %d, want it behind the boot regions", b.tableStart)
	case uint64(b.tableSectors)<<b.sectorShift < 4*(uint64(b.clusters)+2):
		return binread.Corrupt("a table of %d sectors for %d clusters", b.tableSectors, b.clusters)
	case uint64(b.tableStart)+uint64(b.tableSectors)*uint64(b.tables) > uint64(b.heapStart):
		return binread.Corrupt("the tables end behind sector %d, where the clusters begin", b.heapStart)
	case uint64(b.heapStart) > b.sectors || uint64(b.clusters)<<b.clusterShift > b.sectors-uint64(b.heapStart):
		return binread.Corrupt("%d clusters from sector %d on, want them before sector %d", b.clusters, b.heapStart, b.sectors)
	case !b.valid(b.root):
		return binread.Corrupt("the root directory begins at cluster %d, want 2 to %d", b.root, b.last())
	}
	return nil
}

// checkRegion verifies the checksum of a boot region, which fills its last sector (3.4).
func checkRegion(region []byte, sectorSize int64) error {
	body := region[:sectorSize*(regionSectors-1)]
	sum := uint32(0)
	for i, v := range body {
		if i != 0x6a && i != 0x6b && i != 0x70 { // VolumeFlags and PercentInUse
			sum = sum<<31 | sum>>1
			sum += uint32(v)
		}
	}
	c := binread.Little(region[len(body):])
	for c.Len() > 0 {
		if stored := c.U32(); stored != sum {
			return binread.Checksum("its checksum is %#08x, want %#08x", stored, sum)
		}
	}
	return nil
}

func (b *bootSector) active() uint8      { return uint8(b.flags & flagSecond) }
func (b *bootSector) size() int64        { return int64(b.sectors << b.sectorShift) }
func (b *bootSector) clusterSize() int64 { return 1 << (b.sectorShift + b.clusterShift) }

// last is the number of the last cluster: numbers begin at 2.
func (b *bootSector) last() uint32 { return b.clusters + 1 }

func (b *bootSector) valid(cluster uint32) bool { return cluster >= 2 && cluster <= b.last() }

// tableOff is where the active table is.
func (b *bootSector) tableOff() int64 {
	return (int64(b.tableStart) + int64(b.active())*int64(b.tableSectors)) << b.sectorShift
}

func (b *bootSector) heapOff() int64 { return int64(b.heapStart) << b.sectorShift }

// clusterOff is where a valid cluster is.
func (b *bootSector) clusterOff(cluster uint32) int64 {
	return b.heapOff() + int64(cluster-2)*b.clusterSize()
}
