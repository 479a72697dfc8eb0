package image

import (
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	// maxSteps bounds the runs that are put together in one call.
	maxSteps = 4096
	// minSkip is the shortest read that asks the host for holes first: for shorter ones asking costs more than reading zeros.
	minSkip = 256 << 10
)

// Place is where the bytes of a run are.
type Place uint8

// The places.
const (
	Below  Place = iota // in the parent; zeros where there is none
	Zeros               // nowhere: they are zeros
	Stored              // in the file of the container
	Packed              // there, and compressed
)

// Run is a range of guest bytes that are all in one place.
type Run struct {
	Place Place
	Len   int64
	File  io.ReaderAt // that has what is stored or packed; nil: the container's
	Host  int64       // where that starts in the file
	// Unpack fills p with the start of a packed run, which begins Skip bytes into what is packed at Host.
	Unpack func(p []byte) error
	Skip   int64
}

// follows reports whether next, which begins where r ends, is more of the same.
func (r Run) follows(next Run) bool {
	switch r.Place {
	case Packed:
		return false
	case Stored:
		return next.Place == Stored && next.File == r.File && next.Host == r.Host+r.Len
	case Below, Zeros:
	}
	return next.Place == r.Place
}

// Mapping is the disk of a container that keeps its bytes in blocks that a table finds, over a parent perhaps. A format
// gives it the table and has what an image does.
type Mapping struct {
	Format     string
	Bytes      int64       // size of the virtual disk
	File       io.ReaderAt // of the container
	Parent     Image       // nil where there is none
	ParentName string
	// Find returns the run at off, of one to n bytes. Both lie inside of the disk, and n is at least 1.
	Find func(off, n int64) (Run, error)
}

// Size implements Image.
func (m *Mapping) Size() int64 { return m.Bytes }

// Close closes the parent. The file of the container belongs to the caller.
func (m *Mapping) Close() error {
	if m.Parent == nil {
		return nil
	}
	return m.Parent.Close()
}

// Above adds the parent to the description of the container.
func (m *Mapping) Above(d Description) Description {
	if m.Parent == nil {
		return d
	}
	below := m.Parent.Description()
	d.Backing = append([]string{m.ParentName}, below.Backing...)
	for _, p := range below.Problems {
		d.Problems = append(d.Problems[:len(d.Problems):len(d.Problems)], fmt.Sprintf("parent %q: %s", m.ParentName, p))
	}
	return d
}

// ReadAt implements io.ReaderAt. On an error the bytes before n are good.
func (m *Mapping) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New(m.Format + ": read at a negative offset")
	}
	want := int(Clip(m.Bytes, off, int64(len(p))))
	for n := 0; n < want; {
		at := off + int64(n)
		r, err := m.run(at, int64(want-n))
		if err == nil {
			err = m.fill(p[n:n+int(r.Len)], at, r)
		}
		if err != nil {
			return n, fmt.Errorf("%s: guest offset %#x: %w", m.Format, at, err)
		}
		n += int(r.Len)
	}
	if want < len(p) {
		return want, io.EOF
	}
	return want, nil
}

// run returns the run at off. What lies in one place is one run, through all blocks.
func (m *Mapping) run(off, n int64) (Run, error) {
	r, err := m.Find(off, n)
	for steps := 0; err == nil && r.Len < n && steps < maxSteps; steps++ {
		next, nextErr := m.Find(off+r.Len, n-r.Len)
		// What is damaged is reported when it is the first of a run.
		if nextErr != nil || !r.follows(next) {
			break
		}
		r.Len += next.Len
	}
	return r, err
}

// fill reads the guest bytes at off, which are the run r.
func (m *Mapping) fill(p []byte, off int64, r Run) error {
	switch r.Place {
	case Stored:
		return m.fillStored(p, r)
	case Packed:
		return r.Unpack(p)
	case Below:
		return m.fillBelow(p, off)
	case Zeros:
	}
	clear(p)
	return nil
}

// file is the file that has a run.
func (m *Mapping) file(r Run) io.ReaderAt {
	if r.File != nil {
		return r.File
	}
	return m.File
}

// fillStored reads from the file. Long reads do not touch its holes.
func (m *Mapping) fillStored(p []byte, r Run) error {
	file, host := m.file(r), r.Host
	for len(p) > 0 {
		part := p
		e, ok := hole(file, host, int64(len(p)))
		if ok {
			part = p[:e.Len]
		}
		if ok && e.Zero {
			clear(part)
		} else if err := binread.Fill(file, part, host); err != nil {
			return err
		}
		p, host = p[len(part):], host+int64(len(part))
	}
	return nil
}

// hole returns what the host says of the n bytes of the file at off, where it says something and is worth asking.
func hole(file io.ReaderAt, off, n int64) (Extent, bool) {
	f, ok := file.(Extenter)
	if !ok || n < minSkip {
		return Extent{}, false
	}
	e, err := f.Extent(off, n)
	return e, err == nil && e.Len > 0 && e.Len <= n
}

// fillBelow reads from the parent; what lies beyond its end is zeros.
func (m *Mapping) fillBelow(p []byte, off int64) error {
	inside := m.inside(off, int64(len(p)))
	clear(p[inside:])
	if inside == 0 {
		return nil
	}
	if err := binread.Fill(m.Parent, p[:inside], off); err != nil {
		return fmt.Errorf("parent %q: %w", m.ParentName, err)
	}
	return nil
}

// inside is how many of the n bytes at off the parent has.
func (m *Mapping) inside(off, n int64) int64 {
	if m.Parent == nil {
		return 0
	}
	return Clip(m.Parent.Size(), off, n)
}

// Extent implements Extenter, through parents too.
func (m *Mapping) Extent(off, n int64) (Extent, error) {
	n = Clip(m.Bytes, off, n)
	e := Extent{Off: off}
	for steps := 0; n > 0 && steps < maxSteps; steps++ {
		isZero, asked, k, err := m.extent(off, n)
		if err != nil && e.Len == 0 {
			return e, fmt.Errorf("%s: guest offset %#x: %w", m.Format, off, err)
		}
		if err != nil || e.Len > 0 && isZero != e.Zero {
			return e, nil //nolint:nilerr // the next call, which starts there, returns the error
		}
		e.Zero = isZero
		e.Len += k
		if off, n = off+k, n-k; asked {
			break // one answer of a parent may be long work: a chain of files must not multiply it
		}
	}
	return e, nil
}

// extent is one step of Extent: how many of the n bytes at off are alike, at least one, and whether a parent said so.
func (m *Mapping) extent(off, n int64) (isZero, asked bool, k int64, err error) {
	r, err := m.run(off, n)
	if err != nil {
		return false, false, 0, err
	}
	switch r.Place {
	case Stored:
		if e, ok := hole(m.file(r), r.Host, r.Len); ok {
			return e.Zero, false, e.Len, nil
		}
		return false, false, r.Len, nil
	case Packed:
		return false, false, r.Len, nil
	case Below:
		if inside := m.inside(off, r.Len); inside > 0 {
			e, err := ExtentOf(m.Parent, off, inside)
			if err != nil {
				return false, true, 0, fmt.Errorf("parent %q: %w", m.ParentName, err)
			}
			if e.Len <= 0 || e.Len > inside {
				return false, true, inside, nil
			}
			return e.Zero, true, e.Len, nil
		}
	case Zeros:
	}
	return true, false, r.Len, nil
}

// Origin implements Tracer, through parents too.
func (m *Mapping) Origin(off, n int64) (Origin, bool) {
	if n = Clip(m.Bytes, off, n); n == 0 {
		return Origin{}, false
	}
	r, err := m.run(off, n)
	if err != nil {
		return Origin{}, false
	}
	switch r.Place {
	case Stored:
		return OriginOf(m.file(r), r.Host, r.Len)
	case Packed:
		o, ok := OriginOf(m.file(r), 0, 1)
		o.Len, o.Off, o.Compressed, o.Skip = r.Len, r.Host, true, r.Skip
		return o, ok
	case Below:
		if inside := m.inside(off, r.Len); inside > 0 {
			return OriginOf(m.Parent, off, inside)
		}
	case Zeros:
	}
	return Origin{Len: r.Len, Zero: true}, true
}
