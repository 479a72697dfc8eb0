package ntfs

import (
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	pageSize  = 4 << 10
	pageCount = 2 << 10
	largeRead = 32 << 10 // from here on pages are passed by
)

// device is the block device below the file system. Nothing is read past its end, whatever the reader below would give.
type device struct {
	r     io.ReaderAt
	size  int64
	pages *binread.Pages
}

func newDevice(r io.ReaderAt, size int64) *device {
	return &device{r, size, binread.NewPages(r, size, pageSize*pageCount)}
}

// fill reads exactly len(b) bytes at off.
func (d *device) fill(b []byte, off int64) error {
	if off < 0 || off > d.size || int64(len(b)) > d.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	if len(b) >= largeRead {
		return binread.Fill(d.r, b, off)
	}
	for done := 0; done < len(b); {
		page, err := d.pages.From(off + int64(done))
		if err != nil { // a neighbour that cannot be read is no reason to lose these bytes
			return binread.Fill(d.r, b[done:], off+int64(done))
		}
		done += copy(b[done:], page)
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (d *device) ReadAt(b []byte, off int64) (int, error) {
	if err := d.fill(b, off); err != nil {
		return 0, err
	}
	return len(b), nil
}
