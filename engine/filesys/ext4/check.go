package ext4

import (
	"context"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Checker = (*FS)(nil)

// check is one check of the whole structure.
type check struct {
	*census
	report func(filesys.Damage)
	result filesys.Checked
	states *states
	dirs   []dirNode  // in the order of their inodes
	blocks []dirBlock // of all directories, one after another
	copied bool       // the superblock in use is a copy: its counts are old
	copies []uint64   // groups with copies of the superblock, but the first
}

// dirNode is a directory. Its blocks are those of check.blocks from first on.
type dirNode struct {
	number, parent, above uint32 // parent: which directory names it; above: what its ".." says
	first, count          int
	walk                  uint32
}

// Check implements filesys.Checker. It compares everything that the file system says twice: what is in use with the bitmaps and counts,
// names with link counts and types, a directory's place with its "..", names with the hash tree, copies with what they are copies of;
// and it verifies every checksum.
func (f *FS) Check(ctx context.Context, report func(filesys.Damage)) (filesys.Checked, error) {
	c := &check{report: report, states: newStates(f)}
	c.census = newCensus(f, c.note)
	c.visit, c.clean = c.inodeInUse, c.freeInode
	if err := c.all(ctx); err != nil {
		return c.result, fmt.Errorf("ext4: check: %w", err)
	}
	return c.result, nil
}

// note counts damage, and reports as much of it as is reported one by one.
func (c *check) note(d filesys.Damage) {
	if c.result.Damage++; c.result.Damage <= filesys.MaxDamage {
		c.report(d)
	}
}

func (c *check) unchecked(format string, args ...any) {
	c.result.Unchecked = append(c.result.Unchecked, fmt.Sprintf(format, args...))
}

func (c *check) all(ctx context.Context) error {
	c.limits()
	c.copies = c.groupsWithCopies()
	c.superblock()
	c.journal()
	if err := c.descriptors(ctx); err != nil {
		return err
	}
	if err := c.run(ctx); err != nil {
		return err
	}
	c.attributeBlocks()
	if err := c.directories(ctx); err != nil {
		return err
	}
	c.connections()
	if err := c.links(ctx); err != nil {
		return err
	}
	err := c.bitmaps(ctx)
	c.result.Inodes, c.result.Directories = c.inUse, uint64(len(c.dirs))
	c.result.Orphans = uint64(len(c.orphans))
	return errors.Join(err, c.err)
}

// limits says what no check can see here.
func (c *check) limits() {
	features := c.super.features
	if unknown := features.unknown(); unknown != "" {
		c.unchecked("features that are not known: %s", unknown)
	}
	if c.fast.inodes != nil {
		c.unchecked("blocks in use and counts: the journal ends in fast commits, which leave them to the next mount")
	}
	if features.quota() {
		c.unchecked("what the quota files say of use")
	}
	if !features.metadataCsum() {
		c.unchecked("metadata that nothing contradicts: the file system keeps no checksums")
	}
}

// inodeInUse keeps what later passes need of an inode, and compares what it says of itself with what it occupies.
func (c *check) inodeInUse(in *inode, use *usage) {
	st, err := c.states.at(in.number)
	if err != nil {
		c.err = err
		return
	}
	st.used, st.links, st.kind, st.value = true, uint16(in.links), uint8(in.kind()>>12), in.has(flagEAInode)
	if in.kind() == filesys.ModeDir && !c.reserved(in.number) {
		if in.has(flagInlineData) {
			use.dir = []dirBlock{{}}
		}
		c.dirs = append(c.dirs, dirNode{number: in.number, first: len(c.blocks), count: len(use.dir)})
		c.blocks = append(c.blocks, use.dir...)
		if len(c.blocks) > maxCheckedDirBlocks {
			c.err = binread.Limit("more than %d blocks of directories", maxCheckedDirBlocks)
		}
	}
	if in.damaged {
		return
	}
	bad := c.inodeDamage(in, use)
	if bad == nil {
		bad = c.sizeDamage(in, use)
	}
	if bad != nil {
		c.badInode(in.number, c.harm(in.number), "inode %d: %v", in.number, bad)
		return
	}
	if want := use.blocks; !use.damaged && in.number != resizeInode && in.number != badInode {
		c.blockCount(in, want)
	}
}

func (c *check) badInode(number uint32, harm filesys.Harm, format string, args ...any) {
	c.damage(filesys.Damage{Kind: filesys.DamagedInode, Node: filesys.Node(number), Harm: harm}, format, args...)
}

// freeInode looks at an inode that is not in use.
func (c *check) freeInode(in *inode) {
	if in.damaged || len(in.raw) < oldInodeSize {
		return
	}
	deleted := binread.Little(in.raw)
	switch at := deleted.At(0x14).U32(); {
	case at == 0 && in.mode != 0:
		c.badInode(in.number, filesys.HarmNone, "inode %d: removed, and without the time of it", in.number)
	case at != 0 && at < c.super.inodes && !c.super.early():
		d := filesys.Damage{Kind: filesys.DamagedOrphans, Node: filesys.Node(in.number), Harm: filesys.HarmNone}
		c.damage(d, "inode %d: it was in the list of orphans, and is not any more", in.number)
	}
}

// blockCount compares i_blocks with what the inode occupies.
func (c *check) blockCount(in *inode, want uint64) {
	if !in.has(flagHugeFile) || !c.super.features.hugeFile() {
		want <<= c.device.shift - 9
	}
	if in.sectors != want {
		c.badInode(in.number, filesys.HarmNone, "inode %d: it counts %d blocks, want %d", in.number, in.sectors, want)
	}
}
