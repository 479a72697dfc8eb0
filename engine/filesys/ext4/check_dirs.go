package ext4

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// dirCheck is the check of one directory.
type dirCheck struct {
	*check
	node  *dirNode
	dir   *directory
	index *indexCheck // nil where there is no hash tree
	seed  maphash.Seed
	names []uint64 // hashes of the names: equal ones are looked at again
	// begun is how many of "." and ".." came, which must be the first two
	begun int
}

// directories reads the entries of all directories.
func (c *check) directories(ctx context.Context) error {
	seed := maphash.MakeSeed()
	var names []uint64
	folded := false
	for i := range c.dirs {
		if err := errors.Join(ctx.Err(), c.err); err != nil {
			return err
		}
		d := &dirCheck{check: c, node: &c.dirs[i], seed: seed, names: names[:0]}
		in, err := c.inodeOf(d.node.number)
		if err == nil {
			d.dir, err = c.openDir(&in)
		}
		if err != nil {
			d.bad(0, filesys.HarmLoss, err)
			continue
		}
		folded = folded || in.has(flagCasefold)
		d.read()
		names = d.names
	}
	if folded {
		c.unchecked("the place of names in the hash trees of directories that fold case")
	}
	return c.err
}

// inodeOf decodes an inode that was verified already.
func (c *check) inodeOf(number uint32) (inode, error) {
	raw, replayed := c.fast.inodes[number]
	if !replayed {
		var err error
		if raw, err = c.inodeBytes(number); err != nil {
			return inode{}, err
		}
	}
	return c.decodeInode(raw, number)
}

// bad reports damage to the directory.
func (d *dirCheck) bad(block uint64, harm filesys.Harm, err error) {
	if d.node.number == rootInode && harm == filesys.HarmLoss && block == 0 {
		harm = filesys.HarmFatal
	}
	number := d.node.number
	d.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Block: int64(block), Node: filesys.Node(number), Harm: harm}, "directory %d: %v", number, err)
}

func (d *dirCheck) read() {
	blocks := d.blocks[d.node.first : d.node.first+d.node.count]
	switch {
	case d.fast.fresh[d.node.number]:
		return // its blocks are not its own yet
	case d.dir.inline != nil:
		d.inline()
	default:
		d.index = d.newIndex(blocks)
		for _, b := range blocks {
			if !b.shared {
				d.block(b)
			}
		}
		if d.begun < 2 && len(blocks) > 0 && !blocks[0].shared {
			d.bad(blocks[0].block, filesys.HarmRisk, binread.Corrupt(`it does not begin with "." and ".."`))
		}
		if d.index != nil {
			d.index.finish()
		}
	}
	d.duplicates()
}

// block reads one block of entries.
func (d *dirCheck) block(b dirBlock) {
	bytes, err := d.dir.readBlock(uint64(b.logical), b.block)
	if err != nil {
		d.bad(b.block, filesys.HarmLoss, fmt.Errorf("block %d: %w", b.logical, err))
	}
	if bytes == nil {
		return
	}
	low, high := ^uint32(0), uint32(0)
	err = d.entries(bytes, b.logical == 0, func(e dirent) {
		if d.index != nil {
			d.index.name(b.logical, e.name, &low, &high)
		}
	})
	if err != nil {
		d.bad(b.block, filesys.HarmLoss, fmt.Errorf("block %d: %w", b.logical, err))
	}
	if d.index != nil && low <= high {
		d.index.leaf(b, low, high)
	}
}

// inline reads a directory that lives in its inode. It has no ".", and ".." is the number in front.
func (d *dirCheck) inline() {
	d.begun = 2
	if len(d.dir.inline) >= 4 {
		c := binread.Little(d.dir.inline)
		d.dotDot(c.U32())
		d.count(d.node.number)
	}
	var bad binread.Errors
	d.dir.eachInline(&bad, func(b []byte) error { return d.entries(b, false, func(dirent) {}) })
	if err := bad.Err(); err != nil {
		d.bad(0, filesys.HarmLoss, err)
	}
}

// entries looks at the entries of one block. The first block begins with "." and "..".
func (d *dirCheck) entries(b []byte, first bool, visit func(dirent)) error {
	const smallest = 12
	var bad binread.Errors
	last := -1
	err := d.dir.records(b, func(off int, e dirent) bool {
		if last >= 0 && off-last < smallest {
			bad.Add(binread.Corrupt("entry at %d: length %d, want at least %d", last, off-last, smallest))
		}
		last = off
		if first && d.begun < 2 && off <= smallest {
			bad.Add(d.begin(e))
			return true
		}
		if e.node == 0 {
			return true
		}
		err := d.dir.check(e)
		if err == nil && (string(e.name) == "." || string(e.name) == "..") {
			err = binread.Corrupt("a second %q", e.name)
		}
		if err != nil {
			bad.Add(fmt.Errorf("entry at %d: %w", off, err))
			return true
		}
		d.result.Entries++
		d.names = append(d.names, maphash.Bytes(d.seed, e.name))
		visit(e)
		d.entry(e)
		return true
	})
	bad.Add(err)
	return bad.Err()
}

// begin looks at the first two entries.
func (d *dirCheck) begin(e dirent) error {
	d.begun++
	if d.begun == 1 {
		if string(e.name) != "." || e.node != d.node.number {
			return binread.Corrupt(`first entry %q of inode %d, want "." of inode %d`, e.name, e.node, d.node.number)
		}
		d.count(e.node)
		return nil
	}
	if string(e.name) != ".." || e.node == 0 || e.node > d.super.inodes {
		return binread.Corrupt(`second entry %q of inode %d, want ".."`, e.name, e.node)
	}
	d.dotDot(e.node)
	return nil
}

func (d *dirCheck) dotDot(parent uint32) {
	d.node.above = parent
	removed := d.states.known(d.node.number)
	if parent <= d.super.inodes && removed != nil && removed.links != 0 {
		d.count(parent)
	}
}

// count counts a name of an inode.
func (d *dirCheck) count(number uint32) {
	if st := d.states.known(number); st != nil {
		st.counted++
	}
}

// entry compares an entry with the inode that it names.
func (d *dirCheck) entry(e dirent) {
	st := d.states.known(e.node)
	if _, orphan := d.orphans[e.node]; st == nil || st.links == 0 && orphan {
		d.bad(0, filesys.HarmLoss, binread.Corrupt("%q names inode %d, which is not in use", e.name, e.node))
		return
	}
	st.counted++
	if e.node == rootInode || d.reserved(e.node) {
		d.bad(0, filesys.HarmRisk, binread.Corrupt("%q names inode %d, which is the file system's own", e.name, e.node))
		return
	}
	kind := uint32(st.kind) << 12
	if d.super.features.filetype() && entryType(e.kind) != filesys.TypeOf(kind) {
		d.bad(0, filesys.HarmNone, binread.Corrupt("%q is of type %d, and inode %d is a %s", e.name, e.kind, e.node, filesys.TypeName(kind)))
	}
	if kind != filesys.ModeDir {
		return
	}
	below := d.dirOf(e.node)
	switch {
	case below == nil:
	case below.parent != 0:
		d.bad(0, filesys.HarmRisk, binread.Corrupt("%q names directory %d, which has a name in directory %d already", e.name, e.node, below.parent))
	default:
		below.parent = d.node.number
	}
}

// dirOf returns the directory of an inode, or nil.
func (c *check) dirOf(number uint32) *dirNode {
	i, ok := slices.BinarySearchFunc(c.dirs, number, func(d dirNode, number uint32) int { return int(int64(d.number) - int64(number)) })
	if !ok {
		return nil
	}
	return &c.dirs[i]
}

// duplicates looks for names that are there twice.
func (d *dirCheck) duplicates() {
	slices.Sort(d.names)
	for i := 1; i < len(d.names); i++ {
		if d.names[i] == d.names[i-1] {
			d.findDuplicates()
			return
		}
	}
}

func (d *dirCheck) findDuplicates() {
	entries, _ := d.ReadDir(filesys.Node(d.node.number)) // what cannot be read was reported
	for i := 1; i < len(entries); i++ {
		if entries[i].Name == entries[i-1].Name {
			d.bad(0, filesys.HarmRisk, binread.Corrupt("two entries named %q", entries[i].Name))
		}
	}
}
