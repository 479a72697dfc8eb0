package xfs

import "github.com/guestctl/guestctl/engine/binread"

const (
	pageSize = 4 << 10

	// maxReplayed bounds what a log may change, in bytes of pages.
	maxReplayed = 256 << 20
)

// overlay holds the pages of the device that the log has newer, by their offset.
type overlay map[int64][]byte

// patch replaces what was read at off by what the log has newer.
func (o overlay) patch(b []byte, off int64) {
	for len(b) > 0 {
		within := off & (pageSize - 1)
		piece := b[:min(int64(len(b)), pageSize-within)]
		if page := o[off-within]; page != nil {
			copy(piece, page[within:])
		}
		b, off = b[len(piece):], off+int64(len(piece))
	}
}

// change puts b in the place of what the device has at off.
func (d *device) change(b []byte, off int64) error {
	if !d.has(off, int64(len(b))) {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	for len(b) > 0 {
		within := off & (pageSize - 1)
		start := off - within
		page := d.replayed[start]
		if page == nil {
			if int64(len(d.replayed)) >= maxReplayed/pageSize {
				return binread.Limit("it changes more than %d bytes", maxReplayed)
			}
			page = make([]byte, min(pageSize, d.size-start))
			if err := binread.Fill(d.r, page, start); err != nil {
				return err
			}
			d.replayed[start] = page
		}
		n := copy(page[within:], b)
		b, off = b[n:], off+int64(n)
	}
	return nil
}
