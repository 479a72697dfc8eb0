// Package squashfs reads squashfs file systems of version 4.0, as "The Squashfs Format" (squashfs-tools-ng, doc/format.adoc) and
// Documentation/filesystems/squashfs of Linux describe them, with every compressor they know: gzip, lzma, lzo, xz, lz4 and zstd.
//
// A node is the reference of its inode, as directories have it, plus one: the first inode of a file system has the reference 0. Hard
// links share one inode, and so one node.
//
// There are no checksums in squashfs; what does not unpack to as many bytes as it has to is damage. Times other than that of the last
// modification are not kept and say the same, as Linux has it.
package squashfs

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	metadataCache = 8 << 20  // bytes of metadata that is unpacked
	contentCache  = 16 << 20 // bytes of blocks and fragments that are unpacked
)

// Format is the squashfs file system.
var Format = filesys.Format{
	Name:  "squashfs",
	Probe: binread.AnyOf(binread.Magic(0, magic), binread.Magic(0, magicBig)),
	Open: func(r io.ReaderAt, size int64) (filesys.FS, error) {
		f, err := Open(r, size)
		if err != nil {
			return nil, err
		}
		return f, nil
	},
}

// FS is an open file system. It implements filesys.FS.
type FS struct {
	r         io.ReaderAt
	limit     int64 // bytes: nothing behind is read
	super     superblock
	unpacker  unpacker
	metadata  *binread.Blocks // by place
	content   *binread.Blocks // by place and size
	owners    []uint32        // the table of user and group numbers
	fragments table
	xattrs    table
	xattrData int64 // bytes: where the attributes begin
	features  []string
	problems  []filesys.Problem
	dirs      filesys.Listings
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the description's problems,
// not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{r: r, limit: size, metadata: binread.NewBlocks(metadataCache), content: binread.NewBlocks(contentCache)}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("squashfs: %w", err)
	}
	return f, nil
}

func (f *FS) open() error {
	s, err := readSuperblock(f.r)
	if err != nil {
		return err
	}
	f.super = s
	if f.limit < s.size {
		f.problem("the image ends at %d of %d bytes; what lay behind gives errors", f.limit, s.size)
	}
	f.limit = min(f.limit, s.size)
	if f.unpacker, err = newUnpacker(s.compressor); err != nil {
		return err
	}
	f.features = s.features()
	if err := f.readOptions(); err != nil {
		return fmt.Errorf("options of the compressor: %w", err)
	}
	if err := f.readTables(); err != nil {
		return err
	}
	root, err := f.readInode(f.Root())
	switch {
	case err != nil:
		return fmt.Errorf("root directory: %w", err)
	case !root.isDir():
		return fmt.Errorf("root directory: %w", binread.Corrupt("its inode is of type %d, want a directory", root.kind))
	}
	return nil
}

func (f *FS) problem(format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...)})
}

// Description says what the superblock says, and what is wrong with the file system as a whole. There is neither a label nor a UUID.
func (f *FS) Description() filesys.Description {
	return filesys.Description{
		Type:      "squashfs",
		BlockSize: f.super.blockSize,
		Size:      f.super.size,
		Free:      0,
		Features:  slices.Clone(f.features),
		Problems:  slices.Clone(f.problems),
	}
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return nodeOf(f.super.root) }

func nodeOf(reference uint64) filesys.Node { return filesys.Node(reference) + 1 }

// fill reads exactly len(b) bytes at off.
func (f *FS) fill(b []byte, off int64) error {
	if off < 0 || off > f.limit || int64(len(b)) > f.limit-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end at %#x", len(b), off, f.limit)
	}
	return binread.Fill(f.r, b, off)
}
