package hive

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

// marvinSeed is the seed of the hashes in transaction logs: the bytes 82 EF 4D 88 7A 4E 55 C5.
const marvinSeed = 0xc5554e7a884def82

// marvin32 is the Marvin32 hash of b, its second half in the high bits.
func marvin32(seed uint64, b []byte) uint64 {
	lo, hi := uint32(seed), uint32(seed>>32)
	c := binread.Little(b)
	for c.Len() >= 4 {
		lo, hi = marvinBlock(lo+c.U32(), hi)
	}
	last := uint32(0x80)
	for rest := c.Bytes(c.Len()); len(rest) > 0; rest = rest[:len(rest)-1] {
		last = last<<8 | uint32(rest[len(rest)-1])
	}
	lo, hi = marvinBlock(lo+last, hi)
	lo, hi = marvinBlock(lo, hi)
	return uint64(hi)<<32 | uint64(lo)
}

func marvinBlock(lo, hi uint32) (uint32, uint32) {
	hi ^= lo
	lo = bits.RotateLeft32(lo, 20) + hi
	hi = bits.RotateLeft32(hi, 9) ^ lo
	lo = bits.RotateLeft32(lo, 27) + hi
	hi = bits.RotateLeft32(hi, 19)
	return lo, hi
}
