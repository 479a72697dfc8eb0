package luks

import (
	"crypto/cipher"
	"crypto/subtle"

	"github.com/guestctl/guestctl/engine/binread"
)

// openXTS returns XTS (IEEE 1619) with its two keys. The fast way is taken where the processor has one.
func (c cipherSpec) openXTS(key []byte) (sectors, error) {
	half := len(key) / 2
	if c.algorithm == "aes" {
		if fast := newFastXTS(key[:half], key[half:], c.number()); fast != nil {
			return fast, nil
		}
	}
	return c.openSlowXTS(key[:half], key[half:])
}

func (c cipherSpec) openSlowXTS(data, tweak []byte) (sectors, error) {
	d, err := c.block(data)
	if err != nil {
		return nil, err
	}
	t, err := c.block(tweak)
	return slowXTS{d, t, c.number()}, err
}

// slowXTS is XTS with any cipher of 16-byte blocks.
type slowXTS struct {
	data, tweak cipher.Block
	number      func(iv []byte, sector uint64)
}

func (x slowXTS) decrypt(b []byte, sectorSize int, first uint64) {
	tweaks := make([]byte, sectorSize)
	for len(b) > 0 {
		clear(tweaks[:blockSize])
		x.number(tweaks, first)
		x.tweak.Encrypt(tweaks, tweaks)
		multiply(tweaks)
		s := b[:sectorSize]
		subtle.XORBytes(s, s, tweaks)
		for i := 0; i < sectorSize; i += blockSize {
			x.data.Decrypt(s[i:i+blockSize], s[i:i+blockSize])
		}
		subtle.XORBytes(s, s, tweaks)
		b = b[sectorSize:]
		first += uint64(sectorSize / sector1)
	}
}

// multiply fills tweaks from its first block: each following one is the one before times x in GF(2^128) (IEEE 1619, section 5.2).
func multiply(tweaks []byte) {
	c := binread.Little(tweaks)
	low, high := c.U64(), c.U64()
	for i := 0; i < len(tweaks); i += blockSize {
		put64(tweaks[i:], low)
		put64(tweaks[i+8:], high)
		carry := uint64(int64(high)>>63) & 0x87
		high = high<<1 | low>>63
		low = low<<1 ^ carry
	}
}
