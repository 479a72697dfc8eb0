// Package vhd reads virtual hard disks of Virtual PC and Hyper-V, which QEMU calls vpc (Microsoft, Virtual Hard Disk Image Format
// Specification, version 1.0), read-only: fixed, dynamic and differencing ones.
//
// The size of the disk is the one in the footer, or that of its geometry: see footer.size. Of the footer of a dynamic disk there are
// two, and one is enough. A sector whose bit in the bitmap of its block is not set is zeros, or the parent's, as the specification has
// it; QEMU, which sets all bits, reads the block without them. A parent is opened by image.Options.Sibling only, by the names that the
// image has for it, and must have the unique id that the image knows.
package vhd

import (
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	sectorSize = 512 // bytes
	unused     = 0xffffffff
	// maxTables is the memory that an open image keeps of its tables.
	maxTables = 2 << 20
)

// Format is the VHD format.
var Format = image.Format{
	Name:  "vhd",
	Alias: "vpc",
	Probe: probe,
	Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		m, err := open(r, size, opts)
		if err != nil {
			return nil, fmt.Errorf("vhd: %w", err)
		}
		return m, nil
	},
}

// probe wants the magic number at the start, or a whole footer at the end: the last sector of a raw disk is the guest's to write.
func probe(r io.ReaderAt, size int64) (bool, error) {
	if ok, err := binread.Magic(0, cookie)(r, size); ok || err != nil {
		return ok, err
	}
	_, err := readLast(r, size)
	if errors.Is(err, binread.ErrCorrupt) || errors.Is(err, binread.ErrChecksum) {
		return false, nil
	}
	return err == nil, err
}

// Image is an open VHD. It is safe for concurrent use.
type Image struct {
	image.Mapping
	fileSize int64
	foot     *footer
	head     *header        // nil: a fixed disk
	tables   *binread.Pages // the block allocation table, and the bitmaps
	problems []string
}

func open(r io.ReaderAt, size int64, opts image.Options) (*Image, error) {
	if opts.Snapshot != "" {
		return nil, binread.Unsupported("snapshot %q: VHDs have no internal snapshots", opts.Snapshot)
	}
	foot, problems, err := readFooters(r, size)
	if err != nil {
		return nil, err
	}
	m := &Image{fileSize: size, foot: foot, problems: problems}
	m.Mapping = image.Mapping{Format: "vhd", Bytes: foot.size(), File: r, Find: m.findFixed}
	if foot.kind == fixed {
		return m, foot.checkFixed(size)
	}
	if m.head, err = readHeader(r, size, foot); err != nil {
		return nil, err
	}
	m.tables = binread.NewPages(r, size, maxTables)
	m.Find = m.find
	if foot.kind == differencing {
		err = m.openParent(opts.Sibling)
	}
	return m, err
}

// Description implements image.Image.
func (m *Image) Description() image.Description {
	d := image.Description{Format: "vhd", Version: "1.0", Used: m.fileSize, Problems: m.problems}
	if p := m.foot.sizeProblem(); p != "" {
		d.Problems = append(d.Problems[:len(d.Problems):len(d.Problems)], p)
	}
	if m.head != nil {
		d.ClusterSize = m.head.blockSize
	}
	return m.Above(d)
}

// Identity implements image.Identified: the unique id of the footer.
func (m *Image) Identity() image.Identity {
	id := image.Identity{ID: m.foot.id.String()}
	if o, ok := image.OriginOf(m.File, 0, 1); ok {
		id.Written = o.File.Modified
	}
	return id
}

// findFixed finds the bytes of a fixed disk: the file begins with them.
func (m *Image) findFixed(off, n int64) (image.Run, error) {
	return image.Run{Place: image.Stored, Len: n, Host: off}, nil
}

// find finds the bytes of a dynamic or differencing disk.
func (m *Image) find(off, n int64) (image.Run, error) {
	in := off % m.head.blockSize
	r := image.Run{Place: image.Below, Len: min(n, m.head.blockSize-in)}
	host, err := m.block(off / m.head.blockSize)
	if err != nil || host < 0 {
		return r, err
	}
	set, sectors, err := m.bits(host, in, r.Len)
	if err != nil {
		return r, fmt.Errorf("sector bitmap at %#x: %w", host, err)
	}
	r.Len = min(r.Len, sectors*sectorSize-in%sectorSize)
	if set {
		r.Place, r.Host = image.Stored, host+m.head.bitmapSize()+in
	}
	return r, nil
}

// block returns where block number i is in the file, or -1 when it is not there. It begins with its bitmap.
func (m *Image) block(i int64) (int64, error) {
	at := m.head.tableOff + 4*i
	b, err := m.tables.From(at)
	if err != nil {
		return 0, fmt.Errorf("entry of the block allocation table at %#x: %w", at, err)
	}
	c := binread.Big(b)
	entry := c.U32()
	if entry == unused {
		return -1, c.Err()
	}
	host := int64(entry) * sectorSize
	if host >= m.fileSize || m.head.bitmapSize() >= m.fileSize-host {
		return 0, binread.Corrupt("entry of the block allocation table at %#x: block at %#x, want it inside of a file of %d bytes", at, host, m.fileSize)
	}
	return host, nil
}

// bits returns whether the sector that lies in bytes into the block at host is in this file, and how many from there on are like it, of
// the n bytes, and at least one.
func (m *Image) bits(host, in, n int64) (set bool, sectors int64, err error) {
	first := in / sectorSize
	last := (in + n - 1) / sectorSize
	b, err := m.tables.From(host + first/8)
	if err != nil {
		return false, 0, err
	}
	set, k := binread.HighFirst.Run(b, int(first%8), int(min(last-first+1, int64(len(b))*8-first%8)))
	return set, int64(k), nil
}
