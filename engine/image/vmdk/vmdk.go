// Package vmdk reads VMware virtual disks, read-only, after VMware's Virtual Disk Format 1.1 (and 5.0, which is the same text), with
// what QEMU's and libvmdk's documentation say of the extents of ESX.
//
// It reads disks in one file and in many: hosted sparse extents (monolithicSparse, twoGbMaxExtentSparse, streamOptimized: compressed
// grains with markers, and the footer), flat ones (monolithicFlat, twoGbMaxExtentFlat, vmfs), those that are zeros, and the deltas of ESX:
// vmfsSparse (COWD) and seSparse. A damaged grain directory is mended by the redundant one, and that is said. The parents of a snapshot are
// read through their content ids. A file that a descriptor names is opened by image.Options.Sibling only. Raw device mappings and
// encrypted disks are recognised and not read, and neither is a seSparse extent with a journal that was not replayed.
package vmdk

import (
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const name = "vmdk"

// Format is the VMDK format.
var Format = image.Format{
	Name:  name,
	Probe: binread.AnyOf(binread.Magic(0, magicHosted), binread.Magic(0, magicCOWD), binread.Magic(0, magicSE), probeText),
	Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		if opts.Snapshot != "" {
			return nil, binread.Unsupported("vmdk: snapshot %q: a snapshot of a VMDK is a file of its own: name that", opts.Snapshot)
		}
		m, err := open(r, size, opts.Sibling)
		if err != nil {
			return nil, fmt.Errorf("vmdk: %w", err)
		}
		return m, nil
	},
}

// probeText reports whether a file is a descriptor.
func probeText(r io.ReaderAt, size int64) (bool, error) {
	const title = 1024
	b, err := binread.ReadAt(r, 0, min(size, title), title)
	return err == nil && isDescriptor(b), err
}

// Image is an open VMDK. It is safe for concurrent use.
type Image struct {
	image.Mapping

	desc     *descriptor
	segments []segment // in the order of the disk, without gaps
	files    []image.Image
	tables   int64   // of all extents
	grains   *grains // of all extents
	problems []problem
}

// open opens the disk whose descriptor is in r: a file of its own, or a part of its only extent.
func open(r io.ReaderAt, size int64, sibling image.Sibling) (_ *Image, err error) {
	m := &Image{Mapping: image.Mapping{Format: name, File: r}, grains: newGrains()}
	g, err := m.readOwn(r, size)
	if err != nil {
		return nil, err
	}
	if g != nil {
		err = m.addOwn(r, size, g)
	} else {
		err = m.openExtents(sibling)
	}
	if err == nil {
		m.Bytes = m.end()
		m.Find = m.find
		err = m.openParent(sibling)
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// readOwn reads the descriptor that is in r. It returns the geometry of the extent in r where that is the disk.
func (m *Image) readOwn(r io.ReaderAt, size int64) (*geometry, error) {
	isText, err := probeText(r, size)
	if err != nil {
		return nil, err
	}
	if isText {
		if m.desc, err = readDescriptor(r, 0, size); err != nil {
			return nil, fmt.Errorf("descriptor: %w", err)
		}
		return nil, nil
	}
	g, err := readGeometry(r, size)
	if err != nil {
		return nil, err
	}
	if g.descriptor.n == 0 {
		return nil, errExtent
	}
	b, err := binread.ReadAt(r, g.descriptor.off, max(1, min(g.descriptor.n, size-g.descriptor.off)), maxDescriptor)
	if err == nil && !isDescriptor(b) {
		return nil, errExtent // QEMU leaves room for a descriptor in every extent
	}
	if err == nil {
		m.desc, err = parseDescriptor(b)
	}
	if err != nil {
		return nil, fmt.Errorf("descriptor at %#x: %w", g.descriptor.off, err)
	}
	if g.size == 0 {
		return nil, nil // it is there for its descriptor alone
	}
	return g, nil
}

// errExtent is the error about a piece of a disk that was named in place of it.
var errExtent = binread.WithHint(binread.Unsupported("an extent of a disk, whose descriptor is in another file"),
	"name the .vmdk file that is a short text: it says which files the disk consists of")

// addOwn makes the extent in r the disk.
func (m *Image) addOwn(r io.ReaderAt, size int64, g *geometry) error {
	if lines := m.desc.extents; len(lines) != 1 || lines[0].kind != "SPARSE" {
		return binread.Corrupt("descriptor: %d extents, the first of kind %q, want one of kind SPARSE: the file itself", len(lines), lines[0].kind)
	}
	if own := m.desc.extents[0].sectors * sectorSize; own != g.size {
		m.problems = append(m.problems, problem{image.Damaged, fmt.Sprintf("the descriptor has a disk of %d bytes, and the header one of %d, which is read", own, g.size), g.descriptor.off})
	}
	s, err := m.addSparse(r, size, g, 1)
	if err == nil {
		m.segments = append(m.segments, segment{n: g.size, sparse: s, fileSize: size})
	}
	return err
}

// addSparse opens a sparse extent that begins where the disk ends so far.
func (m *Image) addSparse(r io.ReaderAt, size int64, g *geometry, pages int) (*sparse, error) {
	if err := g.validate(maxTables - m.tables); err != nil {
		return nil, err
	}
	s, err := openSparse(r, size, g, pages)
	if err != nil {
		return nil, err
	}
	s.start, s.grains = m.end(), m.grains
	m.tables += int64(len(s.directory))
	return s, nil
}

// end is where the last segment ends.
func (m *Image) end() int64 {
	if len(m.segments) == 0 {
		return 0
	}
	last := m.segments[len(m.segments)-1]
	return last.start + last.n
}

// Close closes the extents and the parent. The reader of the image belongs to the caller.
func (m *Image) Close() error {
	errs := []error{m.Mapping.Close()}
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
