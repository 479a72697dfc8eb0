package xfs

import (
	"context"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// dirCheck looks at the entries of one directory as they are read.
type dirCheck struct {
	*check
	node *dirNode
	own  *state

	logical uint64 // of the block at hand
	header  []byte // its bytes
	longest int    // stretch in it that is free
	opened  bool

	hashed  digest            // of names and where they are
	indexed digest            // of the same as the index has it
	best    map[uint64]uint16 // the longest free stretch of each block of entries
	self    bool              // "." was there
}

// directories reads the entries of all directories.
func (c *check) directories(ctx context.Context) error {
	for i := range c.dirs {
		if err := errors.Join(ctx.Err(), c.err); err != nil {
			return err
		}
		if c.dirs[i].lying {
			continue
		}
		d := &dirCheck{check: c, node: &c.dirs[i], own: c.state(c.dirs[i].number), best: map[uint64]uint16{}}
		raw, err := c.inodeBytes(d.node.number)
		var in inode
		if err == nil {
			in, err = c.decodeInode(raw, d.node.number)
		}
		if err != nil {
			d.bad(filesys.HarmLoss, err)
			continue
		}
		d.read(&in)
	}
	return c.err
}

// bad reports damage to the directory.
func (d *dirCheck) bad(harm filesys.Harm, err error) {
	if d.node.number == d.super.root && harm == filesys.HarmLoss {
		harm = filesys.HarmFatal
	}
	block := int64(-1)
	if d.opened {
		for _, e := range d.node.pieces {
			if d.logical >= e.logical && d.logical < e.end() {
				block = int64(d.super.linear(e.start + d.logical - e.logical))
			}
		}
	}
	number := d.node.number
	d.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Block: block, Node: filesys.Node(number), Harm: harm}, "directory %d: %v", number, err)
}

func (d *dirCheck) read(in *inode) {
	r := dirReader{fs: d.FS, in: in, l: &filesys.Listing{}, check: d}
	r.read()
	d.endBlock()
	d.opened = false
	d.result.Entries += uint64(len(r.l.Entries))
	if r.l.Err != nil {
		d.bad(filesys.HarmLoss, r.l.Err)
	}
	if in.data.form == formLocal {
		return
	}
	if r.l.Err == nil && (!d.self || d.node.above == 0) {
		d.bad(filesys.HarmRisk, binread.Corrupt(`it has no "." or no ".."`))
	}
	x := &indexCheck{dirCheck: d, in: in, largest: map[uint64]uint32{}}
	x.run()
	if r.l.Err == nil && x.whole && d.hashed != d.indexed {
		d.bad(filesys.HarmRisk, binread.Corrupt("the index is of %d entries, and not of the %d that are there", d.indexed.count, d.hashed.count))
	}
}

// beginBlock is told of each block of entries. A directory of one block has its index in it.
func (d *dirCheck) beginBlock(logical uint64, b []byte, single bool) {
	d.endBlock()
	d.logical, d.header, d.longest, d.opened = logical, b, 0, true
	if single {
		c := binread.Big(b)
		count := int(c.At(len(b) - 8).U32())
		stale := int(c.U32())
		if off := len(b) - 8 - count*8; off > 0 && count < len(b)/8 {
			d.leafEntries(b[off:len(b)-8], count, stale)
		}
	}
}

// endBlock compares what a block says of its free stretches with what was found.
func (d *dirCheck) endBlock() {
	if !d.opened {
		return
	}
	off := 6
	if d.super.v5() {
		off = 50
	}
	c := binread.Big(d.header)
	if got := int(c.At(off).U16()); got != d.longest {
		d.bad(filesys.HarmNone, binread.Corrupt("block %d: %d bytes in the longest free stretch, want %d", d.logical, got, d.longest))
	}
	d.best[d.logical>>d.super.dirLog] = uint16(d.longest)
	d.opened = false
}

func (d *dirCheck) free(n int) { d.longest = max(d.longest, n) }

// short is told of a directory that stands in its inode: it has no "." and no "..".
func (d *dirCheck) short(parent uint64) {
	d.node.above = parent
	d.count(d.node.number)
	d.count(parent)
}

// entry is told of every entry of a block.
func (d *dirCheck) entry(name []byte, node uint64, kind uint8, off int) {
	address := (d.logical<<d.super.blockLog + uint64(off)) >> 3
	if d.super.foldsCase() {
		d.hashed.add(uint64(hashName([]byte(foldCase(string(name))))), address)
	} else {
		d.hashed.add(uint64(hashName(name)), address)
	}
	switch string(name) {
	case ".":
		d.self = true
		d.count(node)
		if node != d.node.number {
			d.bad(filesys.HarmRisk, binread.Corrupt(`its "." is inode %d`, node))
		}
	case "..":
		d.node.above = node
		d.count(node)
	default:
		d.named(name, node, kind)
	}
}

// count counts a name of an inode.
func (d *dirCheck) count(number uint64) {
	if st := d.state(number); st != nil && (number == d.node.number || d.own == nil || d.own.links != 0) {
		st.counted++
	}
}

// named compares an entry with the inode that it names.
func (d *dirCheck) named(name []byte, node uint64, kind uint8) {
	st := d.state(node)
	if st == nil || st.links == 0 {
		d.bad(filesys.HarmLoss, binread.Corrupt("%q names inode %d, which is not in use", name, node))
		return
	}
	st.counted++
	if node == d.super.root || d.super.isOwn(node) {
		d.bad(filesys.HarmRisk, binread.Corrupt("%q names inode %d, which is the file system's own", name, node))
		return
	}
	mode := uint32(st.kind) << 12
	if d.super.hasTypes() && entryType(kind) != filesys.TypeOf(mode) {
		d.bad(filesys.HarmNone, binread.Corrupt("%q is of type %d, and inode %d is a %s", name, kind, node, filesys.TypeName(mode)))
	}
	if mode != filesys.ModeDir {
		return
	}
	below := d.dirOf(node)
	switch {
	case below == nil:
	case below.parent != 0:
		d.bad(filesys.HarmRisk, binread.Corrupt("%q names directory %d, which has a name in directory %d already", name, node, below.parent))
	default:
		below.parent = d.node.number
	}
}

// leafEntries adds up entries of an index, which are in the order of their hashes.
func (d *dirCheck) leafEntries(b []byte, count, stale int) {
	c := binread.Big(b)
	last, gone := uint32(0), 0
	for range count {
		hash, address := c.U32(), c.U32()
		if hash < last {
			d.bad(filesys.HarmRisk, binread.Corrupt("the index is out of order at hash %#x", hash))
			return
		}
		if last = hash; address == 0 {
			gone++
			continue
		}
		d.indexed.add(uint64(hash), uint64(address))
	}
	if gone != stale {
		d.bad(filesys.HarmNone, binread.Corrupt("an index says that %d of its entries are gone, want %d", stale, gone))
	}
}

// hashName is the hash of a name by which an index is ordered: xfs_da_hashname.
func hashName(name []byte) (hash uint32) {
	turn := func(n int) uint32 { return hash<<n | hash>>(32-n) }
	for ; len(name) >= 4; name = name[4:] {
		hash = uint32(name[0])<<21 ^ uint32(name[1])<<14 ^ uint32(name[2])<<7 ^ uint32(name[3]) ^ turn(28)
	}
	switch len(name) {
	case 3:
		return uint32(name[0])<<14 ^ uint32(name[1])<<7 ^ uint32(name[2]) ^ turn(21)
	case 2:
		return uint32(name[0])<<7 ^ uint32(name[1]) ^ turn(14)
	case 1:
		return uint32(name[0]) ^ turn(7)
	}
	return hash
}

func corruptBlock(logical uint64, err error) error { return fmt.Errorf("block %d: %w", logical, err) }
