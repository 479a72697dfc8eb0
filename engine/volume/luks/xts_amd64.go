//go:build !purego

package luks

import (
	"math/bits"

	"golang.org/x/sys/cpu"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	wide      = 8  // blocks that are worked on together
	tweakRoom = 64 // sectors whose tweaks are made together
)

// fastXTS is XTS with AES by the AES instructions, eight blocks at a time: crypto/aes takes one, which leaves most of the unit idle.
type fastXTS struct {
	data   aesKey // for decryption
	tweak  aesKey // for encryption
	number func(iv []byte, sector uint64)
}

// aesKey is an expanded key of AES (FIPS 197, section 5.2).
type aesKey struct {
	rounds int
	words  [15 * 4]uint32 // four for each round, and the first, in the order of their bytes
}

// newFastXTS returns nil where the processor has no AES instructions.
func newFastXTS(data, tweak []byte, number func([]byte, uint64)) sectors {
	if !cpu.X86.HasAES || !cpu.X86.HasSSE2 {
		return nil
	}
	return &fastXTS{expand(data).inverse(), expand(tweak), number}
}

func (x *fastXTS) decrypt(b []byte, sectorSize int, first uint64) {
	var tweaks [(tweakRoom + 1) * blockSize]byte // decryptSectors looks at one more
	for len(b) > 0 {
		n := min(tweakRoom, len(b)/sectorSize)
		clear(tweaks[:n*blockSize])
		for i := range n {
			x.number(tweaks[i*blockSize:], first+uint64(i*(sectorSize/sector1)))
		}
		encryptBlocks(&x.tweak.words[0], x.tweak.rounds, &tweaks[0], (n+wide-1)/wide)
		decryptSectors(&x.data.words[0], x.data.rounds, &b[0], n, sectorSize/blockSize/wide, &tweaks[0])
		b = b[n*sectorSize:]
		first += uint64(n * (sectorSize / sector1))
	}
}

// expand is the key expansion of AES.
func expand(key []byte) aesKey {
	n := len(key) / 4
	k := aesKey{rounds: n + 6}
	c := binread.Little(key)
	for i := range n {
		k.words[i] = c.U32()
	}
	constant := uint32(1)
	for i := n; i < 4*(k.rounds+1); i++ {
		t := k.words[i-1]
		switch {
		case i%n == 0:
			t = substitute(bits.RotateLeft32(t, -8)) ^ constant
			constant = constant<<1 ^ constant>>7*0x11b
		case n > 6 && i%n == 4:
			t = substitute(t)
		}
		k.words[i] = k.words[i-n] ^ t
	}
	return k
}

// inverse is the key for the equivalent inverse cipher (FIPS 197, section 5.3.5).
func (k aesKey) inverse() aesKey {
	inv := aesKey{rounds: k.rounds}
	for i := range k.rounds + 1 {
		round := inv.words[i*4 : (i+1)*4]
		copy(round, k.words[(k.rounds-i)*4:])
		if i > 0 && i < k.rounds {
			inverseMix(&round[0])
		}
	}
	return inv
}

// encryptBlocks encrypts groups of eight blocks in place.
//
//go:noescape
func encryptBlocks(key *uint32, rounds int, b *byte, groups int)

// decryptSectors decrypts sectors of groups of eight blocks in place. tweaks are the first of each sector, and room for one more.
//
//go:noescape
func decryptSectors(key *uint32, rounds int, b *byte, sectors, groups int, tweaks *byte)

// inverseMix is InvMixColumns of a block in place (FIPS 197, section 5.3.3).
//
//go:noescape
func inverseMix(b *uint32)

// substitute is SubWord (FIPS 197, section 5.2).
func substitute(w uint32) uint32
