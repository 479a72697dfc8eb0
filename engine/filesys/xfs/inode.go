package xfs

import (
	"fmt"
	"io/fs"
	"math"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	inodeMagic  = 0x494e // "IN"
	inodeSumOff = 100
	coreSize    = 100 // of inodes of versions 1 and 2
	coreSizeV3  = 176

	bigTimeEpoch = -1 << 31
)

// Bits of di_flags and di_flags2.
const (
	flagRealtime  = 0x1
	flagImmutable = 0x8
	flagAppend    = 0x10

	flag2BigTime = 0x8
	flag2Nrext64 = 0x10
)

// Forms of a fork.
const (
	formDevice  = 0
	formLocal   = 1
	formExtents = 2
	formBTree   = 3
)

// inode is struct xfs_dinode. It keeps the bytes it was decoded from, which are shared.
type inode struct {
	number     uint64
	mode       uint32
	version    uint8
	uid, gid   uint32
	links      uint32
	size       int64
	blocks     uint64
	generation uint32
	flags      uint16
	flags2     uint64
	data       fork
	attrs      fork // of no bytes where there is none
	raw        []byte
}

// fork is one of the two stretches of an inode that hold content or say where it is.
type fork struct {
	form    uint8
	extents uint64
	b       []byte
}

func (in *inode) kind() uint32 { return in.mode & filesys.ModeType }

// readInode reads an inode. With a wrong checksum it returns both the inode and the error.
func (f *FS) readInode(node filesys.Node) (inode, error) {
	number := uint64(node)
	if !f.super.hasInode(number) {
		return inode{}, binread.Corrupt("no inode of that number can be")
	}
	if f.super.isQuota(number) {
		return inode{}, binread.Corrupt("the inode holds quotas and is no file")
	}
	raw, err := f.inodeBytes(number)
	if err != nil {
		return inode{}, err
	}
	in, err := f.decodeInode(raw, number)
	if err == nil && (in.mode == 0 || in.links == 0) {
		err = binread.Corrupt("the inode is not in use")
	}
	if err != nil {
		return inode{}, err
	}
	return in, f.verifyInode(&in)
}

// inodeBytes returns the bytes of an inode out of a larger piece of the device.
func (f *FS) inodeBytes(number uint64) ([]byte, error) {
	s := f.super
	size := int64(s.inodeSize)
	off := s.offset(number>>s.inodesLog) + int64(number&(1<<s.inodesLog-1))*size
	chunk, within := off/inodeChunk, off%inodeChunk
	b := f.inodes.Get(uint64(chunk))
	if b == nil {
		b = make([]byte, max(0, min(inodeChunk, f.device.size-chunk*inodeChunk)))
		if err := f.device.fill(b, chunk*inodeChunk); err != nil {
			// a neighbour that cannot be read is no reason to lose this inode
			alone := make([]byte, size)
			return alone, f.device.fill(alone, off)
		}
		f.inodes.Put(uint64(chunk), b)
	}
	if int64(len(b)) < within+size {
		return nil, binread.Corrupt("the inode is at %#x, behind the end of the image at %#x", off, f.device.size)
	}
	return b[within : within+size : within+size], nil
}

func (f *FS) decodeInode(raw []byte, number uint64) (inode, error) {
	c := binread.Big(raw)
	if magic := c.U16(); magic != inodeMagic {
		return inode{}, binread.Corrupt("inode magic %#x, want %#x", magic, inodeMagic)
	}
	in := inode{number: number, mode: uint32(c.U16()), version: c.U8(), raw: raw}
	in.data.form = c.U8()
	oldLinks := uint32(c.U16())
	in.uid, in.gid, in.links = c.U32(), c.U32(), c.U32()
	size := c.At(56).U64()
	in.blocks = c.U64()
	in.data.extents, in.attrs.extents = uint64(c.At(76).U32()), uint64(c.U16())
	forkOff := int(c.U8()) * 8
	in.attrs.form = c.U8()
	in.flags, in.generation = c.At(90).U16(), c.U32()
	if in.version == 1 {
		in.links = oldLinks
	}
	start := coreSize
	if in.version == 3 {
		start, in.flags2 = coreSizeV3, c.At(120).U64()
	}
	if in.flags2&flag2Nrext64 != 0 {
		in.data.extents, in.attrs.extents = c.At(24).U64(), uint64(c.At(76).U32())
	}
	if err := c.Err(); err != nil {
		return inode{}, err
	}
	end := len(raw)
	if forkOff != 0 {
		end = start + forkOff
	}
	switch {
	case in.version == 0 || in.version > 3 || f.super.v5() != (in.version == 3):
		return inode{}, binread.Corrupt("inode of version %d", in.version)
	case size > math.MaxInt64:
		return inode{}, binread.Corrupt("size %#x, want at most 2^63-1", size)
	case end > len(raw):
		return inode{}, binread.Corrupt("attributes at %d, want them inside of %d bytes", end, len(raw))
	}
	in.size = int64(size)
	in.data.b, in.attrs.b = raw[start:end:end], raw[end:]
	return in, nil
}

// verifyInode compares what version 5 keeps in each inode beside its content.
func (f *FS) verifyInode(in *inode) error {
	if !f.super.v5() {
		return nil
	}
	if err := verifySum(in.raw, inodeSumOff); err != nil {
		return err
	}
	c := binread.Big(in.raw)
	number, uuid := c.At(152).U64(), [16]byte(c.Bytes(16))
	switch {
	case number != in.number:
		return binread.Checksum("inode %d is in its place", number)
	case uuid != f.super.metaUUID:
		return binread.Checksum("inode of file system %s, want %s", uuidString(uuid), uuidString(f.super.metaUUID))
	}
	return nil
}

// Stat describes an inode.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	in, err := f.readInode(n)
	if err != nil {
		err = inodeError(n, err)
	}
	if in.raw == nil {
		return filesys.Stat{}, err
	}
	return f.stat(&in), err
}

func (f *FS) stat(in *inode) filesys.Stat {
	s := filesys.Stat{
		Node: filesys.Node(in.number), Mode: in.mode, UID: in.uid, GID: in.gid, Links: in.links, Size: in.size,
		Allocated: -1, Generation: in.generation, Access: in.time(32), Modify: in.time(40), Change: in.time(48),
	}
	if in.blocks <= f.super.blocks {
		s.Allocated = int64(in.blocks << f.super.blockLog)
	}
	if in.version == 3 {
		s.Birth = in.time(144)
	}
	if in.data.form == formDevice && s.IsDevice() {
		c := binread.Big(in.data.b)
		v := c.U32()
		s.Major, s.Minor = v>>18&0x3fff, v&0x3ffff
	}
	if in.flags&flagImmutable != 0 {
		s.Flags = append(s.Flags, "immutable")
	}
	if in.flags&flagAppend != 0 {
		s.Flags = append(s.Flags, "append")
	}
	return s
}

// time decodes a time at off: seconds and nanoseconds of 32 bits each, or nanoseconds since 1901.
func (in *inode) time(off int) time.Time {
	c := binread.Big(in.raw)
	v := c.At(off).U64()
	if in.flags2&flag2BigTime != 0 {
		return time.Unix(bigTimeEpoch+int64(v/1e9), int64(v%1e9)).UTC()
	}
	return time.Unix(int64(int32(v>>32)), int64(uint32(v))).UTC()
}

func inodeError(n filesys.Node, err error) error { return fmt.Errorf("xfs: inode %d: %w", n, err) }

// wrongType is the error of a method that was asked for a node of another type.
func wrongType(in *inode, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(in.mode), want, fs.ErrInvalid)
}
