package erofs

import (
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	compactSize  = 32      // bytes of an inode
	extendedSize = 64      // bytes of an inode
	xattrHeader  = 12      // bytes, before attributes that are in an inode
	maxTarget    = 4 << 10 // bytes of a link

	formatExtended = 1 << 0 // flags of the format of an inode
	formatOneLink  = 1 << 4 // the number of links is 1, and not said; of a directory, that it has no "."
	formatKnown    = 1<<5 - 1
)

// layout is how an inode has its content.
type layout uint8

const (
	layoutPlain layout = iota
	layoutFull         // packed, with an index entry of its own for each logical cluster
	layoutInline
	layoutCompact // packed, with a compact index
	layoutChunked
	layouts
)

type inode struct {
	number   uint64
	space    *space
	at, end  int64 // in the space: where it begins, and what follows it and its attributes
	xattr    int64 // bytes of attributes that follow the inode
	layout   layout
	mode     uint32
	uid, gid uint32
	links    uint32
	size     int64
	modified time.Time
	word     uint32 // the block where content begins, how many blocks are packed, a device, or how chunks are listed
	high     uint16 // more bits of the block
	wide     bool   // there are such bits
}

func (i *inode) isDir() bool     { return i.mode&filesys.ModeType == filesys.ModeDir }
func (i *inode) isRegular() bool { return i.mode&filesys.ModeType == filesys.ModeRegular }
func (i *inode) isSymlink() bool { return i.mode&filesys.ModeType == filesys.ModeSymlink }
func (i *inode) boxed() bool     { return i.number&inMetabox != 0 }
func (i *inode) packed() bool    { return i.layout == layoutFull || i.layout == layoutCompact }

// locate finds the place of an inode.
func (f *FS) locate(n filesys.Node) (*space, int64, error) {
	number := uint64(n) - 1
	s := &f.main
	if number&inMetabox != 0 {
		if f.box.err != nil {
			return nil, 0, f.box.err
		}
		s = &f.box.value
	}
	number &^= inMetabox
	if n == 0 || number > uint64(s.size)>>inodeLog {
		return nil, 0, binread.Corrupt("not the number of an inode")
	}
	return s, s.start + int64(number<<inodeLog), nil
}

func (f *FS) readInode(n filesys.Node) (inode, error) {
	s, at, err := f.locate(n)
	if err != nil {
		return inode{}, err
	}
	c, err := s.cursor(at, 2)
	if err != nil {
		return inode{}, err
	}
	format, size := c.U16(), compactSize
	if format&formatExtended != 0 {
		size = extendedSize
	}
	i := inode{number: uint64(n) - 1, space: s, at: at, layout: layout(format >> 1 & 7)}
	switch {
	case format&^formatKnown != 0:
		return i, binread.Unsupported("format %#x of an inode, want none but %#x", format, formatKnown)
	case i.layout >= layouts:
		return i, binread.Unsupported("layout %d of content, want 0 to %d", i.layout, layouts-1)
	}
	if c, err = s.cursor(at, size); err != nil {
		return i, err
	}
	c.Skip(2)
	if count := int64(c.U16()); count > 0 {
		i.xattr = xattrHeader + (count-1)*4
	}
	i.end = at + int64(size) + i.xattr
	i.mode = uint32(c.U16())
	if format&formatExtended != 0 {
		err = i.decodeExtended(&c)
	} else {
		f.decodeCompact(&i, &c, format)
	}
	switch {
	case c.Err() != nil:
		return i, c.Err()
	case filesys.TypeName(i.mode) == "unknown":
		return i, binread.Corrupt("mode %06o, want a type of file", i.mode)
	}
	return i, err
}

func (f *FS) decodeCompact(i *inode, c *binread.Cursor, format uint16) {
	i.high = c.U16()
	if i.wide = format&formatOneLink != 0 && !i.isDir(); i.wide {
		i.links = 1
	} else {
		i.links, i.high = uint32(i.high), 0
	}
	i.size = int64(c.U32())
	i.modified = time.Unix(f.super.epoch+int64(c.U32()), int64(f.super.fixedNano))
	i.word = c.U32()
	c.Skip(4) // a number for programs with 32 bits
	i.uid, i.gid = uint32(c.U16()), uint32(c.U16())
}

func (i *inode) decodeExtended(c *binread.Cursor) error {
	i.wide, i.high = true, c.U16()
	size := c.U64()
	i.word = c.U32()
	c.Skip(4) // a number for programs with 32 bits
	i.uid, i.gid = c.U32(), c.U32()
	seconds := int64(c.U64())
	i.modified = time.Unix(seconds, int64(c.U32()))
	i.links = c.U32()
	if size > maxSize {
		return binread.Corrupt("content of %d bytes, want at most %d", size, int64(maxSize))
	}
	i.size = int64(size)
	return nil
}

// Stat describes a node.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	i, err := f.readInode(n)
	if err != nil {
		return filesys.Stat{}, fmt.Errorf("erofs: node %d: %w", n, err)
	}
	st := filesys.Stat{
		Node: n, Mode: i.mode, UID: i.uid, GID: i.gid, Links: i.links, Size: i.size, Allocated: f.allocated(&i),
		Access: i.modified, Modify: i.modified, Change: i.modified,
	}
	if st.IsDevice() { // as Linux numbers devices in 32 bits
		st.Major, st.Minor = i.word>>8&0xfff, i.word&0xff|i.word>>12&0xfff00
	}
	return st, nil
}

// allocated is how many bytes of the volume the content has. For chunks that is not known before they were looked at.
func (f *FS) allocated(i *inode) int64 {
	switch {
	case i.packed():
		return int64(f.block(i)) << f.super.blockLog
	case i.layout == layoutChunked:
		return -1
	}
	return (i.size + f.super.blockSize() - 1) &^ (f.super.blockSize() - 1)
}

// block is where content begins, or how many blocks it has.
func (f *FS) block(i *inode) uint64 { return uint64(i.word) | uint64(i.high)<<32 }

// ReadLink returns the target of a symbolic link as it stands.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	target, err := f.target(n)
	if err != nil {
		return "", fmt.Errorf("erofs: node %d: %w", n, err)
	}
	return string(target), nil
}

func (f *FS) target(n filesys.Node) ([]byte, error) {
	i, err := f.readInode(n)
	switch {
	case err != nil:
		return nil, err
	case !i.isSymlink():
		return nil, wrongType(&i, "symlink")
	case i.size > maxTarget:
		return nil, binread.Limit("a target of %d bytes, want at most %d", i.size, maxTarget)
	}
	return f.whole(&i)
}

// whole reads all content. Who calls bounds it.
func (f *FS) whole(i *inode) ([]byte, error) {
	c, err := f.content(i)
	if err != nil {
		return nil, err
	}
	b := make([]byte, i.size)
	_, err = io.ReadFull(io.NewSectionReader(c, 0, i.size), b)
	return b, err
}

func wrongType(i *inode, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(i.mode), want, fs.ErrInvalid)
}
