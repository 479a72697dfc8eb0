package xfs

import (
	"bytes"
	"encoding/hex"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	superblockSize   = 512 // as much of it as is read
	superblockSumOff = 224
	superMagic       = 0x58465342 // "XFSB"
	rootOff          = 56
	inProgressOff    = 126
	maxGuessed       = 32 // groups that are tried where the superblock does not say how many there are

	minBlockLog   = 9
	maxBlockLog   = 16
	maxSectorSize = 32 << 10
	minInodeLog   = 8
	maxInodeLog   = 11
	maxDirLog     = 16
	maxAGLog      = 31
	maxSize       = 1 << 62 // bytes
)

// superblock is what reading needs of struct xfs_dsb.
type superblock struct {
	version    uint16 // with the bits of features of version 4
	blockSize  uint32
	sectorSize uint32
	inodeSize  uint32

	blockLog, sectorLog, inodeLog uint8
	inodesLog                     uint8 // of inodes per block
	agLog                         uint8 // of blocks per allocation group, rounded up
	dirLog                        uint8 // of blocks per directory block

	blocks     uint64
	free       uint64
	uuid       [16]byte
	metaUUID   [16]byte // what blocks of metadata hold
	label      string
	logStart   uint64 // 0 is a log on another device
	logBlocks  uint32
	root       uint64
	agBlocks   uint32
	agCount    uint32
	inProgress bool

	features2 uint32
	compat    uint32
	roCompat  uint32
	incompat  uint32
	quotas    [3]uint64 // inodes of quotas
	realtime  [2]uint64 // inodes of what is used of a real-time device
	elsewhere uint64    // blocks of that
	inodes    uint64    // that there is space for
	unused    uint64    // of them
}

func decodeSuperblock(b []byte) (*superblock, error) {
	c := binread.Big(b)
	if magic := c.U32(); magic != superMagic {
		return nil, binread.Corrupt("magic %#x, want %#x", magic, superMagic)
	}
	s := &superblock{
		blockSize:  c.U32(),
		blocks:     c.U64(),
		elsewhere:  c.U64(),
		uuid:       [16]byte(c.At(32).Bytes(16)),
		logStart:   c.U64(),
		root:       c.U64(),
		realtime:   [2]uint64{c.U64(), c.U64()},
		agBlocks:   c.At(84).U32(),
		agCount:    c.U32(),
		logBlocks:  c.At(96).U32(),
		version:    c.U16(),
		sectorSize: uint32(c.U16()),
		inodeSize:  uint32(c.U16()),
		label:      cString(c.At(108).Bytes(12)),
		blockLog:   c.U8(),
		sectorLog:  c.U8(),
		inodeLog:   c.U8(),
		inodesLog:  c.U8(),
		agLog:      c.U8(),
		inProgress: c.At(inProgressOff).U8() != 0,
		inodes:     c.At(128).U64(),
		unused:     c.U64(),
		free:       c.U64(),
		quotas:     [3]uint64{c.At(160).U64(), c.U64(), 0},
		dirLog:     c.At(192).U8(),
	}
	s.metaUUID = s.uuid
	if s.version&versionMoreBits != 0 {
		s.features2 = c.At(200).U32()
	}
	if s.v5() {
		s.compat, s.roCompat, s.incompat = c.At(208).U32(), c.U32(), c.U32()
		s.quotas[2] = c.At(232).U64()
		if s.incompat&incompatMetaUUID != 0 {
			s.metaUUID = [16]byte(c.At(248).Bytes(16))
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := s.supported(); err != nil {
		return nil, err
	}
	return s, s.validate()
}

// validate checks the geometry, by which everything else is computed.
func (s *superblock) validate() error {
	minimum := uint8(minBlockLog)
	if s.v5() {
		minimum = 10
	}
	switch {
	case s.inProgress:
		return binread.Corrupt("mkfs.xfs was not finished")
	case s.blockLog < minimum || s.blockLog > maxBlockLog || s.blockSize != 1<<s.blockLog:
		return binread.Corrupt("block size %d and its logarithm %d, want a power of two from %d to 64 KiB", s.blockSize, s.blockLog, 1<<minimum)
	case s.sectorLog < minBlockLog || s.sectorLog > 15 || s.sectorSize != 1<<s.sectorLog || s.sectorLog > s.blockLog:
		return binread.Corrupt("sector size %d and its logarithm %d, want a power of two from 512 to the block size", s.sectorSize, s.sectorLog)
	case s.inodeLog < minInodeLog || s.inodeLog > maxInodeLog || s.inodeSize != 1<<s.inodeLog || s.v5() && s.inodeLog < 9:
		return binread.Corrupt("inode size %d and its logarithm %d, want a power of two from 256 to 2048", s.inodeSize, s.inodeLog)
	case s.inodeLog > s.blockLog || s.inodesLog != s.blockLog-s.inodeLog:
		return binread.Corrupt("2^%d inodes of %d bytes in a block of %d", s.inodesLog, s.inodeSize, s.blockSize)
	case s.dirLog > maxDirLog-s.blockLog:
		return binread.Corrupt("directory blocks of 2^%d blocks of %d bytes, want at most 64 KiB", s.dirLog, s.blockSize)
	case s.agLog > maxAGLog || s.agBlocks == 0 || uint64(s.agBlocks) > 1<<s.agLog || s.agLog > 0 && uint64(s.agBlocks) <= 1<<(s.agLog-1):
		return binread.Corrupt("allocation groups of %d blocks and its logarithm %d", s.agBlocks, s.agLog)
	case s.agCount == 0 || s.blocks > uint64(s.agCount)*uint64(s.agBlocks) || s.blocks <= uint64(s.agCount-1)*uint64(s.agBlocks):
		return binread.Corrupt("%d blocks in %d allocation groups of %d", s.blocks, s.agCount, s.agBlocks)
	case s.blocks > maxSize>>s.blockLog:
		return binread.Corrupt("%d blocks of %d bytes, want at most 2^62 bytes", s.blocks, s.blockSize)
	case !s.hasInode(s.root):
		return binread.Corrupt("root directory at inode %d, where no inode can be", s.root)
	case s.logStart != 0 && !s.hasBlocks(s.logStart, uint64(s.logBlocks)):
		return binread.Corrupt("log of %d blocks at block %#x, want it inside of a group", s.logBlocks, s.logStart)
	}
	return nil
}

func (s *superblock) v5() bool    { return s.version&versionNumber == 5 }
func (s *superblock) size() int64 { return int64(s.blocks << s.blockLog) }

// dirBlock is the size of a directory block.
func (s *superblock) dirBlock() int { return 1 << (s.blockLog + s.dirLog) }

// blocksIn is how many blocks an allocation group has: the last may be smaller.
func (s *superblock) blocksIn(group uint64) uint64 {
	if group == uint64(s.agCount)-1 {
		return s.blocks - group*uint64(s.agBlocks)
	}
	return uint64(s.agBlocks)
}

// split takes apart a block's number: the group and the block in it.
func (s *superblock) split(block uint64) (group, within uint64) {
	return block >> s.agLog, block & (1<<s.agLog - 1)
}

// hasBlocks reports whether there are count blocks at a block, all in one group.
func (s *superblock) hasBlocks(block, count uint64) bool {
	group, within := s.split(block)
	if group >= uint64(s.agCount) {
		return false
	}
	in := s.blocksIn(group)
	return within < in && count <= in-within
}

// offset is where a block is on the device.
func (s *superblock) offset(block uint64) int64 {
	group, within := s.split(block)
	return int64((group*uint64(s.agBlocks) + within) << s.blockLog)
}

// hasInode reports whether an inode of that number could be.
func (s *superblock) hasInode(number uint64) bool {
	return number != 0 && s.hasBlocks(number>>s.inodesLog, 1)
}

// isQuota reports whether an inode holds quotas: it belongs to no directory.
func (s *superblock) isQuota(number uint64) bool {
	for _, q := range s.quotas {
		if q != 0 && q == number {
			return true
		}
	}
	return false
}

func uuidString(uuid [16]byte) string {
	h := hex.EncodeToString(uuid[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func cString(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
