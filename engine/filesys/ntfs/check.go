package ntfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Checker = (*FS)(nil)

const (
	firstReserved = 12 // to 23: records without a name
	firstNamed    = 24

	bitmapPiece = 64 << 10 // bytes of $Bitmap that are compared at once
)

// check is one check of the whole structure.
type check struct {
	*census
	report func(filesys.Damage)
	result filesys.Checked
}

// Check implements filesys.Checker. It compares everything that the file system says twice: $MFT with $MFTMirr and its bitmap, the boot
// sector with its copy, runs with $Bitmap, with each other and with sizes, names of files with entries of directories, and counts of
// links with names. NTFS keeps no checksums: what nothing contradicts is not found. The log is not read.
func (f *FS) Check(ctx context.Context, report func(filesys.Damage)) (filesys.Checked, error) {
	c := &check{report: report}
	c.census = newCensus(f, c.note)
	c.visit = c.attributes
	c.state()
	c.bootSectors()
	c.mirrored()
	c.capitals()
	if err := c.run(ctx); err != nil {
		return c.result, fmt.Errorf("ntfs: check: %w", err)
	}
	if err := c.names(ctx); err != nil {
		return c.result, fmt.Errorf("ntfs: check: %w", err)
	}
	c.result.Inodes, c.result.Directories = c.files, c.dirs
	if c.shared || c.used == nil {
		c.unchecked("clusters that two files have, and $Bitmap: too many are claimed")
	} else if err := c.clusterBits(ctx); err != nil {
		return c.result, fmt.Errorf("ntfs: check: %w", err)
	}
	return c.result, nil
}

// note counts damage, and reports as much of it as is reported one by one.
func (c *check) note(d filesys.Damage) {
	if c.result.Damage++; c.result.Damage <= filesys.MaxDamage {
		c.report(d)
	}
}

func (c *check) unchecked(what string) { c.result.Unchecked = append(c.result.Unchecked, what) }

// state reports what was found when the file system was opened.
func (c *check) state() {
	for _, p := range c.problems {
		d := filesys.Damage{Kind: filesys.RecordedError, Harm: filesys.HarmRisk, Message: p.Message, Block: -1}
		if p.Taints {
			d.Kind, d.Harm = filesys.DamagedJournal, filesys.HarmLoss
		}
		c.note(d)
	}
}

// bootSectors compares the boot sector with its copy, which stands behind the last sector of the file system.
func (c *check) bootSectors() {
	first, second := make([]byte, bootSize), make([]byte, bootSize)
	err := c.device.fill(first, c.boot.at)
	if err == nil {
		err = c.device.fill(second, c.boot.copyOff())
	}
	switch {
	case c.boot.at != 0: // said already
	case err != nil:
		c.damage(filesys.DamagedSuperblock, filesys.HarmRisk, 0, "the copy of the boot sector: %v", err)
	case !bytes.Equal(first, second):
		c.damage(filesys.DamagedSuperblock, filesys.HarmRisk, 0, "the boot sector and its copy at %#x differ", c.boot.copyOff())
	}
}

// mirrored compares the first records with those of $MFTMirr.
func (c *check) mirrored() {
	const count = 4
	size := c.boot.recordSize
	for i := range int64(count) {
		first, second := make([]byte, size), make([]byte, size)
		if n, _ := c.mft.ReadAt(first, i*size); n < len(first) {
			continue // the census says so
		}
		err := c.device.fill(second, c.boot.mirror*c.boot.clusterSize+i*size)
		if err == nil {
			err = errors.Join(withoutUpdates(first), withoutUpdates(second))
		}
		if err == nil && !bytes.Equal(first, second) {
			err = errors.New("they differ")
		}
		if err != nil {
			c.damage(filesys.DamagedInode, filesys.HarmRisk, uint64(i), "record %d and its copy in $MFTMirr: %v", i, err)
		}
	}
}

// withoutUpdates takes the numbers of updates out of a record.
func withoutUpdates(b []byte) error {
	if err := unfix(b); err != nil {
		return err
	}
	c := binread.Little(b)
	at := int(c.At(4).U16())
	clear(b[at : at+2])
	return nil
}

// capitals looks whether $UpCase can be a table of capital letters.
func (c *check) capitals() {
	bad := func(format string, args ...any) {
		c.damage(filesys.DamagedInode, filesys.HarmRisk, recordUpcase, "$UpCase: %s", fmt.Sprintf(format, args...))
	}
	if len(c.upcase) != upcaseBytes/2 {
		bad("%d letters, want %d", len(c.upcase), upcaseBytes/2)
		return
	}
	for u := range uint16(0x80) {
		want := u
		if u >= 'a' && u <= 'z' {
			want = u - 'a' + 'A'
		}
		if c.upcase[u] != want {
			bad("the capital of %q is %q", rune(u), rune(c.upcase[u]))
			return
		}
	}
}

// attributes looks at what every file has to have.
func (c *check) attributes(of *node) {
	reserved := of.number >= firstReserved && of.number < firstNamed
	if of.stream(typeStandard, "") == nil && !reserved {
		c.damage(filesys.DamagedInode, filesys.HarmLoss, of.number, "record %d has no times: $STANDARD_INFORMATION is missing", of.number)
	}
	if _, err := c.reparse(of); err != nil {
		c.damage(filesys.DamagedXattr, filesys.HarmLoss, of.number, "record %d: %v", of.number, err)
	}
	if _, err := c.security(of); err != nil {
		c.damage(filesys.DamagedXattr, filesys.HarmLoss, of.number, "record %d: security descriptor: %v", of.number, err)
	}
}

// clusterBits compares $Bitmap with what was found to be in use.
func (c *check) clusterBits(ctx context.Context) error {
	file, err := c.clusterBitmap()
	if err == nil && file.Size() < (c.boot.clusters+7)/8 {
		err = binread.Corrupt("%d bytes for %d clusters", file.Size(), c.boot.clusters)
	}
	if err != nil {
		c.damage(filesys.DamagedBitmap, filesys.HarmRisk, recordBitmap, "$Bitmap: %v", err)
		return nil
	}
	b := make([]byte, bitmapPiece)
	d := difference{lost: -1, unmarked: -1}
	for off := int64(0); off < (c.boot.clusters+7)/8; off += bitmapPiece {
		if err := ctx.Err(); err != nil {
			return err
		}
		clear(b)
		if n, err := file.ReadAt(b, off); n < len(b) && !errors.Is(err, io.EOF) {
			c.damage(filesys.DamagedBitmap, filesys.HarmRisk, recordBitmap, "$Bitmap: %v", err)
			return nil
		}
		c.compareBits(b, off*8, &d)
	}
	if d.unmarkedCount > 0 {
		c.found(filesys.Damage{
			Kind: filesys.DamagedBitmap, Harm: filesys.HarmRisk, Block: d.unmarked,
			Message: fmt.Sprintf("%d clusters from %d on are in use, and free in $Bitmap", d.unmarkedCount, d.unmarked),
		})
	}
	if d.lostCount > 0 {
		c.found(filesys.Damage{
			Kind: filesys.Unconnected, Harm: filesys.HarmNone, Block: d.lost,
			Message: fmt.Sprintf("%d clusters from %d on are in use in $Bitmap, and belong to nothing", d.lostCount, d.lost),
		})
	}
	return nil
}

// difference is where $Bitmap and the runs differ.
type difference struct {
	lost, unmarked           int64 // the first
	lostCount, unmarkedCount int
}

// compareBits compares a piece of $Bitmap that begins with a cluster.
func (c *check) compareBits(b []byte, first int64, d *difference) {
	words := binread.Little(b)
	for at := first; words.Len() >= 8 && at < c.boot.clusters; at += 64 {
		marked, used := words.U64(), c.used[at/64]
		if rest := c.boot.clusters - at; rest < 64 {
			marked &= 1<<rest - 1
		}
		c.result.Blocks += uint64(bits.OnesCount64(marked & used))
		if lost := marked &^ used; lost != 0 {
			if d.lostCount == 0 {
				d.lost = at + int64(bits.TrailingZeros64(lost))
			}
			d.lostCount += bits.OnesCount64(lost)
		}
		if unmarked := used &^ marked; unmarked != 0 {
			if d.unmarkedCount == 0 {
				d.unmarked = at + int64(bits.TrailingZeros64(unmarked))
			}
			d.unmarkedCount += bits.OnesCount64(unmarked)
		}
	}
}
