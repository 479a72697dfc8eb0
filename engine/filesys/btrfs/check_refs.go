package btrfs

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Kinds of uses of an extent, as keys and inside of its item.
const (
	kindOwnerRef      = 172
	kindBlockRef      = 176
	kindDataRef       = 178
	kindSharedRef     = 182
	kindSharedDataRef = 184

	extentHoldsData  = 1 << 0
	extentHoldsTree  = 1 << 1
	extentFullRefs   = 1 << 8
	extentHeader     = 24
	extentBlockInfo  = 18 // of a tree's block that has an item of the older kind: a key and a level
	groupHoldsData   = 1 << 0
	groupHoldsTree   = 1<<1 | 1<<2
	extentHoldsKinds = extentHoldsData | extentHoldsTree
)

// extents is the check of the tree of extents.
type extents struct {
	*check
	groups []blockGroup
	full   map[uint64]bool // blocks whose uses of others name the block, not the tree
	used   []stretch
	at     uint64 // the extent whose uses are being counted
	what   string
	use    *use
	want   uint64 // what its item says
	count  uint64
	wrong  string // a use that it does not have
}

// item begins an extent.
func (e *extents) item(k key, b []byte) error {
	v := binread.Little(b)
	refs, generation, flags := v.U64(), v.U64(), v.U64()
	length := k.offset
	if k.kind == kindMetadataItem {
		length = uint64(e.super.nodeSize)
	}
	on := stretch{k.object, k.object + length}
	if err := v.Err(); err != nil || length == 0 || length > maxSize || k.object > maxSize {
		return binread.Corrupt("the extent at %#x: an item of %d bytes for %d", k.object, len(b), length)
	}
	if last := len(e.used) - 1; last >= 0 && e.used[last].end > on.from {
		e.bad(filesys.SharedBlock, filesys.HarmLoss, "the extents at %#x and %#x overlap", e.used[last].from, on.from)
	}
	e.used = append(e.used, on)
	e.at, e.want, e.count, e.wrong = k.object, refs, 0, ""
	e.compareGroup(on, flags)
	known := e.blocks
	if e.what = "block of metadata"; flags&extentHoldsData != 0 {
		known, e.what = e.data, "extent of content"
	}
	if e.use = known[k.object]; known == nil {
		e.at = 0
	}
	switch {
	case flags&extentHoldsKinds == extentHoldsKinds || flags&extentHoldsKinds == 0 || flags&^(extentHoldsKinds|extentFullRefs) != 0,
		flags&extentHoldsData != 0 && flags&extentFullRefs != 0:
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the extent at %#x: flags %#x", k.object, flags)
	case generation > e.super.generation+1:
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the extent at %#x: generation %d, and the file system's is %d", k.object, generation, e.super.generation)
	case e.use != nil && k.kind == kindMetadataItem && k.offset != uint64(e.use.level):
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the block of metadata at %#x: level %d, want %d", k.object, k.offset, e.use.level)
	}
	if k.kind == kindExtentItem && flags&extentHoldsTree != 0 {
		v.Skip(extentBlockInfo)
	}
	return e.inside(&v)
}

// inside reads the uses that are in an extent's item.
func (e *extents) inside(v *binread.Cursor) error {
	for v.Len() > 0 {
		kind := v.U8()
		off := uint64(0)
		if kind != kindDataRef {
			off = v.U64()
		}
		if err := e.ref(kind, off, v); err != nil {
			return err
		}
	}
	return v.Err()
}

// ref counts uses, and looks whether there are such.
func (e *extents) ref(kind uint8, off uint64, v *binread.Cursor) error {
	count := uint64(1)
	var match func(origin) bool
	switch kind {
	case kindBlockRef:
		match = func(o origin) bool { return o.tree == off && !e.full[o.block] }
	case kindSharedRef:
		match = func(o origin) bool { return o.block == off && e.full[off] }
	case kindDataRef:
		tree, inode, at := v.U64(), v.U64(), v.U64()
		count = uint64(v.U32())
		match = func(o origin) bool { return o.tree == tree && o.inode == inode && o.off == at && !e.full[o.block] }
	case kindSharedDataRef:
		count = uint64(v.U32())
		match = func(o origin) bool { return o.block == off && e.full[off] }
	case kindOwnerRef:
		return nil
	default:
		return binread.Corrupt("the extent at %#x: a use of kind %d", e.at, kind)
	}
	e.count += count
	if e.use == nil || e.wrong != "" {
		return v.Err()
	}
	found := uint64(0)
	for _, o := range e.use.by {
		if match(o) {
			found++
		}
	}
	if found < count || count == 0 {
		e.wrong = fmt.Sprintf("a use of kind %d, %d times, want %d", kind, count, found)
	}
	return v.Err()
}

// end compares the uses of an extent once all were seen.
func (e *extents) end() {
	if e.at == 0 {
		return
	}
	at := e.at
	e.at = 0
	switch {
	case e.use == nil:
		e.bad(filesys.DamagedExtents, filesys.HarmNone, "the %s at %#x is used %d times, and by nothing", e.what, at, e.want)
		return
	case e.use.length != e.used[len(e.used)-1].end-at:
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the %s at %#x has %d bytes, want %d", e.what, at, e.used[len(e.used)-1].end-at, e.use.length)
	case uint64(len(e.use.by)) != e.want || e.count != e.want:
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the %s at %#x is used %d times, and has %d uses, want %d", e.what, at, e.want, e.count, len(e.use.by))
	case e.full[at] && slices.ContainsFunc(e.use.by, func(o origin) bool { return o.tree == e.use.owner && !e.full[o.block] }):
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the %s at %#x is in the tree that it was made for, and its uses of others do not name that", e.what, at)
	case e.wrong != "":
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the %s at %#x has %s", e.what, at, e.wrong)
	}
	e.use.marked = true
}

// compareGroup looks whether an extent is in a group of blocks of its kind.
func (e *extents) compareGroup(on stretch, flags uint64) {
	g := groupOf(e.groups, on.from)
	if g == nil || on.end > g.end {
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the extent at %#x is in no group of blocks", on.from)
		return
	}
	g.counted += on.end - on.from
	if flags&extentHoldsData != 0 && g.kind&groupHoldsData == 0 || flags&extentHoldsTree != 0 && g.kind&groupHoldsTree == 0 {
		e.bad(filesys.DamagedExtents, filesys.HarmRisk, "the extent at %#x is in a group of blocks for something else", on.from)
	}
}

// rootRef is struct btrfs_root_ref: in which directory of which subvolume a subvolume is, and what it is called there.
type rootRef struct {
	parent, child uint64
	dir, index    uint64
	name          string
}

func decodeRootRef(parent, child uint64, b []byte) (rootRef, error) {
	c := binread.Little(b)
	r := rootRef{parent: parent, child: child, dir: c.U64(), index: c.U64()}
	r.name = string(c.Bytes(int(c.U16())))
	if c.Err() == nil && (len(r.name) > maxName || badName(r.name)) {
		return r, binread.Corrupt("subvolume %d: a name %.300q", child, r.name)
	}
	return r, c.Err()
}

// subvolumeNames compares what the tree of roots says twice of the names of subvolumes with the entries.
func (c *check) subvolumeNames() {
	seen := map[rootRef]int{}
	c.rootTree.each(key{}, key{lastFreeID, 255, lastOffset}, func(k key, b []byte) error {
		var r rootRef
		var err error
		switch k.kind {
		case kindRootRef:
			r, err = decodeRootRef(k.object, k.offset, b)
			seen[r]++
		case kindRootBackref:
			r, err = decodeRootRef(k.offset, k.object, b)
			seen[r] += 1 << 16
		}
		if err != nil {
			c.bad(filesys.DamagedTree, filesys.HarmRisk, "subvolume %d: a name: %v", k.object, err)
		}
		return c.over()
	}, func(key, error) {}) // what cannot be read was reported
	for _, r := range slices.SortedFunc(keysOf(seen), compareRootRef) {
		switch {
		case seen[r] != 1|1<<16:
			c.bad(filesys.DamagedTree, filesys.HarmRisk, "subvolume %d: its name %q in subvolume %d is not there in both directions", r.child, r.name, r.parent)
		case c.names[r] != 1:
			c.bad(filesys.DamagedTree, filesys.HarmRisk, "subvolume %d: its name %q in subvolume %d is no entry of directory %d", r.child, r.name, r.parent, r.dir)
		}
	}
}
