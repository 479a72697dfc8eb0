// Package btrfs reads Btrfs file systems ("Btrfs design" and "On-disk format" of the Btrfs documentation, and the kernel's
// include/uapi/linux/btrfs_tree.h).
//
// A file system on several devices is read where they are given together (OpenSet), in all profiles; of raid5 and raid6 the stripes of
// data alone, since nothing is rebuilt from parity. What lies on a device that is missing is read from another copy, or is an error.
// What is shown is the default subvolume, with those that are reached by a path in it; each is a tree of its own. Roots lists all of them.
//
// The checksum, the place, the owner, the generation and the file system's identity of every block of metadata are verified when it is
// read; of a block in two copies the first that is right is taken. The checksums of content are not verified. The extent, device, free
// space and checksum trees are not read: nothing is found by them.
//
// Log trees, which hold the files that were synced since the last commit, are replayed into memory as the kernel's fs/btrfs/tree-log.c
// does. Where that cannot be, the file system is tainted.
package btrfs

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	blockCacheBytes  = 16 << 20
	extentCacheBytes = 16 << 20
)

// Format is the Btrfs file system.
var Format = filesys.Format{
	Name:  "btrfs",
	Probe: binread.Magic(superOffset+0x40, superMagic),
	Open: func(r io.ReaderAt, size int64) (filesys.FS, error) {
		return opened(Open(r, size))
	},
	Set:     set,
	OpenSet: func(devices []filesys.Device) (filesys.FS, error) { return opened(OpenSet(devices)) },
}

func opened(f *FS, err error) (filesys.FS, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// FS is an open file system. It implements filesys.FS.
type FS struct {
	devices   []*device // in the order of their numbers
	missing   int       // devices
	super     *superblock
	problems  []filesys.Problem
	chunks    []chunk // in the order of their logical addresses
	blocks    *binread.Cache
	extents   *binread.Blocks // what compressed extents hold
	unpackers unpackers
	rootTree  tree
	volumes   []subvolume // the default one first, the rest in the order of their numbers
	byID      map[uint64]int
	logSums   []item // checksums of content that only log trees have
	dirs      filesys.Listings
	damaged   *binread.Errors // copies of blocks that opening met, and another of which was right; nil once it is open
	listing   listing         // of the roots
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the
// description's problems, not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	return OpenSet([]filesys.Device{{ReaderAt: r, Size: size}})
}

// OpenSet opens the file system that lies on the devices.
func OpenSet(devices []filesys.Device) (*FS, error) {
	f := &FS{damaged: &binread.Errors{}}
	if err := f.addDevices(devices); err != nil {
		return nil, fmt.Errorf("btrfs: %w", err)
	}
	f.blocks = binread.NewCache(blockCacheBytes / int(f.super.nodeSize))
	f.extents = binread.NewBlocks(extentCacheBytes)
	if err := f.readChunks(); err != nil {
		return nil, fmt.Errorf("btrfs: chunks: %w", err)
	}
	if err := f.readDevices(); err != nil {
		return nil, fmt.Errorf("btrfs: devices: %w", err)
	}
	if err := f.readRoots(); err != nil {
		return nil, fmt.Errorf("btrfs: tree of roots: %w", err)
	}
	f.replayLogs()
	f.describeState()
	f.damaged = nil
	return f, nil
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// describeState turns what the superblock says of the file system's health into problems.
func (f *FS) describeState() {
	s := f.super
	for _, d := range f.devices {
		if have, want := d.size, int64(d.super.deviceBytes); have < want {
			f.problem(false, "%sthe image ends at %d of %d bytes; what lay behind gives errors", d.prefix(len(f.devices)+f.missing), have, want)
		}
	}
	if err := f.damaged.Err(); err != nil {
		f.problem(false, "%v; another copy is read", err)
	}
	if s.flags&superError != 0 {
		f.problem(true, "the file system is marked as damaged")
	}
}

// Description says what the superblock says, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	s := f.super
	return filesys.Description{
		Type:      "btrfs",
		UUID:      uuidString(s.fsid),
		Label:     s.label,
		BlockSize: int64(s.sectorSize),
		Size:      int64(s.totalBytes),
		Free:      -1,
		Features:  s.featureNames(),
		Problems:  slices.Clone(f.problems),
	}
}
