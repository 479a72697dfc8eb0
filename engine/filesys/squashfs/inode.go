package squashfs

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// The types of inodes. Those of the second seven have more fields than those of the first.
const (
	kindDir = 1 + iota
	kindFile
	kindSymlink
	kindBlock
	kindChar
	kindFIFO
	kindSocket
	kinds = kindSocket // how many there are without the second seven
)

const maxTarget = 64 << 10 // bytes of a link

// types are the bits of st_mode for each type of inodes.
var types = [...]uint32{
	kindDir: filesys.ModeDir, kindFile: filesys.ModeRegular, kindSymlink: filesys.ModeSymlink, kindBlock: filesys.ModeBlock,
	kindChar: filesys.ModeChar, kindFIFO: filesys.ModeFIFO, kindSocket: filesys.ModeSocket,
}

type inode struct {
	kind     int // without the difference between the two forms
	mode     uint32
	uid, gid uint32
	modified time.Time
	links    uint32
	size     uint64 // bytes of content, of a target, or of a directory with 3 more
	xattr    uint32

	start  uint64 // of a file: the place of its first block; of a directory: the distance of its first block of metadata
	offset uint32 // in the fragment, or in the block of metadata
	fragment,
	device uint32
	long bool    // of the second seven types
	rest *stream // what follows the fields: sizes of blocks, a target
}

func (i *inode) isDir() bool { return i.kind == kindDir }

// readInode reads the fields of an inode.
func (f *FS) readInode(n filesys.Node) (inode, error) {
	reference := uint64(n) - 1
	if n == 0 || reference&0xffff >= metadataSize {
		return inode{}, binread.Corrupt("not the reference of an inode")
	}
	s, err := f.newStream(int64(f.super.inodeTable), int64(f.super.dirTable), reference>>16, int(reference&0xffff))
	if err != nil {
		return inode{}, err
	}
	c, err := s.cursor(16)
	if err != nil {
		return inode{}, err
	}
	kind := int(c.U16())
	if kind == 0 || kind > 2*kinds {
		return inode{}, binread.Corrupt("an inode of type %d, want 1 to %d", kind, 2*kinds)
	}
	i := inode{rest: s, xattr: none32, fragment: none32, links: 1}
	long := kind > kinds
	if i.kind = kind; long {
		i.kind = kind - kinds
	}
	i.mode = types[i.kind] | uint32(c.U16())&^filesys.ModeType
	if i.uid, err = f.owner(c.U16()); err != nil {
		return inode{}, err
	}
	if i.gid, err = f.owner(c.U16()); err != nil {
		return inode{}, err
	}
	i.modified = time.Unix(int64(c.U32()), 0)
	i.long = long
	return i, i.decode()
}

// decode reads the fields that differ from type to type.
func (i *inode) decode() error {
	switch i.kind {
	case kindDir:
		return i.decodeDir()
	case kindFile:
		return i.decodeFile()
	case kindSymlink:
		return i.decodeSymlink()
	case kindBlock, kindChar:
		c, err := i.rest.cursor(8)
		if i.links, i.device = c.U32(), c.U32(); err != nil {
			return err
		}
	default:
		c, err := i.rest.cursor(4)
		if i.links = c.U32(); err != nil {
			return err
		}
	}
	if !i.long {
		return nil
	}
	return i.decodeXattr()
}

// decodeSymlink leaves the target to be read, and behind it the number of the attributes.
func (i *inode) decodeSymlink() error {
	c, err := i.rest.cursor(8)
	i.links, i.size = c.U32(), uint64(c.U32())
	if err == nil && i.size > maxTarget {
		err = binread.Limit("a target of %d bytes, want at most %d", i.size, maxTarget)
	}
	return err
}

func (i *inode) decodeXattr() error {
	c, err := i.rest.cursor(4)
	i.xattr = c.U32()
	return err
}

func (i *inode) decodeDir() error {
	if !i.long {
		c, err := i.rest.cursor(16)
		i.start, i.links, i.size, i.offset = uint64(c.U32()), c.U32(), uint64(c.U16()), uint32(c.U16())
		return err
	}
	c, err := i.rest.cursor(24)
	i.links, i.size, i.start = c.U32(), uint64(c.U32()), uint64(c.U32())
	c.Skip(4 + 2) // the parent, and how many entries the index has
	i.offset, i.xattr = uint32(c.U16()), c.U32()
	return err
}

func (i *inode) decodeFile() error {
	if !i.long {
		c, err := i.rest.cursor(16)
		i.start, i.fragment, i.offset, i.size = uint64(c.U32()), c.U32(), c.U32(), uint64(c.U32())
		return err
	}
	c, err := i.rest.cursor(40)
	i.start, i.size = c.U64(), c.U64()
	c.Skip(8) // bytes of holes
	i.links, i.fragment, i.offset, i.xattr = c.U32(), c.U32(), c.U32(), c.U32()
	if err == nil && i.size > 1<<63-1 {
		err = binread.Corrupt("a file of %d bytes", i.size)
	}
	return err
}

// Stat describes a node.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	i, err := f.readInode(n)
	if err != nil {
		return filesys.Stat{}, fmt.Errorf("squashfs: node %d: %w", n, err)
	}
	st := filesys.Stat{
		Node: n, Mode: i.mode, UID: i.uid, GID: i.gid, Links: i.links, Size: int64(i.size), Allocated: -1,
		Access: i.modified, Modify: i.modified, Change: i.modified,
	}
	if st.IsDevice() { // as Linux numbers devices in 32 bits
		st.Major, st.Minor = i.device>>8&0xfff, i.device&0xff|i.device>>12&0xfff00
	}
	return st, nil
}

// ReadLink returns the target of a symbolic link as it stands.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	target, err := f.target(n)
	if err != nil {
		return "", fmt.Errorf("squashfs: node %d: %w", n, err)
	}
	return string(target), nil
}

func (f *FS) target(n filesys.Node) ([]byte, error) {
	i, err := f.readInode(n)
	switch {
	case err != nil:
		return nil, err
	case i.kind != kindSymlink:
		return nil, wrongType(&i, "symlink")
	}
	return i.rest.next(int(i.size))
}

func wrongType(i *inode, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(i.mode), want, fs.ErrInvalid)
}
