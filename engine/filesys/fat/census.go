package fat

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// census is one pass over everything that has clusters: all directories from the root on, each once.
type census struct {
	*FS
	found   func(filesys.Damage)
	claimed func(use filesys.Use, n filesys.Node, off, length int64) // bytes of the volume; may be nil

	used  *bitmap // clusters that something has
	queue []directory
	seen  map[filesys.Node]bool

	files, dirs, entries uint64
}

// directory is a directory that is to be read.
type directory struct {
	entry
	parent uint32 // what its ".." names: the first cluster of the directory above, 0 for the root
}

func newCensus(f *FS, found func(filesys.Damage)) *census {
	return &census{FS: f, found: found, used: newBitmap(f.boot.last()), seen: map[filesys.Node]bool{}}
}

// damage reports one thing about a node. off is where on the volume, or -1.
func (s *census) damage(d filesys.Damage, off int64, format string, args ...any) {
	d.Message = fmt.Sprintf(format, args...)
	d.Block = -1
	if off >= 0 {
		d.Block = off / s.boot.blockSize()
	}
	s.found(d)
}

func (s *census) run(ctx context.Context) error {
	s.layout()
	root := entry{node: rootNode, start: s.boot.rootCluster}
	s.queue = []directory{{entry: root}}
	s.seen[rootNode] = true
	for len(s.queue) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := s.queue[0]
		s.queue = s.queue[1:]
		s.directory(&d)
	}
	return nil
}

// layout claims what lies in front of the clusters.
func (s *census) layout() {
	if s.claimed == nil {
		return
	}
	b := &s.boot
	s.claimed(filesys.UseSuperblock, 0, 0, b.tableOff())
	s.claimed(filesys.UseMap, 0, b.tableOff(), b.copies*b.tableSize())
	s.claimed(filesys.UseDirectory, rootNode, b.rootOff(), b.dataOff()-b.rootOff())
}

// claim says that the clusters of a chain are those of a node. It reports the first that something else has already.
func (s *census) claim(use filesys.Use, n filesys.Node, c *chain) (shared bool) {
	for _, r := range c.runs {
		if s.claimed != nil {
			s.claimed(use, n, s.boot.clusterOff(r.start), int64(r.count)*s.boot.clusterSize())
		}
		for i := range r.count {
			if s.used.set(r.start+i) && !shared {
				shared = true
				s.damage(filesys.Damage{Kind: filesys.SharedBlock, Node: n, Harm: filesys.HarmLoss}, s.boot.clusterOff(r.start+i),
					"node %d: its cluster %d is in use by another one", n, r.start+i)
			}
		}
	}
	return shared
}

// directory claims the clusters of a directory and looks at what it holds, unless something else has them.
func (s *census) directory(d *directory) {
	s.dirs++
	if d.node != rootNode || s.boot.bits == 32 {
		c := s.content(&d.entry)
		if s.claim(filesys.UseDirectory, d.node, &c) {
			return // what it holds was looked at, or is no directory's; and a graph of such would have no end
		}
	}
	r := dirReader{fs: s.FS, Listing: &filesys.Listing{Names: map[string]filesys.Node{}}}
	r.found = func(e entry) { s.visit(d, e) }
	r.dots = func(e entry, self bool) { s.dot(d, e, self) }
	s.slots(&d.entry, &r.bad, r.slot)
	r.finish()
	s.whole(d, &r)
}

// whole judges a directory by what was found in it.
func (s *census) whole(d *directory, r *dirReader) {
	bad := func(harm filesys.Harm, format string, args ...any) {
		s.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Node: d.node, Harm: harm}, s.placeOf(d.node),
			"directory %d: %s", d.node, fmt.Sprintf(format, args...))
	}
	if r.Err != nil {
		harm := filesys.HarmLoss
		if d.node == rootNode && len(r.Entries) == 0 {
			harm = filesys.HarmFatal
		}
		bad(harm, "%v", r.Err)
	}
	if d.node != rootNode && r.dotted != 2 {
		bad(filesys.HarmLoss, `no "." and ".." at the beginning`)
	}
	if d.node != rootNode && r.labels > 0 || r.labels > 1 {
		bad(filesys.HarmLoss, "%d entries are marked as labels of the volume", r.labels)
	}
	if r.unnamed > 0 {
		bad(filesys.HarmLoss, "%d entries have a long name in front that is not theirs", r.unnamed)
	}
	if r.strange > 0 {
		bad(filesys.HarmNone, "%d pieces of long names belong to nothing, or are not as they should be", r.strange)
	}
}

// placeOf is where the entry of a node stands, or -1.
func (s *census) placeOf(n filesys.Node) int64 {
	if n == rootNode {
		return -1
	}
	return int64(n) * entrySize
}

// content is the whole chain of an entry, whatever its size says.
func (s *census) content(e *entry) chain {
	if !s.boot.valid(e.start) {
		return chain{err: binread.Corrupt("it begins at cluster %d, want 2 to %d", e.start, s.boot.last())}
	}
	return s.follow(e.start, s.boot.clusters+1)
}

func (s *census) visit(parent *directory, e entry) {
	s.entries++
	if bad := bytes.IndexFunc(e.short[:], illegal); bad > 0 || bad == 0 && e.short[0] != entryE5 {
		s.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Node: parent.node, Harm: filesys.HarmRisk}, s.placeOf(e.node),
			"directory %d: the short name %q holds a character that no name may", parent.node, e.short)
	}
	if e.isDir() {
		s.subdirectory(parent, e)
		return
	}
	s.files++
	if e.start == 0 && e.size == 0 {
		return
	}
	c := s.content(&e)
	s.claim(filesys.UseContent, e.node, &c)
	harm := filesys.HarmLoss
	size := s.boot.clusterSize()
	want := uint32((int64(e.size) + size - 1) / size)
	switch {
	case c.count > want && c.err == nil:
		c.err, harm = binread.Corrupt("%d clusters, want %d for %d bytes", c.count, want, e.size), filesys.HarmNone
	case c.count < want && c.err == nil:
		c.err = binread.Corrupt("%d clusters, want %d for %d bytes", c.count, want, e.size)
	}
	if c.err != nil {
		s.damage(filesys.Damage{Kind: filesys.DamagedMap, Node: e.node, Harm: harm}, s.placeOf(e.node), "node %d: %v", e.node, c.err)
	}
}

// illegal reports whether no short name may hold a byte.
func illegal(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`"*/:<>?\|`, r) }

func (s *census) subdirectory(parent *directory, e entry) {
	if e.size != 0 {
		s.damage(filesys.Damage{Kind: filesys.DamagedInode, Node: e.node, Harm: filesys.HarmNone}, s.placeOf(e.node),
			"directory %d: size %d, want 0", e.node, e.size)
	}
	if s.seen[e.node] {
		return // its clusters are shared, which was said
	}
	s.seen[e.node] = true
	above := parent.start
	if parent.node == rootNode {
		above = 0
	}
	s.queue = append(s.queue, directory{entry: e, parent: above})
}

// dot looks at "." and "..", which say where the directory and the one above begin.
func (s *census) dot(d *directory, e entry, self bool) {
	name, want := "..", d.parent
	if self {
		name, want = ".", d.start
	}
	if d.node == rootNode || e.start == want || !self && want == 0 && e.start == s.boot.rootCluster {
		return
	}
	s.damage(filesys.Damage{Kind: filesys.DamagedDirectory, Node: d.node, Harm: filesys.HarmRisk}, s.placeOf(e.node),
		"directory %d: %q names cluster %d, want %d", d.node, name, e.start, want)
}

// bitmap has a bit for each cluster.
type bitmap struct{ words []uint64 }

func newBitmap(last uint32) *bitmap { return &bitmap{make([]uint64, last/64+1)} }

// set marks a cluster and reports whether it was marked before.
func (b *bitmap) set(cluster uint32) (again bool) {
	word, bit := &b.words[cluster/64], uint64(1)<<(cluster%64)
	again = *word&bit != 0
	*word |= bit
	return again
}

func (b *bitmap) has(cluster uint32) bool { return b.words[cluster/64]>>(cluster%64)&1 != 0 }
