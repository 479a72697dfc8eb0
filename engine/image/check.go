package image

import (
	"context"
	"fmt"
	"strings"
)

// Checker is implemented by images whose container can be held against itself.
type Checker interface {
	// Check looks at every table of the container, and at those of the files it names. What is wrong is told, not returned: the
	// error is a read that failed, a limit (binread.ErrLimit), or the context's, and what was not looked at then is unknown.
	Check(ctx context.Context, opts CheckOptions) (Checked, error)
}

// CheckOptions say what is told of a check.
type CheckOptions struct {
	Report func(Damage)
	// Started is called with how many bytes will be read beside the tables, bit by bit as they are found, and Progress with how many
	// were read since; both may be nil.
	Started, Progress func(bytes int64)
}

// Harm is what damage of a container means.
type Harm string

// The harms, the mildest first.
const (
	// Wasted: space is lost, and nothing else.
	Wasted Harm = "wasted"
	// Doubtful: the container says that it was not closed in order, or bytes that nothing refers to may be lost data.
	Doubtful Harm = "doubtful"
	// Damaged: tables contradict one another or their specification, or data cannot be read.
	Damaged Harm = "damaged"
)

// Nowhere is an offset that a damage does not have.
const Nowhere = -1

// Damage is one thing that is wrong with a container.
type Damage struct {
	Harm    Harm
	Problem string // a sentence without its place
	Host    int64  // where in the file of the container, in bytes, or Nowhere
	Guest   int64  // which guest bytes it is about, or Nowhere
	Len     int64  // bytes, of the guest where Guest is known; 0 where it is a matter of one place
	File    string // the backing or data file it is in, as the image names it; "" for the image itself
	Units   int    // how many entries or clusters it is about, at least 1
}

// Place says where the damage is, in words.
func (d Damage) Place() string {
	s := ""
	switch {
	case d.Guest >= 0 && d.Len > 0:
		s = fmt.Sprintf("guest %#x to %#x", d.Guest, d.Guest+d.Len-1)
	case d.Guest >= 0:
		s = fmt.Sprintf("guest %#x", d.Guest)
	}
	if d.Host >= 0 {
		if s != "" {
			s += ", "
		}
		s += fmt.Sprintf("file offset %#x", d.Host)
	}
	if d.File != "" {
		s = strings.TrimSuffix(fmt.Sprintf("%q: ", d.File)+s, ": ")
	}
	return s
}

// Checked is what a check looked at and found.
type Checked struct {
	Clusters   int64 `json:"clusters"`   // of the container that are in use
	Compressed int64 `json:"compressed"` // clusters that were decompressed
	Damaged    int   `json:"damaged"`    // things that are wrong: what qemu-img calls corruptions, and more
	Doubtful   int   `json:"doubtful"`
	Leaks      int   `json:"leaks"` // clusters that are counted more often than they are used
}

// Add counts a damage.
func (c *Checked) Add(d Damage) {
	switch d.Harm {
	case Damaged:
		c.Damaged += d.Units
	case Doubtful:
		c.Doubtful += d.Units
	case Wasted:
		c.Leaks += d.Units
	}
}

// Merge adds what was found in another file of the image.
func (c *Checked) Merge(o Checked) {
	c.Clusters += o.Clusters
	c.Compressed += o.Compressed
	c.Damaged += o.Damaged
	c.Doubtful += o.Doubtful
	c.Leaks += o.Leaks
}

// CheckOf checks the container of img, as Checker describes it. It returns false where img knows no check.
func CheckOf(ctx context.Context, img any, opts CheckOptions) (Checked, bool, error) {
	c, ok := img.(Checker)
	if o, owned := img.(*ownedImage); owned {
		c, ok = o.Image.(Checker)
	}
	if !ok {
		return Checked{}, false, nil
	}
	checked, err := c.Check(ctx, opts)
	return checked, true, err
}
