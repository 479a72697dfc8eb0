// Package raw reads raw disk images: the bytes of the disk and nothing else.
//
// A raw image has no magic number, so every file is one: the format stands last in the list of formats. Holes come from the
// host's file system, when the reader below implements image.Extenter, as image.File does.
package raw

import (
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// minSkip is the shortest read that asks for holes first: for shorter ones asking costs more than reading zeros.
const minSkip = 256 << 10

// Format is the raw format.
var Format = image.Format{
	Name:  image.Raw,
	Probe: func(io.ReaderAt, int64) (bool, error) { return true, nil },
	Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		if opts.Snapshot != "" {
			return nil, binread.Unsupported("raw: snapshot %q: raw images have no snapshots", opts.Snapshot)
		}
		return &Image{r, size}, nil
	},
}

// Image is a raw disk image.
type Image struct {
	r    io.ReaderAt
	size int64
}

// Size implements image.Image.
func (m *Image) Size() int64 { return m.size }

// Close implements image.Image. The reader below belongs to the caller.
func (m *Image) Close() error { return nil }

// Description implements image.Image. How much of the file the host has allocated is not part of it: a copy of the image
// would be described differently.
func (m *Image) Description() image.Description {
	return image.Description{Format: image.Raw, Used: -1}
}

// Extent implements image.Extenter.
func (m *Image) Extent(off, n int64) (image.Extent, error) {
	n = image.Clip(m.size, off, n)
	if e, ok := m.r.(image.Extenter); ok && n > 0 {
		return e.Extent(off, n)
	}
	return image.Extent{Off: off, Len: n}, nil
}

// Origin implements image.Tracer.
func (m *Image) Origin(off, n int64) (image.Origin, bool) {
	return image.OriginOf(m.r, off, image.Clip(m.size, off, n))
}

// ReadAt implements io.ReaderAt. Long reads do not touch the holes of the file.
func (m *Image) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("raw: read at a negative offset")
	}
	want := image.Clip(m.size, off, int64(len(p)))
	var err error
	n := 0
	for rest := p[:want]; len(rest) > 0 && err == nil; rest = p[n:want] {
		var done int
		done, err = m.read(rest, off+int64(n))
		n += done
	}
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// read fills the start of p: with one hole, one run of data, or all of it when it is short.
func (m *Image) read(p []byte, off int64) (int, error) {
	if len(p) >= minSkip {
		e, err := m.Extent(off, int64(len(p)))
		if err != nil {
			return 0, err
		}
		p = p[:e.Len]
		if e.Zero {
			clear(p)
			return len(p), nil
		}
	}
	if err := binread.Fill(m.r, p, off); err != nil {
		return 0, fmt.Errorf("raw: %w", err)
	}
	return len(p), nil
}
