package image

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	// maxSpans bounds how many places of a file are held against one another: 32 bytes of memory each.
	maxSpans = 1 << 23
	// maxLeftOver bounds the bytes that are read of what nothing refers to.
	maxLeftOver = 256 << 20
)

// Layout holds the places of a file that the tables of a container name against the file and against one another.
type Layout struct {
	File io.ReaderAt
	Size int64 // of the file
	Unit int64 // bytes that a block takes in the file: a smaller gap is none
	// Discards is set where blocks that the guest gave up leave their bytes in the file. Free space there is nothing to tell.
	Discards bool
	Teller   *Teller

	names []string
	spans []span
}

// span is a stretch of the file that something uses.
type span struct {
	off, n int64
	guest  int64
	name   uint8 // of what uses it, in names
}

// Use says that the n bytes at off of the file are name, such as "the header", or of the guest from guest on. What lies beyond the
// end of the file is told.
func (l *Layout) Use(name string, off, n, guest int64) error {
	switch {
	case n <= 0:
		return nil
	case off < 0 || off >= l.Size || n > l.Size-off:
		l.Teller.Tell(Damage{Harm: Damaged, Problem: name + " is beyond the end of the file", Host: off, Guest: guest, Len: n, Units: 1})
		if off = max(off, 0); off >= l.Size {
			return nil
		}
		n = min(n, l.Size-off)
	}
	i := slices.Index(l.names, name)
	if i < 0 {
		i = len(l.names)
		l.names = append(l.names, name)
	}
	switch {
	case l.lengthen(uint8(i), off, n, guest):
	case len(l.spans) == maxSpans:
		return binread.Limit("more than %d blocks that are not side by side", maxSpans)
	default:
		l.spans = append(l.spans, span{off, n, guest, uint8(i)})
	}
	return nil
}

// lengthen makes the last span longer, where the next one is more of the same.
func (l *Layout) lengthen(name uint8, off, n, guest int64) bool {
	if len(l.spans) == 0 {
		return false
	}
	last := &l.spans[len(l.spans)-1]
	if last.name != name || off != last.off+last.n || (guest != Nowhere || last.guest != Nowhere) && guest != last.guest+last.n {
		return false
	}
	last.n += n
	return true
}

// Compare tells of what overlaps, and of what nothing refers to.
func (l *Layout) Compare(ctx context.Context) error {
	slices.SortFunc(l.spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.guest, b.guest)) })
	var last span // that ends last
	left := int64(maxLeftOver)
	for _, s := range l.spans {
		end := last.off + last.n
		switch {
		case s.off < end:
			l.Teller.Tell(Damage{
				Harm: Damaged, Problem: fmt.Sprintf("%s lies over %s", l.names[s.name], l.other(last, s)),
				Host: s.off, Guest: s.guest, Len: min(s.n, end-s.off), Units: 1,
			})
		case s.off-end >= l.Unit:
			if err := l.leftOver(ctx, end, s.off, &left); err != nil {
				return err
			}
		}
		if s.off+s.n > end {
			last = s
		}
	}
	if end := last.off + last.n; l.Size-end >= l.Unit {
		return l.leftOver(ctx, end, l.Size, &left)
	}
	return nil
}

// other names what s lies over.
func (l *Layout) other(over, s span) string {
	if over.name == s.name {
		return "another"
	}
	return l.names[over.name]
}

// leftOver tells of the bytes from off to end, which nothing refers to. There are at most left bytes to read.
func (l *Layout) leftOver(ctx context.Context, off, end int64, left *int64) error {
	d := Damage{Harm: Wasted, Problem: "space that nothing refers to", Host: off, Guest: Nowhere, Len: end - off, Units: int(min((end-off)/l.Unit, 1<<30))}
	n := min(end-off, *left)
	*left -= n
	held, err := HoldsData(ctx, l.File, off, n)
	switch {
	case held && l.Discards:
		d.Problem = "space that nothing refers to holds data: of blocks that were given up, or lost"
	case held:
		d.Harm, d.Problem, d.Units = Doubtful, "space that nothing refers to holds data: it is left over, or lost", 1
	}
	if held || !l.Discards {
		l.Teller.Tell(d)
	}
	return err
}

// HoldsData reports whether not all of the n bytes of r at off are zeros. It does not touch the holes of a file.
func HoldsData(ctx context.Context, r io.ReaderAt, off, n int64) (bool, error) {
	buf := make([]byte, min(n, 256<<10))
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		part := buf[:min(n, int64(len(buf)))]
		skip := int64(len(part))
		if f, ok := r.(Extenter); ok && n >= minSkip {
			e, err := f.Extent(off, n)
			if err == nil && e.Zero && e.Len > 0 {
				part, skip = nil, min(e.Len, n)
			}
		}
		if err := binread.Fill(r, part, off); err != nil {
			return false, err
		}
		if !isZero(part) {
			return true, nil
		}
		off, n = off+skip, n-skip
	}
	return false, nil
}

func isZero(b []byte) bool {
	var zeros [4096]byte
	for len(b) > 0 {
		n := min(len(b), len(zeros))
		if !bytes.Equal(b[:n], zeros[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}
