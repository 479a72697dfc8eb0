package btrfs

import (
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// device is the block device below the file system. Nothing is read past its end, whatever the reader below would give.
type device struct {
	r    io.ReaderAt
	size int64
}

// fill reads exactly len(b) bytes at off.
func (d *device) fill(b []byte, off int64) error {
	if off < 0 || off > d.size || int64(len(b)) > d.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	return binread.Fill(d.r, b, off)
}
