package xfs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxClones = 1 << 22 // stretches of content that several files may have
	noMap     = ^uint64(0)
)

// usage is what an inode occupies.
type usage struct {
	blocks   uint64   // with those of maps and attributes
	data     []extent // of a directory
	damaged  bool     // not all of it is known
	lying    bool     // something else has a block of it
	realtime bool     // its content is on another device
}

// occupy claims everything that belongs to an inode.
func (s *census) occupy(in *inode) *usage {
	u := &usage{}
	s.fork(in, u, &in.data, false)
	if len(in.attrs.b) > 0 {
		s.fork(in, u, &in.attrs, true)
	}
	if !u.damaged && u.blocks != in.blocks && !u.realtime {
		s.badInode(in.number, filesys.HarmNone, "it counts %d blocks, want %d", in.blocks, u.blocks)
	}
	return u
}

// forkWalk claims the blocks of a fork.
type forkWalk struct {
	*census
	in      *inode
	u       *usage
	use     filesys.Use
	attrs   bool
	extents uint64
	left    [maxMapLevels + 1]uint64 // the last block of each level
	right   [maxMapLevels + 1]uint64 // and which block that says is next
}

func (s *census) fork(in *inode, u *usage, k *fork, attrs bool) {
	w := &forkWalk{census: s, in: in, u: u, attrs: attrs, use: filesys.UseContent}
	switch {
	case attrs:
		w.use = filesys.UseXattr
	case in.kind() == filesys.ModeDir:
		w.use = filesys.UseDirectory
	case in.flags&flagRealtime != 0 && in.kind() == filesys.ModeRegular:
		u.realtime = true
		return
	}
	switch kind := in.kind(); k.form {
	case formDevice:
		if attrs || kind == filesys.ModeRegular || kind == filesys.ModeDir || kind == filesys.ModeSymlink {
			w.bad(-1, binread.Corrupt("a %s in the form of a device", filesys.TypeName(in.mode)))
		}
	case formLocal:
		if !attrs && kind != filesys.ModeDir && kind != filesys.ModeSymlink {
			w.bad(-1, binread.Corrupt("the content of a %s stands in the inode", filesys.TypeName(in.mode)))
		}
	default:
		w.mapped(k)
	}
}

func (w *forkWalk) bad(block int64, err error) {
	w.u.damaged = true
	what := ""
	if w.attrs {
		what = "attributes: "
	}
	d := filesys.Damage{Kind: filesys.DamagedMap, Block: block, Node: filesys.Node(w.in.number), Harm: w.harm(w.in.number)}
	w.damage(d, "inode %d: %s%v", w.in.number, what, err)
}

func (w *forkWalk) mapped(k *fork) {
	m, err := w.newBlockMap(w.in, k)
	if err != nil {
		w.bad(-1, err)
		return
	}
	if k.form == formExtents {
		w.data(m.last.Load().extents)
	} else {
		for i := range w.left {
			w.left[i], w.right[i] = noMap, noMap
		}
		w.children(m, &m.root, 0, maxLogical)
	}
	if !w.u.damaged && w.extents != k.extents {
		w.badInode(w.in.number, filesys.HarmRisk, "it counts %d extents, want %d", k.extents, w.extents)
	}
}

func (w *forkWalk) children(m *blockMap, n *mapNode, first, end uint64) {
	for i, child := range n.children {
		below := end
		if i+1 < len(n.keys) {
			below = n.keys[i+1]
		}
		if err := w.child(m, child, n.level-1, max(first, n.keys[i]), below); err != nil {
			w.bad(int64(w.super.linear(child)), fmt.Errorf("map: block %#x: %w", child, err))
		}
	}
}

// child claims a block of the map and what it names. One that something else has is not read: that bounds the walk.
func (w *forkWalk) child(m *blockMap, block uint64, level int, first, end uint64) error {
	if !w.claimBlocks(filesys.UseMap, w.super.linear(block), 1) {
		w.u.damaged = true
		return nil
	}
	b, count, err := m.node(block, level)
	if err != nil {
		return err
	}
	if err := w.beside(block, level); err != nil {
		return err
	}
	if level > 0 {
		n, err := w.decodeMapNode(b, level, count)
		if err != nil {
			return err
		}
		if n.keys[0] != first {
			return binread.Corrupt("it begins at logical block %d, want %d", n.keys[0], first)
		}
		w.children(m, &n, first, end)
		return nil
	}
	l, err := m.decodeLeaf(b, count, first, end, block)
	if err != nil {
		return err
	}
	if count == 0 || l.extents[0].logical != first {
		return binread.Corrupt("it does not begin at logical block %d", first)
	}
	w.data(l.extents)
	return nil
}

// beside compares which blocks a block of the map says are its neighbours.
func (w *forkWalk) beside(block uint64, level int) error {
	b, err := w.readBlock(block)
	if err != nil {
		return err
	}
	c := binread.Big(b)
	left, right := c.At(8).U64(), c.U64()
	if !w.u.damaged && (left != w.left[level] || w.left[level] != noMap && w.right[level] != block) {
		return binread.Corrupt("in front of it is block %#x, want %#x", left, w.left[level])
	}
	w.left[level], w.right[level] = block, right
	return nil
}

// data claims content.
func (w *forkWalk) data(list []extent) {
	clone := w.use == filesys.UseContent && w.in.flags2&flag2Reflink != 0 && w.super.roCompat&roCompatReflink != 0
	for _, e := range list {
		w.extents++
		start := w.super.linear(e.start)
		if !clone {
			if !w.claimBlocks(w.use, start, e.count) {
				w.u.damaged, w.u.lying = true, true
			}
		} else {
			w.u.blocks += e.count
			if w.claimed != nil {
				w.claimed(w.use, w.in.number, start, e.count)
			}
			if len(w.clones) >= maxClones {
				w.unsound = true
				continue
			}
			w.clones = append(w.clones, stretch{start: start, count: e.count})
		}
	}
	if w.use == filesys.UseDirectory {
		w.u.data = append(w.u.data, list...)
	}
}

func (w *forkWalk) claimBlocks(use filesys.Use, start, count uint64) bool {
	w.u.blocks += count
	taken, again := w.claim(use, w.in.number, start, count)
	if again {
		d := filesys.Damage{Kind: filesys.SharedBlock, Block: int64(taken), Node: filesys.Node(w.in.number), Harm: w.harm(w.in.number)}
		w.damage(d, "inode %d: block %d (%s) is in other use already", w.in.number, taken, use)
	}
	return !again
}

// claimClones claims content that several files may have, once, and compares how many have it with what the trees of a group say.
func (s *census) claimClones() {
	claimed := s.claimed
	s.claimed = nil // they were told already
	defer func() { s.claimed = claimed }()
	var several []stretch
	for _, e := range overlaps(s.clones) {
		if taken, again := s.claim(filesys.UseContent, 0, e.start, e.count); again {
			d := filesys.Damage{Kind: filesys.SharedBlock, Block: int64(taken), Harm: filesys.HarmLoss}
			s.damage(d, "block %d, content of files, is in other use already", taken)
		}
		if e.users > 1 {
			several = append(several, e)
		}
	}
	if s.unsound {
		return
	}
	want, got := joined(several, s.super), joined(s.shared, s.super)
	if slices.Equal(want, got) {
		return
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	d := filesys.Damage{Kind: filesys.DamagedCount, Block: -1, Harm: filesys.HarmRisk}
	switch {
	case at == len(got):
		s.damage(d, "reference counts: %d blocks at block %d have %d users, and are not counted", want[at].count, want[at].start, want[at].users)
	case at == len(want):
		s.damage(d, "reference counts: %d blocks at block %d are said to have %d users", got[at].count, got[at].start, got[at].users)
	default:
		s.damage(d, "reference counts: %d blocks at block %d have %d users, want %d blocks at block %d with %d",
			got[at].count, got[at].start, got[at].users, want[at].count, want[at].start, want[at].users)
	}
}

// overlaps cuts stretches at their ends, and counts how many of them each piece is of.
func overlaps(list []stretch) (pieces []stretch) {
	type edge struct {
		at uint64
		up bool
	}
	edges := make([]edge, 0, 2*len(list))
	for _, e := range list {
		edges = append(edges, edge{e.start, true}, edge{e.start + e.count, false})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })
	users := uint64(0)
	for i, e := range edges {
		if i > 0 && users > 0 && e.at > edges[i-1].at {
			pieces = append(pieces, stretch{edges[i-1].at, e.at - edges[i-1].at, users})
		}
		if e.up {
			users++
		} else {
			users--
		}
	}
	return pieces
}

// joined makes one of stretches that meet in a group and have as many users.
func joined(list []stretch, s *superblock) (out []stretch) {
	for _, e := range list {
		if n := len(out); n > 0 && out[n-1].start+out[n-1].count == e.start && out[n-1].users == e.users && e.start%uint64(s.agBlocks) != 0 {
			out[n-1].count += e.count
			continue
		}
		out = append(out, e)
	}
	return out
}
