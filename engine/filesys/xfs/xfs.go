// Package xfs reads XFS file systems, versions 4 and 5 ("XFS Algorithms & Data Structures", 3rd edition, and the on-disk structures of
// fs/xfs/libxfs).
//
// All forms are read that mkfs.xfs can make: blocks of 512 bytes to 64 KiB, directory blocks up to 64 KiB, extents in the inode and in a
// B+tree, directories and attributes in all their forms, remote links and attribute values, large counters and times. Content on a
// real-time device is binread.ErrUnsupported.
//
// In version 5 the checksum, the place, the owner and the file system's identity of every block of metadata are verified on every read.
// Version 4 has no checksums. The trees of what is free and of inodes are read by Check and Owners only: nothing else is found by them.
//
// What the log holds and was not written back is replayed in memory when the file system is opened; the image's bytes never change. What
// a mount would do after that is not done: space that is still to be freed stays in use. A log on another device is not read.
package xfs

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	// inodeChunk is read at once, so that a directory's inodes are read together: 64 inodes of 512 bytes.
	inodeChunk = 32 << 10

	needsRepair = "the file system is marked as in need of xfs_repair"

	inodeCacheBytes = 4 << 20
	blockCacheBytes = 4 << 20
)

// Format is the XFS file system.
var Format = filesys.Format{
	Name:  "xfs",
	Probe: binread.Magic(0, "XFSB"),
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
	device   device
	super    *superblock
	problems []filesys.Problem
	inodes   *binread.Cache // inodeChunk pieces of the device
	blocks   *binread.Cache // blocks of metadata
	dirs     filesys.Listings

	copied     bool   // the superblock in use is a copy: its counts are old
	logProblem string // why the log was not replayed
	unfinished bool   // the log ends in work that the next mount goes on with
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the
// description's problems, not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{device: device{r: r, size: size}}
	var err error
	if f.super, err = f.findSuperblock(); err != nil {
		return nil, fmt.Errorf("xfs: %w", err)
	}
	f.forget()
	f.recover()
	f.describeState()
	return f, nil
}

// forget empties the caches.
func (f *FS) forget() {
	f.inodes = binread.NewCache(inodeCacheBytes / inodeChunk)
	f.blocks = binread.NewCache(blockCacheBytes >> f.super.blockLog)
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// describeState turns what the superblock and the log say of the file system's health into problems.
func (f *FS) describeState() {
	s := f.super
	if have, want := f.device.size, s.size(); have < want {
		f.problem(false, "the image ends at %d of %d bytes; what lay behind gives errors", have, want)
	}
	if s.incompat&incompatNeedsRepair != 0 {
		f.problem(true, needsRepair)
	}
}

// Description says what the superblock says, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	s := f.super
	d := filesys.Description{
		Type:      "xfs",
		UUID:      uuidString(s.uuid),
		Label:     s.label,
		BlockSize: int64(s.blockSize),
		Size:      s.size(),
		Free:      -1,
		Features:  s.featureNames(),
		Problems:  slices.Clone(f.problems),
	}
	if free, ok := f.freeBlocks(); ok {
		d.Free = int64(free << s.blockLog)
	}
	return d
}

// Root is the inode of the root directory.
func (f *FS) Root() filesys.Node { return filesys.Node(f.super.root) }
