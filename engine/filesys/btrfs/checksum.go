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

// size is how many bytes a checksum has.
func (s sumType) size() int { return [sumTypes]int{4, 8, 32, 32}[s] }

// of returns the checksum of b. Behind its own bytes are zeros.
func (s sumType) of(b []byte) (sum [sumSize]byte) {
	switch s {
	case sumCRC32C:
		putLittle(sum[:4], uint64(crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))))
	case sumXXHash:
		putLittle(sum[:8], xxhash.Sum64(b))
	case sumSHA256:
		sum = sha256.Sum256(b)
	case sumBlake2b:
		sum = blake2b.Sum256(b)
	}
	return sum
}

// verify compares the checksum at the start of b, which is of all that follows the room for it.
func (s sumType) verify(b []byte) error {
	sum := s.of(b[sumSize:])
	if !bytes.Equal(b[:s.size()], sum[:s.size()]) {
		return binread.Checksum("the %s checksum is wrong", s)
	}
	return nil
}

// putLittle writes a number into all of b, its low byte first.
func putLittle(b []byte, v uint64) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
}
