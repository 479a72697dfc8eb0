package ext4

import (
	"bytes"
	"encoding/hex"
	"math/bits"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	superblockOffset = 1024
	superblockSize   = 1024
	superMagic       = 0xef53

	// maxGroups bounds the group table: 128 TiB of 4 KiB blocks.
	maxGroups    = 1 << 20
	maxBlocks    = 1 << 48 // what extents and descriptors can name
	maxSize      = 1 << 62 // bytes
	maxLogBlock  = 6       // 64 KiB
	maxInodeSize = inodeChunk
	oldInodeSize = 128

	oldFirstInode = 11
	badInode      = 1
	bootInode     = 5
	resizeInode   = 7
)

// Bits of s_state.
const (
	stateValid  = 1
	stateErrors = 2
)

// superblock is what reading needs of struct ext4_super_block.
type superblock struct {
	inodes         uint32 // s_inodes_count
	blocks         uint64 // s_blocks_count
	free           uint64 // s_free_blocks_count, in blocks even with bigalloc
	firstDataBlock uint32
	logBlockSize   uint32 // 0 is 1 KiB
	logClusterSize uint32
	blocksPerGroup uint32
	inodesPerGroup uint32
	state          uint16
	revision       uint32
	inodeSize      uint32
	group          uint16 // s_block_group_nr: which copy this is
	features       features
	uuid           [16]byte
	label          string
	journalInode   uint32
	journalDevice  uint32
	hashSeed       [4]uint32
	journalBackup  []byte // s_jnl_blocks, nil when not kept
	descriptorSize uint32
	firstMetaGroup uint32 // s_first_meta_bg, in descriptor blocks
	flags          uint32 // s_flags
	checksumType   uint8
	backupGroups   [2]uint32 // s_backup_bgs
	checksumSeed   uint32
	checksum       uint32
	raw            []byte

	freeInodes          uint32 // s_free_inodes_count
	firstInode          uint32 // s_first_ino: those before it are the file system's own
	reservedDescriptors uint16 // s_reserved_gdt_blocks
	lastOrphan          uint32 // s_last_orphan
	mmpBlock            uint64
	orphanFile          uint32    // s_orphan_file_inum
	quotaInodes         [3]uint32 // of users, groups and projects
	errors              uint32    // s_error_count
}

func decodeSuperblock(b []byte) (*superblock, error) {
	c := binread.Little(b)
	if magic := c.At(0x38).U16(); magic != superMagic {
		return nil, binread.Corrupt("magic %#x, want %#x", magic, superMagic)
	}
	s := &superblock{
		inodes:         c.At(0x00).U32(),
		blocks:         uint64(c.At(0x04).U32()),
		free:           uint64(c.At(0x0c).U32()),
		firstDataBlock: c.At(0x14).U32(),
		logBlockSize:   c.U32(),
		logClusterSize: c.U32(),
		blocksPerGroup: c.U32(),
		inodesPerGroup: c.At(0x28).U32(),
		state:          c.At(0x3a).U16(),
		revision:       c.At(0x4c).U32(),
		inodeSize:      oldInodeSize,
		group:          c.At(0x5a).U16(),
		features:       features{c.At(0x5c).U32(), c.U32(), c.U32()},
		uuid:           [16]byte(c.Bytes(16)),
		label:          cString(c.Bytes(16)),
		journalInode:   c.At(0xe0).U32(),
		journalDevice:  c.U32(),
		hashSeed:       [4]uint32{c.At(0xec).U32(), c.U32(), c.U32(), c.U32()},
		descriptorSize: uint32(c.At(0xfe).U16()),
		firstMetaGroup: c.At(0x104).U32(),
		flags:          c.At(0x160).U32(),
		checksumType:   c.At(0x175).U8(),
		backupGroups:   [2]uint32{c.At(0x24c).U32(), c.U32()},
		checksumSeed:   c.At(0x270).U32(),
		checksum:       c.At(0x3fc).U32(),
		raw:            b,
	}
	s.freeInodes, s.firstInode = c.At(0x10).U32(), oldFirstInode
	s.lastOrphan, s.mmpBlock = c.At(0xe8).U32(), c.At(0x168).U64()
	s.errors = c.At(0x194).U32()
	if s.features.compat&compatOrphanFile != 0 {
		s.orphanFile = c.At(0x280).U32()
	}
	s.quotaInodes = [3]uint32{c.At(0x240).U32(), c.U32(), c.At(0x26c).U32()}
	if s.features.compat&compatResizeInode != 0 {
		s.reservedDescriptors = c.At(0xce).U16()
	}
	if c.At(0xfd).U8() == 1 {
		s.journalBackup = c.At(0x10c).Bytes(68)
	}
	if s.revision > 0 {
		s.firstInode, s.inodeSize = c.At(0x54).U32(), uint32(c.U16())
	}
	if s.features.has64bit() {
		s.blocks |= uint64(c.At(0x150).U32()) << 32
		s.free |= uint64(c.At(0x158).U32()) << 32
	} else {
		s.descriptorSize = 32
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s, s.validate()
}

func (s *superblock) validate() error {
	if s.revision > 1 {
		return binread.Unsupported("revision %d, want 0 or 1", s.revision)
	}
	if names := s.features.unsupported(); names != "" {
		return binread.Unsupported("incompatible feature %s", names)
	}
	if s.logBlockSize > maxLogBlock {
		return binread.Corrupt("block size 1024<<%d, want at most 1024<<%d", s.logBlockSize, maxLogBlock)
	}
	blockSize := uint32(1024) << s.logBlockSize
	ratio := uint32(0) // log2 of blocks per cluster
	if s.features.bigalloc() {
		ratio = s.logClusterSize - s.logBlockSize
	}
	switch {
	case s.features.bigalloc() && (s.logClusterSize < s.logBlockSize || ratio > 16):
		return binread.Corrupt("cluster size 1024<<%d with block size %d", s.logClusterSize, blockSize)
	case s.inodeSize < oldInodeSize || s.inodeSize > blockSize || bits.OnesCount32(s.inodeSize) != 1:
		return binread.Corrupt("inode size %d, want a power of two from 128 to %d", s.inodeSize, blockSize)
	case s.inodeSize > maxInodeSize:
		return binread.Unsupported("inode size %d, want at most %d", s.inodeSize, maxInodeSize)
	case s.inodesPerGroup == 0 || s.inodesPerGroup > 8*blockSize:
		return binread.Corrupt("%d inodes per group, want 1 to %d", s.inodesPerGroup, 8*blockSize)
	case s.blocksPerGroup == 0 || s.blocksPerGroup>>ratio > 8*blockSize:
		return binread.Corrupt("%d blocks per group, want 1 to %d", s.blocksPerGroup, uint64(8*blockSize)<<ratio)
	case s.blocks > maxBlocks || s.blocks > maxSize/uint64(blockSize) || uint64(s.firstDataBlock) >= s.blocks:
		return binread.Corrupt("%d blocks with the first at %d, want at most 2^48 and 2^62 bytes", s.blocks, s.firstDataBlock)
	case s.descriptorSize < 32 || s.descriptorSize > 1024 || bits.OnesCount32(s.descriptorSize) != 1 ||
		s.features.has64bit() && s.descriptorSize < 64:
		return binread.Corrupt("group descriptor size %d, want a power of two from 64 to 1024", s.descriptorSize)
	case s.groups() > maxGroups:
		return binread.Limit("%d block groups, want at most %d", s.groups(), maxGroups)
	case uint64(s.inodes) != s.groups()*uint64(s.inodesPerGroup):
		return binread.Corrupt("%d inodes, want %d groups of %d", s.inodes, s.groups(), s.inodesPerGroup)
	case s.features.metadataCsum() && s.checksumType != 1:
		return binread.Unsupported("checksum type %d, want 1 (crc32c)", s.checksumType)
	}
	return nil
}

// groups is how many block groups there are. It is called only once the divisor was checked.
func (s *superblock) groups() uint64 {
	per := uint64(s.blocksPerGroup)
	return (s.blocks - uint64(s.firstDataBlock) + per - 1) / per
}

func (s *superblock) blockSize() int64 { return 1024 << s.logBlockSize }

// seed is the start of every metadata checksum.
func (s *superblock) seed() uint32 {
	if s.features.csumSeed() {
		return s.checksumSeed
	}
	return crc32c(^uint32(0), s.uuid[:])
}

// verify compares s_checksum, where the file system keeps one.
func (s *superblock) verify() error {
	if !s.features.metadataCsum() {
		return nil
	}
	if got := crc32c(^uint32(0), s.raw[:0x3fc]); got != s.checksum {
		return binread.Checksum("checksum %#08x, want %#08x", s.checksum, got)
	}
	return nil
}

func (s *superblock) uuidString() string {
	h := hex.EncodeToString(s.uuid[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// early reports whether the clock that wrote the times of the file system was so wrong that they look like inode numbers.
func (s *superblock) early() bool {
	c := binread.Little(s.raw)
	for _, off := range []int{0x2c, 0x30, 0x108} { // s_mtime, s_wtime, s_mkfs_time
		if t := c.At(off).U32(); t != 0 && t < s.inodes {
			return true
		}
	}
	return false
}

// isSpecial reports whether an inode is named by the superblock and by no directory.
func (s *superblock) isSpecial(number uint32) bool {
	return number == s.orphanFile || s.features.quota() && slices.Contains(s.quotaInodes[:], number)
}

// hasCopy reports whether a group holds a copy of the superblock (and, without meta_bg, of the descriptors).
func (s *superblock) hasCopy(group uint64) bool {
	switch {
	case group == 0:
		return true
	case s.features.sparseSuper2():
		return group == uint64(s.backupGroups[0]) || group == uint64(s.backupGroups[1])
	case group == 1 || !s.features.sparseSuper():
		return true
	}
	return isPower(group, 3) || isPower(group, 5) || isPower(group, 7)
}

func isPower(n, base uint64) bool {
	p := base
	for p < n {
		p *= base
	}
	return p == n
}

func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
