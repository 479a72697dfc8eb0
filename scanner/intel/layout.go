package intel

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/guestctl/guestctl/engine/binread"
)

// A compiled feed is a page with a header, and sections that each begin on a page. Numbers are big-endian.
//
//	header   magic[16] flags[4] sections[4] size[8] digest[32], then kind[4] zero[4] offset[8] length[8] count[8] for each
//	         section, then the CRC-32C of all that; the digest is the SHA-256 of everything after the page of the header
//	digests  blocks of a page, each with as many digests as fit, in order over all blocks, then a number of an info for each
//	         of them (not in a feed of what is known good), zeros, and the CRC-32C of the block's number and content
//	index    offset[8] length[4] in the section of infos, by the number of the info
//	infos    CRC-32C and CBOR of an Info, each
//	others   length[4], CRC-32C, and CBOR of an Indicator that is no digest, each
//	meta     CRC-32C and CBOR of a Meta
const (
	magic       = "guestctl intel\x00\x01"
	page        = 4096
	headerSize  = 64
	sectionSize = 32
	maxSections = 16
	flagGood    = 1 // known good: digests without infos
	indexSize   = 12
	maxRecord   = 4 * maxRules
	maxMeta     = 64 << 20
)

// The kinds of sections. Those of digests stand in the order of digests().
const (
	sectionDigests = 1 // and the three after it
	sectionIndex   = 8
	sectionInfos   = 9
	sectionOthers  = 10
	sectionMeta    = 11
)

type header struct {
	flags    uint32
	size     int64
	digest   [32]byte
	sections []section
}

type section struct {
	kind                  uint32
	offset, length, count int64
}

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// blockSum is the checksum of a block of digests at its place.
func blockSum(kind uint32, number int64, content []byte) uint32 {
	var place [12]byte
	binary.BigEndian.PutUint32(place[:], kind)
	binary.BigEndian.PutUint64(place[4:], uint64(number))
	return crc32.Update(castagnoli(place[:]), crc32.MakeTable(crc32.Castagnoli), content)
}

// perBlock is how many digests of a width, with or without the number of an info, stand in one block.
func perBlock(width int, good bool) int {
	if good {
		return (page - 4) / width
	}
	return (page - 4) / (width + 4)
}

func (h *header) encode() []byte {
	b := []byte(magic)
	b = binary.BigEndian.AppendUint32(b, h.flags)
	b = binary.BigEndian.AppendUint32(b, uint32(len(h.sections)))
	b = binary.BigEndian.AppendUint64(b, uint64(h.size))
	b = append(b, h.digest[:]...)
	for _, s := range h.sections {
		b = binary.BigEndian.AppendUint64(b, uint64(s.kind)<<32)
		b = binary.BigEndian.AppendUint64(b, uint64(s.offset))
		b = binary.BigEndian.AppendUint64(b, uint64(s.length))
		b = binary.BigEndian.AppendUint64(b, uint64(s.count))
	}
	b = binary.BigEndian.AppendUint32(b, castagnoli(b))
	return append(b, make([]byte, page-len(b))...)
}

// decodeHeader reads the first page of a compiled feed of the given size.
func decodeHeader(b []byte, size int64) (h header, err error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return h, binread.Corrupt("header at 0x0: magic %.16q, want %q", b[:min(len(b), 16)], magic)
	}
	c := binread.Big(b)
	c.At(len(magic))
	h.flags = c.U32()
	n := c.U32()
	h.size = int64(c.U64())
	copy(h.digest[:], c.Bytes(len(h.digest)))
	if n > maxSections {
		return h, binread.Corrupt("header at 0x0: %d sections, want at most %d", n, maxSections)
	}
	for range n {
		kind := uint32(c.U64() >> 32)
		h.sections = append(h.sections, section{kind, int64(c.U64()), int64(c.U64()), int64(c.U64())})
	}
	end := c.Offset()
	sum := c.U32()
	switch {
	case c.Err() != nil:
		return h, c.Err()
	case sum != castagnoli(b[:end]):
		return h, binread.Corrupt("header at 0x0: checksum 0x%08x, want 0x%08x", sum, castagnoli(b[:end]))
	case len(bytes.Trim(b[end+4:], "\x00")) > 0:
		return h, binread.Corrupt("header at 0x0: bytes after its checksum, want zeros")
	case h.flags&^flagGood != 0:
		return h, binread.Unsupported("header at 0x0: flags 0x%x, want none but 0x%x", h.flags, flagGood)
	case h.size != size:
		return h, binread.Corrupt("header at 0x0: a file of %d bytes, want %d", size, h.size)
	}
	return h, h.check()
}

// check looks whether every section lies in the file and has the length that its count asks for.
func (h *header) check() error {
	seen, all := map[uint32]bool{}, digests()
	for _, s := range h.sections {
		switch {
		case seen[s.kind]:
			return binread.Corrupt("section %d is there twice", s.kind)
		case s.offset < page || s.offset%page != 0 || s.offset > h.size || s.length < 0 || s.length > h.size-s.offset:
			return binread.Corrupt("section %d: %d bytes at 0x%x, want them on a page of a file of %d bytes", s.kind, s.length, s.offset, h.size)
		case s.count < 0 || s.count > s.length:
			return binread.Corrupt("section %d: %d entries in %d bytes", s.kind, s.count, s.length)
		}
		seen[s.kind] = true
		want := s.length
		if s.kind >= sectionDigests && s.kind < sectionDigests+uint32(len(all)) {
			per := int64(perBlock(all[s.kind-sectionDigests].hash.Size(), h.good()))
			want = (s.count + per - 1) / per * page
		}
		if s.kind == sectionIndex {
			want = s.count * indexSize
		}
		if want != s.length {
			return binread.Corrupt("section %d: %d entries in %d bytes, want %d", s.kind, s.count, s.length, want)
		}
	}
	return nil
}

func (h *header) good() bool { return h.flags&flagGood != 0 }

// section is the one of a kind, and an empty one where it is not there.
func (h *header) section(kind uint32) section {
	for _, s := range h.sections {
		if s.kind == kind {
			return s
		}
	}
	return section{kind: kind}
}
