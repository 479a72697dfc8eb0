package vhdx

import (
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// overlay is the file as the log leaves it.
type overlay struct {
	file
	size    int64
	patches []patch // by their offset, none over another
	updates int
}

// patch is a stretch of the file that the log writes.
type patch struct {
	off, n int64
	b      []byte // nil: zeros
}

func (p patch) end() int64 { return p.off + p.n }

// newOverlay puts the updates of the entries over the file, in their order.
func newOverlay(f file, h *header, entries []*logEntry) (*overlay, error) {
	o := &overlay{file: f, size: f.size}
	for _, e := range entries {
		data := e.data
		for c := binread.Little(e.descriptors); c.Len() > 0; {
			d := decodeDescriptor(&c)
			if err := d.validate(h); err != nil {
				return nil, err
			}
			if o.updates++; o.updates > maxUpdates {
				return nil, binread.Limit("more than %d updates", maxUpdates)
			}
			p := patch{off: int64(d.off), n: int64(d.n)}
			if !d.zero {
				p.b = slices.Concat(d.leading, data[8:logSector-4], d.trailing)
				data = data[logSector:]
			}
			o.put(p)
		}
	}
	last := entries[len(entries)-1].last
	if last > maxFile {
		return nil, binread.Corrupt("the file had %#x bytes, want at most %#x", last, int64(maxFile))
	}
	o.size = max(o.size, int64(last))
	return o, nil
}

// validate wants a write behind the headers, and not into the log itself.
func (d descriptor) validate(h *header) error {
	switch {
	case d.off > maxFile || d.n > maxFile:
		return binread.Corrupt("update of %#x bytes at %#x, want at most %#x", d.n, d.off, int64(maxFile))
	case d.off < regions1At:
		return binread.Corrupt("update of %#x bytes at %#x, want it behind the headers", d.n, d.off)
	case int64(d.off) < h.logOff+h.logLen && h.logOff < int64(d.off+d.n):
		return binread.Corrupt("update of %#x bytes at %#x, want it outside of the log at %#x", d.n, d.off, h.logOff)
	}
	return nil
}

// put writes p over what was written before.
func (o *overlay) put(p patch) {
	if p.n == 0 {
		return
	}
	first := o.after(p.off)
	past := first
	for past < len(o.patches) && o.patches[past].off < p.end() {
		past++
	}
	changed := []patch{p}
	if past > first {
		if old := o.patches[first]; old.off < p.off {
			changed = []patch{old.part(old.off, p.off), p}
		}
		if old := o.patches[past-1]; old.end() > p.end() {
			changed = append(changed, old.part(p.end(), old.end()))
		}
	}
	o.patches = slices.Replace(o.patches, first, past, changed...)
	o.size = max(o.size, p.end())
}

// part is what lies from off to end of p.
func (p patch) part(off, end int64) patch {
	q := patch{off: off, n: end - off}
	if p.b != nil {
		q.b = p.b[off-p.off : end-p.off]
	}
	return q
}

// after returns the first patch that ends behind off.
func (o *overlay) after(off int64) int {
	i, _ := slices.BinarySearchFunc(o.patches, off, func(p patch, off int64) int {
		if p.end() <= off {
			return -1
		}
		return 1
	})
	return i
}

// ReadAt implements io.ReaderAt. What lies behind the end of the file, and inside of the size that the log gives it, is zeros.
func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	n := image.Clip(o.size, off, int64(len(p)))
	inside := image.Clip(o.file.size, off, n)
	if err := binread.Fill(o.file, p[:inside], off); inside > 0 && err != nil {
		return 0, err
	}
	clear(p[inside:n])
	for i := o.after(off); i < len(o.patches) && o.patches[i].off < off+n; i++ {
		q := o.patches[i]
		q = q.part(max(q.off, off), min(q.end(), off+n))
		if to := p[q.off-off : q.end()-off]; q.b != nil {
			copy(to, q.b)
		} else {
			clear(to)
		}
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}
