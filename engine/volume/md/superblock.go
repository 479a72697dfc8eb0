package md

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	magic      = 0xa92b4efc
	sectorSize = 512 // bytes
	superSize  = 4096
	maxRoles   = (superSize - 256) / 2 // superblock of version 1
	maxSectors = math.MaxInt64 / sectorSize
)

// superblock is what a member says of itself and of its array, in the words of version 1.
type superblock struct {
	version string // "1.2", "0.90"
	uuid    [16]byte
	name    string // of the array
	minor   int    // N of /dev/mdN, which only version 0.90 keeps; -1 when not known

	level  int
	layout uint32
	chunk  int64 // bytes
	disks  int   // that the array wants
	size   int64 // bytes that a member gives; 0 where each gives what it has

	role    int   // of the member: its place in the array, or one of the roles below
	data    int64 // where its data begins, in bytes
	dataLen int64 // bytes
	offset  int64 // where the superblock itself is, in bytes

	events   uint64
	clean    bool // no resync is left to do
	reshape  bool // the array was being given another shape
	rebuilt  bool // the member was being filled
	journal  bool // writes may be in a journal that is a member of its own
	layouted bool // the layout of level 0 is told
	bad      []run
}

// The roles of a member without a place in the array.
const (
	spare = -1 - iota
	faulty
	journalRole
)

// run is a stretch of the data of a member, in bytes.
type run struct{ off, end int64 }

// errNone says that there is no superblock at a place.
var errNone = errors.New("no superblock")

// places are where a superblock may be on a device of size bytes, with the minor version that has it there.
func places(size int64) []place {
	sectors := size / sectorSize
	return []place{
		{"1.1", 0},
		{"1.2", 8 * sectorSize},
		{"1.0", (sectors - 16) &^ 7 * sectorSize},
		{"0.90", size&^0xffff - 0x10000},
	}
}

type place struct {
	version string
	off     int64
}

// atEnd reports whether the place is behind the data, where the bytes of a file can lie too when the device is no member.
func (p place) atEnd() bool { return p.version == "1.0" || p.version == "0.90" }

// find returns the superblock of a device. What is at the end and does not fit is no superblock; the start of a member holds nothing else.
func find(r io.ReaderAt, size int64) (*superblock, error) {
	for _, p := range places(size) {
		if p.off < 0 || p.off+superSize > size {
			continue
		}
		s, err := p.read(r, size)
		if err == nil && s.version == "0.90" {
			err = s.ofPartition(r)
		}
		switch {
		case errors.Is(err, errNone), p.atEnd() && damaged(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("md: superblock %s: %w", p.version, err)
		}
		return s, nil
	}
	return nil, errNone
}

// ofPartition is errNone where a superblock of version 0.90 is rather that of the last partition, which may end where the disk does. The
// other versions say where they are.
func (s *superblock) ofPartition(r io.ReaderAt) error {
	b, err := binread.ReadAt(r, 0, sectorSize, sectorSize)
	if err != nil {
		return err
	}
	unused := s.offset - s.size
	if bootable := b[510] == 0x55 && b[511] == 0xaa; bootable && s.size > 0 && unused > max(s.chunk, 0x10000) {
		return errNone
	}
	return nil
}

func damaged(err error) bool {
	return errors.Is(err, binread.ErrCorrupt) || errors.Is(err, binread.ErrChecksum) || errors.Is(err, binread.ErrLimit)
}

func (p place) read(r io.ReaderAt, size int64) (*superblock, error) {
	b, err := binread.ReadAt(r, p.off, superSize, superSize)
	if err != nil {
		return nil, err
	}
	if c := binread.Little(b); c.U32() != magic {
		return nil, errNone
	}
	if p.version == "0.90" {
		return readOld(b, p.off, size)
	}
	s, err := readNew(b, p, size)
	if err != nil {
		return nil, err
	}
	s.bad, err = badBlocks(r, b, s)
	return s, err
}

// fold is how both versions end their sum.
func fold(sum uint64) uint32 { return uint32(sum) + uint32(sum>>32) }

// readNew decodes a superblock of version 1 (Linux, include/uapi/linux/raid/md_p.h, struct mdp_superblock_1).
func readNew(b []byte, p place, size int64) (*superblock, error) {
	c := binread.Little(b)
	if major := c.At(4).U32(); major != 1 {
		return nil, errNone
	}
	features := c.U32()
	roles := c.At(220).U32()
	if roles > maxRoles {
		return nil, binread.Corrupt("%d roles, want at most %d", roles, maxRoles)
	}
	if got, want := sumNew(b[:256+2*roles]), c.At(216).U32(); got != want {
		return nil, binread.Checksum("checksum %#x, want %#x", got, want)
	}
	s := &superblock{version: p.version, minor: -1, offset: p.off}
	copy(s.uuid[:], c.At(16).Bytes(16))
	s.name = text(c.Bytes(32))
	s.level = int(int32(c.At(72).U32()))
	s.layout = c.U32()
	sizeSectors, chunk, disks := c.U64(), c.U32(), c.U32()
	dataOffset, dataSize, superOffset, recovery := c.At(128).U64(), c.U64(), c.U64(), c.U64()
	number := c.U32()
	s.events = c.At(200).U64()
	s.clean = c.U64() == math.MaxUint64
	s.reshape = features&0x4 != 0
	s.rebuilt = features&0x2 != 0 && recovery < sizeSectors || features&0x10 != 0 // 0x10: it is to replace another
	s.journal = features&0x200 != 0
	s.layouted = features&0x1000 != 0
	if superOffset != uint64(p.off/sectorSize) {
		return nil, binread.Corrupt("says that it is at sector %d", superOffset)
	}
	if sizeSectors > maxSectors || dataOffset > maxSectors || dataSize > maxSectors {
		return nil, binread.Corrupt("sizes of %d, %d and %d sectors", sizeSectors, dataOffset, dataSize)
	}
	s.size, s.data, s.dataLen = int64(sizeSectors)*sectorSize, int64(dataOffset)*sectorSize, int64(dataSize)*sectorSize
	s.chunk, s.disks = int64(chunk)*sectorSize, int(disks)
	if s.role = spare; number < roles {
		s.role = roleOf(c.At(256 + 2*int(number)).U16())
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s, s.check(size)
}

func roleOf(n uint16) int {
	switch n {
	case 0xffff:
		return spare
	case 0xfffe:
		return faulty
	case 0xfffd:
		return journalRole
	}
	return int(n)
}

// sumNew is the checksum of a superblock of version 1: the sum of its words without that of the checksum.
func sumNew(b []byte) uint32 {
	sum, c := uint64(0), binread.Little(b)
	for c.Len() >= 4 {
		if at := c.Offset(); at != 216 {
			sum += uint64(c.U32())
			continue
		}
		c.Skip(4)
	}
	if c.Len() >= 2 {
		sum += uint64(c.U16())
	}
	return fold(sum)
}

// check looks whether the array can be as the superblock says, on a device of size bytes.
func (s *superblock) check(size int64) error {
	switch {
	case s.disks < 1 || s.disks > maxRoles:
		return binread.Corrupt("%d disks", s.disks)
	case s.role >= s.disks && !s.reshape:
		return binread.Corrupt("member %d of %d", s.role, s.disks)
	case s.chunk < 0 || s.chunk > 1<<40 || s.chunk%sectorSize != 0:
		return binread.Corrupt("chunks of %d bytes", s.chunk)
	case s.data < 0 || s.dataLen < 0 || s.data > size:
		return binread.Corrupt("data of %d bytes at %d of %d", s.dataLen, s.data, size)
	case s.size > s.dataLen:
		return binread.Corrupt("%d bytes of each member are used, and this one has %d", s.size, s.dataLen)
	}
	return nil
}

// badBlocks reads the list of the blocks of a member that are not to be read.
func badBlocks(r io.ReaderAt, b []byte, s *superblock) ([]run, error) {
	c := binread.Little(b)
	if c.At(8).U32()&0x8 == 0 {
		return nil, nil
	}
	shift, sectors, at := c.At(185).U8(), int64(c.U16()), int64(int32(c.U32()))
	if sectors == 0 || shift > 32 {
		return nil, nil
	}
	list, err := binread.ReadAt(r, s.offset+at*sectorSize, sectors*sectorSize, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("bad blocks: %w", err)
	}
	var bad []run
	for entries := binread.Little(list); entries.Len() >= 8; {
		entry := entries.U64()
		if entry == math.MaxUint64 {
			break
		}
		// sectors of the device; those of the file are counted from where the data begins
		first, n := entry>>10<<shift, (entry&0x3ff)<<shift
		if n == 0 || first > maxSectors-n {
			continue
		}
		off := int64(first)*sectorSize - s.data
		bad = append(bad, run{off, off + int64(n)*sectorSize})
	}
	return bad, nil
}

// text is a name up to its first zero.
func text(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// readOld decodes a superblock of version 0.90 (md_p.h, struct mdp_super_s), of a machine whose integers are little-endian.
func readOld(b []byte, off, size int64) (*superblock, error) {
	c := binread.Little(b)
	word := func(n int) uint32 { return c.At(4 * n).U32() }
	if word(1) != 0 {
		return nil, errNone
	}
	sum := uint64(0)
	for i := range superSize / 4 {
		if i != 38 {
			sum += uint64(word(i))
		}
	}
	if got, want := fold(sum), word(38); got != want {
		return nil, binread.Checksum("checksum %#x, want %#x", got, want)
	}
	s := &superblock{version: "0.90", offset: off, minor: int(word(11)), dataLen: off, layouted: true}
	for i, n := range []int{5, 13, 14, 15} {
		w := word(n)
		copy(s.uuid[4*i:], []byte{byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w)})
	}
	s.level = int(int32(word(7)))
	s.size = int64(word(8)) * 1024 // of level 0 and linear arrays each member gives what it has
	s.disks = int(word(10))        //
	s.events = uint64(word(40))<<32 | uint64(word(39))
	s.clean = word(33)&1 != 0
	s.layout, s.chunk = word(64), int64(word(65))
	s.reshape = word(2) >= 91
	if s.level <= 0 {
		s.size = 0
	}
	const thisDisk = 992
	s.role = int(word(thisDisk + 3))
	switch state := word(thisDisk + 4); {
	case state&1 != 0 || state&8 != 0:
		s.role = faulty
	case state&6 != 6:
		s.role = spare
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s, s.check(size)
}

// title is the name of the array for people, and the paths by which guests know it.
func (s *superblock) title() (string, []string) {
	id := s.id()
	devices := []string{"/dev/disk/by-id/md-uuid-" + id}
	name := s.name
	if _, after, ok := strings.Cut(name, ":"); ok {
		devices = append(devices, "/dev/disk/by-id/md-name-"+name, "/dev/md/"+name)
		name = after
	}
	switch {
	case s.minor >= 0:
		name = fmt.Sprintf("md%d", s.minor)
		return name, append(devices, "/dev/"+name)
	case name == "":
		return "md-" + id[:8], devices
	case strings.Trim(name, "0123456789") == "":
		return "md" + name, append(devices, "/dev/md"+name, "/dev/md/"+name)
	}
	return "md/" + name, append(devices, "/dev/md/"+name)
}

// id is the UUID as mdadm writes it.
func (s *superblock) id() string {
	return fmt.Sprintf("%x:%x:%x:%x", s.uuid[:4], s.uuid[4:8], s.uuid[8:12], s.uuid[12:])
}
