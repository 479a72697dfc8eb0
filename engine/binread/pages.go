package binread

import "io"

// pageSize is how much of a table is read and kept at once, in bytes.
const pageSize = 4 << 10

// Pages reads the tables of a container a page at a time, and keeps the pages that were used last. It is safe for concurrent use.
type Pages struct {
	r     io.ReaderAt
	size  int64 // bytes of r
	cache *Cache
}

// NewPages returns the pages of r, of size bytes, of which it keeps at most max bytes.
func NewPages(r io.ReaderAt, size int64, maxBytes int) *Pages {
	return &Pages{r, size, NewCache(maxBytes / pageSize)}
}

// From returns bytes at off, at least one: those up to the end of their page, or of the file. They are shared and must not be changed.
func (p *Pages) From(off int64) ([]byte, error) {
	if off < 0 || off >= p.size {
		return nil, Corrupt("offset %#x, want it inside of a file of %d bytes", off, p.size)
	}
	first := off &^ (pageSize - 1)
	b := p.cache.Get(uint64(first / pageSize))
	if b == nil {
		var err error
		if b, err = ReadAt(p.r, first, min(pageSize, p.size-first), pageSize); err != nil {
			return nil, err
		}
		p.cache.Put(uint64(first/pageSize), b)
	}
	return b[off-first:], nil
}

// BitOrder says which bit of a byte is the first.
type BitOrder bool

// The orders of bits.
const (
	LowFirst  BitOrder = false
	HighFirst BitOrder = true
)

// Run returns the bit at position first of b, and how many of the bits from there on are like it: at most n, which b must hold.
func (o BitOrder) Run(b []byte, first, n int) (set bool, length int) {
	set, whole := o.bit(b, first), byte(0)
	if set {
		whole = 0xff
	}
	for length = 1; length < n; length++ {
		i := first + length
		if i%8 == 0 && b[i/8] == whole {
			length += 7
			continue
		}
		if o.bit(b, i) != set {
			return set, length
		}
	}
	return set, min(length, n)
}

func (o BitOrder) bit(b []byte, i int) bool {
	if o == HighFirst {
		return b[i/8]&(0x80>>(i%8)) != 0
	}
	return b[i/8]&(1<<(i%8)) != 0
}
