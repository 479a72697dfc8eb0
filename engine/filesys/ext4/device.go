package ext4

import (
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// device is the block device below the file system. Nothing is read past its end, whatever the reader below would give.
type device struct {
	r     io.ReaderAt
	size  int64
	shift uint // log2 of the block size
	// replayed holds what the journal has newer than the device. It does not change once the file system is open.
	replayed overlay
}

// fill reads exactly len(b) bytes at off, as they stand after the journal was replayed.
func (d *device) fill(b []byte, off int64) error {
	if off < 0 || off > d.size || int64(len(b)) > d.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	if err := binread.Fill(d.r, b, off); err != nil {
		return err
	}
	if len(d.replayed) == 0 {
		return nil
	}
	return d.patch(b, off)
}
