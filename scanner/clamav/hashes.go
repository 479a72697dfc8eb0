package clamav

import (
	"bytes"
	"cmp"
	"crypto"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/scanner"
)

const (
	// maxHashes is how many digests are held in memory, at about 100 bytes each.
	maxHashes = 4 << 20
	// anySizeLevel is the first functionality level that knows digests of files of any size.
	anySizeLevel = 73
	anySize      = -1
)

// hash is a file that a signature knows by its digest.
type hash struct {
	sum    [32]byte // the digest, and zeros
	size   int64    // of the file in bytes, or anySize
	name   string
	source string // file of signatures
	score  int
}

// digests are the algorithms, in the order of their lengths.
func digests() []crypto.Hash { return []crypto.Hash{crypto.MD5, crypto.SHA1, crypto.SHA256} }

// hashes are the signatures of one algorithm.
type hashes struct {
	list  []hash // sorted
	sizes map[int64]bool
}

// matching returns the signatures that an object has the digest and the size of.
func (h *hashes) matching(o *scanner.Object, algorithm crypto.Hash) []hash {
	size := int64(len(o.Content))
	if !h.sizes[size] && !h.sizes[anySize] {
		return nil
	}
	var sum [32]byte
	copy(sum[:], o.Sum(algorithm))
	i, _ := slices.BinarySearchFunc(h.list, sum, func(h hash, sum [32]byte) int { return bytes.Compare(h.sum[:], sum[:]) })
	var found []hash
	for ; i < len(h.list) && h.list[i].sum == sum; i++ {
		if s := h.list[i].size; s == size || s == anySize {
			found = append(found, h.list[i])
		}
	}
	return found
}

func (h *hashes) sort() {
	slices.SortFunc(h.list, func(a, b hash) int {
		return cmp.Or(bytes.Compare(a.sum[:], b.sum[:]), cmp.Compare(a.size, b.size), cmp.Compare(a.name, b.name),
			cmp.Compare(a.score, b.score), cmp.Compare(a.source, b.source))
	})
	h.list = slices.CompactFunc(h.list, func(a, b hash) bool { return a.sum == b.sum && a.size == b.size && a.name == b.name })
	h.sizes = map[int64]bool{}
	for _, s := range h.list {
		h.sizes[s.size] = true
	}
}

// loadHashes reads a file of digests (digest:size:name[:MinFL[:MaxFL]]): .hdb, .hsb, and .hdu and .hsu with unwanted set.
func (s *Signatures) loadHashes(r io.Reader, source string, unwanted bool) (stats Stats, err error) {
	err = eachLine(r, func(_ int, line string) error {
		h, algorithm, reason := parseHash(line)
		if reason != "" {
			stats.miss(reason)
			return nil
		}
		h.source = source
		if h.score = scoreOf(h.name); unwanted {
			h.score = min(h.score, scoreWanted)
		}
		if s.stats.Used+stats.Used >= maxHashes {
			return fmt.Errorf("%s: more than %d digests in all files: give them to clamd", source, maxHashes)
		}
		stats.Used++
		of := s.hashes[algorithm]
		if of == nil {
			of = &hashes{}
			s.hashes[algorithm] = of
		}
		of.list = append(of.list, h)
		return nil
	})
	return stats, err
}

// parseHash reads a line, or says why it is not used.
func parseHash(line string) (h hash, algorithm crypto.Hash, reason string) {
	fields := strings.Split(line, ":")
	if len(fields) < 3 || len(fields) > 5 || !isName(fields[2]) {
		return h, 0, malformed
	}
	i := slices.IndexFunc(digests(), func(d crypto.Hash) bool { return 2*d.Size() == len(fields[0]) })
	if i < 0 {
		return h, 0, malformed
	}
	sum, err := hex.DecodeString(fields[0])
	applies, ok := levels(fields[3:])
	if err != nil || !ok {
		return h, 0, malformed
	}
	if !applies {
		return h, 0, otherVersions
	}
	copy(h.sum[:], sum)
	h.name = strings.Clone(fields[2])
	h.size, ok = sizeOf(fields)
	if !ok {
		return h, 0, malformed
	}
	return h, digests()[i], ""
}

// sizeOf reads the size of a file, which may be any where the lowest level is one that knows this.
func sizeOf(fields []string) (int64, bool) {
	if fields[1] != "*" {
		n, ok := number(fields[1])
		return int64(n), ok && n > 0
	}
	if len(fields) < 4 {
		return 0, false
	}
	least, ok := number(fields[3])
	return anySize, ok && least >= anySizeLevel
}
