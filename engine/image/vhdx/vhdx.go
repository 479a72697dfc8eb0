// Package vhdx reads virtual hard disks of version 2 ([MS-VHDX], Virtual Hard Disk v2 (VHDX) File Format), read-only: fixed, dynamic and
// differencing ones.
//
// A log that was not written to its places is replayed in memory: the file is never changed. A block that the specification leaves
// undefined reads as zeros, as in QEMU. A parent is opened by image.Options.Sibling only, by the names that the image has for it, and
// must have the identity that the image knows.
package vhdx

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	// maxTables is the memory that an open image keeps of its block allocation table and its sector bitmaps.
	maxTables = 2 << 20
	signature = "vhdxfile"
)

// Format is the VHDX format.
var Format = image.Format{
	Name:  "vhdx",
	Probe: binread.Magic(0, signature),
	Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		m, err := open(r, size, opts)
		if err != nil {
			return nil, fmt.Errorf("vhdx: %w", err)
		}
		return m, nil
	},
}

// Image is an open VHDX. It is safe for concurrent use.
type Image struct {
	image.Mapping
	file     file // with the log replayed
	used     int64
	head     *header
	regions  *regions
	meta     *metadata
	tables   *binread.Pages // the block allocation table, and the sector bitmaps
	problems []string
}

// file is the file of the container, or what the log makes of it.
type file struct {
	io.ReaderAt
	size int64
}

func open(r io.ReaderAt, size int64, opts image.Options) (*Image, error) {
	if opts.Snapshot != "" {
		return nil, binread.Unsupported("snapshot %q: VHDXs have no internal snapshots", opts.Snapshot)
	}
	m := &Image{file: file{r, size}, used: size}
	for _, step := range []func() error{m.readHeaders, m.replay, m.readRegions, m.readMetadata} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	m.tables = binread.NewPages(m.file, m.file.size, maxTables)
	m.Mapping = image.Mapping{Format: "vhdx", Bytes: m.meta.size, File: m.file.ReaderAt, Find: m.find}
	if !m.meta.hasParent {
		return m, nil
	}
	return m, m.openParent(opts.Sibling)
}

// problem notes what is wrong and does not keep the disk from being read.
func (m *Image) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// Description implements image.Image.
func (m *Image) Description() image.Description {
	return m.Above(image.Description{
		Format: "vhdx", Version: "1", ClusterSize: m.meta.blockSize, Used: m.used, Problems: m.problems,
	})
}

// Identity implements image.Identified: it is another whenever the disk was written to.
func (m *Image) Identity() image.Identity { return image.Identity{ID: m.head.dataWrite.String()} }
