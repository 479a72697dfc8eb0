// Package erofs reads EROFS file systems, as Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h of Linux describe them: compact
// and extended inodes, inline and chunked content, and content that is packed with lz4, lzma, deflate or zstd, with its tail packed into
// the inode, in fragments, and deduplicated; places of 48 bits, metadata that is packed itself, long prefixes of attributes.
//
// The reader is our own: github.com/erofs/go-erofs refuses every image that has a packed file, or a second device, as a whole; it goes by
// paths, and does not look at the checksum of the superblock.
//
// A node is the number of an inode, as directories have it, plus one: where the metadata area begins, the first inode has the number 0.
// The superblock, with the rest of its block, has the only checksum; a packed cluster that does not unpack to as many bytes as it has to is
// damage. Times other than that of the last modification are not kept and say the same, as Linux has it. What lies on a further device
// is not read, and gives an error that names the device.
package erofs

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	metadataCache = 8 << 20  // bytes
	clusterCache  = 24 << 20 // bytes of clusters that are unpacked
)

// Format is the EROFS file system.
var Format = filesys.Format{
	Name:  "erofs",
	Probe: binread.Magic(superOff, magic),
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
	r        io.ReaderAt
	size     int64 // bytes of the volume
	super    superblock
	devices  []device // the further ones
	problems []filesys.Problem
	unpacker unpacker

	main     space // metadata that is not packed
	box      lazy[space]
	packed   lazy[filesys.File] // what fragments are in
	prefixes lazy[[]string]     // long ones of attributes

	clusters *binread.BlocksBy[cluster]
	dirs     filesys.Listings
}

// lazy is something that only some files need, or why there is none.
type lazy[T any] struct {
	value T
	err   error
}

func (l *lazy[T]) get() (T, error) { return l.value, l.err }

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the description's problems,
// not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{r: r, size: size, clusters: binread.NewBlocksBy[cluster](clusterCache)}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("erofs: %w", err)
	}
	return f, nil
}

func (f *FS) open() error {
	s, err := readSuperblock(f.r)
	if err != nil {
		return fmt.Errorf("superblock: %w", err)
	}
	f.super = s
	if err := checkSuperblock(f.r, &s); err != nil {
		f.problems = append(f.problems, filesys.Problem{Message: "superblock: " + err.Error(), Taints: true})
	}
	if f.size < s.size {
		f.problem("the image ends at %d of %d bytes; what lay behind gives errors", f.size, s.size)
	}
	f.main = newSpace(f.r, f.size, s.metaOff)
	if err := f.readDevices(); err != nil {
		return fmt.Errorf("table of devices: %w", err)
	}
	f.openSpecial()
	root, err := f.readInode(f.Root())
	switch {
	case err != nil:
		return fmt.Errorf("root directory: %w", err)
	case !root.isDir():
		return fmt.Errorf("root directory: %w", binread.Corrupt("its inode has mode %06o, want a directory", root.mode))
	}
	return nil
}

// openSpecial opens the inodes that no directory names. Without them, whatever is in them gives an error.
func (f *FS) openSpecial() {
	s := &f.super
	f.packed.err, f.box.err = binread.Corrupt("no inode of fragments"), binread.Corrupt("no inode of metadata")
	if s.packedInode != 0 && s.incompat&(hasFragments|hasPrefixes) != 0 {
		f.packed.value, f.packed.err = f.openSpecialInode("fragments", s.packedInode)
	}
	if s.incompat&hasMetabox != 0 {
		var file filesys.File
		if file, f.box.err = f.openSpecialInode("metadata", s.metaboxInode); f.box.err == nil {
			f.box.value = newSpace(file, file.Size(), 0)
		}
	}
	f.prefixes.value, f.prefixes.err = f.readPrefixes()
}

func (f *FS) openSpecialInode(of string, number uint64) (filesys.File, error) {
	if number&inMetabox != 0 {
		return nil, fmt.Errorf("inode of %s: %w", of, binread.Corrupt("number %#x, want it outside of the packed metadata", number))
	}
	i, err := f.readInode(nodeOf(number))
	if err != nil {
		return nil, fmt.Errorf("inode of %s: %w", of, err)
	}
	file, err := f.content(&i)
	if err != nil {
		return nil, fmt.Errorf("inode of %s: %w", of, err)
	}
	return file, nil
}

func (f *FS) problem(format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...)})
}

// Description says what the superblock says, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	return filesys.Description{
		Type:      "erofs",
		UUID:      f.super.uuid,
		Label:     f.super.label,
		BlockSize: f.super.blockSize(),
		Size:      f.super.size,
		Free:      0,
		Features:  f.super.features(),
		Problems:  slices.Clone(f.problems),
	}
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return nodeOf(f.super.root) }

func nodeOf(number uint64) filesys.Node { return filesys.Node(number) + 1 }
