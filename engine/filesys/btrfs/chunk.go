package btrfs

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxChunks   = 1 << 20
	chunkHeader = 48
	stripeSize  = 32

	chunkObject = 256 // the object of all chunks' keys

	profileDup     = 0x20
	profileOthers  = 0x7d8 // and what they are
	chunkKinds     = 0x7
	chunkTypeKnown = chunkKinds | profileDup | profileOthers
)

// chunk is a stretch of logical addresses and where its copies are on the device.
type chunk struct {
	logical, length uint64
	copies          []uint64
}

func profileNames() []feature {
	return []feature{
		{0x8, "raid0"}, {0x10, "raid1"}, {profileDup, "dup"}, {0x40, "raid10"}, {0x80, "raid5"}, {0x100, "raid6"}, {0x200, "raid1c3"}, {0x400, "raid1c4"},
	}
}

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
		if err := f.addChunk(k.offset, item); err != nil {
			return err
		}
	}
	if err := f.sortChunks(); err != nil {
		return err
	}
	var found []chunk
	var bad binread.Errors
	t := tree{f, f.super.chunkRoot}
	t.each(key{chunkObject, kindChunk, 0}, key{chunkObject, kindChunk, 1<<64 - 1}, func(k key, b []byte) error {
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

func (f *FS) addChunk(logical uint64, b []byte) error {
	one, err := f.decodeChunk(logical, b)
	if err == nil {
		f.chunks = append(f.chunks, one)
	}
	return err
}

func (f *FS) decodeChunk(logical uint64, b []byte) (chunk, error) {
	c := binread.Little(b)
	one := chunk{logical: logical, length: c.U64()}
	kind, stripes := c.At(24).U64(), int(c.At(44).U16())
	want := 1
	if kind&profileDup != 0 {
		want = 2
	}
	switch {
	case len(b) != chunkHeader+stripeSize*stripes:
		return chunk{}, binread.Corrupt("chunk at %#x: %d bytes for %d stripes", logical, len(b), stripes)
	case kind&profileOthers != 0 || kind&^chunkTypeKnown != 0:
		return chunk{}, binread.Unsupported("chunk at %#x: profile %s, want single or dup", logical, strings.Join(names(kind&^chunkKinds, profileNames()), ", "))
	case stripes != want:
		return chunk{}, binread.Corrupt("chunk at %#x: %d stripes, want %d", logical, stripes, want)
	case one.length == 0 || one.length > maxSize || logical > maxSize:
		return chunk{}, binread.Corrupt("chunk at %#x: %d bytes", logical, one.length)
	}
	for i := range stripes {
		id, off := c.At(chunkHeader+i*stripeSize).U64(), c.U64()
		switch {
		case id != f.super.deviceID:
			return chunk{}, binread.Unsupported("chunk at %#x: it is on device %d, and device %d is at hand", logical, id, f.super.deviceID)
		case off > maxSize:
			return chunk{}, binread.Corrupt("chunk at %#x: on the device at %#x", logical, off)
		}
		one.copies = append(one.copies, off)
	}
	return one, nil
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

// places are where the copies of a logical address are on the device, and how many bytes follow there in one piece.
func (f *FS) places(logical uint64) (copies [2]int64, count int, length int64, err error) {
	i := sort.Search(len(f.chunks), func(i int) bool { return f.chunks[i].logical > logical })
	if i == 0 || logical-f.chunks[i-1].logical >= f.chunks[i-1].length {
		return copies, 0, 0, binread.Corrupt("no chunk has the logical address %#x", logical)
	}
	c := &f.chunks[i-1]
	within := logical - c.logical
	for j, at := range c.copies {
		copies[j] = int64(at + within)
	}
	return copies, len(c.copies), int64(c.length - within), nil
}

// fill reads len(b) bytes of content at a logical address.
func (f *FS) fill(b []byte, logical uint64) error {
	for len(b) > 0 {
		at, _, n, err := f.places(logical)
		if err != nil {
			return err
		}
		piece := b[:min(int64(len(b)), n)]
		if err := f.device.fill(piece, at[0]); err != nil {
			return fmt.Errorf("logical address %#x: %w", logical, err)
		}
		b, logical = b[len(piece):], logical+uint64(len(piece))
	}
	return nil
}
