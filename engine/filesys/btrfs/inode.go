package btrfs

import (
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	inodeItemSize = 160

	flagImmutable = 1 << 6
	flagAppend    = 1 << 7
	flagVerity    = 1 << 32
)

// inode is struct btrfs_inode_item, with the place it was read from.
type inode struct {
	place
	size int64
	stat filesys.Stat
}

func (in *inode) kind() uint32 { return in.stat.Mode & filesys.ModeType }

// keys are the first and the last key of a kind that an inode can have.
func (in *inode) keys(kind uint8) (from, to key) {
	return key{in.inode, kind, 0}, key{in.inode, kind, lastOffset}
}

func (f *FS) readInode(n filesys.Node) (inode, error) {
	p, err := f.place(n)
	if err != nil {
		return inode{}, err
	}
	in := inode{place: p}
	if p.standIn {
		in.stat = filesys.Stat{Node: n, Mode: filesys.ModeDir | 0o755, Links: 1}
		return in, nil
	}
	b, err := p.volume.tree.get(key{p.inode, kindInode, 0})
	switch {
	case err != nil:
		return inode{}, err
	case b == nil:
		return inode{}, binread.Corrupt("subvolume %d has no inode %d", p.volume.id, p.inode)
	case len(b) != inodeItemSize:
		return inode{}, binread.Corrupt("an inode of %d bytes, want %d", len(b), inodeItemSize)
	}
	return in, in.decode(n, b)
}

func (in *inode) decode(n filesys.Node, b []byte) error {
	c := binread.Little(b)
	generation, size, allocated := c.U64(), c.At(16).U64(), c.U64()
	st := filesys.Stat{Node: n, Generation: uint32(generation), Links: c.At(40).U32(), UID: c.U32(), GID: c.U32(), Mode: c.U32()}
	device, flags := c.U64(), c.U64()
	st.Access, st.Change, st.Modify, st.Birth = decodeTime(c.At(112)), decodeTime(&c), decodeTime(&c), decodeTime(&c)
	if size > math.MaxInt64 {
		return binread.Corrupt("size %#x, want at most 2^63-1", size)
	}
	in.size = int64(size)
	st.Size, st.Allocated = in.size, -1
	if allocated <= maxSize {
		st.Allocated = int64(allocated)
	}
	if st.IsDevice() {
		st.Major, st.Minor = uint32(device>>20), uint32(device&0xfffff)
	}
	for _, flag := range []struct {
		bit  uint64
		name string
	}{{flagImmutable, "immutable"}, {flagAppend, "append"}, {flagVerity, "verity"}} {
		if flags&flag.bit != 0 {
			st.Flags = append(st.Flags, flag.name)
		}
	}
	in.stat = st
	return nil
}

func decodeTime(c *binread.Cursor) time.Time {
	seconds := int64(c.U64())
	return time.Unix(seconds, int64(c.U32())).UTC()
}

// Stat describes a node. The directory that stands for a subvolume in a snapshot has neither times nor an owner of its own.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	in, err := f.readInode(n)
	if err != nil {
		return filesys.Stat{}, f.nodeError(n, err)
	}
	return in.stat, nil
}

// nodeError says of which inode an error is.
func (f *FS) nodeError(n filesys.Node, err error) error {
	p, bad := f.place(n)
	if bad != nil {
		return fmt.Errorf("btrfs: node %d: %w", n, err)
	}
	return fmt.Errorf("btrfs: subvolume %d: inode %d: %w", p.volume.id, p.inode, err)
}

// wrongType is the error of a method that was asked for a node of another type.
func wrongType(in *inode, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(in.stat.Mode), want, fs.ErrInvalid)
}
