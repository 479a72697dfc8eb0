package exfat

import (
	"math"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxRuns = 1 << 20 // of one chain

	markBad = 0xffff_fff7
	markEnd = 0xffff_ffff
)

// place is where the content of something is.
type place struct {
	start      uint32
	contiguous bool // NoFatChain: the clusters follow each other, and the table says nothing of them
	length     int64
}

// allOf asks for a chain to its end.
const allOf = math.MaxInt64

// runs returns the stretches of a place, and why they end early where they do. They have length bytes together, or all of their clusters.
func (f *FS) runs(p place) (runs []filesys.Run, err error) {
	size := f.boot.clusterSize()
	switch {
	case p.length == 0:
		return nil, nil
	case !f.boot.valid(p.start):
		return nil, binread.Corrupt("begins at cluster %d, want 2 to %d", p.start, f.boot.last())
	case p.contiguous:
		room := (int64(f.boot.last()-p.start) + 1) * size
		if p.length > room {
			err = binread.Corrupt("%d bytes from cluster %d on, want at most %d", p.length, p.start, room)
		}
		return []filesys.Run{{Off: f.boot.clusterOff(p.start), Len: min(p.length, room)}}, err
	}
	runs, err = f.follow(p)
	if twice(runs) {
		return nil, binread.Corrupt("the chain of clusters from %d comes back to itself", p.start)
	}
	return runs, err
}

// follow walks a chain in the table, over no more clusters than there are.
func (f *FS) follow(p place) (runs []filesys.Run, err error) {
	size := f.boot.clusterSize()
	at, left := p.start, p.length
	for range f.boot.clusters {
		off := f.boot.clusterOff(at)
		n := min(left, size)
		if last := len(runs) - 1; last >= 0 && runs[last].Off+runs[last].Len == off {
			runs[last].Len += n
		} else if len(runs) == maxRuns {
			return runs, binread.Limit("more than %d runs of clusters", maxRuns)
		} else {
			runs = append(runs, filesys.Run{Off: off, Len: n})
		}
		if left -= n; left == 0 {
			return runs, nil
		}
		next, err := f.next(at)
		switch {
		case err != nil:
			return runs, err
		case next == markEnd && p.length == allOf:
			return runs, nil
		case next == markEnd:
			return runs, binread.Corrupt("the chain of clusters from %d ends %d bytes early", p.start, left)
		}
		at = next
	}
	return nil, binread.Corrupt("the chain of clusters from %d comes back to itself", p.start)
}

// next returns the cluster that follows one, or the mark of the end.
func (f *FS) next(cluster uint32) (uint32, error) {
	b, err := f.small(f.boot.tableOff()+int64(cluster)*4, 4)
	if err != nil {
		return 0, err
	}
	c := binread.Little(b)
	switch next := c.U32(); {
	case next == markEnd || f.boot.valid(next):
		return next, nil
	case next == 0:
		return 0, binread.Corrupt("cluster %d of the chain is not in one", cluster)
	case next == markBad:
		return 0, binread.Corrupt("cluster %d of the chain is marked as bad", cluster)
	default:
		return 0, binread.Corrupt("the chain leads to cluster %d, want 2 to %d", next, f.boot.last())
	}
}

// twice reports whether two runs share a cluster.
func twice(runs []filesys.Run) bool {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b filesys.Run) int { return int(a.Off>>9) - int(b.Off>>9) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Off < sorted[i-1].Off+sorted[i-1].Len {
			return true
		}
	}
	return false
}

// small returns n bytes at off, which do not cross the end of a page. They are shared and must not be changed.
func (f *FS) small(off int64, n int) ([]byte, error) {
	b, err := f.pages.From(off)
	switch {
	case err != nil:
		return nil, err
	case len(b) < n:
		return nil, binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", n, off, f.size)
	}
	return b[:n:n], nil
}

// fill reads exactly len(b) bytes at off. Nothing is read past the end of the image, whatever the reader below would give.
func (f *FS) fill(b []byte, off int64) error {
	if off > f.size || int64(len(b)) > f.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, f.size)
	}
	return binread.Fill(f.r, b, off)
}

// content is what a place holds.
func (f *FS) content(where string, p place) *filesys.Content {
	runs, err := f.runs(p)
	c := &filesys.Content{Where: where, Volume: f.r, Limit: f.size, Damage: err}
	c.Consist(p.length, runs)
	return c
}
