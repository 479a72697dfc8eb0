package vmdk

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const kindZero = "ZERO"

// segment is an open extent: a stretch of the guest's disk.
type segment struct {
	start, n int64 // on the disk
	name     string
	fileSize int64

	sparse *sparse     // nil for a flat extent and for one of zeros
	flat   io.ReaderAt // nil for one of zeros
	off    int64       // of a flat extent in its file
}

// openExtents opens the extents that the descriptor lists.
func (m *Image) openExtents(open image.Sibling) error {
	for _, e := range m.desc.extents {
		seg, err := m.openExtent(e, open)
		if err != nil {
			return fmt.Errorf("extent %q: %w", seg.name, err)
		}
		m.segments = append(m.segments, seg)
	}
	return m.checkOverlaps()
}

func (m *Image) openExtent(e extent, open image.Sibling) (seg segment, err error) {
	seg = segment{start: m.end(), n: e.sectors * sectorSize, name: decodeName(e.name, m.desc.encoding)}
	if err := e.validate(); err != nil || e.kind == kindZero {
		return seg, err
	}
	file, err := m.openFile(fileNames(e.name, m.desc.encoding), open)
	if err != nil {
		return seg, err
	}
	seg.fileSize = file.Size()
	if e.kind == "FLAT" || e.kind == "VMFS" {
		seg.flat, seg.off = file, e.off*sectorSize
		if seg.n > seg.fileSize-seg.off {
			return seg, binread.WithHint(binread.Corrupt("%d bytes at %#x, want them inside of a file of %d bytes", seg.n, seg.off, seg.fileSize),
				"the file may have been cut off: compare its size with that of its source")
		}
		return seg, nil
	}
	g, err := readGeometry(file, seg.fileSize)
	switch {
	case err != nil:
		return seg, err
	case (g.kind == kindSE) != (e.kind == "SESPARSE"):
		return seg, binread.Corrupt("a %s file, and the descriptor has it as %s", g.kind, e.kind)
	case e.off != 0:
		return seg, binread.Corrupt("%s extent at sector %d of its file, want the start", e.kind, e.off)
	case g.size < seg.n:
		return seg, binread.Corrupt("%d bytes of the guest, and the descriptor has it with %d", g.size, seg.n)
	case g.size > seg.n:
		m.problems = append(m.problems, problem{image.Damaged, fmt.Sprintf("extent %q holds %d bytes of the guest, and the descriptor, which is followed, has it with %d", seg.name, g.size, seg.n), image.Nowhere})
	}
	seg.sparse, err = m.addSparse(file, seg.fileSize, g, len(m.desc.extents))
	return seg, err
}

// validate says whether an extent is one that is read.
func (e extent) validate() error {
	if e.access == "NOACCESS" && e.kind != kindZero {
		return binread.Unsupported("line %d: an extent that the machine must not read (NOACCESS)", e.line)
	}
	switch e.kind {
	case "SPARSE", "VMFSSPARSE", "SESPARSE", "FLAT", "VMFS", kindZero:
		return nil
	case "VMFSRDM", "VMFSRDMP", "VMFSRAW":
		return binread.WithHint(binread.Unsupported("line %d: a raw device mapping (%s): the bytes are on a device and in no file", e.line, e.kind),
			"copy the device, or clone the disk into a file: vmkfstools -i")
	case "VSANSPARSE":
		return binread.WithHint(binread.Unsupported("line %d: a delta of vSAN (%s)", e.line, e.kind), "consolidate its snapshots, or clone the disk into a file: vmkfstools -i")
	}
	return binread.Unsupported("line %d: an extent of kind %q", e.line, e.kind)
}

// openFile opens the first of the files called names that there is.
func (m *Image) openFile(names []string, open image.Sibling) (image.Image, error) {
	if open == nil {
		return nil, binread.Refused("no directory is allowed for files that the image names")
	}
	var err error
	for _, name := range names {
		file, failed := open(name, image.Raw)
		if failed == nil {
			m.files = append(m.files, file)
			return file, nil
		}
		if err == nil || !errors.Is(failed, fs.ErrNotExist) {
			err = failed
		}
	}
	return nil, err
}

// checkOverlaps refuses a disk of which one place in a file is two: a write to one would change the other.
func (m *Image) checkOverlaps() error {
	var inFile []segment
	for _, seg := range m.segments {
		if seg.sparse != nil {
			seg.off, seg.n = 0, seg.fileSize // the whole file
		}
		if seg.sparse != nil || seg.flat != nil {
			inFile = append(inFile, seg)
		}
	}
	slices.SortStableFunc(inFile, func(a, b segment) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.off, b.off)) })
	for i := 1; i < len(inFile); i++ {
		a, b := inFile[i-1], inFile[i]
		if a.name == b.name && b.off-a.off < a.n {
			return binread.Corrupt("extents %q at %#x and at %#x lie over one another", a.name, a.off, b.off)
		}
	}
	return nil
}

// at returns the segment that has the guest byte at off.
func (m *Image) at(off int64) *segment {
	if len(m.segments) == 1 {
		return &m.segments[0]
	}
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].start+m.segments[i].n > off })
	return &m.segments[i]
}

// find returns the run at off, of at most n bytes.
func (m *Image) find(off, n int64) (image.Run, error) {
	seg := m.at(off)
	in := off - seg.start
	n = min(n, seg.n-in)
	switch {
	case seg.sparse != nil:
		r, err := seg.sparse.find(in, n)
		if err != nil && seg.name != "" {
			err = fmt.Errorf("extent %q: %w", seg.name, err)
		}
		return r, err
	case seg.flat != nil:
		return image.Run{Place: image.Stored, Len: n, File: seg.flat, Host: seg.off + in}, nil
	}
	return image.Run{Place: image.Zeros, Len: n}, nil
}
