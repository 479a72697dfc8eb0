package hive

import (
	"sync"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	binHeader = 32
	minCell   = 8 // bytes, and what the size of a cell is a multiple of
)

// bins are the hive bins that were looked at. A cell is believed only where the cells of its bin, one behind the other from the first,
// come to it: two cells never overlap.
type bins struct {
	mu    sync.Mutex
	pages []int32 // of each page: 0 not looked at, noBin, or the number of its bin and 1
	found []*bin
}

const noBin = -1

type bin struct {
	off    int64    // of the hive bins
	size   int64    // bytes
	starts []uint64 // a bit for every eight bytes: a cell starts here
	broken error    // where the cells do not come to the end of the bin
}

func (b *bin) covers(off int64) bool { return off-b.off < b.size }

// has tells whether a cell starts at off.
func (b *bin) has(off int64) bool {
	n := (off - b.off) / minCell
	return b.starts[n/64]&(1<<(n%64)) != 0
}

// binOf returns the bin with the offset off, which is inside of the hive: the one whose header stands closest before it.
func (h *Hive) binOf(off int64) (*bin, error) {
	h.bins.mu.Lock()
	defer h.bins.mu.Unlock()
	page := off / pageSize
	if h.bins.pages[page] == 0 {
		if err := h.findBin(page); err != nil {
			return nil, err
		}
	}
	n := h.bins.pages[page]
	if n == noBin {
		return nil, binread.Corrupt("offset %#x is in no hive bin", off)
	}
	return h.bins.found[n-1], nil
}

// findBin goes back from a page to the header of its bin. What it finds for the pages that it passes is kept: none is looked at twice.
func (h *Hive) findBin(page int64) error {
	first := page
	for ; first >= 0 && h.bins.pages[first] == 0; first-- {
		size, err := h.binSize(first * pageSize)
		if err != nil {
			return err
		}
		if size > 0 {
			h.bins.found = append(h.bins.found, h.walk(first*pageSize, size))
			h.bins.pages[first] = int32(len(h.bins.found))
			break
		}
	}
	for p := first + 1; p <= page; p++ {
		h.bins.pages[p] = noBin
		if n := max(0, first); h.bins.pages[n] > 0 && h.bins.found[h.bins.pages[n]-1].covers(p*pageSize) {
			h.bins.pages[p] = h.bins.pages[n]
		}
	}
	return nil
}

// binSize is the size of the bin whose header is at off, or 0 when none is there.
func (h *Hive) binSize(off int64) (int64, error) {
	b, err := h.read(off, binHeader)
	if err != nil {
		return 0, err
	}
	c := binread.Little(b)
	signed := string(c.Bytes(4)) == "hbin"
	at, size := int64(c.U32()), int64(c.U32())
	if !signed || at != off || size < pageSize || size%pageSize != 0 || size > h.size-off {
		return 0, nil
	}
	return size, nil
}

// walk follows the cells of a bin from the first to the last.
func (h *Hive) walk(off, size int64) *bin {
	b := &bin{off: off, size: size, starts: make([]uint64, size/minCell/64)}
	for at := int64(binHeader); at < size; {
		n, _, err := h.cellSize(off + at)
		if err == nil && n > size-at {
			err = binread.Corrupt("cell at %#x: %d bytes, want at most the %d to the end of its hive bin", off+at, n, size-at)
		}
		if err != nil {
			b.broken = err
			return b
		}
		b.starts[at/minCell/64] |= 1 << (at / minCell % 64)
		at += n
	}
	return b
}

// cellSize is the size of the cell at off, and whether it is in use.
func (h *Hive) cellSize(off int64) (n int64, used bool, err error) {
	raw, err := h.read(off, 4)
	if err != nil {
		return 0, false, err
	}
	c := binread.Little(raw)
	n = int64(int32(c.U32()))
	used = n < 0
	if used {
		n = -n
	}
	if n < minCell || n%minCell != 0 {
		return 0, used, binread.Corrupt("cell at %#x: %d bytes, want a multiple of %d", off, n, minCell)
	}
	return n, used, nil
}

// cell is the content of a cell in use, without its size.
type cell struct {
	off int64 // of the hive bins
	n   int64 // bytes
}

// cell finds the cell that an offset in the hive names.
func (h *Hive) cell(off uint32) (cell, error) {
	at := int64(off)
	switch {
	case off&(1<<31) != 0 || at%minCell != 0:
		return cell{}, binread.Corrupt("offset %#x is of no cell", off)
	case at >= h.size:
		return cell{}, binread.Corrupt("offset %#x, want it inside of %#x bytes of hive bins", off, h.size)
	}
	b, err := h.binOf(at)
	if err != nil {
		return cell{}, err
	}
	if !b.has(at) {
		if b.broken != nil {
			return cell{}, binread.Corrupt("offset %#x is behind the damage of its hive bin: %w", off, b.broken)
		}
		return cell{}, binread.Corrupt("no cell starts at %#x", off)
	}
	n, used, err := h.cellSize(at)
	if err != nil {
		return cell{}, err
	}
	if !used {
		return cell{}, binread.Corrupt("cell at %#x is free", off)
	}
	return cell{at + 4, n - 4}, nil
}

// content returns n bytes of a cell from the byte from on, at most maxBytes.
func (h *Hive) content(c cell, from, n, maxBytes int64) ([]byte, error) {
	switch {
	case n > maxBytes:
		return nil, binread.Limit("cell at %#x: %d bytes, want at most %d", c.off-4, n, maxBytes)
	case n > c.n-from:
		return nil, binread.Corrupt("cell at %#x: %d bytes from %d on, has %d in all", c.off-4, n, from, c.n)
	}
	return h.read(c.off+from, n)
}

// read returns n bytes of the hive bins, which may be shared.
func (h *Hive) read(off, n int64) ([]byte, error) {
	b, err := h.pages.From(baseSize + off)
	if err != nil {
		return nil, err
	}
	if int64(len(b)) >= n {
		return b[:n:n], nil
	}
	return binread.ReadAt(h.source, baseSize+off, n, n)
}
