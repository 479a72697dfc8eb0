package luks

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"runtime"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/ripemd160" //nolint:gosec,staticcheck // old volumes name it

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxKey        = 512     // bytes of a volume key, as cryptsetup has it
	maxSalt       = 1 << 10 // bytes; the formats use 32
	maxMemory     = 1 << 20 // KiB of argon2: what cryptsetup asks for at most unless told otherwise
	maxThreads    = 16      // of argon2; cryptsetup uses 4 at most
	maxCost       = 1 << 26 // of one derivation: some ten seconds, where cryptsetup aims at two
	maxTotal      = 1 << 28 // of all derivations of one opening
	largeMemory   = 1 << 16 // KiB of argon2 that are given back at once
	minArgonTime  = 1
	minArgonSpace = 8 // KiB for each thread (RFC 9106, section 3.1)
)

// derivation makes a key of a passphrase.
type derivation interface {
	// cost is what making a key of n bytes takes, in units of which a processor core does some millions in a second: rounds of a hash
	// for each block of the key, or KiB of memory that are filled. It fails where the parameters are senseless or over a limit.
	cost(n int) (uint64, error)
	// key makes a key of n bytes. The caller has asked for its cost, and wipes it.
	key(passphrase []byte, n int) ([]byte, error)
}

type pbkdf2Parameters struct {
	hash       string
	salt       []byte
	iterations uint32
}

func pbkdf2Derivation(hash string, salt []byte, iterations uint32) derivation {
	return pbkdf2Parameters{hash, salt, iterations}
}

func (p pbkdf2Parameters) cost(n int) (uint64, error) {
	h, err := hashNamed(p.hash)
	if err != nil {
		return 0, err
	}
	size := h().Size()
	c := uint64(p.iterations) * uint64((n+size-1)/size)
	switch {
	case p.iterations == 0:
		return 0, binread.Corrupt("pbkdf2 with 0 iterations")
	case len(p.salt) > maxSalt:
		return 0, binread.Limit("pbkdf2 with a salt of %d bytes, want at most %d", len(p.salt), maxSalt)
	case c > maxCost:
		return 0, binread.Limit("pbkdf2 with %d iterations for %d bytes of %s, want at most %d", p.iterations, n, p.hash, maxCost/((n+size-1)/size))
	}
	return c, nil
}

func (p pbkdf2Parameters) key(passphrase []byte, n int) ([]byte, error) {
	h, err := hashNamed(p.hash)
	if err != nil {
		return nil, err
	}
	return pbkdf2.Key(h, string(passphrase), p.salt, int(p.iterations), n)
}

type argon2Derivation struct {
	kind    string // "argon2i", "argon2id"
	salt    []byte
	time    uint32
	memory  uint32 // KiB
	threads uint32
}

func (a argon2Derivation) cost(int) (uint64, error) {
	c := uint64(a.time) * uint64(a.memory)
	switch {
	case a.time < minArgonTime || a.threads == 0 || uint64(a.memory) < minArgonSpace*uint64(a.threads):
		return 0, binread.Corrupt("%s with %d passes over %d KiB in %d threads", a.kind, a.time, a.memory, a.threads)
	case a.memory > maxMemory:
		return 0, binread.Limit("%s with %d MiB of memory, want at most %d", a.kind, a.memory>>10, maxMemory>>10)
	case a.threads > maxThreads:
		return 0, binread.Limit("%s in %d threads, want at most %d", a.kind, a.threads, maxThreads)
	case len(a.salt) > maxSalt:
		return 0, binread.Limit("%s with a salt of %d bytes, want at most %d", a.kind, len(a.salt), maxSalt)
	case c > maxCost:
		return 0, binread.Limit("%s with %d passes over %d KiB, want at most %d", a.kind, a.time, a.memory, maxCost/a.memory)
	}
	return c, nil
}

func (a argon2Derivation) key(passphrase []byte, n int) ([]byte, error) {
	if a.memory >= largeMemory {
		defer runtime.GC() // the next slot asks for as much again
	}
	if a.kind == "argon2i" {
		return argon2.Key(passphrase, a.salt, a.time, a.memory, uint8(a.threads), uint32(n)), nil
	}
	return argon2.IDKey(passphrase, a.salt, a.time, a.memory, uint8(a.threads), uint32(n)), nil
}

// digest tells whether a volume key is right.
type digest struct {
	derivation
	want []byte
}

func (d digest) check() (uint64, error) {
	if n := len(d.want); n < 16 || n > maxKey {
		return 0, binread.Corrupt("digest of %d bytes", n)
	}
	return d.cost(len(d.want))
}

func (d digest) fits(key []byte) (bool, error) {
	got, err := d.key(key, len(d.want))
	return err == nil && subtle.ConstantTimeCompare(got, d.want) == 1, err
}

// hashNamed returns a hash by the name that the headers have for it.
func hashNamed(name string) (func() hash.Hash, error) {
	switch name {
	case "sha1":
		return sha1.New, nil
	case "sha224":
		return sha256.New224, nil
	case "sha256":
		return sha256.New, nil
	case "sha384":
		return sha512.New384, nil
	case "sha512":
		return sha512.New, nil
	case "ripemd160", "rmd160":
		return ripemd160.New, nil
	}
	return nil, binread.Unsupported("hash %q, want sha1, sha224, sha256, sha384, sha512 or ripemd160", name)
}

// merge puts a key together again that was split into stripes (LUKS1 specification, section 2.4). It changes b.
func merge(b []byte, stripes int, newHash func() hash.Hash) []byte {
	n := len(b) / stripes
	key := make([]byte, n)
	for i := range stripes {
		subtle.XORBytes(key, key, b[i*n:(i+1)*n])
		if i < stripes-1 {
			diffuse(key, newHash())
		}
	}
	return key
}

// diffuse hashes a block in pieces of the size of the hash, each with its number before it.
func diffuse(b []byte, h hash.Hash) {
	size := h.Size()
	var sum []byte
	for i := 0; i*size < len(b); i++ {
		piece := b[i*size : min(len(b), (i+1)*size)]
		h.Reset()
		h.Write([]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)})
		h.Write(piece)
		sum = h.Sum(sum[:0])
		copy(piece, sum)
	}
	clear(sum)
}

// candidates are the secrets that a key may stand for: as it is, and as a passphrase that an editor ended with a newline.
func candidates(secret []byte) [][]byte {
	line := bytes.TrimSuffix(secret, []byte("\n"))
	if len(line) == len(secret) {
		return [][]byte{secret}
	}
	return [][]byte{secret, line}
}
