package erofs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	deviceSize = 128 // bytes of an entry
	maxDevices = 256
	maxPiece   = 1 << 20 // bytes of metadata that are read at once
)

// space is where metadata is: the volume, or what an inode holds.
type space struct {
	r     io.ReaderAt
	pages *binread.Pages
	start int64 // where the inode 0 is
	size  int64
}

func newSpace(r io.ReaderAt, size, start int64) space {
	return space{r, binread.NewPages(r, size, metadataCache), start, size}
}

// bytes returns n bytes at off. They may be shared and must not be changed.
func (s *space) bytes(off int64, n int) ([]byte, error) {
	switch {
	case n > maxPiece:
		return nil, binread.Limit("%d bytes of metadata, want at most %d", n, maxPiece)
	case off < 0 || off > s.size || int64(n) > s.size-off:
		return nil, binread.Corrupt("%d bytes of metadata at %#x, want them before the end at %#x", n, off, s.size)
	case n == 0:
		return nil, nil
	}
	b, err := s.pages.From(off)
	if err != nil || len(b) >= n {
		return b[:min(n, len(b)):min(n, len(b))], err
	}
	joined := append(make([]byte, 0, n), b...)
	for len(joined) < n {
		if b, err = s.pages.From(off + int64(len(joined))); err != nil {
			return nil, err
		}
		joined = append(joined, b[:min(len(b), n-len(joined))]...)
	}
	return joined, nil
}

// cursor decodes n bytes at off.
func (s *space) cursor(off int64, n int) (binread.Cursor, error) {
	b, err := s.bytes(off, n)
	return binread.Little(b), err
}

// device is a further device, and which blocks of a space that all of them share are on it.
type device struct {
	tag           string
	first, blocks uint64
}

// readDevices reads the table of further devices.
func (f *FS) readDevices() error {
	s := &f.super
	if s.incompat&hasDevices == 0 || s.extraDevices == 0 {
		return nil
	}
	if s.extraDevices > maxDevices {
		return binread.Limit("%d of them, want at most %d", s.extraDevices, maxDevices)
	}
	tags := ""
	for i := range int64(s.extraDevices) {
		c, err := f.main.cursor((int64(s.deviceSlot)+i)*deviceSize, deviceSize)
		if err != nil {
			return err
		}
		d := device{tag: text(c.Bytes(64))}
		blocks, first := uint64(c.U32()), uint64(c.U32())
		if s.incompat&has48Bit != 0 {
			blocks, first = blocks|uint64(c.U16())<<32, first|uint64(c.U16())<<32
		}
		d.blocks, d.first = blocks, first
		f.devices = append(f.devices, d)
		tags += fmt.Sprintf(", %d %q", i+1, d.tag)
	}
	f.problem("content on further devices is not read%s", tags)
	return nil
}

// place returns where n blocks are on the volume. Those of another device are unsupported, with its name.
func (f *FS) place(deviceNumber uint16, block uint64) (int64, error) {
	mask := uint16(1)
	for int(mask) <= len(f.devices) {
		mask <<= 1
	}
	number := int(deviceNumber & (mask - 1))
	for i, d := range f.devices {
		if number == 0 && d.first != 0 && block >= d.first && block-d.first < d.blocks {
			number = i + 1
		}
	}
	switch {
	case number > len(f.devices):
		return 0, binread.Corrupt("block %d of device %d, want one of %d devices", block, number, len(f.devices)+1)
	case number > 0:
		return 0, binread.Unsupported("block %d is on the further device %d %q", block, number, f.devices[number-1].tag)
	case block > uint64(f.size)>>f.super.blockLog:
		return 0, binread.Corrupt("block %d, want it before the end of the image at %#x", block, f.size)
	}
	return int64(block << f.super.blockLog), nil
}
