package fat

import (
	"bytes"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	// surveyPiece is read at once of the table. All sizes of entries divide it.
	surveyPiece = 3 << 16
	// maxSurvey is how many bytes a table has that is read when a file system is opened. A larger one is left to a check.
	maxSurvey = 64 << 20
)

// Values of the table, as those of FAT32; those of FAT12 and FAT16 are widened.
const (
	markFree = 0
	markBad  = 0x0fff_fff7
	markEnd  = 0x0fff_fff8 // or more
)

// entry reads what the active copy of the table says of a cluster.
func (f *FS) entry(cluster uint32) (uint32, error) {
	return f.entryOf(f.boot.active(), cluster)
}

func (f *FS) entryOf(copied int, cluster uint32) (uint32, error) {
	off := int64(cluster) * int64(f.boot.bits) / 8
	n := (f.boot.bits + 7) / 8
	b, err := f.device.small(f.boot.tableOff()+int64(copied)*f.boot.tableSize()+off, n)
	if err != nil {
		return 0, err
	}
	return f.boot.value(b, cluster), nil
}

// value decodes the entry of a cluster from its bytes.
func (b *bootSector) value(raw []byte, cluster uint32) uint32 {
	c := binread.Little(raw)
	switch b.bits {
	case 12:
		v := uint32(c.U16())
		if cluster&1 != 0 {
			v >>= 4
		}
		return widen(v&0xfff, 0xff7)
	case 16:
		return widen(uint32(c.U16()), 0xfff7)
	}
	return c.U32() & 0x0fff_ffff
}

// widen makes the marks of a narrow table those of FAT32.
func widen(v, bad uint32) uint32 {
	if v >= bad {
		return v - bad + markBad
	}
	return v
}

// surveyTable counts what is free, and calls note, as FS.problem is called, where the copies of the table differ.
func (f *FS) surveyTable(note func(taints bool, format string, args ...any)) (free int64) {
	clusters := uint32(0)
	differ := make([]bool, f.boot.copies)
	for off, used := int64(0), f.boot.usedTable(); off < used; off += surveyPiece {
		b, err := f.tablePiece(f.boot.active(), off, min(surveyPiece, used-off))
		if err != nil {
			note(true, "file allocation table: %v", err)
			return -1
		}
		first := f.boot.firstAt(off)
		clusters += f.boot.countFree(b, first)
		for copied := 1; f.boot.mirrored() && copied < len(differ); copied++ {
			differ[copied] = differ[copied] || f.compareCopy(copied, b, off, note)
		}
	}
	return int64(clusters) * f.boot.clusterSize()
}

// usedTable is how many bytes of the table say something of clusters that there are.
func (b *bootSector) usedTable() int64 {
	return min((int64(b.last())+1)*int64(b.bits)/8+1, b.tableSize())
}

// firstAt is the cluster whose entry is at a byte of the table, at the beginning of a piece.
func (b *bootSector) firstAt(off int64) uint32 { return uint32(off * 8 / int64(b.bits)) }

func (f *FS) tablePiece(copied int, off, n int64) ([]byte, error) {
	return binread.ReadAt(&f.device, f.boot.tableOff()+int64(copied)*f.boot.tableSize()+off, n, surveyPiece)
}

// each calls visit with the entries in a piece of the table, from cluster first on, until it returns false.
func (b *bootSector) each(piece []byte, first uint32, visit func(cluster, value uint32) bool) {
	n := (b.bits + 7) / 8
	for cluster := first; cluster <= b.last(); cluster++ {
		at := int(int64(cluster-first) * int64(b.bits) / 8)
		if at+n > len(piece) || cluster >= 2 && !visit(cluster, b.value(piece[at:at+n], cluster)) {
			return
		}
	}
}

func (b *bootSector) countFree(piece []byte, first uint32) (n uint32) {
	b.each(piece, first, func(_, value uint32) bool {
		if value == markFree {
			n++
		}
		return true
	})
	return n
}

// compareCopy compares a piece of the first table, at off, with a copy.
func (f *FS) compareCopy(copied int, piece []byte, off int64, note func(taints bool, format string, args ...any)) (differ bool) {
	other, err := f.tablePiece(copied, off, int64(len(piece)))
	if err != nil {
		note(false, "copy %d of the file allocation table: %v", copied+1, err)
		return true
	}
	if bytes.Equal(piece, other) {
		return false
	}
	cluster, one, two, differ := f.boot.difference(piece, other, f.boot.firstAt(off))
	if differ {
		note(true, "the copies of the file allocation table differ: cluster %d is %#x in the first and %#x in copy %d",
			cluster, one, two, copied+1)
	}
	return differ
}

// difference finds the first cluster of which two pieces of the table say different things.
func (b *bootSector) difference(piece, other []byte, first uint32) (cluster, one, two uint32, found bool) {
	n := (b.bits + 7) / 8
	b.each(piece, first, func(at, value uint32) bool {
		i := int(int64(at-first) * int64(b.bits) / 8)
		cluster, one, two = at, value, b.value(other[i:i+n], at)
		found = one != two
		return !found
	})
	return cluster, one, two, found
}
