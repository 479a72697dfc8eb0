package ext4

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

// Hash versions of struct dx_root_info. The first three hash chars as the machine that made the file system has them;
// s_flags says which that was.
const (
	hashLegacy   = 0
	hashHalfMD4  = 1
	hashTEA      = 2
	hashUnsigned = 3 // added to the three above

	flagUnsignedHash = 0x2 // of s_flags

	hashEnd = 0xfffffffe // no name has it: it is the end of a directory
)

// hashName hashes a name as fs/ext4/hash.c does. The last bit of a hash is always 0.
func (f *FS) hashName(name string, version uint8) (uint32, error) {
	if version <= hashTEA && f.super.flags&flagUnsignedHash != 0 {
		version += hashUnsigned
	}
	if version >= 2*hashUnsigned {
		return 0, binread.Unsupported("hash version %d", version)
	}
	signed := version < hashUnsigned
	state := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	if f.super.hashSeed != [4]uint32{} {
		state = f.super.hashSeed
	}
	var hash uint32
	switch version % hashUnsigned {
	case hashLegacy:
		hash = legacyHash(name, signed)
	case hashHalfMD4:
		var in [8]uint32
		for ; name != ""; name = name[min(32, len(name)):] {
			packName(in[:], name, signed)
			halfMD4(&state, &in)
		}
		hash = state[1]
	case hashTEA:
		var in [4]uint32
		for ; name != ""; name = name[min(16, len(name)):] {
			packName(in[:], name, signed)
			tea(&state, &in)
		}
		hash = state[0]
	}
	if hash &^= 1; hash == hashEnd {
		hash -= 2
	}
	return hash, nil
}

func char(c byte, signed bool) uint32 {
	if signed {
		return uint32(int32(int8(c)))
	}
	return uint32(c)
}

func legacyHash(name string, signed bool) uint32 {
	h0, h1 := uint32(0x12a3fe2d), uint32(0x37abe8f9)
	for i := range len(name) {
		h := h1 + (h0 ^ char(name[i], signed)*7152373)
		if h&0x80000000 != 0 {
			h -= 0x7fffffff
		}
		h0, h1 = h, h0
	}
	return h0 << 1
}

// packName fills words with the bytes of a name, four to a word, padded with its length.
func packName(words []uint32, name string, signed bool) {
	pad := uint32(len(name)) | uint32(len(name))<<8
	pad |= pad << 16
	n := min(len(name), 4*len(words))
	for i := range words {
		v := pad
		for j := 4 * i; j < min(n, 4*i+4); j++ {
			v = char(name[j], signed) + v<<8
		}
		words[i] = v
	}
}

func tea(state, in *[4]uint32) {
	a, b := state[0], state[1]
	sum := uint32(0)
	for range 16 {
		sum += 0x9e3779b9
		a += (b<<4 + in[0]) ^ (b + sum) ^ (b>>5 + in[1])
		b += (a<<4 + in[2]) ^ (a + sum) ^ (a>>5 + in[3])
	}
	state[0] += a
	state[1] += b
}

// halfMD4 is the three rounds of MD4 with half of its words each.
func halfMD4(state *[4]uint32, in *[8]uint32) {
	rounds := [3]struct {
		mix    func(x, y, z uint32) uint32
		add    uint32
		order  [8]uint8
		rotate [4]int
	}{
		{func(x, y, z uint32) uint32 { return z ^ x&(y^z) }, 0, [8]uint8{0, 1, 2, 3, 4, 5, 6, 7}, [4]int{3, 7, 11, 19}},
		{func(x, y, z uint32) uint32 { return x&y + (x^y)&z }, 0x5a827999, [8]uint8{1, 3, 5, 7, 0, 2, 4, 6}, [4]int{3, 5, 9, 13}},
		{func(x, y, z uint32) uint32 { return x ^ y ^ z }, 0x6ed9eba1, [8]uint8{3, 7, 2, 6, 1, 5, 0, 4}, [4]int{3, 9, 11, 15}},
	}
	a, b, c, d := state[0], state[1], state[2], state[3]
	for _, r := range rounds {
		for i, word := range r.order {
			a = bits.RotateLeft32(a+r.mix(b, c, d)+in[word]+r.add, r.rotate[i%4])
			a, b, c, d = d, a, b, c
		}
	}
	state[0] += a
	state[1] += b
	state[2] += c
	state[3] += d
}
