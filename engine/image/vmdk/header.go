package vmdk

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	sectorSize = 512

	magicHosted = "KDMV"
	headerSize  = sectorSize

	maxVersion = 3
	// maxGrain is the largest grain, in sectors: QEMU's limit. One that is compressed is kept in memory whole, and has a limit of its own.
	maxGrain       = 1 << 21
	maxPackedGrain = 1 << 15
	// maxTable is how many entries a grain table may have; VMware makes tables of 512.
	maxTable = 4096

	atEnd = 1<<64 - 1 // GD_AT_END: the header at the end of the file has the offset
)

// Flags of the header.
const (
	flagNewlines  = 1 << 0
	flagRedundant = 1 << 1 // the redundant grain directory is valid
	flagZeros     = 1 << 2 // a grain table entry of 1 stands for zeros
	flagPacked    = 1 << 16
	flagMarkers   = 1 << 17
)

const (
	packedNot     = 0
	packedDeflate = 1
)

// The types of markers.
const (
	markerEnd       = 0
	markerTable     = 1
	markerDirectory = 2
	markerFooter    = 3
)

// header is a SparseExtentHeader. Offsets and lengths are in sectors.
type header struct {
	version       uint32
	flags         uint32
	capacity      uint64
	grain         uint64 // grainSize
	descriptorOff uint64
	descriptorLen uint64
	tableEntries  uint32 // numGTEsPerGT
	redundantOff  uint64 // rgdOffset
	directoryOff  uint64 // gdOffset
	overhead      uint64
	unclean       bool // uncleanShutdown
	newlines      string
	algorithm     uint16 // compressAlgorithm
}

func readHeader(r io.ReaderAt, off int64) (*header, error) {
	b, err := binread.ReadAt(r, off, headerSize, headerSize)
	if err != nil {
		return nil, err
	}
	c := binread.Little(b)
	if magic := c.Bytes(4); string(magic) != magicHosted {
		return nil, binread.Corrupt("at %#x: %q, want %q", off, magic, magicHosted)
	}
	h := &header{version: c.U32(), flags: c.U32(), capacity: c.U64(), grain: c.U64()}
	h.descriptorOff, h.descriptorLen = c.U64(), c.U64()
	h.tableEntries, h.redundantOff, h.directoryOff = c.U32(), c.U64(), c.U64()
	h.overhead, h.unclean, h.newlines = c.U64(), c.U8() != 0, string(c.Bytes(4))
	h.algorithm = c.U16()
	return h, c.Err()
}

// validate says whether the header can be read. Its offset, for texts, is off.
func (h *header) validate() error {
	switch {
	case h.version < 1 || h.version > maxVersion:
		return binread.Unsupported("at 0x4: version %d, want 1 to %d", h.version, maxVersion)
	case h.flags&flagNewlines != 0 && h.newlines != "\n \r\n":
		return binread.WithHint(binread.Corrupt("at 0x49: %q, want %q: the file was copied as text", h.newlines, "\n \r\n"),
			"copy it again, in binary mode")
	case h.capacity > maxSectors:
		return binread.Corrupt("at 0xc: capacity of %d sectors, want at most %d", h.capacity, int64(maxSectors))
	case h.grain == 0 || h.grain > maxGrain || h.grain&(h.grain-1) != 0:
		return binread.Corrupt("at 0x14: grains of %d sectors, want a power of two up to %d", h.grain, maxGrain)
	case h.tableEntries == 0 || h.tableEntries > maxTable:
		return binread.Corrupt("at 0x2c: grain tables of %d entries, want 1 to %d", h.tableEntries, maxTable)
	case h.algorithm > packedDeflate:
		return binread.Unsupported("at 0x4d: compression %d, want 0 (none) or 1 (deflate)", h.algorithm)
	case h.algorithm == packedNot && h.flags&flagPacked != 0:
		return binread.Corrupt("at 0x4d: compressed grains without a compression")
	case h.algorithm != packedNot && h.grain > maxPackedGrain:
		return binread.Limit("at 0x14: compressed grains of %d sectors, want at most %d", h.grain, maxPackedGrain)
	}
	return nil
}

// footer replaces the header by its copy at the end of the file, where that is the one that says where the tables are.
func (h *header) footer(r io.ReaderAt, size int64) (*header, error) {
	if h.directoryOff != atEnd {
		return h, nil
	}
	const footerAt = 2 * sectorSize // from the end; the marker of the end of the stream follows
	cut := "the file may have been cut off: compare its size with that of its source"
	if size < headerSize+footerAt {
		return nil, binread.WithHint(binread.Corrupt("footer: a file of %d bytes has none", size), cut)
	}
	f, err := readHeader(r, size-footerAt)
	if err != nil {
		return nil, binread.WithHint(fmt.Errorf("footer: %w", err), cut)
	}
	if err := f.validate(); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	switch {
	case f.directoryOff == atEnd:
		return nil, binread.Corrupt("footer: grain directory at the end of the file, want an offset")
	case f.capacity != h.capacity || f.grain != h.grain || f.tableEntries != h.tableEntries || f.algorithm != h.algorithm:
		return nil, binread.Corrupt("footer: a disk of %d sectors in grains of %d, and the header has %d in grains of %d",
			f.capacity, f.grain, h.capacity, h.grain)
	}
	return f, nil
}

// readHosted reads what a hosted sparse extent says of itself.
func readHosted(r io.ReaderAt, size int64) (*geometry, error) {
	head, err := readHeader(r, 0)
	if err == nil {
		err = head.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	h, err := head.footer(r, size)
	if err != nil {
		return nil, err
	}
	g := &geometry{
		kind: kindSparse, size: int64(h.capacity) * sectorSize, grain: int64(h.grain) * sectorSize, tableEntries: int64(h.tableEntries),
		entrySize: 4, zeros: h.flags&flagZeros != 0, packed: h.algorithm == packedDeflate, markers: h.flags&flagMarkers != 0,
	}
	if g.directoryOff, err = sectorOffset("grain directory", h.directoryOff, size); err != nil && h.flags&flagRedundant == 0 {
		return nil, err
	}
	if err != nil {
		g.lost = err
	}
	if h.flags&flagRedundant != 0 {
		if g.redundantOff, err = sectorOffset("redundant grain directory", h.redundantOff, size); err != nil && g.lost != nil {
			return nil, g.lost
		} else if err != nil {
			g.problems = append(g.problems, problem{image.Damaged, err.Error(), 0x30})
		}
	}
	if head.unclean || h.unclean {
		g.problems = append(g.problems, problem{image.Doubtful, "the disk was not closed: it was copied while a machine used it, or its program died", 0x48})
	}
	g.reserve("the header", 0, headerSize)
	if head.descriptorOff > 0 && head.descriptorOff < maxSectors && head.descriptorLen < maxSectors {
		g.descriptor = region{"the descriptor", int64(head.descriptorOff) * sectorSize, int64(head.descriptorLen) * sectorSize}
		g.reserved = append(g.reserved, g.descriptor)
	}
	if head != h {
		g.reserve("the footer", size-3*sectorSize, 3*sectorSize)
	}
	if h.overhead < maxSectors {
		g.overhead = int64(h.overhead) * sectorSize
	}
	return g, nil
}

// sectorOffset is the offset in bytes of what lies at a sector of a file.
func sectorOffset(what string, sector uint64, size int64) (int64, error) {
	if sector == 0 || sector > maxSectors || int64(sector)*sectorSize >= size {
		return 0, binread.Corrupt("%s at sector %d, want it inside of a file of %d bytes", what, sector, size)
	}
	return int64(sector) * sectorSize, nil
}
