// Package compare tells how two images of one machine differ: in which bytes, and what that means.
//
// Equal images are read once, both at a time, and no more than is there: a hole equals zeros, and what both have from the same place of
// the same file needs no reading. Of images that differ every extent is put down to its place, and the files that have changed blocks
// or another inode are compared: what packages shipped on both sides is explained by the packages, and what a running system writes
// all the time is told apart. Times of last access count for nothing.
package compare

import (
	"context"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
)

// Side is one of the two images.
type Side int

// The sides.
const (
	Source Side = iota
	Backup
)

func (s Side) String() string { return [2]string{"source", "backup"}[s&1] }

// Comparison is how two images differ.
type Comparison struct {
	*Bytes
	Source     string      `json:"source"` // as the user names it
	Identities [2]Identity `json:"identities"`
	// Strangers is why the images are not of one machine; empty when they are, or may be. Then bytes are compared and files are not.
	Strangers []string `json:"strangers"`
	// Notes are what the result rests on.
	Notes []string `json:"notes"`
	// Changing is why the result does not hold: an image was written to while it was read.
	Changing []string `json:"changing"`
	// Extents have every difference, each in one place. Where the sides have different things there, it is what the backup has, and
	// Was is what the source has.
	Extents []ChangedExtent `json:"extents"`
	Files   []Change        `json:"files"`
	// Same is how many files, directories and links both sides have without a difference; 0 where files were not compared.
	Same int `json:"same"`
	// Lost are volumes that can be read in one of the images only.
	Lost []string `json:"lost"`
	// Odd are differences that no changed file, mount or access explains, and that are not in free space: bytes by volume and region.
	Odd []Oddity `json:"odd"`
	// Unknown are files and volumes that could not be compared.
	Unknown []place.Missed `json:"unknown"`
}

// ChangedExtent is a stretch in which the images differ.
type ChangedExtent struct {
	place.Place
	Was *place.Place `json:"was,omitempty"` // in the source, where that is another
}

// Machines compares the disks of two machines, which have one each. An error is that of the context, or of a machine that has not: what
// cannot be read is in the result.
func Machines(ctx context.Context, source, backup *engine.Machine, opts Options) (*Comparison, error) {
	pair := [2]*engine.Machine{source, backup}
	r := &Comparison{
		Strangers: []string{}, Notes: []string{}, Changing: []string{}, Extents: []ChangedExtent{}, Files: []Change{}, Lost: []string{},
		Odd: []Oddity{}, Unknown: []place.Missed{},
	}
	for s, m := range pair {
		if len(m.Disks) != 1 {
			return nil, fmt.Errorf("compare: %d disks of the %s: %w", len(m.Disks), Side(s), errOneDisk)
		}
		r.Identities[s] = identityOf(ctx, m)
	}
	r.Source = source.Disks[0].Name
	r.Strangers, r.Notes = r.Identities[Source].strangers(r.Identities[Backup])
	var err error
	if r.Bytes, err = Images(ctx, source.Disks[0].Image, backup.Disks[0].Image, opts); err != nil {
		return nil, err
	}
	if !r.Identical() {
		if err := r.explain(ctx, pair, opts.Ignore); err != nil {
			return nil, err
		}
	}
	for s, m := range pair {
		if err := m.Unchanged(); err != nil {
			r.Changing = append(r.Changing, fmt.Sprintf("the %s %v", Side(s), err))
		}
	}
	return r, ctx.Err()
}

// explain says what the differing bytes mean.
func (r *Comparison) explain(ctx context.Context, pair [2]*engine.Machine, ignore func(string) bool) error {
	var maps [2]*place.Map
	for s, m := range pair {
		var err error
		if maps[s], err = place.Of(ctx, m, 0); err != nil {
			return err
		}
		if err := maps[s].Learn(ctx, stretches(r.Bytes.Extents)); err != nil {
			return err
		}
	}
	t := r.attribute(maps)
	if len(r.Strangers) > 0 {
		return nil
	}
	f := &files{Comparison: r, machines: pair, maps: maps, touched: t, ignore: ignore}
	return f.compare(ctx)
}

func stretches(extents []Extent) []place.Stretch {
	all := make([]place.Stretch, len(extents))
	for i, e := range extents {
		all[i] = place.Stretch{Off: e.Offset, Len: e.Length}
	}
	return all
}

// touched are the files that have differing bytes, by their number.
type touched [2]map[int]int64

// attribute puts every differing extent down to its places.
func (r *Comparison) attribute(maps [2]*place.Map) touched {
	t := touched{map[int]int64{}, map[int]int64{}}
	for _, e := range r.Bytes.Extents {
		maps[Backup].Each(e.Offset, e.Length, func(now place.Place) bool {
			if now.File >= 0 {
				t[Backup][now.File] += now.Length
			}
			maps[Source].Each(now.Offset, now.Length, func(was place.Place) bool {
				if was.File >= 0 {
					t[Source][was.File] += was.Length
				}
				c := ChangedExtent{Place: now}
				c.Offset, c.Length = was.Offset, was.Length
				if was.Volume != now.Volume || was.Region != now.Region || was.Path != now.Path {
					c.Was = &was
				}
				r.Extents = append(r.Extents, c)
				return true
			})
			return true
		})
	}
	return t
}

// errOneDisk is what Machines says of a machine with several disks, or none.
var errOneDisk = errors.New("want one image on each side")
