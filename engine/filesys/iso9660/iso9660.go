// Package iso9660 reads ISO 9660 file systems (ECMA-119) with the extensions of Rock Ridge (IEEE P1281, SUSP, and P1282, RRIP) and
// of Joliet; where those leave a choice, what Linux's fs/isofs does with its default options.
//
// Of several trees one is read: that of the primary descriptor where it has Rock Ridge, else that of Joliet, else the primary one. The
// features of the description say which. Without Rock Ridge everything belongs to root, has mode 0555 and one link, and names are as
// Linux shows them: without a version of 1 and the point in front of it, and of the primary tree in small letters. Associated files are
// not shown, hidden ones are. Of numbers that are stored in both byte orders the little-endian one is used.
//
// A node is the place of its directory record on the volume, in bytes; of a file in several extents, that of the first.
//
// Blocks that are not of 2048 bytes are not read; of single files, those that are interleaved, compressed (zisofs) or sparse. Sessions
// after the first are not looked for.
package iso9660

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	blockSize  = 2048 // bytes, of sectors and logical blocks
	cacheBytes = 4 << 20
)

// Format is the ISO 9660 file system.
var Format = filesys.Format{
	Name:  "iso9660",
	Probe: binread.Magic(firstDescriptor*blockSize+1, standardID),
	Open: func(r io.ReaderAt, size int64) (filesys.FS, error) {
		f, err := Open(r, size)
		if err != nil {
			return nil, err
		}
		return f, nil
	},
	SystemArea: firstDescriptor * blockSize,
}

// FS is an open file system. It implements filesys.FS.
type FS struct {
	r        io.ReaderAt
	size     int64 // bytes of r
	pages    *binread.Pages
	primary  descriptor
	root     filesys.Node
	joliet   bool // the tree that is read is that of Joliet
	rock     rockRidge
	features []string
	problems []filesys.Problem
	dirs     filesys.Listings
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the description's problems,
// not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{r: r, size: size, pages: binread.NewPages(r, size, cacheBytes)}
	v, err := f.readDescriptors()
	if err != nil {
		return nil, fmt.Errorf("iso9660: %w", err)
	}
	f.primary = v.primary
	if err := f.chooseTree(&v); err != nil {
		return nil, fmt.Errorf("iso9660: %w", err)
	}
	if have, want := f.size, f.primary.size(); have < want {
		f.problem(false, "the image ends at %d of %d bytes; what lay behind gives errors", have, want)
	}
	if v.udf {
		f.problem(true, "the volume holds a UDF file system too, which is not read: systems take that one, and what it holds can be something else")
	}
	f.describeBoot(&v)
	return f, nil
}

// chooseTree decides which of the trees is read.
func (f *FS) chooseTree(v *descriptors) error {
	f.root = v.primary.rootNode()
	root, err := f.readRoot(v.primary)
	rocky := false
	if err == nil {
		rocky, err = f.findRockRidge(&root)
	}
	switch {
	case rocky:
		f.features = append(f.features, "Rock Ridge")
		if v.joliet.found {
			f.features = append(f.features, "Joliet (not used)")
		}
		return nil
	case !v.joliet.found:
		if err == nil {
			f.features = append(f.features, "no extensions")
		}
		return err
	}
	if err != nil {
		f.problem(true, "primary tree: %v; that of Joliet is used", err)
	}
	f.root, f.joliet = v.joliet.rootNode(), true
	f.features = append(f.features, "Joliet")
	_, err = f.readRoot(v.joliet)
	return err
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// Description says what the primary descriptor says, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	return filesys.Description{
		Type:      "iso9660",
		UUID:      f.primary.uuid(),
		Label:     strings.TrimRight(f.primary.label, " \x00"),
		BlockSize: blockSize,
		Size:      f.primary.size(),
		Free:      0,
		Features:  slices.Clone(f.features),
		Problems:  slices.Clone(f.problems),
	}
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return f.root }

// block returns the bytes of a block. They are shared and must not be changed.
func (f *FS) block(number uint32) ([]byte, error) {
	b, err := f.pages.From(int64(number) * blockSize)
	switch {
	case err != nil:
		return nil, err
	case len(b) < blockSize:
		return nil, binread.Corrupt("block %d ends after %d bytes, want %d", number, len(b), blockSize)
	}
	return b[:blockSize:blockSize], nil
}
