package filesys

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

// maxMarkedBytes bounds what one set of marks holds in memory: the blocks of 32 TiB in use.
const maxMarkedBytes = 1 << 30

// Marks is a set of numbers below a limit, one bit each, in pages that are made when the first of their numbers comes.
type Marks struct {
	Pages   [][]uint64 // nil where none of a page's numbers came
	perPage uint64
	bytes   uint64
}

// NewMarks returns an empty set for the numbers of so many pages.
func NewMarks(pages, perPage uint64) *Marks {
	return &Marks{perPage: perPage, Pages: make([][]uint64, pages)}
}

// page returns the page for writing.
func (m *Marks) page(i uint64) ([]uint64, error) {
	if m.Pages[i] == nil {
		words := (m.perPage + 63) / 64
		if m.bytes += words * 8; m.bytes > maxMarkedBytes {
			return nil, binread.Limit("marks of more than %d bytes", maxMarkedBytes)
		}
		m.Pages[i] = make([]uint64, words)
	}
	return m.Pages[i], nil
}

// Set puts count numbers from first on into the set, and returns the first that was there before, if any was. The numbers must be
// below the limit.
func (m *Marks) Set(first, count uint64) (taken uint64, again bool, err error) {
	for count > 0 {
		at := first % m.perPage
		n := min(count, m.perPage-at)
		page, err := m.page(first / m.perPage)
		if err != nil {
			return 0, false, err
		}
		if bit, was := setBits(page, at, n); was && !again {
			taken, again = first-at+bit, true
		}
		first, count = first+n, count-n
	}
	return taken, again, nil
}

// setBits sets n bits and returns the first that was set before, if any was.
func setBits(page []uint64, at, n uint64) (taken uint64, again bool) {
	for n > 0 {
		word, low := at/64, at%64
		count := min(n, 64-low)
		mask := ^uint64(0) >> (64 - count) << low
		if both := page[word] & mask; both != 0 && !again {
			taken, again = word*64+uint64(bits.TrailingZeros64(both)), true
		}
		page[word] |= mask
		at, n = at+count, n-count
	}
	return taken, again
}
