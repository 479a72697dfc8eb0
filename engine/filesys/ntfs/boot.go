package ntfs

import (
	"bytes"
	"io"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	bootSize = 512
	oemName  = "NTFS    "

	maxSectorSize  = 4 << 10
	maxClusterSize = 2 << 20
	maxRecordSize  = 64 << 10
)

// bootSector is where everything begins.
type bootSector struct {
	clusterSize int64 // bytes
	clusters    int64
	recordSize  int64 // bytes of a record of $MFT
	mft, mirror int64 // clusters
	serial      uint64
	sectors     int64 // of sectorSize bytes; one more has the copy of the boot sector
	sectorSize  int64
	at          int64 // where it was read: 0, or where its copy is
}

func (b *bootSector) size() int64 { return b.clusters * b.clusterSize }

// copyOff is where the copy of the boot sector is.
func (b *bootSector) copyOff() int64 { return b.sectors * b.sectorSize }

// probe knows a boot sector by its name; where the first sector is empty, its copy.
func probe(r io.ReaderAt, size int64) (bool, error) {
	if ok, err := binread.Magic(3, oemName)(r, size); ok || err != nil || size < 2*bootSize {
		return ok, err
	}
	first, err := binread.ReadAt(r, 0, bootSize, bootSize)
	if err != nil || len(bytes.TrimLeft(first, "\x00")) > 0 {
		return false, err
	}
	_, found := findCopy(newDevice(r, size))
	return found, nil
}

// findCopy looks for a copy of the boot sector in the last sector.
func findCopy(d *device) (bootSector, bool) {
	last := d.size / fixupStride * fixupStride
	for size := int64(fixupStride); size <= maxSectorSize; size *= 2 {
		b, err := readBootSector(d, last-size)
		if err == nil && b.sectorSize == size && b.copyOff() == last-size {
			return b, true
		}
	}
	return bootSector{}, false
}

// findBootSector reads the boot sector, or the copy behind the last sector of the file system where that is whole and it is not.
func (f *FS) findBootSector() error {
	var err error
	if f.boot, err = readBootSector(f.device, 0); err == nil {
		return nil
	}
	b, found := findCopy(f.device)
	if !found {
		return err
	}
	f.boot = b
	f.problem(true, "the boot sector: %v; its copy at %#x is used", err, b.at)
	return nil
}

func readBootSector(d *device, at int64) (bootSector, error) {
	raw := make([]byte, bootSize)
	if err := d.fill(raw, at); err != nil {
		return bootSector{}, err
	}
	if string(raw[3:11]) != oemName {
		return bootSector{}, binread.Corrupt("it is one of %q, want %q", raw[3:11], oemName)
	}
	c := binread.Little(raw)
	sector := int64(c.At(0x0b).U16())
	perCluster := c.At(0x0d).U8()
	sectors := c.At(0x28).U64()
	b := bootSector{at: at, sectorSize: sector, sectors: int64(sectors), mft: int64(c.At(0x30).U64()), mirror: int64(c.At(0x38).U64()), serial: c.At(0x48).U64()}
	perRecord := int8(c.At(0x40).U8())
	if sector < 256 || sector > maxSectorSize || bits.OnesCount64(uint64(sector)) != 1 {
		return b, binread.Corrupt("sectors of %d bytes, want a power of two from 256 to %d", sector, maxSectorSize)
	}
	switch {
	case perCluster > 0xf0: // the negative exponent of a power of two
		b.clusterSize = sector << (256 - int(perCluster))
	default:
		b.clusterSize = sector * int64(perCluster)
	}
	if bits.OnesCount64(uint64(b.clusterSize)) != 1 || b.clusterSize > maxClusterSize {
		return b, binread.Corrupt("clusters of %d bytes, want a power of two up to %d", b.clusterSize, maxClusterSize)
	}
	b.recordSize = int64(perRecord) * b.clusterSize
	if perRecord < 0 {
		b.recordSize = 1 << min(62, -int(perRecord))
	}
	if b.recordSize < fixupStride || b.recordSize > maxRecordSize || b.recordSize%fixupStride != 0 {
		return b, binread.Corrupt("records of %d bytes, want %d to %d", b.recordSize, fixupStride, maxRecordSize)
	}
	if sectors == 0 || sectors > 1<<62/uint64(sector) {
		return b, binread.Corrupt("%d sectors", sectors)
	}
	b.clusters = int64(sectors) * sector / b.clusterSize
	for _, at := range []int64{b.mft, b.mirror} {
		if at <= 0 || at >= b.clusters {
			return b, binread.Corrupt("$MFT or its copy in cluster %d, want it before %d", at, b.clusters)
		}
	}
	return b, nil
}
