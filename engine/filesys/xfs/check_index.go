package xfs

import (
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Magic numbers of indexes of version 4.
const (
	leafMagic    = 0xd2ff
	leafOneMagic = 0xd2f1
	dirMagicFree = 0x58443246 // "XD2F"

	indexLog = 35 // an index begins at 32 GiB of its directory
	freeLog  = 36 // and what says where there is room for entries at 64 GiB

	noRoom = 0xffff // there is no such block of entries
)

// indexCheck is the check of the index of one directory.
type indexCheck struct {
	*dirCheck
	in      *inode
	largest map[uint64]uint32 // hash in each block of the index
	above   []indexEntry      // what nodes say of blocks below them
	whole   bool
}

type indexEntry struct {
	hash   uint32
	before uint64 // logical block
}

// run reads all blocks behind those of entries.
func (x *indexCheck) run() {
	x.whole = true
	m, err := x.newBlockMap(x.in, &x.in.data)
	if err != nil {
		return // said where the map is walked
	}
	per := uint64(1) << x.super.dirLog
	start, next := uint64(1)<<(indexLog-x.super.blockLog), uint64(0)
	for _, e := range x.node.pieces {
		for logical := max(e.logical, start) &^ (per - 1); logical < e.end(); logical += per {
			if logical < next || logical < start {
				continue
			}
			next = logical + per
			if err := x.block(m, logical); err != nil {
				x.whole = false
				x.logical, x.opened = logical, true
				x.bad(filesys.HarmRisk, corruptBlock(logical, err))
				x.opened = false
			}
		}
	}
	x.nodes()
}

func (x *indexCheck) block(m *blockMap, logical uint64) error {
	b, start, err := x.dirBlock(m, logical, map[uint64]struct{}{})
	if err != nil {
		return err
	}
	header := 16
	place := indexPlace()
	if logical >= uint64(1)<<(freeLog-x.super.blockLog) {
		place = dirPlace()
	}
	if x.super.v5() {
		header = 64
		if err := x.verify(b, place, start, x.in.number); err != nil {
			return err
		}
	}
	if place == dirPlace() {
		return x.room(b, header)
	}
	return x.index(b, logical, header)
}

// index reads a leaf or a node.
func (x *indexCheck) index(b []byte, logical uint64, header int) error {
	c := binread.Big(b)
	magic := c.At(8).U16()
	count, second := int(c.At(header-8).U16()), int(c.U16()) // of a leaf how many are gone, of a node its level
	if header == 16 {
		count, second = int(c.At(12).U16()), int(c.U16())
	}
	if count > (len(b)-header)/8 {
		return binread.Corrupt("%d entries in a block of %d bytes", count, len(b))
	}
	if count > 0 {
		x.largest[logical] = c.At(header + (count-1)*8).U32()
	}
	want := [3]uint16{leafMagic, leafOneMagic, nodeMagic}
	if x.super.v5() {
		want = [3]uint16{leafMagicV5, leafOneMagicV5, nodeMagicV5}
	}
	entries := b[header : header+count*8]
	switch magic {
	case want[0]:
		x.leafEntries(entries, count, second)
	case want[1]:
		x.leafEntries(entries, count, second)
		return x.roomBehind(b, header+count*8)
	case want[2]:
		e := binread.Big(entries)
		for range count {
			x.above = append(x.above, indexEntry{e.U32(), uint64(e.U32())})
		}
	default:
		return binread.Corrupt("magic %#x, want one of an index", magic)
	}
	return nil
}

// nodes compares what nodes say of the blocks below them with those. All but one, the root, are below another.
func (x *indexCheck) nodes() {
	if !x.whole {
		return
	}
	below := map[uint64]bool{}
	for _, e := range x.above {
		largest, known := x.largest[e.before]
		if !known || largest != e.hash || below[e.before] {
			x.bad(filesys.HarmRisk, binread.Corrupt("the index has block %d up to hash %#x, want %#x", e.before, e.hash, largest))
			return
		}
		below[e.before] = true
	}
	for _, logical := range slices.Sorted(maps.Keys(x.largest)) {
		if root := logical == uint64(1)<<(indexLog-x.super.blockLog); root == below[logical] {
			x.bad(filesys.HarmRisk, binread.Corrupt("block %d of the index is not below another", logical))
			return
		}
	}
}

// room reads a block that says how much room there is for entries.
func (x *indexCheck) room(b []byte, header int) error {
	c := binread.Big(b)
	magic, want := c.U32(), uint32(dirMagicFree)
	if x.super.v5() {
		want = dirMagicFreeV5
	}
	first, count := uint64(c.At(header-12).U32()), int64(c.U32())
	if header == 64 {
		first, count = uint64(c.At(48).U32()), int64(c.U32())
	}
	switch {
	case magic != want:
		return binread.Corrupt("magic %#x, want %#x", magic, want)
	case count > int64(len(b)-header)/2:
		return binread.Corrupt("%d blocks in %d bytes", count, len(b))
	}
	x.bests(b[header:header+int(count)*2], first)
	return nil
}

// roomBehind reads what an index of one leaf has at its end.
func (x *indexCheck) roomBehind(b []byte, from int) error {
	c := binread.Big(b)
	count := int64(c.At(len(b) - 4).U32())
	if count > int64(len(b)-4-from)/2 {
		return binread.Corrupt("room of %d blocks of entries in %d bytes", count, len(b))
	}
	end := len(b) - 4
	x.bests(b[end-int(count)*2:end], 0)
	return nil
}

func (x *indexCheck) bests(b []byte, first uint64) {
	c := binread.Big(b)
	for i := range uint64(len(b) / 2) {
		got := c.U16()
		want, known := x.best[first+i]
		if !known {
			want = noRoom
		}
		if got != want {
			x.bad(filesys.HarmNone, binread.Corrupt("block %d of entries is said to have room of %d bytes, want %d", first+i, got, want))
			return
		}
	}
}
