package xfs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// device is the block device below the file system. Nothing is read past its end, whatever the reader below would give.
type device struct {
	r        io.ReaderAt
	size     int64
	replayed overlay
}

func (d *device) has(off, n int64) bool { return off >= 0 && off <= d.size && n <= d.size-off }

// fill reads exactly len(b) bytes at off.
func (d *device) fill(b []byte, off int64) error {
	if !d.has(off, int64(len(b))) {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, d.size)
	}
	if err := binread.Fill(d.r, b, off); err != nil {
		return err
	}
	if d.replayed != nil {
		d.replayed.patch(b, off)
	}
	return nil
}

// ReadAt implements io.ReaderAt for what is read once.
func (d *device) ReadAt(b []byte, off int64) (int, error) {
	if err := d.fill(b, off); err != nil {
		return 0, err
	}
	return len(b), nil
}

// readBlock returns a block of metadata. It is shared: the caller must not change it.
func (f *FS) readBlock(block uint64) ([]byte, error) {
	if b := f.blocks.Get(block); b != nil {
		return b, nil
	}
	b, err := f.readBlocks(block, 1)
	if err == nil {
		f.blocks.Put(block, b)
	}
	return b, err
}

// readBlocks returns some blocks of metadata that follow each other.
func (f *FS) readBlocks(block, count uint64) ([]byte, error) {
	if !f.super.hasBlocks(block, count) {
		return nil, binread.Corrupt("%d blocks at block %#x, want them inside of a group", count, block)
	}
	b := make([]byte, count<<f.super.blockLog)
	if err := f.device.fill(b, f.super.offset(block)); err != nil {
		return nil, fmt.Errorf("block %#x: %w", block, err)
	}
	return b, nil
}
