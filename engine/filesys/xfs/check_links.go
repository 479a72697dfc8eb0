package xfs

import (
	"github.com/guestctl/guestctl/engine/filesys"
)

// connections checks that every directory is below the root, and that its ".." says so.
func (c *check) connections() {
	root := c.super.root
	if c.dirOf(root) == nil {
		c.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Block: -1, Node: filesys.Node(root), Harm: filesys.HarmFatal}, "there is no root directory")
	}
	for i := range c.dirs {
		d := &c.dirs[i]
		if d.number == root {
			d.parent = root
		}
		if _, orphan := c.orphans[d.number]; orphan {
			continue
		}
		if d.parent == 0 {
			c.unconnected(d.number, "directory %d: no directory names it", d.number)
			continue
		}
		if d.above != 0 && d.above != d.parent {
			bad := filesys.Damage{Kind: filesys.DamagedDirectory, Block: c.inodeBlock(d.number), Node: filesys.Node(d.number), Harm: filesys.HarmRisk}
			c.damage(bad, `directory %d: its ".." is directory %d, want %d`, d.number, d.above, d.parent)
		}
	}
	for i := range c.dirs {
		c.ascend(&c.dirs[i], i+1)
	}
}

func (c *check) unconnected(number uint64, format string, args ...any) {
	d := filesys.Damage{Kind: filesys.Unconnected, Block: c.inodeBlock(number), Node: filesys.Node(number), Harm: filesys.HarmLoss}
	c.damage(d, format, args...)
}

// ascend walks up from a directory until one that was seen before. One of the same walk is a loop.
func (c *check) ascend(d *dirNode, walk int) {
	for d != nil && d.walk == 0 {
		d.walk = walk
		if d.parent == 0 || d.number == c.super.root {
			return
		}
		d = c.dirOf(d.parent)
	}
	if d != nil && d.walk == walk {
		c.unconnected(d.number, "directory %d: it is below itself", d.number)
	}
}

// links compares the link counts of all inodes with how many names were found.
func (c *check) links() {
	for i := range c.states {
		st := &c.states[i]
		_, orphan := c.orphans[st.number]
		dir := st.kind == filesys.ModeDir>>12
		switch {
		case c.super.isOwn(st.number):
		case orphan != (st.links == 0):
			d := filesys.Damage{Kind: filesys.DamagedOrphans, Block: c.inodeBlock(st.number), Node: filesys.Node(st.number), Harm: filesys.HarmRisk}
			c.damage(d, "inode %d: %d links, and in the lists of inodes to be removed: %v", st.number, st.links, orphan)
		case orphan:
		case st.counted == 0 && !dir:
			c.unconnected(st.number, "inode %d: no directory names it", st.number)
		case st.counted != st.links:
			d := filesys.Damage{Kind: filesys.DamagedLinks, Block: c.inodeBlock(st.number), Node: filesys.Node(st.number), Harm: filesys.HarmNone}
			if st.counted > st.links {
				d.Harm = filesys.HarmRisk // removing one name would free what the others name
			}
			c.damage(d, "inode %d: %d links, want %d", st.number, st.links, st.counted)
		}
	}
}
