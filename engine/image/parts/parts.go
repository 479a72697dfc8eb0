// Package parts joins a disk that was split into several files: disk.001 and disk.002, disk.raw.partaa and disk.raw.partab, xaa and xab,
// or whatever split -d and split -a make of a prefix that ends in '.', '-', '_' or "part".
//
// It is no format of images: nothing in the bytes tells a part, and what the parts hold together may be in any container. What tells it is
// the name of the file that a person gave, and the files beside it.
package parts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	maxParts = 1000
	opening  = 16 // bytes by which two disks are told to be two
)

// Beside are the files beside the one that a person gave.
type Beside struct {
	Has  func(name string) bool
	List func() ([]string, error)
	// Begins returns the first n bytes of one of them, or all where it is shorter.
	Begins func(name string, n int64) ([]byte, error)
	// Open opens one of them as a part.
	Open func(name string) (File, error)
}

// File is an open part.
type File interface {
	io.ReaderAt
	Size() int64 // bytes
}

// Join joins the parts of which the file called name is the first. It returns nil where the file is whole, with the reason where that
// may not be what a person expects.
func Join(name string, first File, beside Beside) (joined *Disk, why string, err error) {
	s, number, ok := seriesOf(name)
	if !ok {
		return nil, "", nil
	}
	if s.start, err = s.first(name, number, first, beside); err != nil || s.start != number {
		return nil, "", err
	}
	names, err := s.names(beside)
	if err != nil || len(names) == 1 {
		return nil, "", err
	}
	if alike, err := beside.beginAlike(first, names[1]); err != nil || alike {
		return nil, fmt.Sprintf("%q is not taken for its next part: it begins like a disk of its own", names[1]), err
	}
	d := &Disk{parts: []File{first}, size: first.Size(), each: first.Size()}
	for i, name := range names[1:] {
		f, err := beside.Open(name)
		if err != nil {
			return nil, "", fmt.Errorf("part %q: %w", name, err)
		}
		if err := d.add(f, name, i+2 == len(names)); err != nil {
			return nil, "", err
		}
	}
	return d, "", nil
}

// first is the number of the first part: number itself where the file is that, and -1 where it is a disk of its own. It is an error that
// the file is a later part.
func (s series) first(name string, number int, given File, beside Beside) (int, error) {
	starts := []int{0}
	if s.digits == decimal {
		starts = []int{0, 1}
	}
	for _, n := range starts {
		first := s.numbered(n)
		switch {
		case n == number:
			return n, nil
		case n > number || !beside.Has(first) || !beside.Has(s.numbered(number-1)):
			continue
		}
		switch alike, err := beside.beginAlike(given, first); {
		case err != nil:
			return 0, err
		case !alike:
			return 0, binread.WithHint(binread.Refused("%q is part %d of a disk that was split", name, number-n+1), "name its first part: "+first)
		}
	}
	return -1, nil
}

// names are the names of all parts, which must follow one another.
func (s series) names(beside Beside) ([]string, error) {
	list, err := beside.List()
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(list))
	for _, name := range list {
		there[name] = true
	}
	if s.width == 2 && s.start == 0 && there[s.widened()] {
		s = s.wider()
	}
	names := []string{s.numbered(s.start)}
	for i := 1; ; i++ {
		name := s.part(i)
		if name == "" || !there[name] {
			return names, s.gap(i, there)
		}
		if names = append(names, name); len(names) > maxParts {
			return nil, binread.Limit("more than %d parts", maxParts)
		}
	}
}

// gap says that a part is missing, which is so when a later one is there.
func (s series) gap(at int, there map[string]bool) error {
	for i := at + 1; i <= maxParts; i++ {
		name := s.part(i)
		if name == "" {
			return nil
		}
		if there[name] {
			return binread.WithHint(binread.Corrupt("part %q is missing, and %q is there", s.part(at), name), "put all parts beside one another")
		}
	}
	return nil
}

// beginAlike reports whether a file begins with the bytes that another begins with, and not with zeros: backups of one machine that are
// numbered do, and parts of one disk do not.
func (b Beside) beginAlike(given File, name string) (bool, error) {
	want, err := binread.ReadAt(given, 0, min(opening, given.Size()), opening)
	if err != nil {
		return false, err
	}
	got, err := b.Begins(name, opening)
	if err != nil {
		return false, fmt.Errorf("part %q: %w", name, err)
	}
	return len(got) == opening && bytes.Equal(got, want) && slices.Max(got) > 0, nil
}

// Disk is what parts hold together. It implements io.ReaderAt, image.Extenter and image.Tracer, and is safe for concurrent use.
type Disk struct {
	parts []File
	each  int64 // bytes of every part but the last
	size  int64
}

// add adds a part. All but the last have the size of the first; split -n leaves the last a few bytes more, and less than it made parts.
func (d *Disk) add(f File, name string, last bool) error {
	n := f.Size()
	switch {
	case n == 0:
		return binread.Corrupt("part %q is empty", name)
	case !last && n != d.each:
		return binread.WithHint(binread.Corrupt("part %q has %d bytes, the first has %d", name, n, d.each), "the part was cut off, or is none of this disk")
	case last && n-d.each > int64(len(d.parts)):
		return binread.Corrupt("the last part %q has %d bytes, more than the first, which has %d", name, n, d.each)
	case n > 1<<62-d.size:
		return binread.Corrupt("part %q: more bytes together than any disk has", name)
	}
	d.parts = append(d.parts, f)
	d.size += n
	return nil
}

// Size is how many bytes the parts have together.
func (d *Disk) Size() int64 { return d.size }

// Parts is how many parts there are.
func (d *Disk) Parts() int { return len(d.parts) }

// at is the part in which an offset lies, and where in it.
func (d *Disk) at(off int64) (part int, rest int64) {
	part = min(int(off/d.each), len(d.parts)-1)
	return part, off - int64(part)*d.each
}

// ReadAt implements io.ReaderAt.
func (d *Disk) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("parts: read at a negative offset")
	}
	for n < len(p) {
		if off+int64(n) >= d.size {
			return n, io.EOF
		}
		part, rest := d.at(off + int64(n))
		f := d.parts[part]
		want := p[n:][:min(int64(len(p)-n), f.Size()-rest)]
		done, err := f.ReadAt(want, rest)
		n += done
		if done < len(want) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // the part was cut off since it was opened
			}
			return n, fmt.Errorf("part %d: %w", part+1, err)
		}
	}
	return n, nil
}

// Extent implements image.Extenter.
func (d *Disk) Extent(off, n int64) (image.Extent, error) {
	n = image.Clip(d.size, off, n)
	if n == 0 {
		return image.Extent{Off: off}, nil
	}
	part, rest := d.at(off)
	n = min(n, d.parts[part].Size()-rest)
	x, ok := d.parts[part].(image.Extenter)
	if !ok {
		return image.Extent{Off: off, Len: n}, nil
	}
	e, err := x.Extent(rest, n)
	e.Off = off
	return e, err
}

// Origin implements image.Tracer.
func (d *Disk) Origin(off, n int64) (image.Origin, bool) {
	if n = image.Clip(d.size, off, n); n == 0 {
		return image.Origin{}, false
	}
	part, rest := d.at(off)
	return image.OriginOf(d.parts[part], rest, n)
}
