// Package mbr reads MBR partition tables, with the logical partitions of extended ones, in sectors of 512 bytes.
//
// There is no specification; the package sees what Linux sees. A boot sector of a file system ends in the same signature as
// a table, and telling them apart is most of the work of the probe. BSD labels and other tables inside a partition are not
// read.
package mbr

import (
	"context"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const sectorSize = 512 // bytes

// Format is the MBR partition table.
var Format = volume.Format{Name: "mbr", Probe: probe, Open: open}

func probe(r io.ReaderAt, size int64) (bool, error) {
	if ok, err := binread.Magic(510, "\x55\xaa")(r, size); !ok || err != nil {
		return false, err
	}
	b, err := binread.ReadAt(r, 0, sectorSize, sectorSize)
	if err != nil || isBootSector(b) {
		return false, err
	}
	entries, err := decode(b)
	return err == nil && plausible(entries), nil
}

// isBootSector reports whether the sector belongs to a bare FAT, exFAT or NTFS file system: its parameter block is in
// order. A boot loader keeps the bytes of that block as they were, so a jump instruction alone says nothing.
func isBootSector(b []byte) bool {
	c := binread.Little(b)
	switch string(c.At(3).Bytes(8)) {
	case "NTFS    ", "EXFAT   ":
		return true
	}
	var (
		bytesPerSector    = c.At(11).U16() // BPB_BytsPerSec
		sectorsPerCluster = c.U8()         // BPB_SecPerClus
		reservedSectors   = c.U16()        // BPB_RsvdSecCnt
		fats              = c.U8()         // BPB_NumFATs
		media             = c.At(21).U8()  // BPB_Media
		fatSectors        = c.U16()        // BPB_FATSz16, 0 in FAT32
		fatSectors32      = c.At(36).U32() // BPB_FATSz32
	)
	return powerOfTwo(bytesPerSector) && bytesPerSector >= 512 && bytesPerSector <= 4096 &&
		powerOfTwo(sectorsPerCluster) && reservedSectors > 0 && (fats == 1 || fats == 2) &&
		(media == 0xf0 || media >= 0xf8) && (fatSectors > 0 || fatSectors32 > 0)
}

func powerOfTwo[T uint8 | uint16](n T) bool { return n != 0 && n&(n-1) == 0 }

// plausible reports whether the entries of a sector can be a table: at least one is used, and none starts on the table.
func plausible(entries []entry) bool {
	used := 0
	for _, e := range entries {
		switch {
		case e.empty():
		case e.start == 0:
			return false
		default:
			used++
		}
	}
	return used > 0
}

func open(_ context.Context, members []*volume.Volume, _ volume.Options) (*volume.Table, error) {
	if len(members) != 1 {
		return nil, binread.Unsupported("mbr: %d disks, want 1", len(members))
	}
	d := disk{Volume: members[0]}
	if err := d.read(); err != nil {
		return nil, fmt.Errorf("mbr: %w", err)
	}
	return &d.table, nil
}

// disk collects what is found on one disk.
type disk struct {
	*volume.Volume
	table volume.Table
	spans []span
	// dynamic is set where Windows keeps a database of volumes at the end of the disk (LDM): a header of it lies behind the table.
	dynamic bool
}

// dynamic is the type of the partitions of a dynamic disk of Windows. Another system uses it, too (linux, fs/partitions/ldm.c).
const dynamic = 0x42

func (d *disk) sectors() int64 { return d.Size / sectorSize }

func (d *disk) problem(m volume.Meaning, format string, args ...any) {
	d.table.Problems = append(d.table.Problems, volume.Problemf(m, format, args...))
}

func (d *disk) read() error {
	b, err := binread.ReadAt(d, 0, sectorSize, sectorSize)
	if err != nil {
		return err
	}
	entries, err := decode(b)
	if err != nil {
		return err
	}
	d.table.UUID = diskSignature(b)
	if d.dynamic, err = binread.Magic(6*sectorSize, "PRIVHEAD")(d, d.Size); err != nil {
		return err
	}
	var extended []int64
	protective, others := 0, 0
	for i, e := range entries {
		switch {
		case e.empty():
		case e.kind == protectiveGPT:
			protective++
		case e.extended():
			others++
			// the container is no volume: what lies in it would be found twice
			if _, ok := d.span(i+1, e); ok {
				extended = append(extended, e.start)
			}
		default:
			others++
			d.add(i+1, e)
		}
	}
	switch {
	case protective > 0 && others == 0:
		return binread.Corrupt("protective MBR at 0x0, but no GPT header at LBA 1 or at the end of the disk")
	case protective > 0:
		d.problem(volume.Ambiguous, "hybrid MBR, but no GPT header at LBA 1 or at the end of the disk: the MBR is used")
	}
	if err := d.logical(extended); err != nil {
		return err
	}
	d.overlaps()
	return nil
}

// add appends the partition that e describes, as far as it lies on the disk. One that starts beyond the end of the disk is
// left out, one that ends there is cut off: a disk that was copied in part still shows what is on it.
func (d *disk) add(number int, e entry) {
	e, ok := d.span(number, e)
	if !ok {
		return
	}
	v := volume.Section(d.Volume, e.start*sectorSize, e.count*sectorSize)
	v.Name = fmt.Sprintf("p%d", number)
	v.Number = number
	v.Kind = kindOf(e.kind)
	v.Active = e.active
	if e.kind == dynamic && d.dynamic {
		v.Kind, v.Err = "Microsoft LDM data", volume.DynamicDisk()
	}
	if d.table.UUID != "" {
		v.UUID = fmt.Sprintf("%s-%02x", d.table.UUID, number)
	}
	d.table.Volumes = append(d.table.Volumes, v)
}
