package xfs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.Checker = (*FS)(nil)

// maxDirPieces bounds the stretches of all directories that are kept in memory.
const maxDirPieces = 1 << 24

// check is one check of the whole structure.
type check struct {
	*census
	told   func(filesys.Damage)
	result filesys.Checked
	states []state // of all inodes in use, in order
	dirs   []dirNode
	pieces int // of all directories
	rt     bool
}

// state is what a check keeps of an inode in use.
type state struct {
	number  uint64
	links   uint32
	counted uint32 // names, "." and ".." included
	kind    uint8  // the type, as in st_mode, in 4 bits
}

// dirNode is a directory.
type dirNode struct {
	number, parent, above uint64   // parent: which directory names it; above: what its ".." says
	pieces                []extent // of it; none where it stands in its inode
	walk                  int
	lying                 bool // something else has a block of it: it is not read, since nothing bounds how often that goes on
}

// Check implements filesys.Checker. It compares everything that the file system says twice, as xfs_repair -n does: what is in use with the
// trees of what is free and with every count, names with link counts and types, a directory's place with its "..", names with the index
// of them, copies of the superblock with it; and it verifies every checksum. Of the reverse map, only the form is verified.
func (f *FS) Check(ctx context.Context, report func(filesys.Damage)) (filesys.Checked, error) {
	c := &check{told: report}
	c.census = newCensus(f, c.note)
	c.visit = c.inodeInUse
	if err := c.all(ctx); err != nil {
		return c.result, fmt.Errorf("xfs: check: %w", err)
	}
	return c.result, nil
}

// note counts damage, and reports as much of it as is reported one by one.
func (c *check) note(d filesys.Damage) {
	if c.result.Damage++; c.result.Damage <= filesys.MaxDamage {
		c.told(d)
	}
}

func (c *check) unchecked(what string) { c.result.Unchecked = append(c.result.Unchecked, what) }

func (c *check) all(ctx context.Context) error {
	if err := c.superblocks(ctx); err != nil {
		return err
	}
	if err := c.run(ctx); err != nil {
		return err
	}
	if err := c.directories(ctx); err != nil {
		return err
	}
	c.connections()
	c.links()
	c.counts()
	c.limits()
	c.result.Inodes, c.result.Directories = uint64(len(c.states)), uint64(len(c.dirs))
	c.result.Orphans = uint64(len(c.orphans))
	c.result.Blocks = c.super.blocks - min(c.free, c.super.blocks)
	return errors.Join(ctx.Err(), c.err)
}

// limits says what no check can see here.
func (c *check) limits() {
	if !c.super.v5() {
		c.unchecked("metadata that nothing contradicts: version 4 keeps no checksums")
	}
	if c.unfinished {
		c.unchecked("blocks in use and counts: the log ends in work that is left to the next mount")
	}
	if c.unsound {
		c.unchecked("how many files have the same blocks")
	}
	if c.rt {
		c.unchecked("content on a real-time device")
	}
}

// inodeInUse keeps what later passes need of an inode, and looks at what it says of itself.
func (c *check) inodeInUse(in *inode, u *usage) {
	c.states = append(c.states, state{in.number, in.links, 0, uint8(in.kind() >> 12)})
	c.rt = c.rt || u.realtime
	if in.kind() == filesys.ModeDir {
		c.dirs = append(c.dirs, dirNode{number: in.number, pieces: u.data, lying: u.lying})
		if c.pieces += len(u.data); c.pieces > maxDirPieces {
			c.err = binread.Limit("directories in more than %d pieces", maxDirPieces)
		}
	}
	if u.damaged {
		return
	}
	if err := c.inodeDamage(in); err != nil {
		c.badInode(in.number, c.harm(in.number), "%v", err)
	}
	r := attrReader{fs: c.FS, in: in}
	if r.read(); r.bad.Err() != nil {
		d := filesys.Damage{Kind: filesys.DamagedXattr, Block: c.inodeBlock(in.number), Node: filesys.Node(in.number), Harm: filesys.HarmLoss}
		c.damage(d, "inode %d: %v", in.number, r.bad.Err())
	}
}

// inodeDamage says what is wrong with an inode in itself.
func (c *check) inodeDamage(in *inode) error {
	switch kind := in.kind(); {
	case filesys.TypeName(in.mode) == "unknown":
		return binread.Corrupt("mode %#o has no type", in.mode)
	case in.number == c.super.root && kind != filesys.ModeDir:
		return binread.Corrupt("the root directory is a %s", filesys.TypeName(in.mode))
	case kind == filesys.ModeSymlink:
		_, err := c.target(in)
		return err
	case kind != filesys.ModeRegular && kind != filesys.ModeDir && in.size != 0:
		return binread.Corrupt("a %s of %d bytes", filesys.TypeName(in.mode), in.size)
	}
	return nil
}

// counts compares what the superblock counts with what was found. A driver writes it when it unmounts.
func (c *check) counts() {
	s := c.super
	if c.copied || c.device.replayed != nil || c.result.Damage > 0 {
		return
	}
	d := filesys.Damage{Kind: filesys.DamagedCount, Harm: filesys.HarmNone}
	for _, count := range []struct {
		what      string
		got, want uint64
	}{{"free blocks", s.free, c.free}, {"inodes", s.inodes, c.inodes}, {"free inodes", s.unused, c.unused}} {
		if count.got != count.want {
			c.damage(d, "superblock: %d %s, want %d", count.got, count.what, count.want)
		}
	}
	if c.unfinished {
		return
	}
	c.nobodys()
}

// nobodys looks for blocks that are neither free nor in use by anything.
func (c *check) nobodys() {
	for group := range uint64(c.super.agCount) {
		size := c.super.blocksIn(group)
		lost, first := uint64(0), uint64(0)
		page := c.used.Pages[group]
		for block := range size {
			if page == nil || page[block/64]>>(block%64)&1 == 0 {
				if lost++; lost == 1 {
					first = block
				}
			}
		}
		if lost > 0 {
			first += group * uint64(c.super.agBlocks)
			d := filesys.Damage{Kind: filesys.Unconnected, Block: int64(first), Harm: filesys.HarmNone}
			c.damage(d, "group %d: %d blocks from block %d on are not free and belong to nothing", group, lost, first)
		}
	}
}

// state returns the state of an inode, or nil when it is not in use.
func (c *check) state(number uint64) *state {
	i, ok := slices.BinarySearchFunc(c.states, number, func(s state, number uint64) int { return cmp.Compare(s.number, number) })
	if !ok {
		return nil
	}
	return &c.states[i]
}

// dirOf returns the directory of an inode, or nil.
func (c *check) dirOf(number uint64) *dirNode {
	i, ok := slices.BinarySearchFunc(c.dirs, number, func(d dirNode, number uint64) int { return cmp.Compare(d.number, number) })
	if !ok {
		return nil
	}
	return &c.dirs[i]
}
