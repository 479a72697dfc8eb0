package vmdk

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	magicCOWD    = "COWD"
	cowdSize     = 2048 // bytes of its header
	cowdEntries  = 4096 // of a grain table
	magicSE      = "\xbe\xba\xfe\xca\x00\x00\x00\x00"
	magicSEState = "\xfe\xca\xfe\xca\x00\x00\x00\x00"
	versionSE    = 0x0000000200000001
	grainSE      = 8  // sectors
	tableSE      = 64 // sectors
)

// readCOWD reads what the header of a vmfsSparse extent says (COWDisk_Header).
func readCOWD(r io.ReaderAt, size int64) (*geometry, error) {
	b, err := binread.ReadAt(r, 0, cowdSize, cowdSize)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	c := binread.Little(b)
	version := c.At(4).U32()
	c.Skip(4) // flags
	capacity, grain, directory, entries, free := c.U32(), c.U32(), c.U32(), c.U32(), c.U32()
	unclean := c.At(0x670).U32()
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	switch {
	case version != 1:
		return nil, binread.Unsupported("header: at 0x4: version %d, want 1", version)
	case grain == 0 || grain > maxGrain || grain&(grain-1) != 0:
		return nil, binread.Corrupt("header: at 0x10: grains of %d sectors, want a power of two up to %d", grain, maxGrain)
	}
	g := &geometry{
		kind: kindCOWD, size: int64(capacity) * sectorSize, grain: int64(grain) * sectorSize, tableEntries: cowdEntries, entrySize: 4,
		directoryEntries: int64(entries), end: int64(free) * sectorSize,
	}
	if g.directoryOff, err = sectorOffset("grain directory", uint64(directory), size); err != nil {
		return nil, err
	}
	if unclean != 0 {
		g.problems = append(g.problems, problem{image.Doubtful, "the disk was not closed: it was copied while a machine used it, or its host died", 0x670})
	}
	g.reserve("the header", 0, cowdSize)
	return g, nil
}

// readSE reads what the headers of a seSparse extent say: one that stays as it was made, and one of the state.
func readSE(r io.ReaderAt, size int64) (*geometry, error) {
	b, err := binread.ReadAt(r, 0, headerSize, headerSize)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	c := binread.Little(b)
	version, capacity, grain, table, flags := c.At(8).U64(), c.U64(), c.U64(), c.U64(), c.U64()
	c.Skip(4 * 8) // reserved
	var at [8]region
	for i, name := range []string{"the state", "the journal's header", "the journal", "the grain directory", "the grain tables", "the bitmap of free grains", "the map of owners", "the grains"} {
		off, n := c.U64(), c.U64()
		if off > maxSectors || n > maxSectors-off {
			return nil, binread.Corrupt("header: %s of %d sectors at sector %d, want less than 2^63 bytes", name, n, off)
		}
		at[i] = region{name, int64(off) * sectorSize, int64(n) * sectorSize}
	}
	state, directory, tables, grains := at[0], at[3], at[4], at[7]
	switch {
	case version != versionSE:
		return nil, binread.Unsupported("header: at 0x8: version %#x, want %#x", version, int64(versionSE))
	case capacity > maxSectors:
		return nil, binread.Corrupt("header: at 0x10: capacity of %d sectors, want at most %d", capacity, int64(maxSectors))
	case grain != grainSE:
		return nil, binread.Unsupported("header: at 0x18: grains of %d sectors, want %d", grain, grainSE)
	case table != tableSE:
		return nil, binread.Unsupported("header: at 0x20: grain tables of %d sectors, want %d", table, tableSE)
	case flags != 0:
		return nil, binread.Unsupported("header: at 0x28: flags %#x, want none", flags)
	case directory.off == 0 || directory.off >= size:
		return nil, binread.Corrupt("header: grain directory at %#x, want it inside of a file of %d bytes", directory.off, size)
	}
	if err := checkStateSE(r, state.off); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	g := &geometry{
		kind: kindSE, size: int64(capacity) * sectorSize, grain: grainSE * sectorSize, tableEntries: tableSE * sectorSize / 8, entrySize: 8,
		directoryOff: directory.off, directoryEntries: directory.n / 8, tables: tables.off, grains: grains.off,
	}
	g.reserve("the header", 0, headerSize)
	for _, part := range at[:3] {
		g.reserve(part.name, part.off, part.n)
	}
	return g, nil
}

// checkStateSE refuses an extent whose last writes are in its journal alone.
func checkStateSE(r io.ReaderAt, off int64) error {
	b, err := binread.ReadAt(r, off, sectorSize, sectorSize)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	magic := c.Bytes(8)
	replay := c.At(24).U64()
	switch {
	case c.Err() != nil:
		return c.Err()
	case string(magic) != magicSEState:
		return binread.Corrupt("at %#x: %x, want %x", off, magic, magicSEState)
	case replay != 0:
		return binread.WithHint(binread.Unsupported("at %#x: the journal was not replayed: the disk was copied while a machine used it, or its host died", off+24),
			"let ESXi open the disk once, or consolidate its snapshots, and copy it again")
	}
	return nil
}
