package intact

import (
	"context"
	"fmt"
	"iter"

	"github.com/guestctl/guestctl/backup/reading"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

// readSize is how many bytes are read at once.
const readSize = 1 << 20

// data reads every byte that the disks hold, when it is asked for.
func (v *verifier) data(ctx context.Context) {
	if !v.Full {
		return
	}
	r := v.layer(DataLayer, "Every byte can be read")
	for i, disk := range v.machine.Disks {
		v.readDisk(ctx, r, i, disk.Image)
	}
	r.end("%d bytes were read", v.result.Read)
}

// unreadable is a stretch that could not be read.
type unreadable struct {
	off, n int64
	err    error
}

// stretch is what is read at once, and what of it could not be.
type stretch struct {
	image.Extent
	bad []unreadable
}

// readDisk reads what a disk holds, on all processors.
func (v *verifier) readDisk(ctx context.Context, r *report, disk int, img image.Image) {
	_ = reading.Work[*stretch]{ // the error is that of the context, which Verify looks at
		Worker: func() func(*stretch) {
			buf := make([]byte, readSize)
			return func(s *stretch) { s.read(img, buf) }
		},
		Take: func(s *stretch) bool {
			v.result.Read += s.Len
			if v.Progress != nil {
				v.Progress(s.Len)
			}
			for _, b := range s.bad {
				r.damage(Damage{
					Place: fmt.Sprintf("%#x to %#x", b.off, b.off+b.n-1), Belongs: v.belongs(disk, b.off, b.n), Problem: b.err.Error(),
					Meaning: "these bytes are lost", Severity: finding.High,
				}, 1)
			}
			return true
		},
	}.Each(ctx, v.stretches(img))
}

// stretches are what is not known to be zeros.
func (v *verifier) stretches(img image.Image) iter.Seq[*stretch] {
	return func(yield func(*stretch) bool) {
		holes := reading.Holes{Image: img}
		for e := range holes.Extents(0) {
			if e.Zero {
				continue
			}
			if v.Started != nil {
				v.Started(e.Len)
			}
			for off, n := range reading.Cut(e.Off, e.Len, readSize) {
				if !yield(&stretch{Extent: image.Extent{Off: off, Len: n}}) {
					return
				}
			}
		}
	}
}

// read reads a stretch, and names those pieces of it that cannot be read.
func (s *stretch) read(img image.Image, buf []byte) {
	if binread.Fill(img, buf[:s.Len], s.Off) == nil {
		return
	}
	for off, n := range reading.Cut(s.Off, s.Len, reading.Narrow) {
		if err := binread.Fill(img, buf[:n], off); err != nil {
			s.bad = append(s.bad, unreadable{off, n, err})
		}
	}
}
