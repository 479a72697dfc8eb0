package seal

import "crypto/sha256"

// root is the root of the Merkle tree over the digests of all chunks (RFC 9162, 2.1.1).
func (m *Manifest) root() []byte {
	t := tree{}
	var whole Digest // of a chunk of zeros
	chunks := m.Chunks()
	for i := range chunks {
		d, ok := m.digest(i)
		switch _, n := m.chunk(i); {
		case ok:
		case n < m.ChunkSize:
			d = zeroDigest(n)
		default:
			if whole == (Digest{}) {
				whole = zeroDigest(n)
			}
			d = whole
		}
		t.add(sha256.Sum256(append([]byte{0}, d[:]...)))
	}
	root := t.root()
	return root[:]
}

// zeroDigest is the digest of n zeros.
func zeroDigest(n int64) Digest {
	sum := sha256.New()
	digestZeros(sum, n)
	return Digest(sum.Sum(nil))
}

// tree takes leaves from left to right and holds the roots of the full trees so far, the largest first.
type tree struct {
	full  []Digest
	count uint64
}

func (t *tree) add(leaf Digest) {
	t.full = append(t.full, leaf)
	for n := t.count; n&1 == 1; n >>= 1 {
		t.join()
	}
	t.count++
}

// join makes one tree of the last two.
func (t *tree) join() {
	n := len(t.full)
	t.full[n-2] = node(t.full[n-2], t.full[n-1])
	t.full = t.full[:n-1]
}

func (t *tree) root() Digest {
	for len(t.full) > 1 {
		t.join()
	}
	if len(t.full) == 0 {
		return sha256.Sum256(nil)
	}
	return t.full[0]
}

func node(left, right Digest) Digest {
	b := append(make([]byte, 0, 1+2*sha256.Size), 1)
	return sha256.Sum256(append(append(b, left[:]...), right[:]...))
}
