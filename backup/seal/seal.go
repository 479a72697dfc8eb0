// Package seal writes down what is in a disk image, and tells later which parts of it are no longer that.
//
// A seal is a file of its own:
//
//	guestctl.seal/1                        the schema, and a line feed
//	{"size":…}                             the Header as one line of JSON
//	one bit for each chunk                 set where the chunk is not all zeros; the first chunk is the lowest bit of the first byte
//	32 bytes for each chunk that is not    its SHA-256, in the order of the chunks
//	32 bytes                               the SHA-256 of everything before them
//
// Chunks of zeros are not stored, so that holes cost a bit. The root is that of a Merkle tree over the digests of all chunks, those of
// zeros included (RFC 9162, 2.1.1: a leaf is the SHA-256 of a zero byte and the digest): the same disk has the same root in whatever
// container it is. A seal tells damage. It is no signature: who can write it can write another, so it is to be kept elsewhere, or its
// digest is.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

// Schema names the version of a seal.
const Schema = "guestctl.seal/1"

const (
	minChunk  = 64 << 10
	goodChunk = 1 << 20
	maxChunk  = 1 << 30
	// fewChunks is up to how many chunks are small, so that damage is told closely, and maxChunks how many there are at most: the seal
	// has 32 bytes for each.
	fewChunks = 1 << 17
	maxChunks = 1 << 21
	maxHeader = 64 << 10
	maxList   = 64 // machine ids or file systems
)

// Digest is a SHA-256.
type Digest [sha256.Size]byte

// Header is what a seal says of the image as a whole.
type Header struct {
	Size      int64     `json:"size"`       // of the virtual disk, in bytes
	ChunkSize int64     `json:"chunk_size"` // bytes; the last chunk may be shorter
	Created   time.Time `json:"created"`
	Root      string    `json:"root"`             // of the Merkle tree, in hexadecimal digits
	Format    string    `json:"format,omitempty"` // of the container: "qcow2"
	// MachineIDs are those of the systems on the disk, and FileSystems the UUIDs of its file systems by volume.
	MachineIDs  []string          `json:"machine_ids,omitempty"`
	FileSystems map[string]string `json:"filesystems,omitempty"`
}

// Manifest is a seal.
type Manifest struct {
	Header

	used    []byte   // a bit for each chunk that is not all zeros
	digests []Digest // of those
	before  []uint32 // how many digests there are before the chunks of each byte of used
	id      Digest
}

// ChunkSize is the size of the chunks of a disk of size bytes: small ones for a small disk, 1 MiB for most, and larger ones where there
// would be too many.
func ChunkSize(size int64) int64 {
	chunk := int64(minChunk)
	for chunk < goodChunk && size/chunk >= fewChunks {
		chunk *= 2
	}
	for (size-1)/chunk >= maxChunks {
		chunk *= 2
	}
	return chunk
}

// Chunks is how many chunks there are.
func (h *Header) Chunks() int { return int((h.Size + h.ChunkSize - 1) / h.ChunkSize) }

// chunk is where the i-th chunk is.
func (h *Header) chunk(i int) (off, n int64) {
	off = int64(i) * h.ChunkSize
	return off, min(h.ChunkSize, h.Size-off)
}

// ID is the digest of the seal, by which it can be told from any other: in hexadecimal digits.
func (m *Manifest) ID() string { return hex.EncodeToString(m.id[:]) }

// digest returns the digest of a chunk, or false when it is all zeros.
func (m *Manifest) digest(i int) (Digest, bool) {
	b := m.used[i/8]
	if b>>(i%8)&1 == 0 {
		return Digest{}, false
	}
	return m.digests[int(m.before[i/8])+bits.OnesCount8(b<<(8-i%8))], true
}

// seal completes a manifest of which the bits and digests are there.
func (m *Manifest) index() {
	m.before = make([]uint32, len(m.used))
	n := uint32(0)
	for i, b := range m.used {
		m.before[i] = n
		n += uint32(bits.OnesCount8(b))
	}
}

// encode returns the seal as a file.
func (m *Manifest) encode() ([]byte, error) {
	head, err := json.Marshal(m.Header)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(len(Schema) + len(head) + len(m.used) + (len(m.digests)+1)*sha256.Size + 2)
	b.WriteString(Schema + "\n")
	b.Write(append(head, '\n'))
	b.Write(m.used)
	for i := range m.digests {
		b.Write(m.digests[i][:])
	}
	m.id = sha256.Sum256(b.Bytes())
	b.Write(m.id[:])
	return b.Bytes(), nil
}

// Read reads a seal. One that is damaged is an error of kind binread.ErrCorrupt or binread.ErrChecksum.
func Read(r io.Reader) (*Manifest, error) {
	const most = maxHeader + maxChunks/8 + (maxChunks+1)*sha256.Size
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if len(b) > most {
		return nil, binread.Limit("seal: more than %d bytes", most)
	}
	m, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return m, nil
}

func decode(b []byte) (*Manifest, error) {
	rest, ok := bytes.CutPrefix(b, []byte(Schema+"\n"))
	if !ok {
		return nil, binread.WithHint(binread.Unsupported("begins with %q, want %q", b[:min(len(b), len(Schema))], Schema),
			"give it the file that verify-backup --seal wrote")
	}
	n := bytes.IndexByte(rest[:min(len(rest), maxHeader)], '\n')
	if n < 0 {
		return nil, binread.Corrupt("no header of at most %d bytes", maxHeader)
	}
	m := &Manifest{}
	if err := json.Unmarshal(rest[:n], &m.Header); err != nil {
		return nil, binread.Corrupt("header: %w", err)
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	return m, m.decodeChunks(b, rest[n+1:])
}

func (h *Header) validate() error {
	switch {
	case h.Size <= 0:
		return binread.Corrupt("a disk of %d bytes", h.Size)
	case h.ChunkSize < minChunk || h.ChunkSize > maxChunk || bits.OnesCount64(uint64(h.ChunkSize)) != 1:
		return binread.Corrupt("chunks of %d bytes, want a power of two from %d to %d", h.ChunkSize, minChunk, maxChunk)
	case (h.Size-1)/h.ChunkSize >= maxChunks:
		return binread.Limit("%d chunks, want at most %d", (h.Size-1)/h.ChunkSize+1, maxChunks)
	case len(h.MachineIDs) > maxList || len(h.FileSystems) > maxList:
		return binread.Limit("%d machine ids and %d file systems, want at most %d", len(h.MachineIDs), len(h.FileSystems), maxList)
	}
	return nil
}

// decodeChunks reads what follows the header of the whole seal.
func (m *Manifest) decodeChunks(whole, rest []byte) error {
	n := (m.Chunks() + 7) / 8
	if len(rest) < n+sha256.Size {
		return binread.Corrupt("%d bytes for %d chunks, want %d at least", len(rest), m.Chunks(), n+sha256.Size)
	}
	m.used = rest[:n]
	m.index()
	used := int(m.before[n-1]) + bits.OnesCount8(m.used[n-1])
	rest = rest[n:]
	if want := (used + 1) * sha256.Size; len(rest) != want {
		return binread.Corrupt("%d bytes of digests, want %d for %d chunks", len(rest), want, used)
	}
	if past := m.Chunks() % 8; past != 0 && m.used[n-1]>>past != 0 {
		return binread.Corrupt("digests of chunks behind the end of the disk")
	}
	m.digests = make([]Digest, used)
	for i := range m.digests {
		m.digests[i] = Digest(rest[i*sha256.Size:])
	}
	m.id = Digest(rest[used*sha256.Size:])
	if sum := sha256.Sum256(whole[:len(whole)-sha256.Size]); sum != m.id {
		return binread.Checksum("its digest is %x, want %x", sum, m.id)
	}
	if root := hex.EncodeToString(m.root()); root != m.Root {
		return binread.Corrupt("the root of its digests is %s, and it says %.64q", root, m.Root)
	}
	return nil
}
