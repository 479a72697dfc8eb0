// Package parallels reads expandable disk images of Parallels (.hdd, .hds), by the description that QEMU keeps of the format
// (docs/interop/parallels.txt): both magic numbers, with the tables checked.
//
// Not read are the XML beside the images of a bundle, so that of a disk with snapshots each image is a disk of its own, and the dirty
// bitmaps that the format extension may hold.
package parallels

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	sectorSize  = 512
	headerSize  = 64
	maxClusters = 1 << 24 // entries of the block allocation table, 64 MiB of it
	maxTracks   = 1 << 20 // sectors of a cluster
	inUse       = 0x746f6e59
	oldMagic    = "WithoutFreeSpace" // entries count sectors
	newMagic    = "WithouFreSpacExt" // entries count clusters
)

// Format is the format.
var Format = image.Format{Name: "parallels", Probe: binread.AnyOf(binread.Magic(0, oldMagic), binread.Magic(0, newMagic)), Open: open}

// Image is an open image.
type Image struct {
	r        io.ReaderAt
	fileSize int64
	size     int64 // of the disk, in bytes
	cluster  int64 // bytes
	data     int64 // where the first cluster may be
	opened   bool  // by a hypervisor that did not close it
	entries  []int64
}

func open(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
	if opts.Snapshot != "" {
		return nil, binread.Unsupported("parallels: snapshot %q: these images have no snapshots inside", opts.Snapshot)
	}
	m := &Image{r: r, fileSize: size}
	if err := m.read(); err != nil {
		return nil, fmt.Errorf("parallels: %w", err)
	}
	return m, nil
}

// read reads the header and the block allocation table.
func (m *Image) read() error {
	b, err := binread.ReadAt(m.r, 0, headerSize, headerSize)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	magic := string(c.Bytes(16))
	version := c.U32()
	c.Skip(8) // heads and cylinders
	tracks, entries, sectors, state, data := int64(c.U32()), int64(c.U32()), c.U64(), c.U32(), int64(c.U32())
	unit := tracks
	if magic == oldMagic {
		sectors &= 1<<32 - 1
		unit = 1
	}
	if err := c.Err(); err != nil {
		return err
	}
	switch {
	case version != 2:
		return binread.Unsupported("header: version %d, want 2", version)
	case tracks == 0 || tracks > maxTracks:
		return binread.Corrupt("header: clusters of %d sectors, want 1 to %d", tracks, maxTracks)
	case sectors == 0 || sectors > 1<<62/sectorSize:
		return binread.Corrupt("header: a disk of %d sectors", sectors)
	}
	m.size, m.cluster, m.opened = int64(sectors)*sectorSize, tracks*sectorSize, state == inUse
	clusters := (m.size-1)/m.cluster + 1
	switch {
	case clusters > maxClusters:
		return binread.Limit("header: %d clusters, want at most %d", clusters, maxClusters)
	case entries < clusters:
		return binread.Corrupt("header: a table of %d entries for %d clusters", entries, clusters)
	case entries > (m.fileSize-headerSize)/4:
		return binread.Corrupt("header: a table of %d entries in a file of %d bytes", entries, m.fileSize)
	}
	m.data = max(data*sectorSize, headerSize+4*entries)
	table, err := binread.ReadAt(m.r, headerSize, 4*clusters, 4*maxClusters)
	if err != nil {
		return err
	}
	m.entries = make([]int64, clusters)
	t := binread.Little(table)
	for i := range m.entries {
		m.entries[i] = int64(t.U32()) * unit * sectorSize
	}
	return t.Err()
}

// Size implements image.Image.
func (m *Image) Size() int64 { return m.size }

// Close implements image.Image. The reader below belongs to the caller.
func (m *Image) Close() error { return nil }

// Description implements image.Image.
func (m *Image) Description() image.Description {
	d := image.Description{Format: "parallels", Version: "2", ClusterSize: m.cluster}
	for _, at := range m.entries {
		if at != 0 {
			d.Used += m.cluster
		}
	}
	if m.opened {
		d.Problems = []string{"it was not closed by the hypervisor that opened it"}
	}
	return d
}

// Extent implements image.Extenter.
func (m *Image) Extent(off, n int64) (image.Extent, error) {
	n = image.Clip(m.size, off, n)
	if n == 0 {
		return image.Extent{Off: off}, nil
	}
	i := off / m.cluster
	hole := m.entries[i] == 0
	end := (i + 1) * m.cluster
	for end < off+n && (m.entries[end/m.cluster] == 0) == hole {
		end += m.cluster
	}
	return image.Extent{Off: off, Len: min(n, end-off), Zero: hole}, nil
}

// Origin implements image.Tracer.
func (m *Image) Origin(off, n int64) (image.Origin, bool) {
	n = image.Clip(m.size, off, n)
	if n == 0 {
		return image.Origin{}, false
	}
	at, rest := m.entries[off/m.cluster], off%m.cluster
	n = min(n, m.cluster-rest)
	if at == 0 {
		return image.Origin{Len: n, Zero: true}, true
	}
	return image.OriginOf(m.r, at+rest, n)
}

// ReadAt implements io.ReaderAt.
func (m *Image) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("parallels: read at a negative offset")
	}
	want := int(image.Clip(m.size, off, int64(len(p))))
	for n := 0; n < want; {
		i, rest := (off+int64(n))/m.cluster, (off+int64(n))%m.cluster
		b := p[n:][:min(int64(want-n), m.cluster-rest)]
		if at := m.entries[i]; at == 0 {
			clear(b)
		} else if err := binread.Fill(m.r, b, at+rest); err != nil {
			return n, fmt.Errorf("parallels: cluster %d at %#x: %w", i, at, err)
		}
		n += len(b)
	}
	if want < len(p) {
		return want, io.EOF
	}
	return want, nil
}

// Check implements image.Checker: every cluster lies inside of the file behind the table, and in one place of the disk alone.
func (m *Image) Check(_ context.Context, opts image.CheckOptions) (image.Checked, error) {
	var checked image.Checked
	report := func(d image.Damage) {
		d.Units = 1
		checked.Add(d)
		opts.Report(d)
	}
	if m.opened {
		report(image.Damage{Harm: image.Doubtful, Problem: "it was not closed by the hypervisor that opened it", Host: 44, Guest: image.Nowhere})
	}
	seen := make(map[int64]int64, len(m.entries))
	for i, at := range m.entries {
		if at == 0 {
			continue
		}
		checked.Clusters++
		off := int64(i) * m.cluster
		d := image.Damage{Harm: image.Damaged, Host: at, Guest: off, Len: min(m.cluster, m.size-off)}
		other, twice := seen[at]
		switch {
		case at < m.data:
			d.Problem = "a cluster in the header or the table"
		case d.Len > m.fileSize-at:
			d.Problem = fmt.Sprintf("a cluster that reaches beyond the end of the file of %d bytes", m.fileSize)
		case twice:
			d.Problem = fmt.Sprintf("a cluster that is that of guest %#x, too", other)
		default:
			seen[at] = off
			continue
		}
		report(d)
	}
	return checked, nil
}
