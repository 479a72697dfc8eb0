package btrfs

import (
	"cmp"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	headerSize  = 101
	itemSize    = 25 // of a leaf: a key, and where its data is
	pointerSize = 33 // of a node: a key, and the block that begins with it
)

// Kinds of keys.
const (
	kindInode       = 1
	kindInodeRef    = 12
	kindInodeExtref = 13
	kindXattr       = 24
	kindDirLogItem  = 60
	kindDirLogIndex = 72
	kindDirItem     = 84
	kindDirIndex    = 96
	kindExtent      = 108
	kindSum         = 128
	kindRoot        = 132
	kindRootBackref = 144
	kindRootRef     = 156
	kindDevice      = 216
	kindChunk       = 228
	lastOffset      = 1<<64 - 1
	rootTreeID      = 1
	chunkTreeID     = 3
	sumTreeID       = 7
	fsTreeID        = 5
	firstFreeID     = 256
	lastFreeID      = 1<<64 - 256
	logTreeID       = 1<<64 - 6
	keySize         = 17
	rootDirectory   = 256 // of every subvolume
)

// key is struct btrfs_disk_key.
type key struct {
	object uint64
	kind   uint8
	offset uint64
}

func decodeKey(c *binread.Cursor) key { return key{c.U64(), c.U8(), c.U64()} }

func (k key) compare(o key) int {
	switch {
	case k.object != o.object:
		return cmp.Compare(k.object, o.object)
	case k.kind != o.kind:
		return cmp.Compare(k.kind, o.kind)
	}
	return cmp.Compare(k.offset, o.offset)
}

// pointer says which block is meant and what it must be.
type pointer struct {
	block      uint64 // its logical address
	generation uint64
	owner      uint64 // the tree; blocks of a subvolume can belong to another
	level      uint8
}

// block is a block of metadata that was verified. It is shared and must not be changed.
type block struct {
	b     []byte
	level uint8
	count int
}

// key is that of an item or pointer.
func (b block) key(i int) key {
	size := itemSize
	if b.level > 0 {
		size = pointerSize
	}
	c := binread.Little(b.b)
	return decodeKey(c.At(headerSize + i*size))
}

// data is what an item of a leaf holds.
func (b block) data(i int) []byte {
	c := binread.Little(b.b)
	off, n := c.At(headerSize+i*itemSize+keySize).U32(), c.U32()
	return c.At(headerSize + int(off)).Bytes(int(n))
}

// owner is the tree that the block was written for.
func (b block) owner() uint64 {
	c := binread.Little(b.b)
	return c.At(0x58).U64()
}

// child is what a pointer of a node points to.
func (b block) child(i int, owner uint64) pointer {
	c := binread.Little(b.b)
	return pointer{block: c.At(headerSize + i*pointerSize + keySize).U64(), generation: c.U64(), owner: owner, level: b.level - 1}
}

// readBlock returns a block of metadata: the first copy of it that is right, or why the first is not.
func (f *FS) readBlock(p pointer) (block, error) {
	raw := f.blocks.Get(p.block)
	if raw != nil {
		return f.expect(raw, p)
	}
	at, err := f.places(p.block)
	switch {
	case err != nil:
		return block{}, err
	case p.block%uint64(f.super.sectorSize) != 0 || at.length < int64(f.super.nodeSize):
		return block{}, binread.Corrupt("block at %#x, want it inside of one chunk", p.block)
	}
	var b block
	var bad error
	err = at.each(func(s *stripe) error {
		raw := make([]byte, f.super.nodeSize)
		err := s.fill(raw, at.off)
		if err == nil {
			err = f.verify(raw, p.block)
		}
		if err == nil {
			b, err = f.expect(raw, p)
		}
		switch {
		case err == nil:
			f.blocks.Put(p.block, raw)
		case bad == nil && s.at != nil && !s.at.stale:
			bad = err
		}
		return err
	})
	if err != nil {
		return block{}, fmt.Errorf("block at %#x: %w", p.block, err)
	}
	if bad != nil && f.damaged != nil {
		f.damaged.Add(fmt.Errorf("block at %#x: %w", p.block, bad))
	}
	return b, nil
}

// verify holds a block against its checksum, its place and its own structure.
func (f *FS) verify(raw []byte, logical uint64) error {
	if err := f.super.sumType.verify(raw); err != nil {
		return err
	}
	c := binread.Little(raw)
	fsid, address := [16]byte(c.At(0x20).Bytes(16)), c.U64()
	switch {
	case fsid != f.super.metadataUUID:
		return binread.Checksum("a block of file system %s, want %s", uuidString(fsid), uuidString(f.super.metadataUUID))
	case address != logical:
		return binread.Checksum("the block of %#x is in its place", address)
	}
	b, err := f.decodeBlock(raw)
	if err != nil {
		return err
	}
	return b.validate()
}

func (f *FS) decodeBlock(raw []byte) (block, error) {
	c := binread.Little(raw)
	count, level := c.At(0x60).U32(), c.U8()
	size := uint32(itemSize)
	if level > 0 {
		size = pointerSize
	}
	switch {
	case level > maxLevel:
		return block{}, binread.Corrupt("level %d, want at most %d", level, maxLevel)
	case count > (f.super.nodeSize-headerSize)/size:
		return block{}, binread.Corrupt("%d items, want what %d bytes have room for", count, f.super.nodeSize)
	case count == 0 && level > 0:
		return block{}, binread.Corrupt("a node without pointers")
	}
	return block{raw, level, int(count)}, nil
}

// validate checks that keys ascend and that the data of items lies behind them, without a gap, from the end on.
func (b block) validate() error {
	c := binread.Little(b.b)
	end := uint64(len(b.b) - headerSize)
	for i := range b.count {
		if i > 0 && b.key(i-1).compare(b.key(i)) >= 0 {
			return binread.Corrupt("the key of item %d does not follow the one in front of it", i)
		}
		if b.level > 0 {
			continue
		}
		off, n := uint64(c.At(headerSize+i*itemSize+keySize).U32()), uint64(c.U32())
		if off+n != end || off < uint64(b.count*itemSize) {
			return binread.Corrupt("the data of item %d is at %d, %d bytes, want it to end at %d", i, off, n, end)
		}
		end = off
	}
	return nil
}

// expect holds a block against what points to it.
func (f *FS) expect(raw []byte, p pointer) (block, error) {
	b, err := f.decodeBlock(raw)
	if err != nil {
		return block{}, err
	}
	c := binread.Little(raw)
	generation, owner := c.At(0x50).U64(), c.U64()
	switch {
	case b.level != p.level:
		return block{}, binread.Corrupt("a block of level %d, want %d", b.level, p.level)
	case generation != p.generation || generation > f.super.generation && p.owner != logTreeID:
		return block{}, binread.Checksum("a block of generation %d, want %d, and the file system's is %d", generation, p.generation, f.super.generation)
	case owner != p.owner && (!isSubvolume(owner) || !isSubvolume(p.owner)):
		return block{}, binread.Checksum("a block of tree %d, want %d", owner, p.owner)
	}
	return b, nil
}

// isSubvolume reports whether a tree of that number holds files.
func isSubvolume(id uint64) bool { return id == fsTreeID || id >= firstFreeID && id <= lastFreeID }
