package lvm

import (
	"errors"
	"io"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// device is what bytes of a logical volume are read from. Reads stay within what the device has: who builds it sees to that.
type device interface {
	io.ReaderAt
	// place tells where the n bytes at off lie, as volume.Volume.Lies does.
	place(off, n int64) (volume.Place, bool)
}

// ReadAt reads from a physical volume.
func (p *physical) ReadAt(b []byte, off int64) (int, error) {
	if p.at == nil {
		return 0, p.missing()
	}
	n, err := p.at.ReadAt(b, off)
	if n == len(b) && errors.Is(err, io.EOF) {
		return n, nil
	}
	if n < len(b) && (err == nil || errors.Is(err, io.EOF)) {
		return n, binread.Corrupt("physical volume %s ends at byte %d, before byte %d", p.id, p.at.Size, off+int64(len(b)))
	}
	return n, err
}

func (p *physical) missing() error {
	return binread.WithHint(binread.Corrupt("physical volume %s is missing", p.id), "give all disks of the machine")
}

func (p *physical) place(off, n int64) (volume.Place, bool) {
	if p.at == nil || off >= p.at.Size {
		return volume.Place{}, false
	}
	return volume.Place{At: p.at, Off: off, Len: min(n, p.at.Size-off)}, true
}

// piece is a device from off on.
type piece struct {
	device
	off int64
}

func (p piece) ReadAt(b []byte, off int64) (int, error) { return p.device.ReadAt(b, p.off+off) }

func (p piece) place(off, n int64) (volume.Place, bool) { return p.device.place(p.off+off, n) }

// mapped is a logical volume: runs without a gap.
type mapped struct {
	runs []run
	size int64
}

// run is the bytes of a logical volume from start to end.
type run struct {
	start, end int64
	piece
}

// add appends n bytes, and makes one run of two that are one on the same device.
func (m *mapped) add(p piece, n int64) {
	if i := len(m.runs) - 1; i >= 0 {
		last := &m.runs[i]
		if _, ok := p.device.(*physical); ok && last.device == p.device && p.off == last.off+last.end-last.start {
			last.end += n
			m.size += n
			return
		}
	}
	m.runs = append(m.runs, run{m.size, m.size + n, p})
	m.size += n
}

// find returns the index of the run that holds the byte at off.
func (m *mapped) find(off int64) int {
	return sort.Search(len(m.runs), func(i int) bool { return m.runs[i].end > off })
}

func (m *mapped) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off >= m.size {
		return 0, io.EOF
	}
	short := int64(len(b)) > m.size-off
	if short {
		b = b[:m.size-off]
	}
	n, i := 0, m.find(off)
	var damage damage
	for n < len(b) {
		r := &m.runs[i]
		part := b[n:]
		if left := r.end - off; int64(len(part)) > left {
			part = part[:left]
		}
		got, err := r.ReadAt(part, off-r.start)
		n += got
		if err := damage.after(err, got, len(part)); err != nil {
			return n, err
		}
		off += int64(got)
		i++
	}
	if damage.err == nil && short {
		return n, io.EOF
	}
	return n, damage.err
}

func (m *mapped) place(off, n int64) (volume.Place, bool) {
	if off < 0 || off >= m.size {
		return volume.Place{}, false
	}
	r := &m.runs[m.find(off)]
	return r.place(off-r.start, min(n, r.end-off))
}

// damage keeps what is wrong with bytes that were read all the same.
type damage struct{ err error }

// after returns the error of one of several reads that the others cannot follow: all but binread.ErrChecksum, whose bytes are there.
func (d *damage) after(err error, n, want int) error {
	switch {
	case n < want && err == nil:
		return io.ErrUnexpectedEOF
	case n < want:
		return err
	case err != nil && errors.Is(err, binread.ErrChecksum):
		d.err = err
		return nil
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// nothing is a device that reads as zeros.
type nothing struct{}

func (nothing) ReadAt(b []byte, _ int64) (int, error) {
	clear(b)
	return len(b), nil
}

func (nothing) place(int64, int64) (volume.Place, bool) { return volume.Place{}, false }

// unreadable is a device that cannot be read.
type unreadable struct{ err error }

func (u unreadable) ReadAt([]byte, int64) (int, error) { return 0, u.err }

func (unreadable) place(int64, int64) (volume.Place, bool) { return volume.Place{}, false }

// spread reads a device whose chunks lie in turns on several others.
type spread struct {
	chunk int64 // bytes
	// at tells on which device a chunk lies, and as the how manieth of it.
	at func(chunk int64) (device, int64)
}

func (s *spread) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	var damage damage
	for n < len(b) {
		in := off % s.chunk
		part := b[n:]
		if int64(len(part)) > s.chunk-in {
			part = part[:s.chunk-in]
		}
		d, row := s.at(off / s.chunk)
		got, err := d.ReadAt(part, row*s.chunk+in)
		n += got
		if err := damage.after(err, got, len(part)); err != nil {
			return n, err
		}
		off += int64(got)
	}
	return n, damage.err
}

func (s *spread) place(off, n int64) (volume.Place, bool) {
	d, row := s.at(off / s.chunk)
	in := off % s.chunk
	return d.place(row*s.chunk+in, min(n, s.chunk-in))
}

// striped lays chunks over the devices in turns.
func striped(pieces []device, chunk int64) device {
	n := int64(len(pieces))
	return &spread{chunk, func(c int64) (device, int64) { return pieces[c%n], c / n }}
}

// copies is a device whose bytes are on each of several others. The first is read, and the next where it fails.
type copies []device

func (c copies) ReadAt(b []byte, off int64) (int, error) {
	n, err := c[0].ReadAt(b, off)
	for _, next := range c[1:] {
		if err == nil {
			break
		}
		if m, other := next.ReadAt(b, off); other == nil {
			n, err = m, nil
		}
	}
	return n, err
}

// place tells nothing: what is written to one copy alone is in one copy alone.
func (copies) place(int64, int64) (volume.Place, bool) { return volume.Place{}, false }
