package boot

import (
	"hash/crc32"
	"io"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
)

const (
	protective = 0xee    // the partition type that stands for a GPT
	maxEntries = 1 << 20 // bytes of the entries of a GPT
)

// partitioned tells whether GRUB and Linux find the partitions of a disk. Of a GPT both read the first copy only, and only behind a
// protective MBR (grub-core/partmap/gpt.c, block/partitions/efi.c): the backup that the engine reads is of no use to them.
func (p *prover) partitioned(v *verdict, disk engine.Volume) {
	if disk.Table != nil {
		for _, problem := range disk.Table.Problems {
			v.note("%s: %s", disk.Name, problem)
		}
	}
	if disk.Content != "gpt" {
		return
	}
	first, err := binread.ReadAt(disk, 0, sector, sector)
	if err != nil {
		v.unknown("", "%s: first sector: %v", disk.Name, err)
		return
	}
	marked := false
	for at := 446; at < 510; at += 16 {
		marked = marked || first[at+4] == protective
	}
	if !marked {
		v.fail("", "%s has no protective MBR: neither GRUB nor Linux reads its GPT", disk.Name)
		v.repair("write the table again: sgdisk --load-backup, or gdisk and w")
	}
	err = primary(disk, sector)
	switch {
	case err == nil || primary(disk, 4096) == nil:
	case disk.Volume == p.espDisk.Volume:
		v.unknown("", "%s: %v: firmware may write it again from the backup, which Linux does not read", disk.Name, err)
		v.repair("write the first copy of the GPT again: sgdisk -e DISK, or gdisk and w")
	default:
		v.fail("", "%s: %v: neither GRUB nor Linux reads the backup of it", disk.Name, err)
		v.repair("write the first copy of the GPT again: sgdisk -e DISK, or gdisk and w")
	}
}

// primary verifies the first copy of a GPT (UEFI 2.10, section 5.3.2).
func primary(r io.ReaderAt, size int64) error {
	b, err := binread.ReadAt(r, size, sector, sector)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	magic, length, sum := c.At(0).Bytes(8), int64(c.At(12).U32()), c.At(16).U32()
	lba, entries, each, entriesSum := c.At(72).U64(), int64(c.At(80).U32()), int64(c.At(84).U32()), c.At(88).U32()
	switch {
	case string(magic) != "EFI PART":
		return binread.Corrupt("no first header of a GPT")
	case length < 92 || length > sector || entries*each > maxEntries || lba > 1<<40:
		return binread.Corrupt("first header of the GPT: %d bytes, and entries of %d", length, entries*each)
	}
	clear(b[16:20])
	if crc32.ChecksumIEEE(b[:length]) != sum {
		return binread.Corrupt("first header of the GPT has a wrong checksum")
	}
	table, err := binread.ReadAt(r, int64(lba)*size, entries*each, maxEntries)
	if err != nil {
		return err
	}
	if crc32.ChecksumIEEE(table) != entriesSum {
		return binread.Corrupt("first entries of the GPT have a wrong checksum")
	}
	return nil
}
