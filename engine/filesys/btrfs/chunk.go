package btrfs

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxChunks    = 1 << 20
	chunkHeader  = 48
	stripeSize   = 32
	stripeLength = 64 << 10 // bytes of a stripe in one piece, which the kernel does not let be others

	chunkObject = 256 // the object of all chunks' keys

	profileRAID0  = 0x8
	profileRAID1  = 0x10
	profileDup    = 0x20
	profileRAID10 = 0x40
	profileRAID5  = 0x80
	profileRAID6  = 0x100
	profileC3     = 0x200
	profileC4     = 0x400
	profiles      = 0x7f8
	chunkKinds    = 0x7
)

// chunk is a stretch of logical addresses and how it lies on the devices.
type chunk struct {
	logical, length uint64
	kind            uint64
	stripes         []stripe
}

func profileNames() []feature {
	return []feature{
		{profileRAID0, "raid0"},
		{profileRAID1, "raid1"},
		{profileDup, "dup"},
		{profileRAID10, "raid10"},
		{profileRAID5, "raid5"},
		{profileRAID6, "raid6"},
		{profileC3, "raid1c3"},
		{profileC4, "raid1c4"},
	}
}

func (f *FS) chunkTree() tree { return tree{fs: f, root: f.super.chunkRoot} }

// readChunks reads the chunks that the superblock names, which hold the tree of chunks, and then all of that tree.
func (f *FS) readChunks() error {
	c := binread.Little(f.super.sysChunks)
	for c.Len() > 0 {
		k := decodeKey(&c)
		head := binread.Little(f.super.sysChunks)
		n := chunkHeader + stripeSize*int(head.At(c.Offset()+44).U16())
		item := c.Bytes(n)
		if item == nil || k.kind != kindChunk {
			return binread.Corrupt("the superblock's chunks end within one")
		}
		one, err := f.decodeChunk(k.offset, item)
		if err != nil {
			return err
		}
		f.chunks = append(f.chunks, one)
	}
	if err := f.sortChunks(); err != nil {
		return err
	}
	var found []chunk
	var bad binread.Errors
	f.chunkTree().each(key{chunkObject, kindChunk, 0}, key{chunkObject, kindChunk, lastOffset}, func(k key, b []byte) error {
		if len(found) == maxChunks {
			return binread.Limit("more than %d chunks", maxChunks)
		}
		one, err := f.decodeChunk(k.offset, b)
		if err == nil {
			found = append(found, one)
		}
		return err
	}, func(_ key, err error) { bad.Add(err) })
	if err := bad.Err(); err != nil {
		return err
	}
	f.chunks = found
	return f.sortChunks()
}

func (f *FS) decodeChunk(logical uint64, b []byte) (chunk, error) {
	c := binread.Little(b)
	one := chunk{logical: logical, length: c.U64()}
	length := c.At(16).U64()
	one.kind = c.U64()
	stripes, sub := int(c.At(44).U16()), int(c.U16())
	switch {
	case len(b) != chunkHeader+stripeSize*stripes:
		return chunk{}, binread.Corrupt("chunk at %#x: %d bytes for %d stripes", logical, len(b), stripes)
	case one.kind&^(profiles|chunkKinds) != 0:
		return chunk{}, binread.Unsupported("chunk at %#x: profile %s", logical, strings.Join(names(one.kind&^chunkKinds, profileNames()), ", "))
	case bits.OnesCount64(one.kind&profiles) > 1:
		return chunk{}, binread.Corrupt("chunk at %#x: profiles %s, want one", logical, strings.Join(names(one.kind&profiles, profileNames()), ", "))
	case !one.fits(stripes, sub):
		return chunk{}, binread.Corrupt("chunk at %#x: %d stripes, which its profile has not", logical, stripes)
	case length != stripeLength:
		return chunk{}, binread.Corrupt("chunk at %#x: stripes of %d bytes, want %d", logical, length, stripeLength)
	case one.length == 0 || one.length > maxSize || logical > maxSize:
		return chunk{}, binread.Corrupt("chunk at %#x: %d bytes", logical, one.length)
	}
	one.stripes = make([]stripe, stripes)
	for i := range one.stripes {
		s := &one.stripes[i]
		s.id, s.off = c.At(chunkHeader+i*stripeSize).U64(), c.U64()
		if s.off > maxSize {
			return chunk{}, binread.Corrupt("chunk at %#x: on device %d at %#x", logical, s.id, s.off)
		}
		s.at = f.deviceOf(s.id, [16]byte(c.Bytes(16)))
	}
	return one, nil
}

// fits reports whether the profile can have that many stripes.
func (c *chunk) fits(stripes, sub int) bool {
	switch c.kind & profiles {
	case profileDup, profileRAID1:
		return stripes == 2
	case profileC3:
		return stripes == 3
	case profileC4:
		return stripes == 4
	case profileRAID0:
		return stripes >= 1
	case profileRAID10:
		return stripes >= 2 && stripes%2 == 0 && sub == 2
	case profileRAID5:
		return stripes >= 2
	case profileRAID6:
		return stripes >= 3
	}
	return stripes == 1
}

func (f *FS) sortChunks() error {
	slices.SortFunc(f.chunks, func(a, b chunk) int { return cmp.Compare(a.logical, b.logical) })
	for i := 1; i < len(f.chunks); i++ {
		if before := f.chunks[i-1]; before.length > f.chunks[i].logical-before.logical {
			return binread.Corrupt("chunks at %#x and %#x overlap", before.logical, f.chunks[i].logical)
		}
	}
	return nil
}

// chunkOf returns the chunk that a logical address is in.
func (f *FS) chunkOf(logical uint64) (*chunk, error) {
	i := sort.Search(len(f.chunks), func(i int) bool { return f.chunks[i].logical > logical })
	if i == 0 || logical-f.chunks[i-1].logical >= f.chunks[i-1].length {
		return nil, binread.Corrupt("no chunk has the logical address %#x", logical)
	}
	return &f.chunks[i-1], nil
}

// places are where the copies of a logical address are.
func (f *FS) places(logical uint64) (places, error) {
	c, err := f.chunkOf(logical)
	if err != nil {
		return places{}, err
	}
	return c.places(logical - c.logical), nil
}

// places are where the copies of an offset in the chunk are. Of the profiles with parity they are the data alone.
func (c *chunk) places(within uint64) places {
	all, room := uint64(len(c.stripes)), c.length-within
	number, rest := within/stripeLength, within%stripeLength
	piece := int64(min(room, stripeLength-rest))
	switch c.kind & profiles {
	case profileRAID0:
		i := number % all
		return places{c.stripes[i : i+1], number/all*stripeLength + rest, piece}
	case profileRAID10:
		pairs := all / 2
		i := number % pairs * 2
		return places{c.stripes[i : i+2], number/pairs*stripeLength + rest, piece}
	case profileRAID5, profileRAID6:
		data := all - 1
		if c.kind&profileRAID6 != 0 {
			data--
		}
		row := number / data
		i := (row + number%data) % all
		return places{c.stripes[i : i+1], row*stripeLength + rest, piece}
	}
	return places{c.stripes, within, int64(room)}
}

// fill reads len(b) bytes of content at a logical address.
func (f *FS) fill(b []byte, logical uint64) error {
	for len(b) > 0 {
		at, err := f.places(logical)
		if err != nil {
			return err
		}
		piece := b[:min(int64(len(b)), at.length)]
		if err := at.each(func(s *stripe) error { return s.fill(piece, at.off) }); err != nil {
			return fmt.Errorf("logical address %#x: %w", logical, err)
		}
		b, logical = b[len(piece):], logical+uint64(len(piece))
	}
	return nil
}
