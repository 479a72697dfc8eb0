package luks

import (
	"crypto/aes"
	"crypto/cipher"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/twofish" //nolint:staticcheck // old volumes name it

	"github.com/guestctl/guestctl/engine/binread"
)

const blockSize = 16 // bytes; of every cipher that is read

// cipherSpec is how sectors are encrypted: "aes-xts-plain64", "aes-cbc-essiv:sha256".
type cipherSpec struct {
	algorithm string // "aes", "twofish"
	mode      string // "xts", "cbc"
	iv        string // "plain64", "plain", "essiv"
	essiv     string // name of its hash
}

// parseCipher takes the name of a cipher apart and says whether it is read with keys of so many bytes.
func parseCipher(spec string, keySize int) (cipherSpec, error) {
	algorithm, rest, _ := strings.Cut(spec, "-")
	mode, iv, _ := strings.Cut(rest, "-")
	iv, essiv, _ := strings.Cut(iv, ":")
	c := cipherSpec{algorithm, mode, iv, essiv}
	switch known := slices.Contains([]string{"xts-plain64", "xts-plain", "cbc-essiv", "cbc-plain64", "cbc-plain"}, mode+"-"+iv); {
	case strings.HasPrefix(algorithm, "cipher_null"):
		return c, binread.Unsupported("cipher %q, which encrypts nothing", spec)
	case algorithm != "aes" && algorithm != "twofish", !known, iv != "essiv" && essiv != "":
		return c, binread.Unsupported("cipher %q, want aes or twofish with xts-plain64, xts-plain, cbc-essiv, cbc-plain64 or cbc-plain", spec)
	}
	if iv == "essiv" {
		if _, err := hashNamed(essiv); err != nil {
			return c, err
		}
	}
	return c, c.check(keySize)
}

// check wants a key of a size that the cipher has.
func (c cipherSpec) check(keySize int) error {
	one := keySize
	if c.mode == "xts" { // two keys of the same size
		one = keySize / 2
	}
	if one != 16 && one != 24 && one != 32 || c.mode == "xts" && keySize%2 != 0 {
		return binread.Corrupt("a key of %d bytes for %s-%s-%s", keySize, c.algorithm, c.mode, c.iv)
	}
	return nil
}

// block is the block cipher with that key.
func (c cipherSpec) block(key []byte) (cipher.Block, error) {
	if c.algorithm == "twofish" {
		return twofish.NewCipher(key)
	}
	return aes.NewCipher(key)
}

// sectors decrypts runs of whole sectors in place. first is the number of the first in units of 512 bytes, in which all sectors are
// counted whatever their size (dm-crypt without iv_large_sectors). It is safe for concurrent use.
type sectors interface {
	decrypt(b []byte, sectorSize int, first uint64)
}

// open returns the cipher with its key.
func (c cipherSpec) open(key []byte) (sectors, error) {
	if err := c.check(len(key)); err != nil {
		return nil, err
	}
	if c.mode == "xts" {
		return c.openXTS(key)
	}
	block, err := c.block(key)
	if err != nil {
		return nil, err
	}
	if c.iv != "essiv" {
		return cbc{block: block, number: c.number()}, nil
	}
	newHash, err := hashNamed(c.essiv)
	if err != nil {
		return nil, err
	}
	salt, err := c.block(hashOf(newHash(), key))
	if err != nil {
		return nil, binread.Corrupt("initial vectors by %s: %w", c.essiv, err)
	}
	return cbc{block: block, number: c.number(), salt: salt}, nil
}

func hashOf(h hash.Hash, b []byte) []byte {
	h.Write(b)
	return h.Sum(nil)
}

// number puts the number of a sector into an initial vector.
func (c cipherSpec) number() func(iv []byte, sector uint64) {
	if c.iv == "plain" { // 32 bits of it
		return func(iv []byte, sector uint64) { put64(iv, sector&0xffffffff) }
	}
	return put64
}

// put64 writes the eight bytes of n, the lowest first.
func put64(b []byte, n uint64) {
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	b[4], b[5], b[6], b[7] = byte(n>>32), byte(n>>40), byte(n>>48), byte(n>>56)
}

// cbc is cipher block chaining, anew in every sector.
type cbc struct {
	block  cipher.Block
	number func(iv []byte, sector uint64)
	salt   cipher.Block // that encrypts the number; nil for plain ones
}

func (c cbc) decrypt(b []byte, sectorSize int, first uint64) {
	iv := make([]byte, blockSize)
	for len(b) > 0 {
		clear(iv)
		c.number(iv, first)
		if c.salt != nil {
			c.salt.Encrypt(iv, iv)
		}
		cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(b[:sectorSize], b[:sectorSize])
		b = b[sectorSize:]
		first += uint64(sectorSize / sector1)
	}
}
