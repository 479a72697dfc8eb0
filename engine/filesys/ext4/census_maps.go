package ext4

import (
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// usage is what an inode occupies.
type usage struct {
	blocks  uint64 // with those of the map and of attributes; whole clusters
	end     uint64 // logical block behind the last that is mapped
	written uint64 // logical block behind the last that is mapped and written
	holes   bool   // between mapped blocks
	damaged bool   // the map could not be read whole
	last    uint64 // cluster that was claimed last, plus one
	dir     []dirBlock
	lying   bool // blocks that something else uses too
}

// dirBlock is one block of a directory.
type dirBlock struct {
	logical uint32
	shared  bool   // something else uses it too: its entries count once
	block   uint64 // of the device
}

// occupy claims everything that belongs to an inode.
func (s *census) occupy(in *inode) *usage {
	use := &usage{}
	s.occupyAttrs(in, use)
	switch {
	case in.damaged || in.has(flagInlineData) || in.number == resizeInode:
		if in.number == resizeInode {
			s.occupyReserved(in, use)
		}
	case in.kind() != filesys.ModeRegular && in.kind() != filesys.ModeDir && in.kind() != filesys.ModeSymlink && in.mode != 0,
		in.kind() == filesys.ModeSymlink && in.size < mapSize && !in.has(flagExtents):
	case in.has(flagExtents):
		s.extents(in, use)
	default:
		s.blockMap(in, use)
	}
	return use
}

// use is what the content of an inode is.
func (s *census) use(in *inode) filesys.Use {
	switch {
	case in.kind() == filesys.ModeDir:
		return filesys.UseDirectory
	case in.number == s.super.journalInode && s.super.features.hasJournal():
		return filesys.UseJournal
	}
	return filesys.UseContent
}

// misplaced reports damage to an inode's map.
func (s *census) misplaced(in *inode, use *usage, block uint64, err error) {
	use.damaged = true
	d := filesys.Damage{Kind: filesys.DamagedMap, Block: int64(block), Node: filesys.Node(in.number), Harm: s.harm(in.number)}
	s.damage(d, "inode %d: %v", in.number, err)
}

// data claims a run of content.
func (s *census) data(in *inode, use *usage, e extent) {
	first := uint64(s.super.firstDataBlock)
	if e.start < first || e.start >= s.super.blocks || uint64(e.count) > s.super.blocks-e.start {
		s.misplaced(in, use, 0, binread.Corrupt("logical block %d is at block %d, want it from %d to %d", e.logical, e.start, first, s.super.blocks-1))
		return
	}
	if uint64(e.logical) > use.end {
		use.holes = true
	}
	use.end = uint64(e.logical) + uint64(e.count)
	if !e.unwritten {
		use.written = use.end
	}
	again := s.occupyBlocks(in, use, s.use(in), e.start, uint64(e.count))
	if in.kind() == filesys.ModeDir {
		for i := range e.count {
			use.dir = append(use.dir, dirBlock{e.logical + i, again, e.start + uint64(i)})
		}
	}
}

// occupyBlocks claims blocks that one inode may not share, and reports whether something else has one of them. Of bigalloc, a cluster
// is claimed once by each inode, whose pieces of it follow one another.
func (s *census) occupyBlocks(in *inode, use *usage, what filesys.Use, start, count uint64) (again bool) {
	low, high := s.cluster(start), s.cluster(start+count-1)
	use.blocks += (high - low + 1) << s.clusterShift()
	if s.clusterShift() > 0 && use.last == low+1 {
		use.blocks -= 1 << s.clusterShift()
		if s.claimed != nil {
			s.claimed(what, in.number, start, count)
		}
		if low == high {
			return false
		}
		start, count = s.clusterEdge(start, count)
	}
	use.last = high + 1
	taken, again := s.claim(what, in.number, start, count)
	if !again || in.number == badInode || s.super.features.roCompat&roSharedBlocks != 0 {
		return false
	}
	use.lying = true
	d := filesys.Damage{Kind: filesys.SharedBlock, Block: int64(taken), Node: filesys.Node(in.number), Harm: s.harm(in.number)}
	s.damage(d, "inode %d: block %d (%s) is in other use already", in.number, taken, what)
	return true
}

// clusterEdge cuts what lies in the first cluster off a run that goes on behind it.
func (s *census) clusterEdge(start, count uint64) (uint64, uint64) {
	first := uint64(s.super.firstDataBlock)
	next := (s.cluster(start)+1)<<s.clusterShift() + first
	return next, start + count - next
}

// extents claims what an extent tree holds. A node that something else uses too is not read: that bounds the walk.
func (s *census) extents(in *inode, use *usage) {
	t, err := s.newExtentTree(in)
	if err != nil {
		s.misplaced(in, use, 0, err)
		return
	}
	if s.fast.extents[in.number] != nil {
		s.changedExtents(in, use)
		return
	}
	if err := checkExtentRoom(in.blockMap); err != nil {
		s.misplaced(in, use, 0, err)
	}
	(&extentWalk{s, in, use, t}).claimNode(t.root, 0, maxLogicalBlocks)
}

// changedExtents claims the content of a file whose blocks fast commits changed. Its map on the disk is old.
func (s *census) changedExtents(in *inode, use *usage) {
	use.damaged = true
	blocks, err := s.mapper(in)
	if err != nil {
		s.misplaced(in, use, 0, err)
		return
	}
	count := (uint64(in.size) + uint64(s.blockSize) - 1) >> s.device.shift
	for logical := uint64(0); logical < min(count, maxLogicalBlocks); {
		r, err := blocks.run(logical)
		if err != nil {
			s.misplaced(in, use, 0, err)
			return
		}
		r.count = min(r.count, count-logical)
		if r.start != 0 {
			s.data(in, use, extent{logical: uint32(logical), count: uint32(r.count), start: r.start})
		}
		logical += r.count
	}
}

type extentWalk struct {
	*census
	in   *inode
	use  *usage
	tree *extentTree
}

// claimNode claims what is below a node that answers for the logical blocks from first to end.
func (w *extentWalk) claimNode(node extentNode, first, end uint64) {
	for _, e := range node.extents {
		if high := uint64(e.logical) + uint64(e.count); uint64(e.logical) < first || high > end {
			w.misplaced(w.in, w.use, 0, binread.Corrupt("extent of logical blocks %d to %d, want them from %d to %d", e.logical, high, first, end))
		}
		w.data(w.in, w.use, e)
	}
	for i, child := range node.children {
		below := end
		if i+1 < len(node.children) {
			below = uint64(node.children[i+1].logical)
		}
		w.extentChild(node, child, max(first, uint64(child.logical)), below)
	}
	if node.depth > 0 && len(node.children) == 0 {
		w.misplaced(w.in, w.use, 0, binread.Corrupt("extent index without entries"))
	}
}

func (w *extentWalk) extentChild(parent extentNode, child extentChild, first, end uint64) {
	if child.block < uint64(w.super.firstDataBlock) || w.occupyBlocks(w.in, w.use, filesys.UseMap, child.block, 1) {
		w.use.damaged = true
		return
	}
	node, err := w.tree.child(child.block)
	if err == nil && node.depth != parent.depth-1 {
		err = binread.Corrupt("depth %d below depth %d", node.depth, parent.depth)
	}
	if err != nil {
		w.misplaced(w.in, w.use, child.block, fmt.Errorf("extent block %d: %w", child.block, err))
		if node.depth != parent.depth-1 || !errors.Is(err, binread.ErrChecksum) {
			return
		}
	} else if err := w.verifyNode(node, child); err != nil {
		w.misplaced(w.in, w.use, child.block, fmt.Errorf("extent block %d: %w", child.block, err))
	}
	w.claimNode(node, first, end)
}

// verifyNode compares a node with the index entry that leads to it.
func (w *extentWalk) verifyNode(node extentNode, child extentChild) error {
	start := child.logical
	switch {
	case len(node.extents) > 0:
		start = node.extents[0].logical
	case len(node.children) > 0:
		start = node.children[0].logical
	case node.depth == 0:
		return binread.Corrupt("no extents")
	}
	if start != child.logical {
		return binread.Corrupt("it starts at logical block %d, and its index says %d", start, child.logical)
	}
	b, err := w.readBlock(child.block)
	if err != nil {
		return err
	}
	return checkExtentRoom(b)
}

// checkExtentRoom compares how many entries a node says it has room for with its size. A checksum may take the place of two.
func checkExtentRoom(b []byte) error {
	c := binread.Little(b)
	room := len(b)/extentEntrySize - 1
	if limit := int(c.At(4).U16()); limit > room || limit < room-2 {
		return binread.Corrupt("room for %d extents, want %d", limit, room)
	}
	return nil
}
