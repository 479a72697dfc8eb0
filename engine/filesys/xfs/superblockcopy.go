package xfs

import (
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// findSuperblock reads the primary superblock, or one of its copies when that is damaged.
func (f *FS) findSuperblock() (*superblock, error) {
	s, err := f.superblockAt(0)
	if err == nil {
		return s, nil
	}
	if errors.Is(err, binread.ErrUnsupported) {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	if copied, off := f.findCopy(s); copied != nil {
		f.problem(true, "superblock: %v; the copy at %#x is used", err, off)
		f.copied = true
		return copied, nil
	}
	if !errors.Is(err, binread.ErrChecksum) {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	f.problem(true, "superblock: %v; no good copy was found", err)
	return s, nil
}

// superblockAt reads one copy of the superblock. With a wrong checksum it returns both the superblock and the error.
func (f *FS) superblockAt(off int64) (*superblock, error) { return f.readSuperblock(off, nil) }

// copyWithRoot reads a copy of the superblock, which may not hold where the root directory is.
func (f *FS) copyWithRoot(off int64) (*superblock, error) {
	return f.readSuperblock(off, &f.super.root)
}

func (f *FS) readSuperblock(off int64, root *uint64) (*superblock, error) {
	b, err := binread.ReadAt(&f.device, off, superblockSize, superblockSize)
	if err != nil {
		return nil, err
	}
	if off > 0 {
		b[inProgressOff] = 0 // of copies it stays set
	}
	if root != nil {
		for i := range 8 {
			b[rootOff+i] = byte(*root >> (56 - 8*i))
		}
	}
	s, err := decodeSuperblock(b)
	if err != nil || !s.v5() {
		return s, err
	}
	if b, err = binread.ReadAt(&f.device, off, int64(s.sectorSize), maxSectorSize); err != nil {
		return s, err
	}
	return s, verifySum(b, superblockSumOff)
}

// findCopy tries the places where groups begin: by what the damaged superblock says, then for as many groups of equal size as mkfs.xfs
// makes.
func (f *FS) findCopy(damaged *superblock) (*superblock, int64) {
	if damaged != nil {
		if s, off := f.copyOf(int64(damaged.agBlocks) << damaged.blockLog); s != nil {
			return s, off
		}
	}
	for count := int64(2); count <= maxGuessed; count++ {
		for log := minBlockLog; log <= maxBlockLog; log++ {
			if s, off := f.copyOf(f.device.size >> log / count << log); s != nil {
				return s, off
			}
		}
	}
	return nil, 0
}

// copyOf reads the copies in groups of so many bytes. Only some of them hold where the root directory is.
func (f *FS) copyOf(group int64) (*superblock, int64) {
	if group <= 0 {
		return nil, 0
	}
	for n := int64(1); n <= maxGuessed && n < f.device.size/group+1; n++ {
		off := n * group
		s, err := f.superblockAt(off)
		if s == nil && errors.Is(err, binread.ErrCorrupt) && n == 1 && !f.hasMagic(off) {
			return nil, 0
		}
		if err == nil && int64(s.agBlocks)<<s.blockLog == group && n < int64(s.agCount) {
			return s, off
		}
	}
	return nil, 0
}

func (f *FS) hasMagic(off int64) bool {
	b, err := binread.ReadAt(&f.device, off, 4, 4)
	return err == nil && string(b) == "XFSB"
}
