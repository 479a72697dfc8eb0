package ext4

import (
	"context"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/filesys"
)

// attributeBlocks compares how many users attribute blocks say they have, and inodes that hold a value, with how many were found.
func (c *check) attributeBlocks() {
	for _, block := range slices.Sorted(maps.Keys(c.attrs)) {
		if a := c.attrs[block]; a.want != a.users {
			d := filesys.Damage{Kind: filesys.DamagedXattr, Block: int64(block), Node: filesys.Node(a.node), Harm: filesys.HarmRisk}
			c.damage(d, "attribute block %d: it counts %d users, want %d", block, a.want, a.users)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(c.values)) {
		if st := c.states.known(number); st == nil || !st.value {
			d := filesys.Damage{Kind: filesys.DamagedXattr, Node: filesys.Node(number), Harm: filesys.HarmLoss}
			c.damage(d, "inode %d: an attribute's value is there, and it is no such inode", number)
		}
	}
}

// connections checks that every directory is below the root, and that its ".." says so.
func (c *check) connections() {
	if c.dirOf(rootInode) == nil {
		c.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Node: rootInode, Harm: filesys.HarmFatal}, "there is no root directory")
	}
	names := c.fast.names != nil
	for i := range c.dirs {
		d := &c.dirs[i]
		if d.number == rootInode {
			d.parent = rootInode
		}
		if _, orphan := c.orphans[d.number]; orphan || names {
			continue
		}
		if d.parent == 0 {
			c.unconnected(d.number, "directory %d: no directory names it", d.number)
			continue
		}
		if d.above != 0 && d.above != d.parent {
			bad := filesys.Damage{Kind: filesys.DamagedDirectory, Node: filesys.Node(d.number), Harm: filesys.HarmRisk}
			c.damage(bad, `directory %d: its ".." is directory %d, want %d`, d.number, d.above, d.parent)
		}
	}
	for i := range c.dirs {
		c.ascend(&c.dirs[i], uint32(i)+1)
	}
}

func (c *check) unconnected(number uint32, format string, args ...any) {
	c.damage(filesys.Damage{Kind: filesys.Unconnected, Node: filesys.Node(number), Harm: filesys.HarmLoss}, format, args...)
}

// ascend walks up from a directory until one that was seen before. One of the same walk is a loop.
func (c *check) ascend(d *dirNode, walk uint32) {
	for d != nil && d.walk == 0 {
		d.walk = walk
		if d.parent == 0 || d.number == rootInode {
			return
		}
		d = c.dirOf(d.parent)
	}
	if d != nil && d.walk == walk {
		c.unconnected(d.number, "directory %d: it is below itself", d.number)
	}
}

// links compares the link counts of all inodes with how many names were found.
func (c *check) links(ctx context.Context) error {
	if c.fast.names != nil {
		return nil
	}
	for p, page := range c.states.pages {
		if err := ctx.Err(); err != nil {
			return err
		}
		for i, st := range page {
			number := uint32(p*statesPerPage + i)
			if !st.used || c.reserved(number) {
				continue
			}
			c.link(number, st)
		}
	}
	return nil
}

func (c *check) link(number uint32, st state) {
	_, orphan := c.orphans[number]
	dir := st.kind == filesys.ModeDir>>12
	switch {
	case st.links == 0 && orphan && st.counted <= 1:
	case st.value && c.values[number] > 0:
	case dir && st.links == 1 && c.super.features.roCompat&roDirNlink != 0: // more than fit, at some time
	case st.counted == 0 && !dir:
		c.unconnected(number, "inode %d: no directory names it", number)
	case st.counted != uint32(st.links):
		d := filesys.Damage{Kind: filesys.DamagedLinks, Node: filesys.Node(number), Harm: filesys.HarmNone}
		if st.counted > uint32(st.links) {
			d.Harm = filesys.HarmRisk // removing one name would free what the others name
		}
		c.damage(d, "inode %d: %d links, want %d", number, st.links, st.counted)
	}
}
