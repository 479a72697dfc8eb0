package qcow2

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	offsetMask   = 0x00fffffffffffe00 // of L1 and L2 entries, bits 9 to 55
	l1Reserved   = 0x7f000000000001ff
	l2Reserved   = 0x3f000000000001fe
	flagZero     = 1 << 0 // reads as zeros; reserved in version 2 and in extended entries
	flagCopied   = 1 << 63
	flagCompress = 1 << 62

	// pageSize is how much of a table is read and kept at once, unless a cluster is smaller.
	pageSize = 16 << 10
	// maxSteps bounds the runs that Extent puts together in one call.
	maxSteps = 4096
)

// kind is where the bytes of a run are.
type kind uint8

const (
	unallocated kind = iota // in the backing file, if there is one
	zero
	data
	compressed
)

// run is a range of guest bytes of one kind.
type run struct {
	kind kind
	n    int64
	host int64 // where data starts, or the descriptor of a compressed cluster
}

// Extent implements image.Extenter, through backing files too.
func (m *Image) Extent(off, n int64) (image.Extent, error) {
	n = image.Clip(m.active.size, off, n)
	e := image.Extent{Off: off}
	for steps := 0; n > 0 && steps < maxSteps; steps++ {
		isZero, below, k, err := m.extent(off, n)
		if err != nil && e.Len == 0 {
			return e, fmt.Errorf("qcow2: guest offset %#x: %w", off, err)
		}
		if err != nil || e.Len > 0 && isZero != e.Zero {
			return e, nil //nolint:nilerr // the next call, which starts there, returns the error
		}
		e.Zero = isZero
		e.Len += k
		if off, n = off+k, n-k; below {
			break // one answer of a backing file may be long work: a chain of files must not multiply it
		}
	}
	return e, nil
}

// extent is one step of Extent: how many of the n bytes at off are alike, at least one, and whether a backing file said
// so.
func (m *Image) extent(off, n int64) (isZero, below bool, k int64, err error) {
	r, err := m.run(off, n)
	if err != nil {
		return false, false, 0, err
	}
	if r.kind != unallocated || m.backing == nil {
		return r.kind == zero || r.kind == unallocated, false, r.n, nil
	}
	inside := image.Clip(m.backing.Size(), off, r.n)
	if inside == 0 {
		return true, false, r.n, nil
	}
	e, err := image.ExtentOf(m.backing, off, inside)
	if err != nil {
		return false, true, 0, fmt.Errorf("backing file %q: %w", m.head.backing, err)
	}
	if e.Len <= 0 || e.Len > inside {
		return false, true, inside, nil
	}
	return e.Zero, true, e.Len, nil
}

// run returns the run at off, of at most n bytes. Data clusters that lie one after the other are one run.
func (m *Image) run(off, n int64) (run, error) {
	coverage := m.head.coverage()
	at := m.active.off + off/coverage*8
	page, first, err := m.page(at)
	if err != nil {
		return run{}, fmt.Errorf("L1 entry at %#x: %w", at, err)
	}
	c := binread.Big(page)
	entry := c.At(int(at - first)).U64()
	l2 := int64(entry & offsetMask)
	switch {
	case c.Err() != nil:
		return run{}, fmt.Errorf("L1 entry at %#x: %w", at, c.Err())
	case entry&l1Reserved != 0:
		return run{}, binread.Corrupt("L1 entry at %#x: %#x has reserved bits set", at, entry)
	case l2 == 0:
		return run{kind: unallocated, n: min(n, coverage-off%coverage)}, nil
	case l2&(m.head.clusterSize()-1) != 0 || l2 >= m.fileSize:
		return run{}, binread.Corrupt("L1 entry at %#x: L2 table at %#x, want a multiple of %#x inside of a file of %d bytes",
			at, l2, m.head.clusterSize(), m.fileSize)
	}
	at = l2 + off%coverage>>m.head.clusterBits*m.head.entrySize()
	if page, first, err = m.page(at); err != nil {
		return run{}, fmt.Errorf("L2 entry at %#x: %w", at, err)
	}
	return m.join(page, first, at, off, n)
}

// join puts the runs of neighbouring L2 entries together. The entry of off is at at, in a page of tables that starts at
// first.
func (m *Image) join(page []byte, first, at, off, n int64) (run, error) {
	r, err := m.entry(page, first, at, off)
	if err != nil {
		return r, err
	}
	for r.n < n && r.kind != compressed {
		next := off + r.n
		if next&(m.head.clusterSize()-1) == 0 {
			if at += m.head.entrySize(); at-first >= int64(len(page)) {
				break
			}
		}
		more := m.follow(r, page, first, at, next)
		if more == 0 {
			break
		}
		r.n += more
	}
	r.n = min(r.n, n)
	return r, nil
}

// follow returns how many bytes from off on continue the run r. A damaged entry does not: it is reported when it is the
// first of a run.
func (m *Image) follow(r run, page []byte, first, at, off int64) int64 {
	next, err := m.entry(page, first, at, off)
	if err != nil || next.kind != r.kind || r.kind == data && next.host != r.host+r.n {
		return 0
	}
	return next.n
}

// page returns the page of tables that holds the entry at off, and the offset of its first byte. Tables are aligned to
// clusters, so that no entry lies in two pages.
func (m *Image) page(off int64) (b []byte, first int64, err error) {
	size := min(m.head.clusterSize(), pageSize)
	first = off &^ (size - 1)
	block, mine := m.tables.Get(first)
	if !mine {
		b, err = block.Wait()
		return b, first, err
	}
	if n := min(size, m.fileSize-first); n > 0 {
		b, err = binread.ReadAt(m.r, first, n, pageSize)
	}
	m.tables.Put(block, b, err)
	return b, first, err
}

// entry decodes the L2 entry at at and returns its run from off on, which ends with the cluster at the latest.
func (m *Image) entry(page []byte, first, at, off int64) (run, error) {
	c := binread.Big(page)
	entry := c.At(int(at - first)).U64()
	var subclusters uint64
	if m.head.extended() {
		subclusters = c.U64()
	}
	in := off & (m.head.clusterSize() - 1)
	r := run{n: m.head.clusterSize() - in, host: int64(entry & offsetMask)}
	// In a data file the offset 0 is a place like any other.
	allocated := r.host != 0 || m.data != nil && entry&flagCopied != 0
	switch {
	case c.Err() != nil:
		return r, fmt.Errorf("L2 entry at %#x: %w", at, c.Err())
	case entry&flagCompress != 0 && (m.data != nil || subclusters != 0):
		return r, binread.Corrupt("L2 entry at %#x: compressed cluster with a data file or subclusters", at)
	case entry&flagCompress != 0:
		r.kind, r.host = compressed, int64(entry&(flagCompress-1))
		return r, nil
	case entry&l2Reserved != 0 || entry&flagZero != 0 && (m.head.version == 2 || m.head.extended()):
		return r, binread.Corrupt("L2 entry at %#x: %#x has reserved bits set", at, entry)
	case allocated && r.host&(m.head.clusterSize()-1) != 0:
		return r, binread.Corrupt("L2 entry at %#x: cluster at %#x, want a multiple of %#x", at, r.host, m.head.clusterSize())
	case m.head.extended():
		if err := r.selectSubclusters(subclusters, allocated, in, m.head.clusterSize()/32); err != nil {
			return r, fmt.Errorf("L2 entry at %#x: %w", at, err)
		}
	case entry&flagZero != 0:
		r.kind = zero
	case allocated:
		r.kind = data
	}
	if r.kind != data {
		return r, nil
	}
	if size := m.hostSize(); r.host >= size {
		return r, binread.Corrupt("L2 entry at %#x: cluster at %#x, want it inside of a file of %d bytes", at, r.host, size)
	}
	r.host += in
	return r, nil
}

// selectSubclusters narrows r, which starts in bytes into its cluster, to the subclusters that are like its first. The
// bits have a subcluster allocated (0 to 31) or zero (32 to 63).
func (r *run) selectSubclusters(bits uint64, allocated bool, in, size int64) error {
	inFile, zeros := uint32(bits), uint32(bits>>32)
	switch {
	case inFile&zeros != 0:
		return binread.Corrupt("subclusters %#x are both allocated and zero", inFile&zeros)
	case inFile != 0 && !allocated:
		return binread.Corrupt("subclusters %#x are allocated in no cluster", inFile)
	}
	kindOf := func(i int64) kind {
		switch {
		case inFile>>i&1 != 0:
			return data
		case zeros>>i&1 != 0:
			return zero
		}
		return unallocated
	}
	i := in / size
	r.kind = kindOf(i)
	for i++; i < 32 && kindOf(i) == r.kind; {
		i++
	}
	r.n = i*size - in
	return nil
}

// hostSize is the size of the file that holds the data clusters.
func (m *Image) hostSize() int64 {
	if m.data != nil {
		return m.data.Size()
	}
	return m.fileSize
}
