package fat

import (
	"bytes"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	backupSector = 6      // where FAT32 keeps its copy of the boot sector
	infoMagic    = "RRaA" // FSI_LeadSig
)

// probe knows a boot sector by the name of the file system in it, which is damaged when the rest does not fit; without such a
// name by a parameter block in order, the jump in front of it and the signature behind; and by its copy, where the first
// sector is empty.
func probe(r io.ReaderAt, size int64) (bool, error) {
	if size < bootSize {
		return false, nil
	}
	d := &device{r: r, size: size, pages: binread.NewCache(1)}
	raw := make([]byte, bootSize)
	if err := d.fill(raw, 0); err != nil {
		return false, err
	}
	switch string(raw[3:11]) {
	case "NTFS    ", "EXFAT   ", "-FVE-FS-": // they have much the same parameter block
		return false, nil
	}
	if string(raw[82:90]) == "FAT32   " || string(raw[54:58]) == "FAT1" {
		return true, nil
	}
	if !emptySector(raw) {
		b := decodeBootSector(raw)
		return (raw[0] == 0xeb || raw[0] == 0xe9) && string(raw[510:]) == "\x55\xaa" && b.check() == nil && b.measure() == nil, nil
	}
	_, _, found := findBackup(d)
	return found, nil
}

func emptySector(raw []byte) bool { return len(bytes.TrimLeft(raw, "\x00")) == 0 }

// findBackup looks for the copy of a boot sector of FAT32. A sector that an older file system left behind is none: the table
// and the information sector must be there too.
func findBackup(d *device) (b bootSector, off int64, found bool) {
	for sectorSize := int64(512); sectorSize <= 4096; sectorSize *= 2 {
		off := backupSector * sectorSize
		b, err := readBootSector(d, off)
		if err != nil || b.bits != 32 || b.sectorSize != sectorSize || b.backupSector != backupSector {
			continue
		}
		info, err := d.small(int64(b.infoSector)*sectorSize, len(infoMagic))
		if err != nil || string(info) != infoMagic {
			continue
		}
		first, err := d.small(b.tableOff()+int64(b.active())*b.tableSize(), 4)
		if err == nil && first[0] == b.media && first[1] == 0xff && first[2] == 0xff {
			return b, off, true
		}
	}
	return bootSector{}, 0, false
}
