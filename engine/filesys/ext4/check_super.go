package ext4

import (
	"context"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// maxCopies bounds the copies of superblock and descriptors that are compared, and maxCopiedBlocks the blocks of all of them.
const (
	maxCopies       = 1024
	maxCopiedBlocks = 1 << 16
)

// groupsWithCopies lists the groups that hold a copy of the superblock, but the first.
func (c *check) groupsWithCopies() (groups []uint64) {
	for number := uint64(1); number < c.super.groups(); number++ {
		if !c.super.hasCopy(number) {
			continue
		}
		if len(groups) == maxCopies {
			c.unchecked("copies of the superblock from group %d on", number)
			break
		}
		groups = append(groups, number)
	}
	return groups
}

func (c *check) badSuperblock(block uint64, harm filesys.Harm, format string, args ...any) {
	c.damage(filesys.Damage{Kind: filesys.DamagedSuperblock, Block: int64(block), Harm: harm}, format, args...)
}

// superblock checks the superblock and compares its copies with it.
func (c *check) superblock() {
	if _, err := c.superblockAt(superblockOffset); err != nil {
		c.badSuperblock(superblockOffset>>c.device.shift, filesys.HarmFatal, "superblock: %v", err)
		c.copied = c.super.group != 0
	}
	if have, want := uint64(c.device.size), c.super.blocks<<c.device.shift; have < want {
		c.damage(filesys.Damage{Kind: filesys.MissingBytes, Harm: filesys.HarmFatal}, "the image ends at %d of %d bytes", have, want)
	}
	raw := binread.Little(c.super.raw)
	kept := uint64(raw.At(0x8).U32())
	if c.super.features.has64bit() {
		kept |= uint64(raw.At(0x154).U32()) << 32
	}
	switch {
	case kept > c.super.blocks:
		c.badSuperblock(0, filesys.HarmRisk, "superblock: %d blocks kept for the superuser, want at most %d", kept, c.super.blocks)
	case c.super.firstInode < oldFirstInode || c.super.firstInode > c.super.inodes:
		c.badSuperblock(0, filesys.HarmFatal, "superblock: first inode %d, want it from %d to %d", c.super.firstInode, oldFirstInode, c.super.inodes)
	case uint64(c.super.reservedDescriptors) > uint64(c.blockSize)/pointerSize:
		c.badSuperblock(0, filesys.HarmFatal, "superblock: room for %d blocks of descriptors, want at most %d", c.super.reservedDescriptors, c.blockSize/pointerSize)
	}
	for _, number := range c.super.quotaInodes {
		if number > c.super.inodes || number != 0 && !c.super.features.quota() {
			c.badSuperblock(0, filesys.HarmRisk, "superblock: a quota file in inode %d, want none there", number)
		}
	}
	c.recordedErrors()
	for _, number := range c.copies {
		c.superblockCopy(number)
	}
}

// recordedErrors says what the driver wrote down.
func (c *check) recordedErrors() {
	raw := binread.Little(c.super.raw)
	d := filesys.Damage{Kind: filesys.RecordedError, Harm: filesys.HarmRisk}
	if c.super.errors > 0 {
		inode := raw.At(0x1d0).U32()
		line, block := raw.U32(), raw.U64()
		function := cString(raw.Bytes(32))
		d.Node = filesys.Node(inode)
		c.damage(d, "the driver has recorded %d errors, the last in %q, line %d, inode %d, block %d", c.super.errors, function, line, inode, block)
		return
	}
	if c.super.state&stateErrors != 0 {
		c.damage(d, "the file system is marked as having errors")
	}
	if c.super.state&stateValid == 0 && !c.super.features.hasJournal() {
		d.Harm = filesys.HarmNone
		c.damage(d, "the file system was not unmounted and has no journal")
	}
}

// superblockCopy compares one copy: what never changes while the file system is mounted is the same in all.
func (c *check) superblockCopy(number uint64) {
	block := c.firstBlock(number)
	copied, err := c.superblockAt(int64(block << c.device.shift))
	s := c.super
	switch {
	case err != nil:
		c.badSuperblock(block, filesys.HarmRisk, "copy of the superblock in group %d: %v", number, err)
	case copied.uuid != s.uuid:
		c.badSuperblock(block, filesys.HarmRisk, "copy of the superblock in group %d: it is of file system %s", number, copied.uuidString())
	case copied.blocks != s.blocks || copied.inodes != s.inodes || copied.logBlockSize != s.logBlockSize ||
		copied.blocksPerGroup != s.blocksPerGroup || copied.inodesPerGroup != s.inodesPerGroup ||
		copied.inodeSize != s.inodeSize || copied.descriptorSize != s.descriptorSize || copied.firstDataBlock != s.firstDataBlock:
		c.badSuperblock(block, filesys.HarmRisk, "copy of the superblock in group %d: another size of blocks, groups or inodes", number)
	case (copied.features.incompat^s.features.incompat)&^incompatRecover != 0:
		c.badSuperblock(block, filesys.HarmRisk, "copy of the superblock in group %d: other features (%#x, want %#x)", number, copied.features.incompat, s.features.incompat)
	}
}

// journal checks that the journal can be used, and was replayed where it had to be.
func (c *check) journal() {
	features := c.super.features
	d := filesys.Damage{Kind: filesys.DamagedJournal, Node: filesys.Node(c.super.journalInode), Harm: filesys.HarmFatal}
	if c.replayErr != nil {
		c.damage(d, "the journal was not replayed completely: %v", c.replayErr)
		return
	}
	if !features.hasJournal() {
		return
	}
	j, err := c.openJournal()
	if c.super.journalInode != 0 {
		// the copy of its map in the superblock is enough to replay it, and not to mount
		in, inodeErr := c.readInode(filesys.Node(c.super.journalInode))
		if inodeErr == nil && in.kind() != filesys.ModeRegular {
			inodeErr = wrongType(&in, "file")
		}
		if err == nil && inodeErr != nil {
			err = fmt.Errorf("inode %d: %w", c.super.journalInode, inodeErr)
		}
	}
	switch {
	case errors.Is(err, binread.ErrUnsupported):
		c.unchecked("journal: %v", err)
	case err != nil:
		c.damage(d, "journal: %v", err)
	case j.errno != 0:
		d.Kind, d.Harm = filesys.RecordedError, filesys.HarmRisk
		c.damage(d, "the journal was given up with error %d", int32(j.errno))
	case j.start != 0 && !features.needsRecovery() && len(c.device.replayed) == 0 && !c.copied:
		d.Harm = filesys.HarmRisk
		c.damage(d, "the journal holds transactions, and the superblock says that it holds none")
	}
}

// descriptors checks the descriptors of all groups and compares their copies with them.
func (c *check) descriptors(ctx context.Context) error {
	budget := maxCopiedBlocks
	perBlock := uint64(c.blockSize) / uint64(c.super.descriptorSize)
	if missing := c.super.groups() - c.groups; missing > 0 {
		d := filesys.Damage{Kind: filesys.MissingBytes, Harm: filesys.HarmFatal}
		c.damage(d, "the descriptors of %d of %d groups are behind the end of the image", missing, c.super.groups())
	}
	for number := range c.groups {
		if number%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		g, fresh, err := c.descriptor(number)
		c.descriptorDamage(number, g, fresh, err)
		if number%perBlock != 0 {
			continue
		}
		for _, at := range c.descriptorCopies(number / perBlock) {
			if budget--; budget == 0 {
				c.unchecked("copies of group descriptors from group %d on", number)
			}
			if budget > 0 {
				c.compareDescriptors(number, at)
			}
		}
	}
	return nil
}

func (c *check) badGroup(block uint64, harm filesys.Harm, format string, args ...any) {
	c.damage(filesys.Damage{Kind: filesys.DamagedGroup, Block: int64(block), Harm: harm}, format, args...)
}

// descriptorDamage says what is wrong with the descriptor of a group in itself.
func (c *check) descriptorDamage(number uint64, g group, fresh bool, err error) {
	block := c.descriptorBlock(number, 0)
	if err != nil {
		c.badGroup(block, filesys.HarmFatal, "group %d: descriptor: %v", number, err)
	}
	first, end := uint64(c.super.firstDataBlock), c.super.blocks
	if c.super.features.incompat&incompatFlexBG == 0 {
		first = c.firstBlock(number)
		end = min(end, first+uint64(c.super.blocksPerGroup))
	}
	switch {
	case !fresh && err == nil:
	case g.blockBitmap < first || g.blockBitmap >= end:
		c.badGroup(block, filesys.HarmFatal, "group %d: block bitmap at block %d, want it from %d to %d", number, g.blockBitmap, first, end-1)
	case g.inodeBitmap < first || g.inodeBitmap >= end:
		c.badGroup(block, filesys.HarmFatal, "group %d: inode bitmap at block %d, want it from %d to %d", number, g.inodeBitmap, first, end-1)
	case g.inodeTable != 0 && (g.inodeTable < first || g.inodeTable >= end || c.tableBlocks() > end-g.inodeTable):
		c.badGroup(block, filesys.HarmFatal, "group %d: inode table at block %d, want it from %d to %d", number, g.inodeTable, first, end-1)
	}
}

// descriptorCopies lists where the copies of one block of descriptors are.
func (c *check) descriptorCopies(index uint64) (blocks []uint64) {
	perBlock := uint64(c.blockSize) / uint64(c.super.descriptorSize)
	if c.super.features.metaBG() && index >= uint64(c.super.firstMetaGroup) {
		for copyNumber := 1; copyNumber <= 2; copyNumber++ {
			if at := c.descriptorBlock(index*perBlock, copyNumber); at != 0 {
				blocks = append(blocks, at)
			}
		}
		return blocks
	}
	for _, home := range c.copies {
		blocks = append(blocks, c.firstBlock(home)+c.superblocksAt(home)+index)
	}
	return blocks
}

// compareDescriptors compares one copy of a block of descriptors, the first of which is the first group's. Only where things are is the
// same in all copies.
func (c *check) compareDescriptors(first, at uint64) {
	block, err := c.readBlock(at)
	if err != nil {
		c.badGroup(at, filesys.HarmRisk, "copy of the descriptors from group %d on: %v", first, err)
		return
	}
	perBlock := uint64(c.blockSize) / uint64(c.super.descriptorSize)
	for i := range min(perBlock, c.super.groups()-first) {
		copied, err := c.decodeGroup(block, first+i, i)
		want, fresh, _ := c.descriptor(first + i)
		switch {
		case err != nil:
			c.badGroup(at, filesys.HarmRisk, "copy of the descriptor of group %d: %v", first+i, err)
		case !fresh:
			continue
		case copied.blockBitmap != want.blockBitmap || copied.inodeBitmap != want.inodeBitmap || copied.inodeTable != want.inodeTable:
			c.badGroup(at, filesys.HarmRisk, "copy of the descriptor of group %d: its bitmaps or inodes are elsewhere", first+i)
		default:
			continue
		}
		return
	}
}
