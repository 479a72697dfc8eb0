// Package compressed reads images that were compressed as a whole: with gzip (RFC 1952), xz (The .xz File Format 1.1.0) and zstd
// (RFC 8878). What is inside may be any image, raw disks above all.
//
// Nothing in such a stream can be read without what stands before it, unless it was made of pieces that stand alone: blocks of xz, frames
// of zstd, and members of gzip, of which nobody can tell where they begin. An index of the pieces is kept in memory, a piece is unpacked
// when something in it is read for the first time, and what was unpacked goes into a file without a name in the directory for temporary
// files, in which zeros take no room. A stream of one piece is unpacked as far as it is read. How much may be unpacked is limited by
// image.Room before anything is.
//
// The sizes of pieces are in the index of xz, and in the frames of zstd where the program that wrote them knew them; where they are not,
// the stream is unpacked when it is opened. Checksums are verified for every piece that is unpacked to its end, and all are by Check.
package compressed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// The formats.
var (
	Gzip = format("gzip", binread.Magic(0, "\x1f\x8b\x08"), gzipPieces)
	XZ   = format("xz", binread.Magic(0, xzMagic), xzPieces)
	Zstd = format("zstd", probeZstd, zstdPieces)
)

// format is a format whose pieces are found by a function.
func format(name string, probe binread.Probe, pieces func(f file) ([]*piece, error)) image.Format {
	return image.Format{Name: name, Probe: probe, Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		found, err := pieces(file{r, size})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		room := opts.Room
		if room == nil {
			room = &image.Room{}
		}
		s, err := unpack(name, found, room)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if opts.Inside == nil {
			opts.Inside = func(io.ReaderAt, int64) (image.Image, error) { return plain{s}, nil }
		}
		inner, err := opts.Inside(s, s.size)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), s.Close())
		}
		return &Image{inner, s}, nil
	}}
}

// file is the compressed file.
type file struct {
	io.ReaderAt
	size int64
}

// Image is an image that was compressed, whatever it is.
type Image struct {
	image.Image
	stream *stream
}

// Close closes the image and drops what was unpacked.
func (m *Image) Close() error { return errors.Join(m.Image.Close(), m.stream.Close()) }

// Description implements image.Image: it is that of what is inside, and says what it is in.
func (m *Image) Description() image.Description {
	d := m.Image.Description()
	d.Within = slices.Insert(slices.Clone(d.Within), 0, m.stream.format)
	return d
}

// Extent implements image.Extenter.
func (m *Image) Extent(off, n int64) (image.Extent, error) { return image.ExtentOf(m.Image, off, n) }

// Check implements image.Checker: it unpacks everything, verifies all checksums, and checks what is inside.
func (m *Image) Check(ctx context.Context, opts image.CheckOptions) (image.Checked, error) {
	var checked image.Checked
	if err := m.stream.check(ctx, opts, &checked); err != nil {
		return checked, err
	}
	inner, ok, err := image.CheckOf(ctx, m.Image, opts)
	if err == nil && !ok {
		err = binread.Unsupported("%s: the tables of this format are not verified", m.Image.Description().Format)
	}
	inner.Damaged += checked.Damaged
	return inner, err
}

// plain is what is inside as it is.
type plain struct{ *stream }

func (p plain) Size() int64                    { return p.size }
func (p plain) Close() error                   { return nil } // the stream belongs to the Image
func (p plain) Description() image.Description { return image.Description{Format: "raw", Used: -1} }
