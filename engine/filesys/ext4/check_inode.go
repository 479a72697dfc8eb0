package ext4

import (
	"bytes"
	"errors"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// inodeDamage says what is wrong with an inode in itself.
func (c *check) inodeDamage(in *inode, use *usage) error {
	deleted := binread.Little(in.raw)
	_, orphan := c.orphans[in.number]
	features := c.super.features
	switch kind := in.kind(); {
	case in.number == rootInode && kind != filesys.ModeDir:
		return binread.Corrupt("the root directory is a %s", filesys.TypeName(in.mode))
	case c.reserved(in.number):
		return c.reservedDamage(in)
	case !orphan && deleted.At(0x14).U32() != 0:
		return binread.Corrupt("in use, and with the time of its removal")
	case filesys.TypeName(in.mode) == "unknown":
		return binread.Corrupt("mode %#o has no type", in.mode)
	case in.has(flagExtents) && features.incompat&incompatExtents == 0:
		return binread.Corrupt("it has extents, and the file system has none")
	case in.has(flagExtents) && in.has(flagInlineData):
		return binread.Corrupt("it has extents and inline data")
	case in.has(flagInlineData) && features.incompat&incompatInlineData == 0:
		return binread.Corrupt("it has inline data, and the file system has none")
	case deleted.At(0x70).U32() != 0:
		return binread.Corrupt("fragment address %#x, want 0", deleted.At(0x70).U32())
	case kind == filesys.ModeSymlink && !in.has(flagEncrypt):
		return c.linkDamage(in, use)
	case kind != filesys.ModeRegular && kind != filesys.ModeDir && kind != filesys.ModeSymlink:
		return c.deviceDamage(in)
	case in.has(flagInlineData):
		_, err := c.inlineData(in)
		return err
	case in.extraSize != 0 && in.extraSize < 4 && len(in.raw) > oldInodeSize:
		return binread.Corrupt("%d extra bytes, want at least 4", in.extraSize)
	}
	return nil
}

// reservedDamage says what is wrong with an inode of the file system's own.
func (c *check) reservedDamage(in *inode) error {
	kind := in.kind()
	journal := in.number == c.super.journalInode && c.super.features.hasJournal()
	switch {
	case (journal || c.super.isSpecial(in.number)) && kind != filesys.ModeRegular:
		return binread.Corrupt("the file system's own, and a %s, want a file", filesys.TypeName(in.mode))
	case journal || c.super.isSpecial(in.number):
	case in.number == bootInode && kind == filesys.ModeDir, in.number == resizeInode && in.mode != 0 && kind != filesys.ModeRegular,
		in.number != bootInode && in.number != resizeInode && in.mode != 0:
		return binread.Corrupt("the file system's own, and a %s", filesys.TypeName(in.mode))
	case in.number == resizeInode:
		return c.resizeDamage(in)
	case in.number == badInode && (in.links != 0 || in.uid != 0 || in.gid != 0 || in.xattrBlock != 0):
		return binread.Corrupt("the list of bad blocks, and it has an owner or a name")
	}
	return nil
}

// deviceDamage says what is wrong with a device, FIFO or socket: they have no blocks.
func (c *check) deviceDamage(in *inode) error {
	const number = 2 * pointerSize // of a device
	if in.has(flagExtents | flagIndex | flagInlineData) {
		return binread.Corrupt("a %s with extents, an index or inline data", filesys.TypeName(in.mode))
	}
	if in.size != 0 {
		return binread.Corrupt("a %s of %d bytes", filesys.TypeName(in.mode), in.size)
	}
	if !isZero(in.blockMap[number+pointerSize:]) {
		return binread.Corrupt("a %s with blocks", filesys.TypeName(in.mode))
	}
	return nil
}

// linkDamage says what is wrong with a symbolic link.
func (c *check) linkDamage(in *inode, use *usage) error {
	if use.damaged {
		return nil // said where its map is
	}
	target, err := c.target(in)
	switch {
	case errors.Is(err, binread.ErrEncrypted):
		return nil
	case err != nil || in.has(flagInlineData):
		return err
	}
	behind, err := c.linkBlock(in)
	if err != nil || len(target) >= len(behind) {
		return err
	}
	if behind[len(target)] != 0 {
		return binread.Corrupt("link target of %d bytes, and it goes on behind them", len(target))
	}
	return nil
}

// linkBlock is the whole block, or the part of the inode, that holds the target of a link.
func (c *check) linkBlock(in *inode) ([]byte, error) {
	if in.size < mapSize && !in.has(flagExtents) {
		return in.blockMap, nil
	}
	blocks, err := c.mapper(in)
	if err != nil {
		return nil, err
	}
	r, err := blocks.run(0)
	if err != nil || r.start == 0 {
		return nil, err
	}
	return c.readBlock(r.start)
}

// sizeDamage compares an inode's size with what is mapped.
func (c *check) sizeDamage(in *inode, use *usage) error {
	_, orphan := c.orphans[in.number]
	if use.damaged || in.has(flagInlineData) || orphan || c.reserved(in.number) && !c.super.isSpecial(in.number) {
		return nil
	}
	shift := c.device.shift
	blocks := (uint64(in.size) + uint64(c.blockSize) - 1) >> shift
	switch in.kind() {
	case filesys.ModeDir:
		switch {
		case in.size&(c.blockSize-1) != 0:
			return binread.Corrupt("a directory of %d bytes, want whole blocks", in.size)
		case blocks != use.end:
			return binread.Corrupt("a directory of %d blocks, and %d are mapped", blocks, use.end)
		case use.holes:
			return binread.Corrupt("a directory with holes")
		case use.written != use.end:
			return binread.Corrupt("a directory whose blocks were never written")
		case in.size == 0:
			return binread.Corrupt("a directory without blocks")
		}
	case filesys.ModeRegular:
		limit := c.mapSpan()
		if in.has(flagExtents) {
			limit = maxLogicalBlocks
		}
		// of bigalloc, what is mapped ends with a cluster
		if allowed := blocks + 1<<c.clusterShift() - 1; use.written > allowed && !in.has(flagVerity) {
			return binread.Corrupt("%d bytes, and %d blocks are written", in.size, use.written)
		}
		if blocks > limit {
			return binread.Corrupt("%d bytes, want at most %d blocks", in.size, limit)
		}
	}
	return nil
}

// resizeDamage compares the map of the resize inode with where room for descriptors is kept: each block of it in front of the first
// group has an indirect block, which names the same block of all groups with copies.
func (c *check) resizeDamage(in *inode) error {
	features := c.super.features
	number := uint64(0)
	if len(in.blockMap) >= mapSize {
		pointers := binread.Little(in.blockMap)
		number = uint64(pointers.At((directBlocks + 1) * pointerSize).U32())
	}
	if features.compat&compatResizeInode == 0 {
		if in.links != 0 || number != 0 {
			return binread.Corrupt("it keeps room for descriptors, and the file system keeps none")
		}
		return nil
	}
	if c.super.reservedDescriptors == 0 && number == 0 {
		return nil
	}
	if in.links == 0 || in.kind() != filesys.ModeRegular {
		return binread.Corrupt("no file that keeps room for descriptors")
	}
	if others := bytes.Clone(in.blockMap); !isZero(append(others[:(directBlocks+1)*pointerSize], others[(directBlocks+2)*pointerSize:]...)) {
		return binread.Corrupt("it has other blocks than those it keeps for descriptors")
	}
	double, err := c.readBlock(number)
	if err != nil {
		return err
	}
	per := uint64(c.blockSize) / pointerSize
	first := c.firstBlock(0) + c.superblocksAt(0)
	kept := first + c.descriptorBlocks()
	d := binread.Little(double)
	for at := range per {
		want := uint64(0)
		// a ring, in which the blocks of descriptors that are in use come first
		if i := (at + per - c.descriptorBlocks()%per) % per; i < uint64(c.super.reservedDescriptors) {
			want = kept + i
		}
		if got := uint64(d.U32()); got != want {
			return binread.Corrupt("block %d of the room for descriptors is %d, want %d", at, got, want)
		}
		if want == 0 {
			continue
		}
		if err := c.resizeCopies(want); err != nil {
			return err
		}
	}
	return nil
}

// resizeCopies compares what one block of the room says: where the same block of the other groups with copies is.
func (c *check) resizeCopies(block uint64) error {
	b, err := c.readBlock(block)
	if err != nil {
		return err
	}
	got := binread.Little(b)
	for _, number := range c.copies {
		if got.Len() == 0 {
			break
		}
		want := block + number*uint64(c.super.blocksPerGroup)
		if v := uint64(got.U32()); v != want {
			return binread.Corrupt("block %d, room for descriptors: its copy in group %d is %d, want %d", block, number, v, want)
		}
	}
	if !isZero(b[got.Offset():]) {
		return binread.Corrupt("block %d, room for descriptors: it names more copies than there are", block)
	}
	return nil
}
