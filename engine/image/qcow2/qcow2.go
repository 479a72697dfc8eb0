// Package qcow2 reads QEMU copy-on-write images of versions 2 and 3 (QEMU, docs/interop/qcow2.txt), read-only.
//
// It reads zlib and zstd clusters, backing files, external data files, internal snapshots, zero clusters and extended L2
// entries. A file named by an image is opened by image.Options.Sibling only. Encrypted images are recognised and not
// read. Reference counts are not needed for reading and are not checked here.
package qcow2

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// The memory an open image keeps for blocks it has read. A cluster larger than maxClusters/2 still gets two blocks.
const (
	maxTables   = 2 << 20
	maxClusters = 4 << 20
)

// Format is the qcow2 format.
var Format = image.Format{
	Name:  "qcow2",
	Probe: binread.Magic(0, magic),
	Open: func(r io.ReaderAt, size int64, opts image.Options) (image.Image, error) {
		m, err := open(r, size, opts)
		if err != nil {
			return nil, fmt.Errorf("qcow2: %w", err)
		}
		return m, nil
	},
}

// Image is an open qcow2 image. It is safe for concurrent use.
type Image struct {
	r        io.ReaderAt
	fileSize int64
	head     *header
	active   table // the L1 table of the state that is read

	backing image.Image // nil: unallocated clusters are zeros
	data    image.Image // nil: data clusters are in r

	tables   *binread.Blocks // pages of L1 and L2 tables, by their offset in the file
	clusters *binread.Blocks // decompressed clusters, by their descriptor
	inflate  sync.Pool       // of *inflater
	zstd     func() (*zstd.Decoder, error)

	snapshots []image.Snapshot
	problems  []string
}

// table is an L1 table and the size of the virtual disk it describes.
type table struct {
	off     int64
	entries int64
	size    int64
}

func open(r io.ReaderAt, size int64, opts image.Options) (_ *Image, err error) {
	head, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	m := &Image{
		r: r, fileSize: size, head: head,
		active:   table{head.l1Off, int64(head.l1Entries), head.size},
		tables:   binread.NewBlocks(maxTables),
		clusters: binread.NewBlocks(max(maxClusters, 2*head.clusterSize())),
		zstd:     newZstd(),
	}
	m.problems = head.problems(size)
	snapshots, err := readSnapshots(r, size, head)
	if err != nil {
		return nil, err
	}
	for _, s := range snapshots {
		m.snapshots = append(m.snapshots, s.Snapshot)
	}
	if opts.Snapshot != "" {
		if m.active, err = selectSnapshot(snapshots, opts.Snapshot); err != nil {
			return nil, err
		}
	}
	if err := head.checkTable(m.active, size); err != nil {
		return nil, err
	}
	if err := m.openSiblings(opts.Sibling); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Image) openSiblings(open image.Sibling) (err error) {
	if m.head.incompatible&incompatDataFile != 0 {
		if m.data, err = openSibling(open, m.head.dataFile, "raw"); err != nil {
			return fmt.Errorf("data file %q: %w", m.head.dataFile, err)
		}
	}
	if m.head.backing != "" {
		if m.backing, err = openSibling(open, m.head.backing, m.head.backingFormat); err != nil {
			return fmt.Errorf("backing file %q: %w", m.head.backing, err)
		}
	}
	return nil
}

func openSibling(open image.Sibling, name, format string) (image.Image, error) {
	path, err := fileName(name)
	if err != nil {
		return nil, err
	}
	if open == nil {
		return nil, binread.Refused("no directory is allowed for files that the image names")
	}
	return open(path, format)
}

// Size implements image.Image.
func (m *Image) Size() int64 { return m.active.size }

// Close closes the backing file and the data file. The reader of the image belongs to the caller.
func (m *Image) Close() error {
	var errs []error
	for _, img := range []image.Image{m.backing, m.data} {
		if img != nil {
			errs = append(errs, img.Close())
		}
	}
	return errors.Join(errs...)
}

// Description implements image.Image. Used is the size of the container file, metadata and leaked clusters included, and
// that of the data file when there is one: counting the clusters would read every table.
func (m *Image) Description() image.Description {
	d := image.Description{
		Format:      "qcow2",
		Version:     strconv.FormatUint(uint64(m.head.version), 10),
		ClusterSize: m.head.clusterSize(),
		Used:        m.fileSize,
		Compression: m.head.compressionName(),
		Snapshots:   m.snapshots,
		Problems:    m.problems,
	}
	if m.data != nil {
		d.Used += m.data.Size()
	}
	if m.backing != nil {
		below := m.backing.Description()
		d.Backing = append([]string{m.head.backing}, below.Backing...)
		for _, p := range below.Problems {
			d.Problems = append(d.Problems[:len(d.Problems):len(d.Problems)], fmt.Sprintf("backing file %q: %s", m.head.backing, p))
		}
	}
	return d
}

// ReadAt implements io.ReaderAt. On an error the bytes before n are good.
func (m *Image) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("qcow2: read at a negative offset")
	}
	want := int(image.Clip(m.active.size, off, int64(len(p))))
	for n := 0; n < want; {
		at := off + int64(n)
		r, err := m.run(at, int64(want-n))
		if err == nil {
			err = m.fill(p[n:n+int(r.n)], at, r)
		}
		if err != nil {
			return n, fmt.Errorf("qcow2: guest offset %#x: %w", at, err)
		}
		n += int(r.n)
	}
	if want < len(p) {
		return want, io.EOF
	}
	return want, nil
}

// fill reads the guest bytes at off, which are the run r.
func (m *Image) fill(p []byte, off int64, r run) error {
	switch r.kind {
	case data:
		return binread.Fill(m.host(), p, r.host)
	case compressed:
		b, err := m.cluster(r.host)
		if err != nil {
			return err
		}
		copy(p, b[off&(m.head.clusterSize()-1):])
		return nil
	case unallocated:
		return m.fillBacking(p, off)
	case zero:
	}
	clear(p)
	return nil
}

// fillBacking reads from the backing file; what lies beyond its end is zeros.
func (m *Image) fillBacking(p []byte, off int64) error {
	inside := 0
	if m.backing != nil {
		inside = int(image.Clip(m.backing.Size(), off, int64(len(p))))
	}
	clear(p[inside:])
	if inside == 0 {
		return nil
	}
	if err := binread.Fill(m.backing, p[:inside], off); err != nil {
		return fmt.Errorf("backing file %q: %w", m.head.backing, err)
	}
	return nil
}

// host is the reader that holds the data clusters.
func (m *Image) host() io.ReaderAt {
	if m.data != nil {
		return m.data
	}
	return m.r
}
