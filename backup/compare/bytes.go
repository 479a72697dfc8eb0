package compare

import (
	"bytes"
	"context"
	"iter"
	"time"

	"github.com/guestctl/guestctl/backup/reading"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	piece   = 256 << 10 // bytes of each image that are read at once
	queued  = 256       // pieces whose results wait for those before them
	maxRead = 1 << 16   // stretches that could not be read
)

// Options say how to compare. The zero value will do.
type Options struct {
	Workers int // 0: one for each processor
	// Progress is called now and then with how many bytes of the virtual disk were done since; it may be nil.
	Progress func(bytes int64)
	// Now is the time by which files of the host must be settled for their origin to count; zero reads everything.
	Now time.Time
	// Ignore reports whether differences of a file, by its path, do not count; nil counts all.
	Ignore func(path string) bool
}

// Bytes is what comparing two images byte for byte came to.
type Bytes struct {
	Sizes     [2]int64 `json:"sizes"`    // of the virtual disks
	Compared  int64    `json:"compared"` // bytes, holes included
	Read      int64    `json:"read"`     // bytes that had to be read, of both images together
	Different int64    `json:"different"`
	// Granularity is how close together two differences may be, in bytes, and are still one extent: Sector, or more where there are too
	// many.
	Granularity int64          `json:"granularity"`
	Extents     []Extent       `json:"-"`
	Unread      []UnreadExtent `json:"unread"`
}

// UnreadExtent is a stretch of one of the images that could not be read.
type UnreadExtent struct {
	Extent
	Side  string `json:"side"` // "source" or "backup"
	Cause string `json:"cause"`
}

// Identical reports whether every byte was read and none differs. The larger of two images ends in zeros then.
func (b *Bytes) Identical() bool { return len(b.Extents) == 0 && len(b.Unread) == 0 }

// Images compares two images byte for byte. A byte that lies in no cluster or behind the end of the smaller image is zero. An error is
// that of the context: what cannot be read is in the result.
func Images(ctx context.Context, a, b image.Image, opts Options) (*Bytes, error) {
	c := &comparison{images: [2]image.Image{a, b}, size: max(a.Size(), b.Size()), opts: opts}
	r := &Bytes{Sizes: [2]int64{a.Size(), b.Size()}, Compared: c.size, Unread: []UnreadExtent{}}
	different, done := list{gap: Sector}, int64(0)
	err := reading.Work[*task]{
		Workers: opts.Workers, Queued: queued, Worker: c.worker,
		Take: func(t *task) bool {
			for _, e := range t.different {
				different.add(e)
			}
			r.Read += t.read
			if len(r.Unread)+len(t.unread) > maxRead {
				t.unread = []UnreadExtent{{Extent: Extent{t.off, c.size - t.off}, Cause: "too much could not be read: the rest was given up"}}
			}
			r.Unread = append(r.Unread, t.unread...)
			if opts.Progress != nil {
				opts.Progress(t.off + t.n - done)
			}
			done = t.off + t.n
			return len(r.Unread) <= maxRead
		},
	}.Each(ctx, c.tasks())
	if opts.Progress != nil && err == nil {
		opts.Progress(c.size - done)
	}
	r.Extents, r.Granularity = different.all, different.gap
	for _, e := range r.Extents {
		r.Different += e.Length
	}
	return r, err
}

// task is a stretch of both images to compare, and what came of it.
type task struct {
	off, n int64
	zero   [2]bool // an image has only zeros there

	different []Extent
	unread    []UnreadExtent
	read      int64
}

type comparison struct {
	images [2]image.Image
	size   int64
	opts   Options
}

// tasks cuts the disk into tasks, in order, and leaves out what is zero in both images.
func (c *comparison) tasks() iter.Seq[*task] {
	return func(yield func(*task) bool) {
		holes := [2]reading.Holes{{Image: c.images[0]}, {Image: c.images[1]}}
		for off := int64(0); off < c.size; {
			t := &task{off: off, n: c.size - off}
			for s := range holes {
				e := holes[s].At(off, t.n)
				t.zero[s], t.n = e.Zero, e.Len
			}
			if !t.zero[0] || !t.zero[1] {
				t.n = min(t.n, piece-off%piece)
				if !yield(t) {
					return
				}
			}
			off += t.n
		}
	}
}

// worker compares a task, with buffers of its own.
func (c *comparison) worker() func(*task) {
	var bufs [2][]byte
	for s := range bufs {
		bufs[s] = make([]byte, piece)
	}
	return func(t *task) {
		if c.sameOrigin(t) || c.compare(t, t.off, t.n, bufs) {
			return
		}
		t.different, t.unread = nil, nil
		for off, n := range reading.Cut(t.off, t.n, reading.Narrow) {
			c.compare(t, off, n, bufs)
		}
	}
}

// compare compares n bytes at off and reports whether they could be read.
func (c *comparison) compare(t *task, off, n int64, bufs [2][]byte) bool {
	whole := true
	for s, b := range bufs {
		if t.zero[s] {
			continue
		}
		t.read += n
		if err := fill(c.images[s], b[:n], off); err != nil {
			t.unread = append(t.unread, UnreadExtent{Extent{off, n}, Side(s).String(), err.Error()})
			whole = false
		}
	}
	if !whole {
		return false
	}
	a, b := bufs[0][:n], bufs[1][:n]
	switch {
	case t.zero[0]:
		a = zeros[:n]
	case t.zero[1]:
		b = zeros[:n]
	}
	if !bytes.Equal(a, b) {
		t.different = append(t.different, sectors(a, b, off)...)
	}
	return true
}

// fill reads b at off, with zeros behind the end of the image.
func fill(img image.Image, b []byte, off int64) error {
	inside := image.Clip(img.Size(), off, int64(len(b)))
	clear(b[inside:])
	return binread.Fill(img, b[:inside], off)
}

// sameOrigin reports whether both images have the stretch from the same place of the same file, which was left alone.
func (c *comparison) sameOrigin(t *task) bool {
	if t.zero[0] || t.zero[1] || c.opts.Now.IsZero() {
		return false
	}
	for off, n := t.off, t.n; n > 0; {
		a, okA := image.OriginOf(c.images[0], off, n)
		b, okB := image.OriginOf(c.images[1], off, n)
		if !okA || !okB || a.Len <= 0 || b.Len <= 0 {
			return false
		}
		k := min(a.Len, b.Len, n)
		if a.Len, b.Len = 0, 0; a != b || !a.Zero && !a.File.Settled(c.opts.Now) {
			return false
		}
		off, n = off+k, n-k
	}
	return true
}

// sectors are the sectors in which a and b differ, which both begin at off.
func sectors(a, b []byte, off int64) []Extent {
	found := list{gap: Sector}
	for at := 0; at < len(a); {
		n := min(len(a)-at, Sector-int((off+int64(at))%Sector))
		if !bytes.Equal(a[at:at+n], b[at:at+n]) {
			found.add(Extent{off + int64(at), int64(n)})
		}
		at += n
	}
	return found.all
}

// zeros are what an image has where it has nothing.
var zeros [piece]byte
