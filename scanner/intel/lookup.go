package intel

import (
	"bytes"
	"encoding/binary"
	"math"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
)

// Lookup returns the numbers of the infos of a digest, and whether the feed has it.
func (f *Feed) Lookup(kind Kind, sum []byte) (infos []uint32, found bool, err error) {
	s := f.digests(kind)
	if s.count == 0 {
		return nil, false, nil
	}
	b := f.blocks.Get().(*[page]byte) //nolint:errcheck // the pool makes nothing else
	defer f.blocks.Put(b)
	search := search{f, s, len(sum), perBlock(len(sum), f.h.good()), b}
	return search.find(sum)
}

// search looks for a digest in the blocks of a section.
type search struct {
	f     *Feed
	s     section
	width int
	per   int
	b     *[page]byte
}

// find goes to the block where the digest would be if those between the known ones were spread evenly. Every third step halves what is
// left, in case they are not.
func (s search) find(sum []byte) (infos []uint32, found bool, err error) {
	blocks := s.s.length / page
	low, high := int64(0), blocks // the blocks that may hold the first entry of the digest
	below, above := uint64(0), uint64(math.MaxUint64)
	for step := 1; low < high; step++ {
		at := low + (high-low)/2
		if step%3 != 0 {
			at = low + between(binary.BigEndian.Uint64(sum), below, above, high-low)
		}
		n, err := s.load(at)
		if err != nil {
			return nil, false, err
		}
		first, last := s.entry(0), s.entry(n-1)
		switch {
		case bytes.Compare(sum, first) <= 0:
			high, above = at, binary.BigEndian.Uint64(first)
		case bytes.Compare(sum, last) <= 0:
			return s.collect(at, n, sum)
		default:
			low, below = at+1, binary.BigEndian.Uint64(last)
		}
	}
	// The digest may be the first one of the block after all that are less.
	if low >= blocks {
		return nil, false, nil
	}
	n, err := s.load(low)
	if err != nil {
		return nil, false, err
	}
	return s.collect(low, n, sum)
}

// between is which of n blocks would hold a number, if those from below to above were spread evenly over them.
func between(x, below, above uint64, n int64) int64 {
	if x <= below || above <= below {
		return 0
	}
	return min(int64(float64(x-below)/float64(above-below)*float64(n)), n-1)
}

// load reads a block, checks it, and returns how many digests stand in it.
func (s search) load(number int64) (int, error) {
	if err := binread.Fill(s.f.r, s.b[:], s.s.offset+number*page); err != nil {
		return 0, err
	}
	got := binread.Big(s.b[page-4:])
	if sum := got.U32(); sum != blockSum(s.s.kind, number, s.b[:page-4]) {
		return 0, binread.Corrupt("block at 0x%x: checksum 0x%08x, want 0x%08x", s.s.offset+number*page, sum, blockSum(s.s.kind, number, s.b[:page-4]))
	}
	return int(min(int64(s.per), s.s.count-number*int64(s.per))), nil
}

func (s search) entry(i int) []byte { return s.b[i*s.width:][:s.width] }

// collect gathers the entries of a digest from block number at on, which is loaded and has n entries.
func (s search) collect(at int64, n int, sum []byte) (infos []uint32, found bool, err error) {
	i := sort.Search(n, func(i int) bool { return bytes.Compare(s.entry(i), sum) >= 0 })
	for {
		for ; i < n; i++ {
			if !bytes.Equal(s.entry(i), sum) {
				return infos, found, nil
			}
			found = true
			if !s.f.h.good() && len(infos) < maxMatches {
				number := binread.Big(s.b[s.per*s.width+4*i:])
				infos = append(infos, number.U32())
			}
		}
		if at++; at >= s.s.length/page || s.f.h.good() || len(infos) >= maxMatches {
			return infos, found, nil
		}
		if n, err = s.load(at); err != nil {
			return nil, false, err
		}
		i = 0
	}
}
