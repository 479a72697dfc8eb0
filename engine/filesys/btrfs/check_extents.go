package btrfs

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Kinds of keys in the trees of extents, devices and free space.
const (
	kindExtentItem   = 168
	kindMetadataItem = 169
	kindGroup        = 192
	kindFreeInfo     = 198
	kindFreeExtent   = 199
	kindFreeBitmap   = 200
	kindDeviceExtent = 204
)

// blockGroup is what is said of the use of a chunk.
type blockGroup struct {
	stretch
	used, kind uint64
	counted    uint64 // bytes of extents in it
	free       uint64 // bytes that the tree of free space has
}

// chunksOnDevices compares chunks with the tree of devices.
func (c *check) chunksOnDevices() {
	type at struct{ device, off uint64 }
	type extent struct{ chunk, length uint64 }
	want := map[at]extent{}
	for i := range c.chunks {
		one := &c.chunks[i]
		for _, s := range one.stripes {
			want[at{s.id, s.off}] = extent{one.logical, one.stripeBytes()}
		}
	}
	onDevice := map[uint64]uint64{} // bytes
	var last at
	end := uint64(0)
	whole := c.eachOf(deviceTreeID, func(k key, b []byte) error {
		if k.kind != kindDeviceExtent {
			return nil
		}
		v := binread.Little(b)
		got := extent{v.At(16).U64(), v.U64()}
		here := at{k.object, k.offset}
		if w, ok := want[here]; !ok || w != got {
			c.bad(filesys.DamagedExtents, filesys.HarmRisk, "device %d: %d bytes at %#x are of the chunk at %#x, and the chunk does not say so", k.object, got.length, k.offset, got.chunk)
		}
		if last.device == here.device && here.off < end {
			c.bad(filesys.SharedBlock, filesys.HarmLoss, "device %d: two chunks have the bytes at %#x", k.object, k.offset)
		}
		delete(want, here)
		onDevice[k.object] += got.length
		last, end = here, here.off+got.length
		return nil
	})
	if !whole {
		c.skip("chunks against the devices: the tree of devices is damaged")
		return
	}
	c.deviceItems(onDevice)
	missing := slices.SortedFunc(maps.Keys(want), func(a, b at) int { return cmp.Or(cmp.Compare(a.device, b.device), cmp.Compare(a.off, b.off)) })
	for _, m := range missing {
		c.bad(filesys.DamagedExtents, filesys.HarmRisk, "device %d: %#x is in the chunk at %#x, and free for the tree of devices", m.device, m.off, want[m].chunk)
	}
}

// deviceItems compares what is said of each device in the tree of chunks with its superblock and with what chunks have of it.
func (c *check) deviceItems(used map[uint64]uint64) {
	c.chunkTree().each(key{devicesObject, kindDevice, 0}, key{devicesObject, kindDevice, lastOffset}, func(k key, b []byte) error {
		v := binread.Little(b)
		id, total, bytes := v.U64(), v.U64(), v.U64()
		if id != k.offset || bytes != used[id] || bytes > total {
			c.bad(filesys.DamagedCount, filesys.HarmRisk, "device %d: %d of %d bytes are in chunks, want %d", k.offset, bytes, total, used[k.offset])
		}
		d := c.deviceOf(id, [16]byte(v.At(66).Bytes(16)))
		if d != nil && d.super.deviceBytes != total {
			c.bad(filesys.DamagedSuperblock, filesys.HarmRisk, "device %d: its superblock says %d bytes, want %d", id, d.super.deviceBytes, total)
		}
		return nil
	}, func(key, error) {}) // what cannot be read was reported
}

// stripeBytes is how many bytes the chunk has on each of its devices.
func (c *chunk) stripeBytes() uint64 {
	n := uint64(len(c.stripes))
	switch c.kind & profiles {
	case profileRAID0:
		return c.length / n
	case profileRAID10:
		return c.length / (n / 2)
	case profileRAID5:
		return c.length / (n - 1)
	case profileRAID6:
		return c.length / (n - 2)
	}
	return c.length
}

// extentTree compares the tree of extents with what is used, with the groups, and with what is free.
func (c *check) extentTree() {
	e := &extents{check: c, groups: c.groups(), full: map[uint64]bool{}}
	c.eachOf(extentTreeID, func(k key, b []byte) error {
		v := binread.Little(b)
		if (k.kind == kindExtentItem || k.kind == kindMetadataItem) && v.At(16).U64()&extentFullRefs != 0 {
			e.full[k.object] = true
		}
		return nil
	})
	whole := c.eachOf(extentTreeID, func(k key, b []byte) error {
		switch k.kind {
		case kindExtentItem, kindMetadataItem:
			e.end()
			return e.item(k, b)
		case kindBlockRef, kindSharedRef, kindDataRef, kindSharedDataRef:
			if k.object != e.at {
				c.bad(filesys.DamagedExtents, filesys.HarmRisk, "a use of the extent at %#x, which is not there", k.object)
				return nil
			}
			v := binread.Little(b)
			return e.ref(k.kind, k.offset, &v)
		}
		return nil
	})
	e.end()
	if !whole {
		c.skip("how often extents are used, and what is free: the tree of extents is damaged")
		return
	}
	c.unmarked(c.blocks, "block of metadata")
	c.unmarked(c.data, "extent of content")
	c.compareGroups(e.groups)
	if free := uint64(roFreeTree | roFreeTreeValid); c.super.roCompat&free == free {
		c.freeSpace(e.groups, e.used)
	}
}

func (c *check) unmarked(all map[uint64]*use, what string) {
	for _, at := range slices.Sorted(maps.Keys(all)) {
		if !all[at].marked {
			c.bad(filesys.DamagedExtents, filesys.HarmRisk, "the %s at %#x is in use, and free for the tree of extents", what, at)
		}
	}
}

// groups reads the groups of blocks, in order.
func (c *check) groups() (all []blockGroup) {
	id := uint64(extentTreeID)
	if c.super.roCompat&roGroupTree != 0 {
		id = groupTreeID
	}
	c.eachOf(id, func(k key, b []byte) error {
		if k.kind != kindGroup {
			return nil
		}
		v := binread.Little(b)
		g := blockGroup{stretch: stretch{k.object, k.object + k.offset}, used: v.U64()}
		g.kind = v.At(16).U64()
		if err := v.Err(); err != nil {
			return fmt.Errorf("group of blocks at %#x: %w", k.object, err)
		}
		all = append(all, g)
		return nil
	})
	return all
}

func groupOf(groups []blockGroup, at uint64) *blockGroup {
	i := sort.Search(len(groups), func(i int) bool { return groups[i].end > at })
	if i == len(groups) || groups[i].from > at {
		return nil
	}
	return &groups[i]
}

// compareGroups compares groups with chunks, and what they say is used with what is.
func (c *check) compareGroups(groups []blockGroup) {
	for i := range c.chunks {
		one := &c.chunks[i]
		g := groupOf(groups, one.logical)
		if g == nil || g.from != one.logical || g.end-g.from != one.length || g.kind != one.kind {
			c.bad(filesys.DamagedGroup, filesys.HarmRisk, "the chunk at %#x has no group of blocks that is like it", one.logical)
		}
	}
	for _, g := range groups {
		if one, err := c.chunkOf(g.from); err != nil || one.logical != g.from {
			c.bad(filesys.DamagedGroup, filesys.HarmRisk, "the group of blocks at %#x has no chunk", g.from)
		}
		if g.used != g.counted {
			c.bad(filesys.DamagedCount, filesys.HarmRisk, "the group of blocks at %#x: %d bytes in use, want %d", g.from, g.used, g.counted)
		}
	}
}

// freeSpace compares the tree of free space with what is in use. What the superblocks lie in is neither.
func (c *check) freeSpace(groups []blockGroup, used []stretch) {
	marked := 0
	whole := c.eachOf(freeTreeID, func(k key, b []byte) error {
		switch k.kind {
		case kindFreeExtent:
			c.markedFree(groups, used, stretch{k.object, k.object + k.offset}, &marked)
		case kindFreeBitmap:
			sector := uint64(c.super.sectorSize)
			if uint64(len(b)) != (k.offset/sector+7)/8 {
				return binread.Corrupt("a bitmap of %d bytes for %d", len(b), k.offset)
			}
			for i := uint64(0); i < k.offset/sector; {
				free, n := binread.LowFirst.Run(b, int(i), int(k.offset/sector-i))
				if free {
					c.markedFree(groups, used, stretch{k.object + i*sector, k.object + (i+uint64(n))*sector}, &marked)
				}
				i += uint64(n)
			}
		}
		return nil
	})
	if !whole {
		return
	}
	for _, g := range groups {
		all := g.end - g.from - min(g.counted, g.end-g.from)
		if kept := c.supersIn(g); g.free > all || g.free+kept < all {
			c.bad(filesys.DamagedBitmap, filesys.HarmNone, "the group of blocks at %#x: %d bytes are marked as free, want %d", g.from, g.free, all)
		}
	}
}

func (c *check) markedFree(groups []blockGroup, used []stretch, free stretch, reported *int) {
	if g := groupOf(groups, free.from); g != nil {
		g.free += free.end - free.from
	}
	i := sort.Search(len(used), func(i int) bool { return used[i].end > free.from })
	if i < len(used) && used[i].from < free.end {
		if *reported++; *reported <= filesys.MaxDamage {
			c.bad(filesys.DamagedBitmap, filesys.HarmRisk, "%d bytes at %#x are marked as free, and the extent at %#x is in use", free.end-free.from, free.from, used[i].from)
		}
	}
}

// supersIn is how many bytes of a group superblocks can lie in.
func (c *check) supersIn(g blockGroup) (n uint64) {
	one, err := c.chunkOf(g.from)
	if err != nil {
		return 0
	}
	for _, s := range one.stripes {
		for _, off := range superOffsets() {
			if at := uint64(off); at+stripeLength > s.off && at < s.off+one.stripeBytes() {
				n += stripeLength * uint64(max(1, bits.OnesCount64(one.kind&(profileRAID5|profileRAID6))*len(one.stripes)))
			}
		}
	}
	return n
}
