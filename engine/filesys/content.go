package filesys

import (
	"fmt"
	"io"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

// Content is the content of a file that consists of stretches of its volume. It implements File and Mapped.
type Content struct {
	Where  string      // begins its errors: "fat: node 17"
	Volume io.ReaderAt // of which nothing behind Limit is read, whatever it would give
	Limit  int64       // bytes
	// Damage is why the stretches end before the content does; nil where they do not.
	Damage error

	length int64
	pieces []piece
}

// piece is a stretch and where it is in the content.
type piece struct {
	Run
	at int64
}

var _ Mapped = (*Content)(nil)

// Consist makes the content consist of runs, which have length bytes together, or fewer where there is damage.
func (c *Content) Consist(length int64, runs []Run) {
	c.length = length
	at := int64(0)
	for _, r := range runs {
		c.pieces = append(c.pieces, piece{r, at})
		at += r.Len
	}
}

// Size is the length of the content in bytes.
func (c *Content) Size() int64 { return c.length }

// ReadAt reads the content. In front of damage it ends with the damage as its error: a reader that looks at the count alone must not take
// what lies behind for good.
func (c *Content) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("%s: %w", c.Where, binread.Corrupt("offset %d, want not negative", off))
	}
	if off >= c.length {
		return 0, io.EOF
	}
	short := int64(len(p)) > c.length-off
	if short {
		p = p[:c.length-off]
	}
	n, err := c.read(p, off)
	switch {
	case err != nil:
		return n, fmt.Errorf("%s: content at %d: %w", c.Where, off+int64(n), err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

// read fills p, whose bytes are inside of the file.
func (c *Content) read(p []byte, off int64) (done int, err error) {
	i := sort.Search(len(c.pieces), func(i int) bool { return c.pieces[i].Len > off-c.pieces[i].at })
	for ; done < len(p); i++ {
		if i == len(c.pieces) {
			return done, c.Damage
		}
		piece := c.pieces[i]
		within := off + int64(done) - piece.at
		b := p[done:]
		b = b[:min(int64(len(b)), piece.Len-within)]
		if err := c.fill(b, piece.Run, within); err != nil {
			return done, err
		}
		done += len(b)
	}
	return done, nil
}

func (c *Content) fill(b []byte, r Run, within int64) error {
	switch {
	case r.Zero:
		clear(b)
		return nil
	case !c.reaches(r.Off+within, int64(len(b))):
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), r.Off+within, c.Limit)
	}
	return binread.Fill(c.Volume, b, r.Off+within)
}

func (c *Content) reaches(off, n int64) bool { return off <= c.Limit && n <= c.Limit-off }

// Runs implements Mapped.
func (c *Content) Runs(each func(Run)) bool {
	if c.Damage != nil {
		return false
	}
	for _, piece := range c.pieces {
		if !piece.Zero && !c.reaches(piece.Off, piece.Len) {
			return false
		}
	}
	for _, piece := range c.pieces {
		if piece.Len > 0 {
			each(piece.Run)
		}
	}
	return true
}
