package compare

import (
	"cmp"
	"slices"

	"github.com/guestctl/guestctl/backup/place"
)

// Oddity is how many bytes of a region differ for no known reason.
type Oddity struct {
	Volume string       `json:"volume"`
	Region place.Region `json:"region"`
	Bytes  int64        `json:"bytes"`
	Offset int64        `json:"offset"` // of the first of them, on the disk
}

// metadata finds the differences that nothing explains. Every change of a file, and every access, writes to inodes, directories,
// bitmaps and the journal: what is odd is a difference there in a volume where no inode differs in anything.
func (f *files) metadata() {
	odd := map[[2]string]*Oddity{}
	for _, e := range f.Extents {
		if f.expected(&e) {
			continue
		}
		k := [2]string{e.Volume, string(e.Region)}
		if odd[k] == nil {
			odd[k] = &Oddity{e.Volume, e.Region, 0, e.Offset}
		}
		odd[k].Bytes += e.Length
	}
	for _, o := range odd {
		f.Odd = append(f.Odd, *o)
	}
	slices.SortFunc(f.Odd, func(a, b Oddity) int { return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Region, b.Region)) })
}

// expected reports whether a difference is one of a file that is told by itself, of free space, or of the bookkeeping of changes.
func (f *files) expected(e *ChangedExtent) bool {
	switch e.Region {
	case place.Free:
		return true
	case place.Content:
		return e.Path != "" || f.stirred[e.Volume]
	case place.Table, place.Outside, place.Volume, place.Boot:
		return false
	}
	return f.stirred[e.Volume]
}
