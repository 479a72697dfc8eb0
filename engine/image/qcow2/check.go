package qcow2

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/image"
)

// Check implements image.Checker. It finds what qemu-img check finds, and tells beside it what that passes over: the dirty and
// corrupt bits, clusters with two uses, compressed clusters that cannot be decompressed, and leaked clusters that are probably lost
// data.
func (m *Image) Check(ctx context.Context, opts image.CheckOptions) (image.Checked, error) {
	k := &check{m: m, ctx: ctx, opts: opts}
	k.counts = newCounts((m.fileSize-1)>>m.head.clusterBits + 1)
	err := k.run()
	k.tell()
	if err != nil {
		return k.checked, fmt.Errorf("qcow2: %w", err)
	}
	return k.checked, k.below()
}

// check is a check that is going on.
type check struct {
	m         *Image
	ctx       context.Context //nolint:containedctx // of the one call that it lives in
	opts      image.CheckOptions
	counts    *counts
	blocks    map[int64]bool // of reference counts, by their offset; nil without a table of them
	empty     []int64        // guest offsets of the tables of the current state that map nothing
	gaps      []gap
	bitmapped int64        // entries of the tables of bitmaps that were read
	pending   image.Damage // not told yet: more of the same may follow
	checked   image.Checked
}

func (k *check) run() error {
	k.bits()
	for _, step := range []func() error{k.loadRefcounts, k.countHeader, k.countStates, k.countBitmaps, k.countRefcounts, k.compare} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// bits tells what the header says of the state of the image.
func (k *check) bits() {
	if k.m.head.incompatible&incompatDirty != 0 {
		k.doubt("the dirty bit is set: the image was not closed, and its reference counts may be wrong", 72)
	}
	if k.m.head.incompatible&incompatCorrupt != 0 {
		k.report(image.Damage{Harm: image.Damaged, Problem: "the corrupt bit is set: QEMU found damage and refuses to write to the image", Host: 72, Guest: image.Nowhere, Units: 1})
	}
}

func (k *check) countHeader() error {
	return k.refer(0, k.m.head.clusterSize(), reference{use: useMeta, times: 1, guest: image.Nowhere})
}

// damage tells what is wrong at a place of the file.
func (k *check) damage(problem string, host int64) {
	k.report(image.Damage{Harm: image.Damaged, Problem: problem, Host: host, Guest: image.Nowhere, Units: 1})
}

func (k *check) doubt(problem string, host int64) {
	k.report(image.Damage{Harm: image.Doubtful, Problem: problem, Host: host, Guest: image.Nowhere, Units: 1})
}

// report tells a damage, together with such as are beside it.
func (k *check) report(d image.Damage) {
	p := &k.pending
	if p.Problem == d.Problem && p.Harm == d.Harm && d.Len > 0 && d.Host == p.Host+p.Len &&
		(d.Guest == p.Guest+p.Len || d.Guest < 0 && p.Guest < 0) {
		p.Len += d.Len
		p.Units += d.Units
		return
	}
	k.tell()
	*p = d
}

func (k *check) tell() {
	if k.pending.Problem == "" {
		return
	}
	k.checked.Add(k.pending)
	k.opts.Report(k.pending)
	k.pending = image.Damage{}
}

// below checks the files that the image names.
func (k *check) below() error {
	for _, file := range []struct {
		name string
		img  image.Image
	}{{k.m.head.backing, k.m.backing}, {k.m.head.dataFile, k.m.data}} {
		if file.img == nil {
			continue
		}
		opts := k.opts
		opts.Report = func(d image.Damage) {
			if d.File != "" {
				d.File = ": " + d.File
			}
			d.File = file.name + d.File
			if file.img == k.m.data {
				d.Guest = image.Nowhere // offsets in a data file are none of the guest
			}
			k.m.shown(&d)
			k.opts.Report(d)
		}
		c, ok, err := image.CheckOf(k.ctx, file.img, opts)
		if err != nil {
			return fmt.Errorf("file %q: %w", file.name, err)
		}
		if ok {
			k.checked.Clusters += c.Clusters
			k.checked.Compressed += c.Compressed
			k.checked.Damaged += c.Damaged
			k.checked.Doubtful += c.Doubtful
			k.checked.Leaks += c.Leaks
		}
	}
	return nil
}

// shown leaves of the guest bytes that a damage of the backing file is about those that this image does not have itself: from the first to
// the last of them.
func (m *Image) shown(d *image.Damage) {
	if d.Guest < 0 {
		return
	}
	n := image.Clip(m.active.size, d.Guest, max(d.Len, 1))
	first, end := int64(image.Nowhere), int64(0)
	for off, left, steps := d.Guest, n, 0; left > 0; steps++ {
		r, err := m.run(off, left)
		if err != nil || steps == maxSteps { // nobody knows what it has from here on
			r = run{n: left, kind: unallocated}
		}
		if r.kind == unallocated {
			if first < 0 {
				first = off
			}
			end = off + r.n
		}
		off, left = off+r.n, left-r.n
	}
	d.Guest = first
	if first >= 0 && d.Len > 0 {
		d.Len = end - first
	}
}

// reference is what refers to clusters.
type reference struct {
	use   use
	times uint32 // by how many tables alike
	guest int64  // the guest offset of the first byte, or image.Nowhere
}

// refer counts references to the n bytes at off of the file.
func (k *check) refer(off, n int64, r reference) error {
	size := k.m.head.clusterSize()
	if n <= 0 {
		return nil
	}
	// A last cluster need not be whole.
	if off < 0 || off > k.m.fileSize-1 || n-(k.m.fileSize-off) >= size {
		k.report(image.Damage{Harm: image.Damaged, Problem: "what a table refers to is beyond the end of the file", Host: off, Guest: r.guest, Len: n, Units: 1})
		return nil
	}
	for cluster := off / size; cluster <= (off+n-1)/size && cluster < k.counts.clusters; cluster++ {
		c, err := k.counts.at(cluster)
		if err != nil {
			return err
		}
		k.count(c, cluster, r)
		if r.guest >= 0 && r.use&useCompressed == 0 {
			r.guest += size
		}
	}
	return nil
}

// count counts a reference to one cluster.
func (k *check) count(c *counted, cluster int64, r reference) {
	size := k.m.head.clusterSize()
	d := image.Damage{Harm: image.Damaged, Host: cluster * size, Guest: r.guest, Len: size, Units: 1}
	before := c.refs
	c.refs = uint16(min(uint32(c.refs)+min(r.times, 1<<16), 1<<16-1))
	if before <= c.stored && c.refs > c.stored {
		d.Problem = "a cluster is used more often than its reference count says: a write would go to two places"
		if c.stored == 0 {
			d.Problem = "a used cluster has the reference count 0: it may be given to other data"
		}
		k.report(d)
	} else if c.conflicts(r.use) {
		d.Problem = "a cluster has two uses that exclude one another"
		k.report(d)
	}
	c.uses |= r.use
}

// conflicts reports whether a cluster cannot be used for u too.
func (c *counted) conflicts(u use) bool {
	const kinds = useMeta | useL2 | useData | useCompressed
	before := c.uses & kinds
	switch {
	case before == 0:
		return false
	case before != u&kinds, u&useMeta != 0:
		return true
	}
	return u&useData != 0 && c.uses&u&useActive != 0
}

// compare holds the stored counts against the references: what is counted and not used has leaked.
func (k *check) compare() error {
	size := k.m.head.clusterSize()
	var lost []int64
	for _, page := range slices.Sorted(maps.Keys(k.counts.pages)) {
		for i, c := range k.counts.pages[page] {
			if c.refs > 0 {
				k.checked.Clusters++
			}
			if c.stored <= c.refs {
				continue
			}
			off := (page*countedIn + int64(i)) * size
			if c.refs == 0 {
				lost = append(lost, off)
			}
			k.report(image.Damage{
				Harm: image.Wasted, Problem: "leaked: the reference count is higher than the uses", Host: off, Guest: image.Nowhere, Len: size, Units: 1,
			})
		}
	}
	k.tell()
	return k.lost(lost)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
