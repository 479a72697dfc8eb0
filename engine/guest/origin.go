package guest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/image"
)

// maxOrigins is how many pieces of a file are looked up before it is said that reading it is less work.
const maxOrigins = 4096

// Origin names the content of a regular file by where it comes from: the files of the host that hold it, their state, and the
// places in them. Two files with the same origin have the same content, in whatever images they are: an overlay and its backing file
// give the same name to what the overlay did not change. ok is false where the content has to be read to be known, and when a file
// of the host may have changed in the very moment it was opened.
func (o Object) Origin(now time.Time) (name [sha256.Size]byte, ok bool) {
	m := o.place.at
	if !o.IsRegular() || m.origin == nil || m.taint != nil || o.Size == 0 {
		return name, false
	}
	f, err := o.content()
	mapped, isMapped := f.(filesys.Mapped)
	if err != nil || !isMapped {
		return name, false
	}
	t := tracer{origin: m.origin, now: now, ok: true}
	known := mapped.Runs(t.run)
	t.flush()
	if !known || !t.ok {
		return name, false
	}
	t.sum = fmt.Appendf(t.sum, "size %d\n", f.Size())
	return sha256.Sum256(t.sum), true
}

// tracer puts neighbouring origins together, so that the name does not depend on the pieces in which a container holds them.
type tracer struct {
	origin func(off, n int64) (image.Origin, bool)
	now    time.Time
	last   image.Origin
	pieces int
	sum    []byte
	ok     bool
}

func (t *tracer) run(r filesys.Run) {
	if r.Zero {
		t.add(image.Origin{Len: r.Len, Zero: true})
		return
	}
	for off, n := r.Off, r.Len; n > 0 && t.ok; {
		o, ok := t.origin(off, n)
		if !ok || o.Len <= 0 || o.Len > n {
			t.ok = false
			return
		}
		t.add(o)
		off, n = off+o.Len, n-o.Len
	}
}

func (t *tracer) add(o image.Origin) {
	if t.pieces++; t.pieces > maxOrigins || !o.Zero && !o.File.Settled(t.now) {
		t.ok = false
	}
	if !t.ok {
		return
	}
	if t.last.Len > 0 && continues(t.last, o) {
		t.last.Len += o.Len
		return
	}
	t.flush()
	t.last = o
}

// continues reports whether b begins where a ends.
func continues(a, b image.Origin) bool {
	switch {
	case a.Zero || b.Zero:
		return a.Zero && b.Zero
	case a.File != b.File || a.Compressed != b.Compressed:
		return false
	case a.Compressed:
		return a.Off == b.Off && a.Skip+a.Len == b.Skip
	}
	return a.Off+a.Len == b.Off
}

// flush writes the last origin into the name.
func (t *tracer) flush() {
	o := t.last
	if o.Len == 0 {
		return
	}
	if o.Zero {
		t.sum = fmt.Appendf(t.sum, "zeros %d\n", o.Len)
	} else {
		t.sum = fmt.Appendf(t.sum, "%d at %d %t %d of %d %d %d %d\n", o.Len, o.Off, o.Compressed, o.Skip,
			o.File.Size, o.File.Inode, o.File.Modified.UnixNano(), o.File.Changed.UnixNano())
	}
	t.last = image.Origin{}
}
