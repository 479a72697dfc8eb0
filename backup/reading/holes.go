package reading

import (
	"iter"
	"math"

	"github.com/guestctl/guestctl/engine/image"
)

// Narrow is by how many bytes what cannot be read is narrowed down.
const Narrow = 64 << 10

// Holes tells what an image knows to be zeros, without reading it. It remembers what it found last, and is not for concurrent use.
type Holes struct {
	Image image.Image
	last  image.Extent
}

// At returns a stretch of at most n bytes that begins at off: all zeros, or data as far as the image knows. Behind the end of the image
// there are zeros. What the image cannot tell is data: reading tells why.
func (h *Holes) At(off, n int64) image.Extent {
	if off < h.last.Off || off-h.last.Off >= h.last.Len {
		h.last = h.find(off)
	}
	return image.Extent{Off: off, Len: min(n, h.last.Off+h.last.Len-off), Zero: h.last.Zero}
}

func (h *Holes) find(off int64) image.Extent {
	inside := image.Clip(h.Image.Size(), off, math.MaxInt64-off)
	if inside == 0 {
		return image.Extent{Off: off, Len: math.MaxInt64 - off, Zero: true}
	}
	e, err := image.ExtentOf(h.Image, off, inside)
	if err != nil || e.Len <= 0 || e.Len > inside {
		return image.Extent{Off: off, Len: min(inside, Narrow-off%Narrow)}
	}
	return image.Extent{Off: off, Len: e.Len, Zero: e.Zero}
}

// Zero reports whether the image knows that n bytes at off are zeros.
func (h *Holes) Zero(off, n int64) bool {
	for n > 0 {
		e := h.At(off, n)
		if !e.Zero {
			return false
		}
		off, n = off+e.Len, n-e.Len
	}
	return true
}

// Extents are what is in an image from off on, in order: data and holes, as long as the image knows them.
func (h *Holes) Extents(off int64) iter.Seq[image.Extent] {
	return func(yield func(image.Extent) bool) {
		for end := h.Image.Size(); off < end; {
			e := h.At(off, end-off)
			if !yield(e) {
				return
			}
			off += e.Len
		}
	}
}

// Cut cuts n bytes at off at the multiples of size: it yields offsets and lengths.
func Cut(off, n, size int64) iter.Seq2[int64, int64] {
	return func(yield func(off, n int64) bool) {
		for end := off + n; off < end; {
			k := min(end-off, size-off%size)
			if !yield(off, k) {
				return
			}
			off += k
		}
	}
}
