package fat

import (
	"bytes"
	"context"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Checker = (*FS)(nil)

// minWide is the least number of clusters that FAT32 may have.
const minWide = 65525

// check is one check of the whole structure.
type check struct {
	*census
	report func(filesys.Damage)
	result filesys.Checked
}

// Check implements filesys.Checker. It compares everything that the file system says twice: the copies of the table and of the boot sector,
// chains with sizes and with each other, what is in use with what belongs to something, directories with their "." and "..", and
// the count of what is free. FAT keeps no checksums: what nothing contradicts is not found.
func (f *FS) Check(ctx context.Context, report func(filesys.Damage)) (filesys.Checked, error) {
	c := &check{report: report}
	c.census = newCensus(f, c.note)
	c.bootSectors()
	c.state()
	if err := c.run(ctx); err != nil {
		return c.result, fmt.Errorf("fat: check: %w", err)
	}
	used, free, err := c.table(ctx)
	c.result.Inodes, c.result.Directories, c.result.Entries, c.result.Blocks = c.files+c.dirs, c.dirs, c.entries, used
	if err != nil {
		return c.result, fmt.Errorf("fat: check: %w", err)
	}
	c.information(free)
	return c.result, nil
}

// note counts damage, and reports as much of it as is reported one by one.
func (c *check) note(d filesys.Damage) {
	if c.result.Damage++; c.result.Damage <= filesys.MaxDamage {
		c.report(d)
	}
}

// bootSectors compares the boot sector with its copy, and says what it does not say rightly.
func (c *check) bootSectors() {
	b := &c.boot
	bad := func(harm filesys.Harm, format string, args ...any) {
		c.damage(filesys.Damage{Kind: filesys.DamagedSuperblock, Harm: harm}, 0, format, args...)
	}
	if b.bits != 32 {
		return
	}
	if b.declared < minWide {
		bad(filesys.HarmRisk, "%d clusters of FAT32, want at least %d: some systems take it for FAT16", b.declared, minWide)
	}
	if b.backupSector == 0 || b.backupSector == 0xffff || int64(b.backupSector) >= b.reserved {
		return
	}
	first, second := make([]byte, bootSize), make([]byte, bootSize)
	err := c.device.fill(first, 0)
	if err == nil {
		err = c.device.fill(second, int64(b.backupSector)*b.sectorSize)
	}
	first[0x41], second[0x41] = 0, 0 // the state
	switch {
	case err != nil:
		bad(filesys.HarmRisk, "the copy of the boot sector: %v", err)
	case !bytes.Equal(first, second):
		bad(filesys.HarmRisk, "the boot sector and its copy differ")
	}
}

// state reports what was found when the file system was opened.
func (c *check) state() {
	for _, p := range c.problems {
		d := filesys.Damage{Kind: filesys.RecordedError, Harm: filesys.HarmRisk, Message: p.Message, Block: -1}
		if p.Taints {
			d.Kind, d.Harm = filesys.DamagedSuperblock, filesys.HarmLoss
		}
		c.note(d)
	}
	if c.boot.usedTable() > maxSurvey {
		c.surveyTable(func(_ bool, format string, args ...any) {
			c.damage(filesys.Damage{Kind: filesys.DamagedSuperblock, Harm: filesys.HarmLoss}, c.boot.tableOff(), format, args...)
		})
	}
	if first, err := c.entry(0); err == nil && uint8(first) != c.boot.media {
		c.damage(filesys.Damage{Kind: filesys.DamagedBitmap, Harm: filesys.HarmNone}, c.boot.tableOff(),
			"the file allocation table begins with media %#x, want %#x", uint8(first), c.boot.media)
	}
}

// table compares the table with what was found to be in use.
func (c *check) table(ctx context.Context) (used uint64, free uint32, err error) {
	var lost, first uint32
	for off := int64(0); off < c.boot.usedTable(); off += surveyPiece {
		if err := ctx.Err(); err != nil {
			return used, free, err
		}
		b, err := c.tablePiece(c.boot.active(), off, min(surveyPiece, c.boot.usedTable()-off))
		if err != nil {
			return used, free, fmt.Errorf("file allocation table: %w", err)
		}
		c.boot.each(b, c.boot.firstAt(off), func(cluster, value uint32) bool {
			switch {
			case value == markFree:
				free++
			case value == markBad:
			case c.used.has(cluster):
				used++
			default:
				if lost++; lost == 1 {
					first = cluster
				}
			}
			return true
		})
	}
	if lost > 0 {
		c.damage(filesys.Damage{Kind: filesys.Unconnected, Harm: filesys.HarmNone}, c.boot.clusterOff(first),
			"%d clusters from %d on are in use and belong to nothing", lost, first)
	}
	return used, free, nil
}

// information compares what FAT32 says of free clusters with what is free.
func (c *check) information(free uint32) {
	if c.boot.bits != 32 {
		return
	}
	off := int64(c.boot.infoSector) * c.boot.sectorSize
	bad := func(format string, args ...any) {
		c.damage(filesys.Damage{Kind: filesys.DamagedCount, Harm: filesys.HarmNone}, off, format, args...)
	}
	raw := make([]byte, bootSize)
	if err := c.device.fill(raw, off); err != nil {
		bad("the information sector: %v", err)
		return
	}
	i := binread.Little(raw)
	lead, middle, count, next := string(i.Bytes(4)), string(i.At(484).Bytes(4)), i.U32(), i.U32()
	switch {
	case lead != infoMagic || middle != "rrAa":
		bad("the information sector begins with %q and %q, want %q and %q", lead, middle, infoMagic, "rrAa")
	case count != 0xffff_ffff && count != free:
		bad("%d clusters are free, and the information sector says %d", free, count)
	case next != 0xffff_ffff && next != 0 && !c.boot.valid(next):
		bad("the information sector names cluster %d as the next that may be free, want 2 to %d", next, c.boot.last())
	}
}
