package xfs

import (
	"bytes"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxTreeLevels = 12
	noBlock       = 0xffffffff
)

// treeKind is a kind of tree in a group.
type treeKind struct {
	name   string
	use    filesys.Use
	magics [2]uint32 // of version 4 and version 5
	record int       // bytes
	key    int       // bytes, in nodes
	prefix int       // bytes of a key that are those the first record below it begins with
}

func freeByPlace() treeKind {
	return treeKind{"free blocks by place", filesys.UseBlockBitmap, [2]uint32{freeByPlaceMagic, freeByPlaceMagicV5}, 8, 8, 8}
}

func freeBySize() treeKind {
	return treeKind{"free blocks by size", filesys.UseBlockBitmap, [2]uint32{freeBySizeMagic, freeBySizeMagicV5}, 8, 8, 8}
}

func inodeTree() treeKind {
	return treeKind{"inodes", filesys.UseInodeBitmap, [2]uint32{inodeTreeMagic, inodeTreeMagicV5}, 16, 4, 4}
}

func unusedInodes() treeKind {
	return treeKind{"free inodes", filesys.UseInodeBitmap, [2]uint32{freeInodeMagic, freeInodeMagicV5}, 16, 4, 4}
}

// rmapTree has two keys for each child: the lowest and the highest below it.
func rmapTree() treeKind {
	return treeKind{"reverse map", filesys.UseBlockBitmap, [2]uint32{0, rmapMagicV5}, 24, 40, 4}
}

func refcountTree() treeKind {
	return treeKind{"reference counts", filesys.UseBlockBitmap, [2]uint32{0, refcountMagicV5}, 12, 4, 4}
}

// groupTree is a walk over a tree of a group.
type groupTree struct {
	*census
	treeKind
	group  uint64
	visit  func(c *binread.Cursor)
	blocks uint64
	left   [maxTreeLevels]uint32 // the last block of each level
	right  [maxTreeLevels]uint32 // and which block that says is next
	whole  bool                  // nothing in it is damaged
}

// walkTree visits all records of a tree, and claims its blocks.
func (s *census) walkTree(group uint64, kind treeKind, root treeRoot, visit func(c *binread.Cursor)) *groupTree {
	t := &groupTree{census: s, treeKind: kind, group: group, visit: visit, whole: true}
	if root.levels == 0 || root.levels > maxTreeLevels {
		t.bad(noBlock, binread.Corrupt("%d levels, want 1 to %d", root.levels, maxTreeLevels))
		return t
	}
	for i := range t.left {
		t.left[i], t.right[i] = noBlock, noBlock
	}
	t.block(root.block, int(root.levels)-1, nil)
	for i, next := range t.right {
		if t.whole && next != noBlock {
			t.bad(t.left[i], binread.Corrupt("the next is block %d, want none", next))
		}
	}
	return t
}

func (t *groupTree) bad(block uint32, err error) {
	t.whole = false
	at := int64(-1)
	if block != noBlock {
		at = int64(t.group*uint64(t.super.agBlocks) + uint64(block))
	}
	t.badGroup(t.group, filesys.DamagedBitmap, at, "%s: block %d: %v", t.name, block, err)
}

// block reads one block of the tree, which must be of a level and begin with a key. One that something else has is not read: that bounds
// the walk.
func (t *groupTree) block(block uint32, level int, key []byte) {
	if uint64(block) >= t.super.blocksIn(t.group) {
		t.bad(noBlock, binread.Corrupt("a child at block %d, want less than %d", block, t.super.blocksIn(t.group)))
		return
	}
	if !t.claimOwn(t.group, t.use, uint64(block), 1) {
		t.whole = false
		return
	}
	t.blocks++
	b, err := t.readBlock(t.group<<t.super.agLog | uint64(block))
	var count int
	if err == nil {
		count, err = t.header(b, block, level)
	}
	if err != nil {
		t.bad(block, err)
		return
	}
	header := 16
	if t.super.v5() {
		header = 56
	}
	if key != nil && (count == 0 || !bytes.Equal(b[header:header+t.prefix], key)) {
		t.bad(block, binread.Corrupt("it does not begin with what is said of it above"))
	}
	if level == 0 {
		t.records(b[header:], block, count)
		return
	}
	room := (len(b) - header) / (t.key + 4)
	if count == 0 || count > room {
		t.bad(block, binread.Corrupt("%d children, want 1 to %d", count, room))
		return
	}
	children := binread.Big(b[header+room*t.key:])
	for i := range count {
		t.block(children.U32(), level-1, b[header+i*t.key:][:t.prefix])
	}
}

func (t *groupTree) records(b []byte, block uint32, count int) {
	if count > len(b)/t.record {
		t.bad(block, binread.Corrupt("%d records in %d bytes", count, len(b)))
		return
	}
	for i := range count {
		c := binread.Big(b[i*t.record:][:t.record])
		t.visit(&c)
	}
}

// header verifies what a block of the tree begins with.
func (t *groupTree) header(b []byte, block uint32, level int) (count int, err error) {
	c := binread.Big(b)
	magic, gotLevel, count := c.U32(), int(c.U16()), int(c.U16())
	left, right := c.U32(), c.U32()
	want := t.magics[0]
	if t.super.v5() {
		want = t.magics[1]
	}
	switch {
	case magic != want:
		return 0, binread.Corrupt("magic %#x, want %#x", magic, want)
	case gotLevel != level:
		return 0, binread.Corrupt("level %d, want %d", gotLevel, level)
	}
	if t.super.v5() {
		if err := t.verifyTree(b, t.group, block); err != nil {
			return 0, err
		}
	}
	if t.whole && (left != t.left[level] || t.left[level] != noBlock && t.right[level] != block) {
		return 0, binread.Corrupt("in front of it is block %d, want %d", left, t.left[level])
	}
	t.left[level], t.right[level] = block, right
	return count, nil
}

// verifyTree compares the checksum of a block of a group's tree, and what says whose it is.
func (f *FS) verifyTree(b []byte, group uint64, block uint32) error {
	at := treePlace()
	if err := verifySum(b, at.sum); err != nil {
		return err
	}
	c := binread.Big(b)
	address, uuid, owner := c.At(at.address).U64(), [16]byte(c.At(at.uuid).Bytes(16)), c.At(at.owner).U32()
	want := uint64(f.super.offset(group<<f.super.agLog|uint64(block))) >> 9
	switch {
	case address != want:
		return binread.Checksum("block of sector %d, want %d", address, want)
	case uuid != f.super.metaUUID:
		return binread.Checksum("block of file system %s, want %s", uuidString(uuid), uuidString(f.super.metaUUID))
	case uint64(owner) != group:
		return binread.Checksum("block of group %d, want %d", owner, group)
	}
	return nil
}
