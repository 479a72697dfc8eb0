package xfs

import (
	"context"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// superblocks checks the superblock and the log, and compares the copies of the superblock with it.
func (c *check) superblocks(ctx context.Context) error {
	bad := func(block uint64, harm filesys.Harm, format string, args ...any) {
		c.damage(filesys.Damage{Kind: filesys.DamagedSuperblock, Block: int64(block), Harm: harm}, format, args...)
	}
	if _, err := c.superblockAt(0); err != nil {
		bad(0, filesys.HarmFatal, "superblock: %v", err)
	}
	if have, want := c.device.size, c.super.size(); have < want {
		c.damage(filesys.Damage{Kind: filesys.MissingBytes, Block: -1, Harm: filesys.HarmFatal}, "the image ends at %d of %d bytes", have, want)
	}
	if c.logProblem != "" {
		d := filesys.Damage{Kind: filesys.DamagedJournal, Block: -1, Harm: filesys.HarmFatal, Message: c.logProblem}
		c.note(d)
	}
	if c.super.incompat&incompatNeedsRepair != 0 {
		c.damage(filesys.Damage{Kind: filesys.RecordedError, Block: -1, Harm: filesys.HarmFatal}, needsRepair)
	}
	for group := uint64(1); group < uint64(c.super.agCount); group++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := c.super.linear(group << c.super.agLog)
		off := c.super.offset(group << c.super.agLog)
		if err := c.superblockCopy(off); err != nil {
			bad(block, filesys.HarmRisk, "copy of the superblock in group %d: %v", group, err)
		}
	}
	return nil
}

// superblockCopy compares one copy: what never changes while the file system is mounted is the same in all. Only some hold where the root
// directory is.
func (c *check) superblockCopy(off int64) error {
	copied, err := c.copyWithRoot(off)
	s := c.super
	switch {
	case err != nil:
		return err
	case copied.uuid != s.uuid:
		return binread.Corrupt("it is of file system %s", uuidString(copied.uuid))
	case copied.blocks != s.blocks || copied.agBlocks != s.agBlocks || copied.agCount != s.agCount || copied.blockSize != s.blockSize ||
		copied.sectorSize != s.sectorSize || copied.inodeSize != s.inodeSize || copied.dirLog != s.dirLog || copied.elsewhere != s.elsewhere:
		return binread.Corrupt("another size of blocks, groups or inodes")
	case copied.logStart != s.logStart || copied.logBlocks != s.logBlocks:
		return binread.Corrupt("another log")
	case (copied.version^s.version)&versionNumber != 0 || (copied.incompat^s.incompat)&^incompatNeedsRepair != 0:
		return binread.Corrupt("other features (%#x, %#x, want %#x, %#x)", copied.version, copied.incompat, s.version, s.incompat)
	}
	return nil
}
