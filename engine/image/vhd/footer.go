package vhd

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	cookie     = "conectix"
	footerSize = 512
	version1   = 0x00010000
	// maxGeometry is the size of the largest geometry that a footer can name, in sectors: a larger disk has this one.
	maxGeometry = 65535 * 16 * 255
	maxSize     = 1 << 62
)

// kind is the type of a disk.
type kind uint32

const (
	fixed        kind = 2
	dynamic      kind = 3
	differencing kind = 4
)

// uniqueID is the identity of a disk.
type uniqueID [16]byte

func (id uniqueID) String() string {
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// footer is the hard disk footer.
type footer struct {
	version                    uint32
	headerOff                  uint64 // Data Offset
	creator                    string
	currentSize                uint64 // bytes
	cylinders, heads, perTrack uint64 // Disk Geometry
	kind                       kind
	checksum                   uint32
	id                         uniqueID
	saved                      bool // Saved State
	off                        int64
	raw                        []byte
}

// checksum is the one's complement of the sum of all bytes but those of the checksum, which are at off.
func checksum(b []byte, off int) uint32 {
	sum := uint32(0)
	for i, c := range b {
		if i < off || i >= off+4 {
			sum += uint32(c)
		}
	}
	return ^sum
}

// readLast reads the footer at the end of the file. Those of before Virtual PC 2004 are one byte shorter.
func readLast(r io.ReaderAt, size int64) (*footer, error) {
	if size < footerSize {
		return nil, binread.Corrupt("file has %d bytes, want at least %d", size, footerSize)
	}
	b, err := binread.ReadAt(r, size-footerSize, footerSize, footerSize)
	if err != nil {
		return nil, err
	}
	if off := size - footerSize + 1; !bytes.HasPrefix(b, []byte(cookie)) && bytes.HasPrefix(b[1:], []byte(cookie)) {
		return decodeFooter(append(b[1:], 0), off)
	}
	return decodeFooter(b, size-footerSize)
}

// readFirst reads the copy of the footer at the start of the file.
func readFirst(r io.ReaderAt, size int64) (*footer, error) {
	b, err := binread.ReadAt(r, 0, min(size, footerSize), footerSize)
	if err != nil {
		return nil, err
	}
	return decodeFooter(b, 0)
}

func decodeFooter(b []byte, off int64) (*footer, error) {
	if !bytes.HasPrefix(b, []byte(cookie)) {
		return nil, binread.Corrupt("footer at %#x: want it to begin with %q", off, cookie)
	}
	c := binread.Big(b)
	f := &footer{
		version:     c.At(12).U32(),
		headerOff:   c.U64(),
		creator:     string(c.At(28).Bytes(4)),
		currentSize: c.At(48).U64(),
		cylinders:   uint64(c.U16()),
		heads:       uint64(c.U8()),
		perTrack:    uint64(c.U8()),
		kind:        kind(c.U32()),
		checksum:    c.U32(),
		off:         off,
		raw:         b,
	}
	copy(f.id[:], c.Bytes(len(f.id)))
	f.saved = c.U8() != 0
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("footer at %#x: %w", off, err)
	}
	if sum := checksum(b, 64); sum != f.checksum {
		return nil, binread.Checksum("footer at %#x: checksum %#x, want %#x", off, f.checksum, sum)
	}
	return f, nil
}

// validate wants a disk of a known kind and a possible size.
func (f *footer) validate() error {
	switch {
	case f.version>>16 != version1>>16:
		return binread.Unsupported("footer at %#x: version %d.%d, want 1.0", f.off, f.version>>16, f.version&0xffff)
	case f.kind != fixed && f.kind != dynamic && f.kind != differencing:
		return binread.Unsupported("footer at %#x: disk type %d, want 2 (fixed), 3 (dynamic) or 4 (differencing)", f.off, f.kind)
	case f.currentSize < sectorSize || f.currentSize > maxSize:
		return binread.Corrupt("footer at %#x: disk of %#x bytes, want %d to %#x", f.off, f.currentSize, sectorSize, maxSize)
	}
	return nil
}

// readFooters returns the footer to go by, and what is wrong with the other.
func readFooters(r io.ReaderAt, size int64) (foot *footer, problems []string, err error) {
	last, lastErr := readLast(r, size)
	first, firstErr := readFirst(r, size)
	for _, err := range []error{lastErr, firstErr} {
		if err != nil && !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, binread.ErrChecksum) {
			return nil, nil, err // of the host
		}
	}
	switch {
	case lastErr != nil && firstErr != nil:
		return nil, nil, fmt.Errorf("no footer: %w; %w", lastErr, firstErr)
	case lastErr != nil:
		foot, problems = first, []string{fmt.Sprintf("%v: its copy at the start of the file is used", lastErr)}
	case last.kind == fixed: // such a disk has no copy: what looks like one is the guest's
		foot = last
	case firstErr != nil && !startsWithCookie(r):
		// A guest that writes to the last sector of a raw disk must not choose what is read.
		return nil, nil, binread.WithHint(binread.Corrupt("footer at %#x: of a dynamic disk, and there is no copy of it at the start of the file", last.off),
			"if this is a raw disk whose last sector looks like a VHD, convert it: qemu-img convert -f raw -O qcow2")
	default:
		foot = last
		if firstErr != nil {
			problems = []string{fmt.Sprintf("copy of the footer: %v", firstErr)}
		} else if !bytes.Equal(first.raw, last.raw) {
			problems = []string{fmt.Sprintf("the footer at %#x and its copy at the start of the file differ: the footer is used", last.off)}
		}
	}
	if foot.saved {
		problems = append(problems, "the disk is of a machine in a saved state: memory that was not written is missing from it")
	}
	return foot, problems, foot.validate()
}

func startsWithCookie(r io.ReaderAt) bool {
	ok, err := binread.Magic(0, cookie)(r, footerSize)
	return ok && err == nil
}

// geometrySize is the size of the geometry in bytes.
func (f *footer) geometrySize() uint64 { return f.cylinders * f.heads * f.perTrack * sectorSize }

// byGeometry reports whether the disk has the size of its geometry. Virtual PC shows a guest whole cylinders, and QEMU does as it does
// for images whose creator it does not know to go by the current size; so does this, but for VirtualBox, which goes by the current
// size. A geometry that cannot be that of a disk of this size, because more than a cylinder is missing, is none.
func (f *footer) byGeometry() bool {
	switch f.creator {
	case "win ", "qem2", "d2v ", "CTXS", "tap\x00", "wa\x00\x00", "vbox":
		return false
	}
	g, cylinder := f.geometrySize(), f.heads*f.perTrack*sectorSize
	return g > 0 && g <= f.currentSize && f.currentSize-g < cylinder
}

// size is the size of the disk in bytes: whole sectors.
func (f *footer) size() int64 {
	if f.byGeometry() {
		return int64(f.geometrySize())
	}
	return int64(f.currentSize &^ (sectorSize - 1))
}

// sizeProblem says that the footer has two sizes and the shorter is taken, or nothing.
func (f *footer) sizeProblem() string {
	if size := f.size(); uint64(size) < f.currentSize {
		return fmt.Sprintf("the footer has a disk of %d bytes, and a geometry of %d: by its creator %q the disk has %d", f.currentSize, f.geometrySize(), f.creator, size)
	}
	return ""
}

// checkFixed wants a file that holds the disk and nothing else.
func (f *footer) checkFixed(size int64) error {
	switch before := uint64(f.off); {
	case f.off == 0:
		return binread.Corrupt("footer at %#x: a fixed disk, which has its footer at the end of the file of %d bytes", f.off, size)
	case f.currentSize > before:
		return binread.WithHint(binread.Corrupt("fixed disk of %d bytes, and the file holds %d before its footer", f.currentSize, before),
			"a copy or download may have stopped, and the footer be that of another file")
	case before-f.currentSize >= sectorSize:
		// A guest that writes to the last sector of a raw disk must not hide a part of it.
		return binread.WithHint(binread.Corrupt("fixed disk of %d bytes, and the file holds %d before its footer", f.currentSize, before),
			"if this is a raw disk whose last sector looks like a VHD, convert it: qemu-img convert -f raw -O qcow2")
	}
	return nil
}
