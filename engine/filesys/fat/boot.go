package fat

import (
	"fmt"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	bootSize  = 512 // bytes of a boot sector that mean something, whatever the size of sectors
	entrySize = 32  // bytes of a directory entry

	maxClusters = 1<<28 - 12 // of FAT32: numbers from 2 to 0x0ffffff5

	stateDirty = 1
)

// bootSector is the BIOS parameter block of a volume, and what follows from it.
type bootSector struct {
	sectorSize        int64  // BPB_BytsPerSec
	sectorsPerCluster int64  // BPB_SecPerClus
	reserved          int64  // BPB_RsvdSecCnt, in sectors
	copies            int64  // BPB_NumFATs
	rootEntries       int64  // BPB_RootEntCnt, 0 in FAT32
	sectors           int64  // BPB_TotSec16 or BPB_TotSec32
	media             uint8  // BPB_Media
	tableSectors      int64  // BPB_FATSz16 or BPB_FATSz32
	flags             uint16 // BPB_ExtFlags of FAT32
	version           uint16 // BPB_FSVer of FAT32
	rootCluster       uint32 // BPB_RootClus of FAT32
	infoSector        uint16 // BPB_FSInfo of FAT32
	backupSector      uint16 // BPB_BkBootSec of FAT32
	state             uint8  // BS_Reserved1, where Linux keeps its dirty flag
	serial            uint32 // BS_VolID, or 0

	bits     int    // of an entry in the table: 12, 16 or 32
	clusters uint32 // that can be used
	declared uint32 // clusters that the volume has room for
}

// readBootSector reads and checks the boot sector at off, which may be a copy.
func readBootSector(d *device, off int64) (bootSector, error) {
	raw := make([]byte, bootSize)
	if err := d.fill(raw, off); err != nil {
		return bootSector{}, err
	}
	b := decodeBootSector(raw)
	if err := b.check(); err != nil {
		return bootSector{}, err
	}
	return b, b.measure()
}

func decodeBootSector(raw []byte) bootSector {
	c := binread.Little(raw)
	b := bootSector{
		sectorSize:        int64(c.At(0x0b).U16()),
		sectorsPerCluster: int64(c.U8()),
		reserved:          int64(c.U16()),
		copies:            int64(c.U8()),
		rootEntries:       int64(c.U16()),
		sectors:           int64(c.U16()),
		media:             c.U8(),
		tableSectors:      int64(c.U16()),
	}
	if b.sectors == 0 {
		b.sectors = int64(c.At(0x20).U32())
	}
	extended := 0x24
	if b.wide() {
		b.tableSectors = int64(c.At(0x24).U32())
		b.flags, b.version, b.rootCluster = c.U16(), c.U16(), c.U32()
		b.infoSector, b.backupSector = c.U16(), c.U16()
		b.bits = 32
		extended = 0x40
	}
	b.state = c.At(extended + 1).U8()
	if signature := c.U8(); signature == 0x29 || signature == 0x28 { // BS_BootSig
		b.serial = c.U32()
	}
	return b
}

// wide reports whether the layout is that of FAT32. The specification goes by the number of clusters alone; but all drivers
// take a volume without BPB_FATSz16 as FAT32, and formatters make such that are too small.
func (b *bootSector) wide() bool { return b.bits == 32 || b.tableSectors == 0 }

func (b *bootSector) check() error {
	switch n := b.sectorSize; {
	case n < 512 || n > 4096 || !powerOfTwo(n):
		return binread.Corrupt("sectors of %d bytes, want 512, 1024, 2048 or 4096", n)
	case !powerOfTwo(b.sectorsPerCluster):
		return binread.Corrupt("clusters of %d sectors, want a power of two", b.sectorsPerCluster)
	case b.reserved == 0:
		return binread.Corrupt("no reserved sectors, want at least 1")
	case b.copies == 0:
		return binread.Corrupt("no file allocation table, want at least 1")
	case b.media != 0xf0 && b.media < 0xf8:
		return binread.Corrupt("media %#x, want 0xf0 or at least 0xf8", b.media)
	case b.tableSectors == 0:
		return binread.Corrupt("a file allocation table of no sectors")
	case b.bits == 32 && b.rootEntries != 0:
		return binread.Corrupt("%d entries of a root directory beside FAT32, want 0", b.rootEntries)
	case b.bits != 32 && b.rootEntries == 0:
		return binread.Corrupt("no entries of a root directory, want at least 1")
	case b.bits == 32 && b.version != 0:
		return binread.Unsupported("FAT32 of version %d.%d, want 0.0", b.version>>8, b.version&0xff)
	case int64(b.active()) >= b.copies:
		return binread.Corrupt("file allocation table %d is active, want one of %d", b.active(), b.copies)
	case b.dataOff() >= b.size():
		return binread.Corrupt("clusters begin at %#x, want them before the end of the volume at %#x", b.dataOff(), b.size())
	}
	return nil
}

// measure works out the number of clusters, and from it the kind of FAT.
func (b *bootSector) measure() error {
	declared := (b.size() - b.dataOff()) / b.clusterSize()
	if b.bits != 32 {
		b.bits = 12
		if declared >= 4085 {
			b.bits = 16
		}
	}
	room := b.tableSectors*b.sectorSize*8/int64(b.bits) - 2
	switch {
	case declared == 0:
		return binread.Corrupt("no room for a cluster of %d bytes", b.clusterSize())
	case b.bits == 16 && declared >= 65525:
		return binread.Corrupt("%d clusters of FAT16, want less than 65525", declared)
	case declared > maxClusters:
		return binread.Corrupt("%d clusters of FAT32, want at most %d", declared, maxClusters)
	case room <= 0:
		return binread.Corrupt("a file allocation table of %d bytes, want room for a cluster", b.tableSectors*b.sectorSize)
	}
	b.declared = uint32(declared)
	b.clusters = uint32(min(declared, room))
	if b.bits == 32 && !b.valid(b.rootCluster) {
		return binread.Corrupt("the root directory begins at cluster %d, want 2 to %d", b.rootCluster, b.last())
	}
	return nil
}

func (b *bootSector) clusterSize() int64 { return b.sectorsPerCluster * b.sectorSize }
func (b *bootSector) size() int64        { return b.sectors * b.sectorSize }
func (b *bootSector) tableSize() int64   { return b.tableSectors * b.sectorSize }
func (b *bootSector) tableOff() int64    { return b.reserved * b.sectorSize }
func (b *bootSector) rootOff() int64     { return b.tableOff() + b.copies*b.tableSize() }

// dataOff is where cluster 2 is.
func (b *bootSector) dataOff() int64 {
	sectors := (b.rootEntries*entrySize + b.sectorSize - 1) / b.sectorSize
	return b.rootOff() + sectors*b.sectorSize
}

// blockSize is the size of a cluster, or less where the clusters do not lie at multiples of it.
func (b *bootSector) blockSize() int64 {
	return 1 << min(bits.TrailingZeros64(uint64(b.clusterSize())), bits.TrailingZeros64(uint64(b.dataOff())))
}

// mirrored reports whether all copies of the table are kept alike.
func (b *bootSector) mirrored() bool { return b.flags&0x80 == 0 }

// active is the number of the copy of the table that counts.
func (b *bootSector) active() int {
	if b.mirrored() {
		return 0
	}
	return int(b.flags & 0xf)
}

// last is the number of the last cluster: numbers begin at 2.
func (b *bootSector) last() uint32 { return b.clusters + 1 }

func (b *bootSector) valid(cluster uint32) bool { return cluster >= 2 && cluster <= b.last() }

// clusterOff is where a valid cluster is.
func (b *bootSector) clusterOff(cluster uint32) int64 {
	return b.dataOff() + int64(cluster-2)*b.clusterSize()
}

// healthBits are the bits of the table's entry 1 that say "unmounted" and "no errors". FAT12 has none.
func (b *bootSector) healthBits() (clean, working uint32) {
	switch b.bits {
	case 16:
		return 0x8000, 0x4000
	case 32:
		return 0x0800_0000, 0x0400_0000
	}
	return 0, 0
}

// uuid is the serial number as blkid(8) writes it.
func (b *bootSector) uuid() string {
	if b.serial == 0 {
		return ""
	}
	return fmt.Sprintf("%04X-%04X", b.serial>>16, b.serial&0xffff)
}

func powerOfTwo(n int64) bool { return n > 0 && n&(n-1) == 0 }
