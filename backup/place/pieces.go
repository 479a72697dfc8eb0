package place

import (
	"cmp"
	"slices"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/volume"
)

// maxPieces is in how many pieces a volume may lie on its disks.
const maxPieces = 1 << 16

// piece is a run of a volume on a disk, in bytes.
type piece struct {
	off, n int64 // of the volume
	disk   int
	at     int64 // on the disk
}

// piecesOf returns where a volume lies, in order. It is not whole where bytes of it are on no disk as they are, such as decrypted ones, or
// where it lies in too many pieces.
func piecesOf(m *engine.Machine, v *volume.Volume) (pieces []piece, whole bool) {
	if v.Parent == nil {
		return []piece{{0, v.Size, diskOf(m, v), 0}}, true
	}
	for off := int64(0); off < v.Size; {
		p, ok := v.Bottom(off, v.Size-off)
		if !ok || p.Len <= 0 || len(pieces) == maxPieces {
			return pieces, false
		}
		next := piece{off, p.Len, diskOf(m, p.At), p.Off}
		if n := len(pieces); n > 0 && pieces[n-1].disk == next.disk && pieces[n-1].at+pieces[n-1].n == next.at {
			pieces[n-1].n += next.n
		} else {
			pieces = append(pieces, next)
		}
		off += p.Len
	}
	return pieces, true
}

func diskOf(m *engine.Machine, v *volume.Volume) int {
	return slices.IndexFunc(m.Volumes[:min(len(m.Disks), len(m.Volumes))], func(d engine.Volume) bool { return d.Volume == v })
}

// cut returns what of the spans of the volume lies in the piece, as spans of the disk.
func (p piece) cut(spans []span) []span {
	i, _ := slices.BinarySearchFunc(spans, p.off, func(s span, off int64) int { return cmp.Compare(s.end, off+1) })
	var all []span
	for ; i < len(spans) && spans[i].off < p.off+p.n; i++ {
		s := spans[i]
		s.off, s.end = max(s.off, p.off)-p.off+p.at, min(s.end, p.off+p.n)-p.off+p.at
		all = append(all, s)
	}
	return all
}

// On returns where n bytes of a volume lie on which disk, in the order of the volume; nothing where that is not known of all of them. The
// disk is that of the first byte.
func On(m *engine.Machine, v *volume.Volume, off, n int64) (disk int, all []Stretch) {
	disk = -1
	for n > 0 {
		p, ok := v.Bottom(off, n)
		if !ok || p.Len <= 0 || len(all) == maxPieces {
			return disk, nil
		}
		d := diskOf(m, p.At)
		if disk < 0 {
			disk = d
		}
		if d != disk {
			return disk, nil
		}
		if k := len(all); k > 0 && all[k-1].Off+all[k-1].Len == p.Off {
			all[k-1].Len += p.Len
		} else {
			all = append(all, Stretch{p.Off, p.Len})
		}
		off, n = off+p.Len, n-p.Len
	}
	return disk, all
}
