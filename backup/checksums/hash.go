package checksums

import (
	"encoding/binary"
	"math/bits"
)

// jenkins64 is Jenkins' hashlittle2 (lookup3.c), as systemd puts its two halves together.
func jenkins64(b []byte) uint64 {
	le := binary.LittleEndian
	x := 0xdeadbeef + uint32(len(b))
	y, z := x, x
	for ; len(b) > 12; b = b[12:] {
		x, y, z = x+le.Uint32(b), y+le.Uint32(b[4:]), z+le.Uint32(b[8:])
		x, y, z = jenkinsMix(x, y, z)
	}
	if len(b) > 0 {
		var last [12]byte
		copy(last[:], b)
		_, y, z = jenkinsFinal(x+le.Uint32(last[:]), y+le.Uint32(last[4:]), z+le.Uint32(last[8:]))
	}
	return uint64(z)<<32 | uint64(y)
}

func jenkinsMix(a, b, c uint32) (uint32, uint32, uint32) {
	a, c = (a-c)^bits.RotateLeft32(c, 4), c+b
	b, a = (b-a)^bits.RotateLeft32(a, 6), a+c
	c, b = (c-b)^bits.RotateLeft32(b, 8), b+a
	a, c = (a-c)^bits.RotateLeft32(c, 16), c+b
	b, a = (b-a)^bits.RotateLeft32(a, 19), a+c
	c, b = (c-b)^bits.RotateLeft32(b, 4), b+a
	return a, b, c
}

func jenkinsFinal(a, b, c uint32) (uint32, uint32, uint32) {
	c = (c ^ b) - bits.RotateLeft32(b, 14)
	a = (a ^ c) - bits.RotateLeft32(c, 11)
	b = (b ^ a) - bits.RotateLeft32(a, 25)
	c = (c ^ b) - bits.RotateLeft32(b, 16)
	a = (a ^ c) - bits.RotateLeft32(c, 4)
	b = (b ^ a) - bits.RotateLeft32(a, 14)
	c = (c ^ b) - bits.RotateLeft32(b, 24)
	return a, b, c
}

// siphash24 is SipHash-2-4 (Aumasson and Bernstein, 2012).
func siphash24(key [16]byte, b []byte) uint64 {
	le := binary.LittleEndian
	k0, k1 := le.Uint64(key[:]), le.Uint64(key[8:])
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	end := uint64(len(b)) << 56
	for ; len(b) >= 8; b = b[8:] {
		sipBlock(&v, le.Uint64(b))
	}
	var last [8]byte
	copy(last[:], b)
	sipBlock(&v, end|le.Uint64(last[:]))
	v[2] ^= 0xff
	for range 4 {
		sipRound(&v)
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

func sipBlock(v *[4]uint64, m uint64) {
	v[3] ^= m
	sipRound(v)
	sipRound(v)
	v[0] ^= m
}

func sipRound(v *[4]uint64) {
	v[0] += v[1]
	v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
	v[0] = bits.RotateLeft64(v[0], 32)
	v[2] += v[3]
	v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
	v[0] += v[3]
	v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
	v[2] += v[1]
	v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
	v[2] = bits.RotateLeft64(v[2], 32)
}
