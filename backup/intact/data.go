package intact

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/guestctl/guestctl/backup/cycle"
	"github.com/guestctl/guestctl/backup/reading"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/finding"
)

// readSize is how many bytes are read at once.
const readSize = 1 << 20

// Share asks for a part of the bytes only: as much as the budget allows, from where the last run stopped.
type Share struct {
	Budget cycle.Budget
	State  *cycle.State // moved on
	Now    time.Time
	Within time.Duration // in which everything is to be read; 0 is any time
	// NotKept is why the next run begins anew, and NotKnown why nothing tells how old the cycle is; empty where neither is so.
	NotKept, NotKnown string
}

// lately says whether everything is read within the time for it; nil where there is none.
func (s *Share) lately() []finding.Finding {
	switch {
	case s.Within == 0:
		return nil
	case s.NotKnown != "":
		return []finding.Finding{cycle.NotKnown(s.NotKnown, s.Within)}
	}
	return []finding.Finding{s.State.Finding(s.Now, s.Within)}
}

// data reads every byte that the disks hold, or a share of them, when it is asked for.
func (v *verifier) data(ctx context.Context) {
	if !v.Full {
		return
	}
	d := &data{verifier: v}
	if v.Share == nil {
		r := v.layer(DataLayer, "Every byte can be read")
		d.run(ctx, nil, 0)
		d.report(r)
		r.end("%d bytes were read", v.result.Read)
		return
	}
	r := v.layer(DataLayer, "The bytes of this run can be read")
	from := v.Share.State.Next
	d.run(ctx, v.Share.State.Bad, from)
	if ctx.Err() != nil {
		return
	}
	d.report(r)
	v.Share.State.Remember(d.stretches())
	run := v.Share.State.Ran(d.to, v.Share.Now)
	run.Kept = v.Share.NotKept == "" && v.Share.NotKnown == ""
	v.result.Cycle, v.result.lately = &run, v.Share.lately()
	r.note("%s", run)
	if v.Share.NotKept != "" {
		r.note("%s", v.Share.NotKept)
	}
	if n := d.again; n > 0 {
		r.note("%d bytes that an earlier run could not read were read again", n)
	}
	r.end("bytes %d to %d of %d: all %d of them that are no hole were read", run.From, run.To, run.Size, v.result.Read)
}

// data reads disks, one behind the other: offsets count from the first byte of the first one.
type data struct {
	*verifier
	to    int64 // the end of what was read
	again int64 // bytes that were read since an earlier run could not
	over  bool
	bad   []unreadable
}

// unreadable is a stretch that could not be read.
type unreadable struct {
	disk   int
	off, n int64 // on the disk
	base   int64 // of the disk
	err    error
}

// stretch is what is read at once, and what of it could not be.
type stretch struct {
	image.Extent
	disk  int
	base  int64
	again bool
	bad   []unreadable
}

// run reads what was bad before, and then what the disks hold from an offset on, on all processors.
func (d *data) run(ctx context.Context, bad []cycle.Stretch, from int64) {
	d.to = from
	_ = reading.Work[*stretch]{ // the error is that of the context, which Verify looks at
		Take: d.take,
		Worker: func() func(*stretch) {
			buf := make([]byte, readSize)
			return func(s *stretch) { s.read(d.machine.Disks[s.disk].Image, buf) }
		},
	}.Each(ctx, func(yield func(*stretch) bool) {
		if d.known(bad, yield) {
			d.rest(from, yield)
		}
	})
	slices.SortFunc(d.bad, func(a, b unreadable) int { return cmp.Compare(a.base+a.off, b.base+b.off) })
	d.bad = slices.CompactFunc(d.bad, func(a, b unreadable) bool { return a.base+a.off == b.base+b.off })
}

// known yields what could not be read before.
func (d *data) known(bad []cycle.Stretch, yield func(*stretch) bool) bool {
	base := int64(0)
	for i, disk := range d.machine.Disks {
		size := disk.Size()
		for _, b := range bad {
			if b.Off < base || b.Off-base >= size {
				continue
			}
			for off, n := range reading.Cut(b.Off-base, min(b.Len, size-(b.Off-base)), reading.Narrow) {
				if !yield(&stretch{Extent: image.Extent{Off: off, Len: n}, disk: i, base: base, again: true}) {
					return false
				}
			}
		}
		base += size
	}
	return true
}

// rest yields what the disks hold from an offset on, and their holes.
func (d *data) rest(from int64, yield func(*stretch) bool) {
	base := int64(0)
	for i, disk := range d.machine.Disks {
		holes := reading.Holes{Image: disk.Image}
		for e := range holes.Extents(max(0, from-base)) {
			if e.Zero {
				if !yield(&stretch{Extent: e, disk: i, base: base}) {
					return
				}
				continue
			}
			if d.Started != nil {
				d.Started(e.Len)
			}
			for off, n := range reading.Cut(e.Off, e.Len, readSize) {
				if !yield(&stretch{Extent: image.Extent{Off: off, Len: n}, disk: i, base: base}) {
					return
				}
			}
		}
		base += disk.Size()
	}
}

// take notes what came of a stretch. What follows the last one is a hole where it can be one: it costs nothing.
func (d *data) take(s *stretch) bool {
	switch {
	case s.again:
		d.again += s.Len
	case s.Zero:
		d.to = s.base + s.Off + s.Len
		return true
	case d.over:
		return false
	default:
		d.to = s.base + s.Off + s.Len
		d.result.Read += s.Len
		d.over = d.Share != nil && d.Share.Budget.Over(d.result.Read)
		if d.Progress != nil {
			d.Progress(s.Len)
		}
	}
	d.bad = append(d.bad, s.bad...)
	return true
}

// read reads a stretch, and names those pieces of it that cannot be read.
func (s *stretch) read(img image.Image, buf []byte) {
	if s.Zero || binread.Fill(img, buf[:s.Len], s.Off) == nil {
		return
	}
	for off, n := range reading.Cut(s.Off, s.Len, reading.Narrow) {
		if err := binread.Fill(img, buf[:n], off); err != nil {
			s.bad = append(s.bad, unreadable{s.disk, off, n, s.base, err})
		}
	}
}

// report tells what could not be read.
func (d *data) report(r *report) {
	for _, b := range d.bad {
		r.damage(Damage{
			Place: fmt.Sprintf("%#x to %#x", b.off, b.off+b.n-1), Problem: b.err.Error(), Meaning: "these bytes are lost", Severity: finding.High,
			Disk: b.disk, Extents: []Extent{{b.off, b.n}}, spot: spot{loss: lost},
		}, 1)
	}
}

// stretches are what could not be read, for the next run.
func (d *data) stretches() []cycle.Stretch {
	all := make([]cycle.Stretch, 0, len(d.bad))
	for _, b := range d.bad {
		all = append(all, cycle.Stretch{Off: b.base + b.off, Len: b.n})
	}
	return all
}
