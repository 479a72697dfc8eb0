package qcow2

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	maxRefcountTable = 8 << 20 // bytes, QEMU's limit
	// maxCounted bounds what a check keeps: pages of 1024 clusters, 6 KiB each. It is enough for 4 TiB in clusters of 64 KiB.
	maxCounted = 1 << 16
	countedIn  = 1024 // clusters of a page
	tableField = 48   // refcount_table_offset, in the header
)

// use is what a cluster of the file is used for.
type use uint8

const (
	useMeta       use = 1 << iota // header, L1 tables, snapshot table, refcount table and blocks, bitmaps
	useL2                         // an L2 table
	useData                       // guest data
	useCompressed                 // compressed guest data
	useActive                     // guest data of the current state
)

// counted is a cluster of the file: its reference count as stored, and the references that were found. Both stop at 65535.
type counted struct {
	stored, refs uint16
	uses         use
}

// counts are the clusters of a file that are counted or referred to.
type counts struct {
	clusters int64 // of the file
	pages    map[int64]*[countedIn]counted
}

func newCounts(clusters int64) *counts {
	return &counts{clusters, map[int64]*[countedIn]counted{}}
}

// at returns the cluster of the given number, which is in the file.
func (c *counts) at(cluster int64) (*counted, error) {
	page, ok := c.pages[cluster/countedIn]
	if !ok {
		if len(c.pages) == maxCounted {
			return nil, binread.Limit("more than %d clusters are used", maxCounted*countedIn)
		}
		page = new([countedIn]counted)
		c.pages[cluster/countedIn] = page
	}
	return &page[cluster%countedIn], nil
}

// stored is the reference count of a cluster as stored; 0 where there is none.
func (c *counts) stored(cluster int64) uint16 {
	if page, ok := c.pages[cluster/countedIn]; ok && cluster >= 0 {
		return page[cluster%countedIn].stored
	}
	return 0
}

// loadRefcounts reads the reference counts as stored. The references of the table and its blocks are counted afterwards, by
// countRefcounts, when every stored count is known.
func (k *check) loadRefcounts() error {
	h, size := k.m.head, k.m.fileSize
	off, n := int64(h.refcountOff), int64(h.refcountLen)<<h.clusterBits
	switch {
	case off <= 0 || off&(h.clusterSize()-1) != 0:
		k.damage("the reference count table is not at a cluster", tableField)
		return nil
	case n > maxRefcountTable:
		k.damage(fmt.Sprintf("the reference count table has %d bytes, want at most %d", n, maxRefcountTable), tableField)
		return nil
	case off >= size:
		k.damage("the reference count table is beyond the end of the file", tableField)
		return nil
	}
	b, err := binread.ReadAt(k.m.r, off, min(n, size-off), maxRefcountTable)
	if err != nil {
		return fmt.Errorf("reference count table: %w", err)
	}
	k.blocks = map[int64]bool{}
	c := binread.Big(b)
	for i := int64(0); c.Len() >= 8; i++ {
		if err := k.loadBlock(off+8*i, i, c.U64()); err != nil {
			return err
		}
	}
	return nil
}

// loadBlock reads a refcount block, which entry number i of the table at at names.
func (k *check) loadBlock(at, i int64, entry uint64) error {
	const reserved = 0x1ff
	h := k.m.head
	perBlock := h.clusterSize() * 8 >> h.refcountBits
	first := i * perBlock
	off := int64(entry &^ reserved)
	if entry&reserved != 0 {
		k.damage("an entry of the reference count table has reserved bits set", at)
	}
	switch {
	case off == 0:
		return nil
	case off&(h.clusterSize()-1) != 0:
		k.damage("a block of reference counts is not at a cluster", at)
		return nil
	case off < 0 || off >= k.m.fileSize:
		k.damage("a block of reference counts is beyond the end of the file", at)
		return nil
	case k.blocks[off]:
		k.damage("a block of reference counts is named twice", at)
		return nil
	}
	k.blocks[off] = true
	if first >= k.counts.clusters {
		return nil // it counts clusters behind the end of the file
	}
	if err := k.ctx.Err(); err != nil {
		return err
	}
	b, err := binread.ReadAt(k.m.r, off, min(h.clusterSize(), k.m.fileSize-off), 1<<maxClusterBits)
	if err != nil {
		return fmt.Errorf("reference counts at %#x: %w", off, err)
	}
	for n := range min(perBlock, k.counts.clusters-first) {
		stored := refcount(b, n, h.refcountBits)
		if stored == 0 {
			continue
		}
		c, err := k.counts.at(first + n)
		if err != nil {
			return err
		}
		c.stored = uint16(min(stored, 1<<16-1))
	}
	return nil
}

// refcount is entry n of a block of counts of 1<<order bits: below a byte, the first is in the lowest bits.
func refcount(b []byte, n int64, order uint32) uint64 {
	c := binread.Big(b)
	if bit := n << order; int(bit/8) >= len(b) {
		return 0
	} else if c.At(int(bit / 8)); order < 3 {
		return uint64(c.U8()) >> (bit % 8) & (1<<(1<<order) - 1)
	}
	switch order {
	case 3:
		return uint64(c.U8())
	case 4:
		return uint64(c.U16())
	case 5:
		return uint64(c.U32())
	}
	return c.U64()
}

// countRefcounts counts the references of the refcount table and its blocks.
func (k *check) countRefcounts() error {
	if k.blocks == nil {
		return nil
	}
	h := k.m.head
	if err := k.refer(int64(h.refcountOff), int64(h.refcountLen)<<h.clusterBits, reference{use: useMeta, times: 1, guest: image.Nowhere}); err != nil {
		return err
	}
	for _, off := range sortedKeys(k.blocks) {
		if err := k.refer(off, h.clusterSize(), reference{use: useMeta, times: 1, guest: image.Nowhere}); err != nil {
			return err
		}
	}
	return nil
}
