// Package ext4 reads ext2, ext3 and ext4 file systems (kernel documentation, filesystems/ext4, and the on-disk
// structures of fs/ext4 and fs/jbd2).
//
// All feature combinations mke2fs can make are read: block maps and extents, 1 to 64 KiB blocks, hash-tree directories,
// inline data, bigalloc, meta_bg, large extended attributes. A journal that was not replayed is replayed in memory when
// the file system is opened; the image's bytes never change. Every metadata checksum is verified on every read.
//
// Check compares everything that the file system says twice, as e2fsck -n does; only there are the bitmaps read.
//
// It has no keys: names in an encrypted directory are the bytes on disk, which may hold any byte, and encrypted content is
// binread.ErrEncrypted. In a directory that folds case, Lookup prefers the exact name and then accepts one that differs in
// case only.
package ext4

import (
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	rootInode = 2

	// inodeChunk is read at once from an inode table, so that a directory's inodes are read together.
	inodeChunk = 32 << 10

	inodeCacheBytes = 4 << 20
	blockCacheBytes = 3 << 20
)

// Format is the ext2, ext3 and ext4 file system.
var Format = filesys.Format{
	Name:  "ext4",
	Probe: binread.Magic(superblockOffset+0x38, "\x53\xef"),
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
	device    device
	super     *superblock
	blockSize int64
	seed      uint32 // of metadata checksums
	problems  []filesys.Problem

	inodeTables []uint64       // first block of each group's inode table; 0 when its descriptor is damaged
	inodes      *binread.Cache // inodeChunk pieces of the device
	blocks      *binread.Cache // blocks of metadata
	fast        fastCommits
	replayErr   error // why the journal was not replayed, or not completely
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the
// description's problems, not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{device: device{r: r, size: size}}
	super, err := f.findSuperblock()
	if err != nil {
		return nil, fmt.Errorf("ext4: %w", err)
	}
	f.use(super)
	found := f.problems
	f.loadGroups()
	f.recover(found)
	f.describeState()
	return f, nil
}

// use makes a superblock the one that everything is read by.
func (f *FS) use(super *superblock) {
	f.super = super
	f.blockSize = super.blockSize()
	f.device.shift = uint(bits.TrailingZeros64(uint64(f.blockSize)))
	f.seed = super.seed()
	f.inodes = binread.NewCache(inodeCacheBytes / inodeChunk)
	f.blocks = binread.NewCache(blockCacheBytes >> f.device.shift)
}

// findSuperblock reads the primary superblock, or one of its copies when that is damaged.
func (f *FS) findSuperblock() (*superblock, error) {
	super, err := f.superblockAt(superblockOffset)
	if err == nil {
		return super, nil
	}
	if copied, off := f.findCopy(); copied != nil {
		f.problem(true, "superblock at %#x: %v; the copy at %#x is used", superblockOffset, err, off)
		return copied, nil
	}
	err = fmt.Errorf("superblock at %#x: %w", superblockOffset, err)
	if super == nil || !errors.Is(err, binread.ErrChecksum) {
		return nil, err
	}
	f.problem(true, "%v; no good copy was found", err)
	return super, nil
}

// findCopy tries the places where mke2fs puts copies of the superblock, with the group sizes it chooses by itself.
func (f *FS) findCopy() (*superblock, int64) {
	for log := range uint(maxLogBlock + 1) {
		blockSize := int64(1024) << log
		first := int64(0)
		if log == 0 {
			first = 1
		}
		for _, group := range []int64{1, 3, 5, 7, 9, 25, 27, 49} {
			off := (group*8*blockSize + first) * blockSize
			if off > f.device.size-superblockSize {
				break
			}
			super, err := f.superblockAt(off)
			if err == nil && int64(super.group) == group && super.blockSize() == blockSize {
				return super, off
			}
		}
	}
	return nil, 0
}

// superblockAt reads one copy of the superblock. With a wrong checksum it returns both the superblock and the error.
func (f *FS) superblockAt(off int64) (*superblock, error) {
	b := make([]byte, superblockSize)
	if err := f.device.fill(b, off); err != nil {
		return nil, err
	}
	super, err := decodeSuperblock(b)
	if err != nil {
		return nil, err
	}
	return super, super.verify()
}

// describeState turns what the superblock says of the file system's health into problems.
func (f *FS) describeState() {
	s := f.super
	if have, want := f.device.size, s.blocks<<f.device.shift; uint64(have) < want {
		f.problem(false, "the image ends at %d of %d bytes; what lay behind gives errors", have, want)
	}
	if s.state&stateErrors != 0 {
		f.problem(false, "the file system has recorded errors and was not checked since")
	}
	if s.state&stateValid == 0 && !s.features.hasJournal() {
		f.problem(false, "the file system was not unmounted and has no journal")
	}
}

// Description says what the superblock says, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	s := f.super
	d := filesys.Description{
		Type:      s.features.fileSystemType(),
		UUID:      s.uuidString(),
		Label:     s.label,
		BlockSize: f.blockSize,
		Size:      int64(s.blocks << f.device.shift),
		Free:      -1,
		Features:  s.features.names(),
		Problems:  append([]filesys.Problem(nil), f.problems...),
	}
	if s.free <= s.blocks {
		d.Free = int64(s.free << f.device.shift)
	}
	return d
}

// Root is the inode of the root directory.
func (f *FS) Root() filesys.Node { return rootInode }

// readBlock returns a block of metadata. It is shared: the caller must not change it.
func (f *FS) readBlock(number uint64) ([]byte, error) {
	if b := f.blocks.Get(number); b != nil {
		return b, nil
	}
	if number >= f.super.blocks {
		return nil, binread.Corrupt("block %d, want less than %d", number, f.super.blocks)
	}
	b := make([]byte, f.blockSize)
	if err := f.device.fill(b, int64(number<<f.device.shift)); err != nil {
		return nil, fmt.Errorf("block %d: %w", number, err)
	}
	f.blocks.Put(number, b)
	return b, nil
}
