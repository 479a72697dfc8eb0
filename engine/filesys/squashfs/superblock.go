package squashfs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	magic     = "hsqs"
	magicBig  = "sqsh" // of versions before 4.0, in the order of bytes of other machines
	superSize = 96     // bytes

	minBlockLog = 12
	maxBlockLog = 20
	maxSize     = 1 << 38 // bytes: places below that and sizes of blocks fit one key of a cache

	none   = ^uint64(0) // where a table is that does not exist
	none32 = ^uint32(0) // which fragment or attributes a file has that has none
)

const flagOptions = 1 << 10 // options of the compressor follow the superblock

// flagNames are the features that flags stand for, in the order of their bits.
var flagNames = [...]string{
	"uncompressed inodes", "uncompressed data", "", "uncompressed fragments", "no fragments", "fragments of all files", "deduplicated",
	"exportable", "uncompressed xattrs", "no xattrs", "", "uncompressed ids",
}

type superblock struct {
	inodes     uint32
	blockSize  int64
	fragments  uint32
	compressor compressor
	flags      uint16
	ids        uint16
	root       uint64 // reference of an inode
	size       int64  // bytes of the file system

	// where tables begin, in bytes
	idTable, xattrTable, inodeTable, dirTable, fragmentTable, exportTable uint64
}

func readSuperblock(r io.ReaderAt) (superblock, error) {
	b := make([]byte, superSize)
	if err := binread.Fill(r, b, 0); err != nil {
		return superblock{}, fmt.Errorf("superblock: %w", err)
	}
	s, err := decodeSuperblock(b)
	if err != nil {
		return superblock{}, fmt.Errorf("superblock: %w", err)
	}
	return s, nil
}

func decodeSuperblock(b []byte) (superblock, error) {
	c := binread.Little(b)
	found := string(c.Bytes(len(magic)))
	s := superblock{inodes: c.U32()}
	c.Skip(4) // when it was made
	blockSize := c.U32()
	s.fragments = c.U32()
	s.compressor = compressor(c.U16())
	blockLog := c.U16()
	s.flags, s.ids = c.U16(), c.U16()
	major, minor := c.U16(), c.U16()
	s.root = c.U64()
	size := c.U64()
	s.idTable, s.xattrTable, s.inodeTable, s.dirTable, s.fragmentTable, s.exportTable = c.U64(), c.U64(), c.U64(), c.U64(), c.U64(), c.U64()
	switch {
	case c.Err() != nil:
		return s, c.Err()
	case found == magicBig:
		return s, binread.Unsupported("of a version before 4.0 and big-endian, want version 4.0")
	case found != magic:
		return s, binread.Corrupt("magic %q, want %q", found, magic)
	case major != 4 || minor != 0:
		return s, binread.Unsupported("version %d.%d, want 4.0", major, minor)
	case blockLog < minBlockLog || blockLog > maxBlockLog || blockSize != 1<<blockLog:
		return s, binread.Corrupt("blocks of %d bytes and of 2^%d, want one size from 2^%d to 2^%d", blockSize, blockLog, minBlockLog, maxBlockLog)
	case size < superSize:
		return s, binread.Corrupt("%d bytes in all, want at least %d", size, superSize)
	case size > maxSize:
		return s, binread.Limit("%d bytes in all, want at most %d", size, int64(maxSize))
	}
	s.blockSize, s.size = int64(blockSize), int64(size)
	return s, s.checkPlaces()
}

// checkPlaces wants tables inside of the file system, and that of inodes before that of directories.
func (s *superblock) checkPlaces() error {
	for _, t := range []struct {
		name     string
		at       uint64
		optional bool
	}{
		{"inodes", s.inodeTable, false},
		{"directories", s.dirTable, false},
		{"owners", s.idTable, false},
		{"fragments", s.fragmentTable, s.fragments == 0},
		{"extended attributes", s.xattrTable, true},
		{"exports", s.exportTable, true},
	} {
		if (t.at < superSize || t.at >= uint64(s.size)) && (t.at != none || !t.optional) {
			return binread.Corrupt("table of %s at %#x, want it between %#x and %#x", t.name, t.at, superSize, s.size)
		}
	}
	switch {
	case s.inodeTable > s.dirTable:
		return binread.Corrupt("table of inodes at %#x, want it before that of directories at %#x", s.inodeTable, s.dirTable)
	case s.ids == 0:
		return binread.Corrupt("no owners, want at least one")
	}
	return nil
}

// dirEnd is where the table of directories ends at the latest: where the next one begins.
func (s *superblock) dirEnd() int64 {
	end := uint64(s.size)
	for _, at := range []uint64{s.fragmentTable, s.exportTable, s.idTable, s.xattrTable} {
		if at > s.dirTable {
			end = min(end, at)
		}
	}
	return int64(end)
}

// features are the compressor and what the flags say.
func (s *superblock) features() []string {
	list := []string{s.compressor.String()}
	for i, name := range flagNames {
		if name != "" && s.flags&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return list
}
