package ext4

import "github.com/guestctl/guestctl/engine/binread"

// overlay says which blocks of the device the journal has newer: by device block, the device block within the journal
// that holds the content. The lowest bit of the value is set when the content was escaped: it began with the journal's
// own magic number, which the journal writes as zeros.
type overlay map[uint64]uint64

// maxReplayed bounds the overlay: 2 GiB of 4 KiB blocks, and at most some 20 MB of memory.
const maxReplayed = 1 << 19

// patch replaces what was read at off by what the journal has newer.
func (d *device) patch(b []byte, off int64) error {
	blockSize := int64(1) << d.shift
	for len(b) > 0 {
		within := off & (blockSize - 1)
		piece := b[:min(int64(len(b)), blockSize-within)]
		if at, ok := d.replayed[uint64(off>>d.shift)]; ok {
			if err := d.readReplayed(piece, at, within); err != nil {
				return err
			}
		}
		b, off = b[len(piece):], off+int64(len(piece))
	}
	return nil
}

func (d *device) readReplayed(b []byte, at uint64, within int64) error {
	off := int64(at>>1<<d.shift) + within
	if off > d.size || int64(len(b)) > d.size-off {
		return binread.Corrupt("journal block at %#x, behind the end of the image at %#x", off, d.size)
	}
	if err := binread.Fill(d.r, b, off); err != nil {
		return err
	}
	if at&1 != 0 && within < 4 {
		copy(b, journalMagicBytes[within:])
	}
	return nil
}
