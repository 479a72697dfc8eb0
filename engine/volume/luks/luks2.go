package luks

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	binarySize = 4096    // bytes of the binary header
	minHeader  = 0x4000  // bytes of a header with its metadata
	maxHeader  = 4 << 20 // bytes; the specification has no larger one
	sumAt      = 448     // csum, in the binary header
)

// secondaryOffsets are where a secondary header may stand: headers have these sizes, and it follows the primary (section 2.1).
func secondaryOffsets() []int64 {
	var all []int64
	for size := int64(minHeader); size <= maxHeader; size *= 2 {
		all = append(all, size)
	}
	return all
}

// copy2 is one copy of a header: the binary header of LUKS2 (section 2.1), with the metadata that follows it.
type copy2 struct {
	size      uint64 // hdr_size, with the metadata
	seq       uint64 // seqid
	label     string
	algorithm string // checksum_alg
	uuid      string
	subsystem string
	off       uint64 // hdr_offset
	metadata  []byte // JSON, without the zeros behind it
}

// readHeader2 reads the newest sound copy of a LUKS2 header.
func readHeader2(r io.ReaderAt, size int64) (*header, error) {
	b, problems, err := newest(r, size)
	if err != nil {
		return nil, err
	}
	m, err := parseMetadata(b.metadata)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	h, err := m.header(int64(b.size), size)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	h.version, h.uuid, h.label = 2, b.uuid, b.label
	h.problems = append(problems, h.problems...)
	return h, nil
}

// newest returns the copy that counts, and what is wrong with the other.
func newest(r io.ReaderAt, size int64) (*copy2, []volume.Problem, error) {
	first, err := readCopy(r, size, 0)
	if err != nil && !damaged(err) {
		return nil, nil, err
	}
	second, err2 := readSecond(r, size, first)
	switch {
	case err2 != nil && !damaged(err2):
		return nil, nil, err2
	case err != nil && err2 != nil:
		return nil, nil, fmt.Errorf("primary header: %w; secondary header: %w", err, err2)
	case err != nil:
		return second, one(volume.Unprotected, "primary header: %v: the secondary is used", err), nil
	case err2 != nil:
		return first, one(volume.Unprotected, "secondary header: %v", err2), nil
	case first.uuid != second.uuid:
		return first, one(volume.Ambiguous, "the secondary header is that of another volume, %s: the primary is used", second.uuid), nil
	case second.seq > first.seq:
		return second, one(volume.Unprotected, "the primary header is older (%d, the secondary is %d): the secondary is used", first.seq, second.seq), nil
	case second.seq < first.seq:
		return first, one(volume.Unprotected, "the secondary header is older (%d, the primary is %d)", second.seq, first.seq), nil
	case !bytes.Equal(first.metadata, second.metadata):
		return first, one(volume.Ambiguous, "the two headers differ: the primary is used"), nil
	}
	return first, nil, nil
}

func one(m volume.Meaning, format string, args ...any) []volume.Problem {
	return []volume.Problem{volume.Problemf(m, format, args...)}
}

// readSecond reads the secondary header: behind the primary, or where it may stand when the primary is damaged.
func readSecond(r io.ReaderAt, size int64, first *copy2) (*copy2, error) {
	if first != nil {
		return readCopy(r, size, int64(first.size))
	}
	damage := errNoHeader
	for _, off := range secondaryOffsets() {
		b, err := readCopy(r, size, off)
		switch {
		case err == nil || !damaged(err):
			return b, err
		case !errors.Is(err, errNoHeader):
			damage = err
		}
	}
	return nil, damage
}

// errNoHeader is the damage of a copy that is not there at all.
var errNoHeader = binread.Corrupt("no header")

// readCopy reads and verifies the copy at off.
func readCopy(r io.ReaderAt, size, off int64) (*copy2, error) {
	if off > size-binarySize {
		return nil, errNoHeader
	}
	head, err := binread.ReadAt(r, off, binarySize, binarySize)
	if err != nil {
		return nil, err
	}
	want := primaryMagic
	if off > 0 {
		want = secondaryMagic
	}
	if !bytes.HasPrefix(head, []byte(want)) {
		return nil, errNoHeader
	}
	b, err := decodeBinary(head)
	if err == nil {
		err = b.check(size, off)
	}
	if err != nil {
		return nil, fmt.Errorf("at %#x: %w", off, err)
	}
	whole, err := binread.ReadAt(r, off, int64(b.size), maxHeader)
	if err != nil {
		return nil, fmt.Errorf("at %#x: %w", off, err)
	}
	stored := bytes.Clone(whole[sumAt : sumAt+sha256.Size])
	clear(whole[sumAt : sumAt+64])
	if sum := sha256.Sum256(whole); !bytes.Equal(sum[:], stored) {
		return nil, binread.Checksum("at %#x: checksum %x…, want %x…", off, sum[:4], stored[:4])
	}
	b.metadata, _, _ = bytes.Cut(whole[binarySize:], []byte{0})
	return b, nil
}

func decodeBinary(head []byte) (*copy2, error) {
	c := binread.Big(head)
	version := c.At(6).U16()
	b := &copy2{
		size:      c.U64(),
		seq:       c.U64(),
		label:     text(c.Bytes(48)),
		algorithm: text(c.Bytes(32)),
		uuid:      text(c.At(168).Bytes(40)),
		subsystem: text(c.Bytes(48)),
		off:       c.U64(),
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	if version != 2 {
		return nil, binread.Unsupported("version %d, want 2", version)
	}
	return b, nil
}

// check holds a header at off against section 2.1.
func (b *copy2) check(size, off int64) error {
	switch {
	case b.size < minHeader || b.size&(b.size-1) != 0:
		return binread.Corrupt("header size %d, want %d times a power of two", b.size, minHeader)
	case b.size > maxHeader:
		return binread.Limit("header size %d, want at most %d", b.size, maxHeader)
	case int64(b.size) > size-off:
		return binread.Corrupt("header size %d, beyond the end at %d", b.size, size)
	case b.off != uint64(off):
		return binread.Corrupt("header says it is at %#x", b.off)
	case off > 0 && int64(b.size) != off:
		return binread.Corrupt("header size %d, want %d", b.size, off)
	case b.algorithm != "sha256":
		return binread.Unsupported("checksum %q, want sha256", b.algorithm)
	case !isUUID(b.uuid):
		return binread.Corrupt("UUID %q, want 36 hexadecimal digits and dashes", b.uuid)
	}
	return nil
}

// damaged tells an error of a header from one of the medium: only after the first the other copy may help.
func damaged(err error) bool {
	for _, kind := range []error{binread.ErrCorrupt, binread.ErrChecksum, binread.ErrLimit, binread.ErrUnsupported} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
