package vmdk

import (
	"io"
	"math"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// kind is a format of sparse extents, with its name in texts.
type kind string

const (
	kindSparse kind = "sparse"
	kindCOWD   kind = "COWD"
	kindSE     kind = "seSparse"
)

// geometry is what the header of a sparse extent says, whatever its format. Sizes and offsets are in bytes.
type geometry struct {
	kind             kind
	size             int64 // of the guest's bytes
	grain            int64
	tableEntries     int64 // of a grain table
	entrySize        int64 // of a grain table and of the grain directory
	directoryOff     int64
	directoryEntries int64 // there is room for; 0: as many as it takes
	redundantOff     int64 // of the redundant grain directory; 0: there is none
	lost             error // why the grain directory cannot be read, where there is a redundant one
	zeros            bool  // an entry of 1 stands for zeros
	packed, markers  bool
	tables, grains   int64 // seSparse: where they start; its tables count from there

	descriptor region // the place for one, in the file; empty where there is none

	problems []problem
	reserved []region // beside tables and grains
	overhead int64    // up to here the file holds no grains; 0 where it is not said
	end      int64    // from here on nothing was ever written; 0 where it is not said
}

// problem is what a header says without making the extent unreadable.
type problem struct {
	harm image.Harm
	text string
	host int64
}

// region is a part of a file that has a name.
type region struct {
	name   string
	off, n int64
}

func (g *geometry) reserve(name string, off, n int64) {
	g.reserved = append(g.reserved, region{name, off, n})
}

// coverage is how many guest bytes a grain table describes: at most 2^42.
func (g *geometry) coverage() int64 { return g.grain * g.tableEntries }

// directoryLen is how many grain tables describe the extent.
func (g *geometry) directoryLen() int64 {
	if g.size == 0 {
		return 0
	}
	return (g.size-1)/g.coverage() + 1
}

// validate says whether the extent can be read. budget is how many grain tables the image may still have.
func (g *geometry) validate(budget int64) error {
	n := g.directoryLen()
	switch {
	case n > budget:
		return binread.Limit("%d grain tables, want at most %d", n, budget)
	case g.directoryEntries != 0 && n > g.directoryEntries:
		return binread.Corrupt("grain directory of %d entries, want %d for %d bytes", g.directoryEntries, n, g.size)
	}
	return nil
}

// readGeometry reads the header of a sparse extent, whichever it is.
func readGeometry(r io.ReaderAt, size int64) (*geometry, error) {
	for _, f := range []struct {
		magic string
		read  func(io.ReaderAt, int64) (*geometry, error)
	}{{magicHosted, readHosted}, {magicCOWD, readCOWD}, {magicSE, readSE}} {
		if ok, err := binread.Magic(0, f.magic)(r, size); ok || err != nil {
			if err != nil {
				return nil, err
			}
			return f.read(r, size)
		}
	}
	return nil, binread.Corrupt("no sparse extent: it has none of their magic numbers")
}

// damaged stands in a directory for a table that does not lie in the file.
const damaged = math.MinInt64

// readDirectory reads the grain directory at off: where in the file each grain table is, 0 for one that there is not, or damaged.
func (g *geometry) readDirectory(r io.ReaderAt, off, size int64) ([]int64, error) {
	n := g.directoryLen() * g.entrySize
	if n > size-off {
		return nil, binread.Corrupt("grain directory of %d entries at %#x, want it inside of a file of %d bytes", g.directoryLen(), off, size)
	}
	b, err := binread.ReadAt(r, off, n, maxTables*8)
	if err != nil {
		return nil, err
	}
	tables := make([]int64, g.directoryLen())
	c := binread.Little(b)
	for i := range tables {
		at := g.table(&c)
		if at != 0 && (at < 0 || at > size-g.tableEntries*g.entrySize) {
			at = damaged
		}
		tables[i] = at
	}
	return tables, c.Err()
}

// table decodes the next entry of a grain directory.
func (g *geometry) table(c *binread.Cursor) int64 {
	if g.kind != kindSE {
		return int64(c.U32()) * sectorSize
	}
	v := c.U64()
	switch v >> 32 {
	case 0:
		if v == 0 {
			return 0
		}
	case 0x10000000: // a table, by its number
		return g.tables + int64(v&math.MaxUint32)*g.tableEntries*g.entrySize
	}
	return damaged
}

// entry is what a grain table says of a grain: where it is, and of a stored or packed one where in the file.
type entry struct {
	place image.Place
	host  int64
}

// entry decodes the next entry of a grain table. ok is false for one that cannot be.
func (g *geometry) entry(c *binread.Cursor) (e entry, ok bool) {
	if g.kind == kindSE {
		return g.entrySE(c.U64())
	}
	switch v := c.U32(); {
	case v == 0:
		return entry{place: image.Below}, true
	case v == 1: // the first sectors are the header's
		return entry{place: image.Zeros}, g.zeros
	case g.packed:
		return entry{image.Packed, int64(v) * sectorSize}, true
	default:
		return entry{image.Stored, int64(v) * sectorSize}, true
	}
}

// entrySE decodes an entry of a seSparse extent: its first four bits say what it is, and the number of a grain has its low 12 bits behind
// them and the other 48 at the end.
func (g *geometry) entrySE(v uint64) (e entry, ok bool) {
	switch v >> 60 {
	case 0:
		return entry{place: image.Below}, v == 0
	case 1, 2: // unmapped by the guest, or zeros
		return entry{place: image.Zeros}, true
	case 3:
		number := v>>48&0xfff | v&(1<<48-1)<<12
		if number > maxSectors/grainSE {
			return entry{}, false
		}
		at := int64(number) * g.grain
		return entry{image.Stored, g.grains + at}, at <= math.MaxInt64-g.grains
	}
	return entry{}, false
}
