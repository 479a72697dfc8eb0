package timezone

import (
	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxTZif    = 1 << 20 // bytes of a zone file; the largest of the database has 4 KB
	headerSize = 44
)

// rules is as much of a zone file as tells whether its zone is UTC (TZif, RFC 9636).
type rules struct {
	transitions uint32
	types       uint32
	offset      uint32 // of the first local time type, seconds east of UTC as two's complement
	name        string // of the first local time type: "CET"
}

// utc reports whether the zone is UTC at all times and calls itself so.
func (r rules) utc() bool {
	return r.transitions == 0 && r.types == 1 && r.offset == 0 && r.name == "UTC"
}

// header is the start of a data block (RFC 9636, section 3.1).
type header struct {
	version                                        byte
	isUT, isStd, leaps, transitions, types, charNo uint32
}

// size is the length of the data block behind the header, whose times have timeSize bytes (section 3.2).
func (h header) size(timeSize int64) int64 {
	return int64(h.transitions)*(timeSize+1) + int64(h.types)*6 + int64(h.charNo) + int64(h.leaps)*(timeSize+4) +
		int64(h.isStd) + int64(h.isUT)
}

func parseTZif(b []byte) (rules, error) {
	if len(b) > maxTZif {
		return rules{}, binread.Limit("zone file of %d bytes, want at most %d", len(b), maxTZif)
	}
	h, err := parseHeader(b, 0)
	if err != nil {
		return rules{}, err
	}
	off, timeSize := int64(headerSize), int64(4)
	if h.version >= '2' {
		next := off + h.size(timeSize)
		if h, err = parseHeader(b, next); err != nil {
			return rules{}, err
		}
		off, timeSize = next+headerSize, 8
	}
	if h.size(timeSize) > int64(len(b))-off {
		return rules{}, binread.Corrupt("zone data at %d has %d bytes, file ends after %d", off, h.size(timeSize), len(b))
	}
	c := binread.Big(b[off:])
	c.Skip(int(h.transitions) * int(timeSize+1))
	r := rules{transitions: h.transitions, types: h.types, offset: c.U32()}
	c.Skip(1) // is_dst
	index := int(c.U8())
	c.Skip((int(h.types) - 1) * 6)
	if names := c.Bytes(int(h.charNo)); index < len(names) {
		for end := index; end < len(names) && names[end] != 0; end++ {
			r.name += string(names[end : end+1])
		}
	}
	return r, c.Err()
}

func parseHeader(b []byte, off int64) (header, error) {
	if off > int64(len(b))-headerSize {
		return header{}, binread.Corrupt("zone file of %d bytes ends in the header at %d", len(b), off)
	}
	c := binread.Big(b[off : off+headerSize])
	if magic := c.Bytes(4); string(magic) != "TZif" {
		return header{}, binread.Corrupt("magic at %d is %q, want TZif", off, magic)
	}
	h := header{version: c.U8()}
	c.Skip(15)
	h.isUT, h.isStd, h.leaps, h.transitions, h.types, h.charNo = c.U32(), c.U32(), c.U32(), c.U32(), c.U32(), c.U32()
	if h.types == 0 || h.charNo == 0 {
		return header{}, binread.Corrupt("header at %d: %d local time types and %d bytes of names, want at least one of each", off, h.types, h.charNo)
	}
	return h, c.Err()
}
