package ntfs

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	bootSize = 512
	oemName  = "NTFS    "

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
}

func (b *bootSector) size() int64 { return b.clusters * b.clusterSize }

func readBootSector(d *device) (bootSector, error) {
	raw := make([]byte, bootSize)
	if err := d.fill(raw, 0); err != nil {
		return bootSector{}, err
	}
	c := binread.Little(raw)
	sector := int64(c.At(0x0b).U16())
	perCluster := c.At(0x0d).U8()
	sectors := c.At(0x28).U64()
	b := bootSector{mft: int64(c.At(0x30).U64()), mirror: int64(c.At(0x38).U64()), serial: c.At(0x48).U64()}
	perRecord := int8(c.At(0x40).U8())
	if sector < 256 || sector > 4096 || bits.OnesCount64(uint64(sector)) != 1 {
		return b, binread.Corrupt("sectors of %d bytes, want a power of two from 256 to 4096", sector)
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
