package vmdk

import (
	"fmt"
	"io"
	"sync/atomic"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	// maxTables bounds the grain tables of an image: 8 bytes of memory each.
	maxTables = 1 << 22
	// maxPages is the memory for pages of grain tables of all extents together, and maxPagesOfOne for those of one.
	maxPages      = 32 << 20
	maxPagesOfOne = 8 << 20
	minPagesOfOne = 64 << 10
)

// sparse is an open sparse extent. It is safe for concurrent use.
type sparse struct {
	*geometry
	r        io.ReaderAt
	fileSize int64
	start    int64 // of the guest's disk, where the extent begins

	directory []int64 // where each grain table is in the file; 0: there is none
	redundant []int64 // the same of their copies; nil: there are none
	fromCopy  atomic.Bool

	pages  *binread.Pages
	grains *grains // of a compressed extent
}

// openSparse opens the extent in r, of which the caches of the image keep what was read. A page cache is one of pages like it.
func openSparse(r io.ReaderAt, size int64, g *geometry, pages int) (*sparse, error) {
	s := &sparse{
		geometry: g, r: r, fileSize: size,
		pages: binread.NewPages(r, size, min(maxPagesOfOne, max(minPagesOfOne, maxPages/pages))),
	}
	return s, s.readDirectories()
}

// readDirectories reads the grain directory, and takes from the redundant one what is damaged in it.
func (s *sparse) readDirectories() (err error) {
	if s.lost == nil {
		s.directory, err = s.readDirectory(s.r, s.directoryOff, s.fileSize)
	}
	if err != nil && s.redundantOff == 0 {
		return err
	}
	if err != nil {
		s.lost = err
	}
	if s.redundantOff == 0 {
		return nil
	}
	s.redundant, err = s.readDirectory(s.r, s.redundantOff, s.fileSize)
	switch {
	case err != nil && s.lost != nil:
		return s.lost
	case err != nil:
		s.problems = append(s.problems, problem{image.Damaged, "the redundant grain directory cannot be read: " + err.Error(), s.redundantOff})
		return nil //nolint:nilerr // it is a problem, and the directory itself can be read
	case s.lost != nil:
		s.problems = append(s.problems, problem{image.Damaged, "the redundant grain directory is used: " + s.lost.Error(), image.Nowhere})
		s.directory = s.redundant
		return nil //nolint:nilerr // of the directory that was replaced
	}
	s.mend()
	return nil
}

// mend puts the redundant tables where the directory has none, or damage.
func (s *sparse) mend() {
	n := 0
	for i, at := range s.directory {
		if at <= 0 && s.redundant[i] > 0 {
			s.directory[i] = s.redundant[i]
			n++
		}
	}
	if n > 0 {
		s.problems = append(s.problems, problem{image.Damaged, fmt.Sprintf("%d of %d entries of the grain directory are damaged: the redundant one is used for them", n, len(s.directory)), s.directoryOff})
	}
}

// find returns the run at off of the extent, of at most n bytes. Grains that lie one after the other are one run.
func (s *sparse) find(off, n int64) (image.Run, error) {
	number := off / s.coverage()
	in := off % s.coverage()
	n = min(n, s.coverage()-in, s.size-off)
	table := s.directory[number]
	if table == 0 {
		return image.Run{Place: image.Below, Len: n}, nil
	}
	if table < 0 {
		return image.Run{}, binread.Corrupt("grain table %d does not lie in the file of %d bytes", number, s.fileSize)
	}
	i := in / s.grain
	at := table + i*s.entrySize
	b, err := s.pages.From(at)
	if err != nil {
		return image.Run{}, fmt.Errorf("grain table entry at %#x: %w", at, err)
	}
	c := binread.Little(b[:min(int64(len(b)), (s.tableEntries-i)*s.entrySize)])
	e, ok := s.next(&c, off)
	if !ok {
		if e, ok = s.copyOf(number, i, off); !ok {
			return image.Run{}, binread.Corrupt("grain table entry at %#x: %s", at, s.whyNot(b, off))
		}
		c = binread.Little(nil)
	}
	return s.join(e, &c, off, n), nil
}

// join returns the run that begins at off, in the grain of e, with as many as are alike of the entries that follow in c.
func (s *sparse) join(e entry, c *binread.Cursor, off, n int64) image.Run {
	in := off & (s.grain - 1)
	r := image.Run{Place: e.place, Len: s.grain - in, File: s.r, Host: e.host}
	switch e.place {
	case image.Packed:
		r.Len, r.Skip = min(r.Len, n), in
		p := packed{index: off / s.grain, host: e.host, guess: s.guess(c, e.host)}
		r.Unpack = func(b []byte) error { return s.unpack(b, p, in) }
		return r
	case image.Stored:
		r.Host += in
	case image.Below, image.Zeros:
	}
	for r.Len < n && c.Len() > 0 {
		next, ok := s.next(c, off+r.Len)
		if !ok || next.place != e.place || e.place == image.Stored && next.host != r.Host+r.Len {
			break // a damaged entry is reported when it is the first of a run
		}
		r.Len += s.grain
	}
	r.Len = min(r.Len, n)
	return r
}

// next decodes an entry, which is of the grain at off. ok is false where it cannot be, or leads out of the file.
func (s *sparse) next(c *binread.Cursor, off int64) (e entry, ok bool) {
	e, ok = s.entry(c)
	return e, ok && s.holds(e, off)
}

// holds reports whether what e refers to lies in the file. The last grain of a disk need not be whole.
func (s *sparse) holds(e entry, off int64) bool {
	switch e.place {
	case image.Stored:
		return min(s.grain, s.size-off&^(s.grain-1)) <= s.fileSize-e.host
	case image.Packed:
		return e.host < s.fileSize
	case image.Below, image.Zeros:
	}
	return true
}

// copyOf returns entry i of the redundant grain table of that number.
func (s *sparse) copyOf(number, i, off int64) (e entry, ok bool) {
	if s.redundant == nil || s.redundant[number] <= 0 {
		return e, false
	}
	b, err := s.pages.From(s.redundant[number] + i*s.entrySize)
	if err != nil {
		return e, false
	}
	c := binread.Little(b)
	if e, ok = s.next(&c, off); ok {
		s.fromCopy.Store(true)
	}
	return e, ok
}

// whyNot says what is wrong with the entry at the start of b.
func (s *sparse) whyNot(b []byte, off int64) string {
	c := binread.Little(b)
	if e, ok := s.entry(&c); ok && !s.holds(e, off) {
		return fmt.Sprintf("grain at %#x, want it inside of a file of %d bytes", e.host, s.fileSize)
	}
	return fmt.Sprintf("%#x is none", b[:min(int64(len(b)), s.entrySize)])
}
