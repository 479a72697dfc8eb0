package ext4

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Bits of i_flags.
const (
	flagCompressed = 0x4
	flagImmutable  = 0x10
	flagAppend     = 0x20
	flagEncrypt    = 0x800
	flagIndex      = 0x1000
	flagHugeFile   = 0x40000
	flagExtents    = 0x80000
	flagVerity     = 0x100000
	flagEAInode    = 0x200000
	flagInlineData = 0x10000000
	flagCasefold   = 0x40000000
)

// mapSize is the length of i_block: the block map, the root of the extent tree, a short link or the start of inline data.
const mapSize = 60

// inode is struct ext4_inode. It keeps the bytes it was decoded from, which are shared.
type inode struct {
	number     uint32
	mode       uint32
	uid, gid   uint32
	links      uint32
	size       int64
	sectors    uint64 // i_blocks, in 512 bytes or, with flagHugeFile, in blocks
	flags      uint32
	generation uint32
	xattrBlock uint64 // i_file_acl
	extraSize  uint32 // i_extra_isize: bytes in use behind the first 128
	blockMap   []byte // i_block
	raw        []byte
	damaged    bool // it could not be decoded whole
}

func (in *inode) has(flag uint32) bool { return in.flags&flag != 0 }
func (in *inode) kind() uint32         { return in.mode & filesys.ModeType }

// readInode reads an inode. With a wrong checksum it returns both the inode and the error.
func (f *FS) readInode(node filesys.Node) (inode, error) {
	if node == 0 || uint64(node) > uint64(f.super.inodes) {
		return inode{}, binread.Corrupt("want an inode number from 1 to %d", f.super.inodes)
	}
	number := uint32(node)
	raw, replayed := f.fast.inodes[number]
	if !replayed {
		var err error
		if raw, err = f.inodeBytes(number); err != nil {
			return inode{}, err
		}
	}
	in, err := f.decodeInode(raw, number)
	if err != nil {
		return inode{}, err
	}
	if in.links == 0 && !in.has(flagEAInode) {
		return inode{}, binread.Corrupt("the inode is not in use")
	}
	if replayed {
		return in, nil
	}
	return in, f.verifyInode(&in)
}

// inodeBytes returns the bytes of an inode out of a larger piece of its table.
func (f *FS) inodeBytes(number uint32) ([]byte, error) {
	group := (number - 1) / f.super.inodesPerGroup
	if int(group) >= len(f.inodeTables) || f.inodeTables[group] == 0 {
		return nil, binread.Corrupt("the descriptor of its group %d is damaged", group)
	}
	size := int64(f.super.inodeSize)
	index := int64((number - 1) % f.super.inodesPerGroup)
	off := int64(f.inodeTables[group]<<f.device.shift) + index*size
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

func (f *FS) decodeInode(raw []byte, number uint32) (inode, error) {
	c := binread.Little(raw)
	in := inode{
		number:     number,
		mode:       uint32(c.At(0x00).U16()),
		uid:        uint32(c.U16()) | uint32(c.At(0x78).U16())<<16,
		gid:        uint32(c.At(0x18).U16()) | uint32(c.At(0x7a).U16())<<16,
		links:      uint32(c.At(0x1a).U16()),
		sectors:    uint64(c.At(0x1c).U32()),
		flags:      c.At(0x20).U32(),
		blockMap:   c.At(0x28).Bytes(mapSize),
		generation: c.U32(),
		xattrBlock: uint64(c.At(0x68).U32()),
		raw:        raw,
	}
	size := uint64(c.At(0x4).U32())
	if in.kind() == filesys.ModeRegular || f.super.features.largeDir() || in.has(flagEAInode) {
		size |= uint64(c.At(0x6c).U32()) << 32
	}
	if f.super.features.has64bit() {
		in.xattrBlock |= uint64(c.At(0x76).U16()) << 32
	}
	if f.super.features.hugeFile() {
		in.sectors |= uint64(c.At(0x74).U16()) << 32
	}
	if len(raw) > oldInodeSize {
		in.extraSize = uint32(c.At(0x80).U16())
	}
	if err := c.Err(); err != nil {
		return inode{}, err
	}
	if size > 1<<63-1 {
		return inode{}, binread.Corrupt("size %#x, want at most 2^63-1", size)
	}
	in.size = int64(size)
	if in.extraSize > uint32(len(raw)-oldInodeSize) || in.extraSize%4 != 0 {
		return inode{}, binread.Corrupt("%d extra bytes, want a multiple of 4, at most %d", in.extraSize, len(raw)-oldInodeSize)
	}
	return in, nil
}

// verifyInode compares the checksum of an inode, where the file system keeps one.
func (f *FS) verifyInode(in *inode) error {
	if !f.super.features.metadataCsum() {
		return nil
	}
	raw := in.raw
	c := binread.Little(raw)
	got := uint32(c.At(0x7c).U16())
	want := crc32c(f.inodeSeed(in), raw[:0x7c])
	want = crc32c(want, zeros[:2])
	want = crc32c(want, raw[0x7e:oldInodeSize])
	if len(raw) > oldInodeSize {
		want = crc32c(want, raw[oldInodeSize:0x82])
		rest := raw[0x82:]
		if in.extraSize >= 4 {
			got |= uint32(c.At(0x82).U16()) << 16
			want = crc32c(want, zeros[:2])
			rest = raw[0x84:]
		}
		want = crc32c(want, rest)
	}
	if in.extraSize < 4 {
		want &= 0xffff // there is room for half of it only
	}
	if got != want {
		return binread.Checksum("checksum %#08x, want %#08x", got, want)
	}
	return nil
}

// inodeSeed is the start of the checksums of an inode and of everything it owns.
func (f *FS) inodeSeed(in *inode) uint32 {
	return crc32cU32(crc32cU32(f.seed, in.number), in.generation)
}

// Stat describes an inode.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	in, err := f.readInode(n)
	if err != nil {
		err = fmt.Errorf("ext4: inode %d: %w", n, err)
	}
	if in.raw == nil {
		return filesys.Stat{}, err
	}
	return f.stat(&in), err
}

func (f *FS) stat(in *inode) filesys.Stat {
	s := filesys.Stat{
		Node: filesys.Node(in.number), Mode: in.mode, UID: in.uid, GID: in.gid, Links: in.links,
		Size: in.size, Allocated: int64(in.sectors) * 512, Generation: in.generation,
		Access: in.time(0x8, 0x8c), Change: in.time(0xc, 0x84), Modify: in.time(0x10, 0x88),
	}
	if in.has(flagHugeFile) && f.super.features.hugeFile() {
		s.Allocated = int64(in.sectors << f.device.shift)
	}
	if in.extraSize >= 0x98-oldInodeSize {
		s.Birth = in.time(0x90, 0x94)
	}
	if kind := in.kind(); kind == filesys.ModeBlock || kind == filesys.ModeChar {
		s.Major, s.Minor = deviceNumber(in.blockMap)
	}
	const named = flagImmutable | flagAppend | flagEncrypt | flagCasefold | flagVerity
	if in.flags&named != 0 {
		s.Flags = flagNames(in.flags)
	}
	return s
}

// time decodes a time of signed 32-bit seconds at off, with two more bits of seconds and the nanoseconds in the extra
// word, when the inode is large enough to have one.
func (in *inode) time(off, extraOff int) time.Time {
	c := binread.Little(in.raw)
	seconds := int64(int32(c.At(off).U32()))
	nanoseconds := int64(0)
	if extraOff+4 <= oldInodeSize+int(in.extraSize) {
		extra := c.At(extraOff).U32()
		seconds += int64(extra&3) << 32
		nanoseconds = int64(extra >> 2)
	}
	return time.Unix(seconds, nanoseconds).UTC()
}

// deviceNumber decodes the two forms of a device number: 8 bits each in the first word, or 12 and 20 bits in the second.
func deviceNumber(b []byte) (major, minor uint32) {
	c := binread.Little(b)
	if old := c.U32(); old != 0 {
		return old >> 8 & 0xff, old & 0xff
	}
	v := c.U32()
	return v >> 8 & 0xfff, v&0xff | v>>12&0xfff00
}

func flagNames(flags uint32) []string {
	var names []string
	for _, flag := range []struct {
		bit  uint32
		name string
	}{
		{flagImmutable, "immutable"},
		{flagAppend, "append"},
		{flagEncrypt, "encrypted"},
		{flagCasefold, "casefold"},
		{flagVerity, "verity"},
	} {
		if flags&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	return names
}

// wrongType is the error of a method that was asked for a node of another type.
func wrongType(in *inode, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(in.mode), want, fs.ErrInvalid)
}
