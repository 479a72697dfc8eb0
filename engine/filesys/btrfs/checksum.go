package btrfs

import (
	"bytes"
	"crypto/sha256"
	"hash/crc32"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/crypto/blake2b"

	"github.com/guestctl/guestctl/engine/binread"
)

const sumSize = 32 // of the room at the start of superblocks and blocks of metadata

// sumType is csum_type of the superblock.
type sumType uint16

const (
	sumCRC32C sumType = iota
	sumXXHash
	sumSHA256
	sumBlake2b
	sumTypes
)

func (s sumType) String() string {
	return [sumTypes]string{"crc32c", "xxhash64", "sha256", "blake2b"}[s]
}

// verify compares the checksum at the start of b, which is of all that follows the room for it.
func (s sumType) verify(b []byte) error {
	c, rest := binread.Little(b), b[sumSize:]
	var right bool
	switch s {
	case sumCRC32C:
		right = c.U32() == crc32.Checksum(rest, crc32.MakeTable(crc32.Castagnoli))
	case sumXXHash:
		right = c.U64() == xxhash.Sum64(rest)
	case sumSHA256:
		sum := sha256.Sum256(rest)
		right = bytes.Equal(sum[:], b[:sumSize])
	case sumBlake2b:
		sum := blake2b.Sum256(rest)
		right = bytes.Equal(sum[:], b[:sumSize])
	}
	if !right {
		return binread.Checksum("the %s checksum is wrong", s)
	}
	return nil
}
