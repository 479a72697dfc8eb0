package fat

import (
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// device is the block device below the file system. Nothing is read past its end, whatever the reader below would give.
type device struct {
	r     io.ReaderAt
	size  int64
	pages *binread.Cache
}

// fill reads exactly len(b) bytes at off.
func (d *device) fill(b []byte, off int64) error {
	if off < 0 || off > d.size || int64(len(b)) > d.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	return binread.Fill(d.r, b, off)
}

// small returns n bytes at off, which are shared: the caller must not change them. n is at most the size of a page.
func (d *device) small(off int64, n int) ([]byte, error) {
	within := int(off % pageSize)
	if off < 0 || n > pageSize-within {
		b := make([]byte, n)
		return b, d.fill(b, off)
	}
	page, err := d.page(off / pageSize)
	switch {
	case err != nil: // a neighbour that cannot be read is no reason to lose these bytes
		b := make([]byte, n)
		return b, d.fill(b, off)
	case n > len(page)-within:
		return nil, binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", n, off, d.size)
	}
	return page[within : within+n : within+n], nil
}

func (d *device) page(number int64) ([]byte, error) {
	if b := d.pages.Get(uint64(number)); b != nil {
		return b, nil
	}
	b := make([]byte, max(0, min(pageSize, d.size-number*pageSize)))
	if err := d.fill(b, number*pageSize); err != nil {
		return nil, err
	}
	d.pages.Put(uint64(number), b)
	return b, nil
}

// ReadAt implements io.ReaderAt for what is read once.
func (d *device) ReadAt(b []byte, off int64) (int, error) {
	if err := d.fill(b, off); err != nil {
		return 0, err
	}
	return len(b), nil
}
