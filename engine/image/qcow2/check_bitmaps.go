package qcow2

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

const (
	autoclearBitmaps = 1 << 0
	maxBitmaps       = 65535
	maxBitmapDir     = 64 << 20 // bytes, QEMU's limit
	maxBitmapTable   = 8 << 20  // entries, QEMU's limit
	bitmapSize       = 24       // of a directory entry without its extra data and name
)

// countBitmaps counts the references of persistent dirty bitmaps. Without their autoclear bit they are out of date, and QEMU drops
// them.
func (k *check) countBitmaps() error {
	h := k.m.head
	if len(h.bitmaps) == 0 || h.autoclear&autoclearBitmaps == 0 {
		return nil
	}
	c := binread.Big(h.bitmaps)
	count, size, off := c.U32(), int64(c.At(8).U64()), int64(c.U64())
	switch {
	case c.Err() != nil:
		k.damage("the header extension of the bitmaps is too short", 0)
		return nil //nolint:nilerr // it was told
	case count == 0 || count > maxBitmaps || size <= 0 || size > maxBitmapDir:
		k.damage(fmt.Sprintf("a directory of %d bitmaps in %d bytes", count, size), 0)
		return nil
	case off <= 0 || off&(h.clusterSize()-1) != 0 || off >= k.m.fileSize || size > k.m.fileSize-off:
		k.damage("the directory of the bitmaps is not at a cluster of the file", 0)
		return nil
	}
	if err := k.refer(off, size, reference{use: useMeta, times: 1, guest: image.Nowhere}); err != nil {
		return err
	}
	b, err := binread.ReadAt(k.m.r, off, size, maxBitmapDir)
	if err != nil {
		return fmt.Errorf("bitmaps: %w", err)
	}
	c = binread.Big(b)
	for range count {
		at := off + int64(c.Offset())
		table, entries := int64(c.U64()), int64(c.U32())
		c.Skip(6) // flags, type, granularity_bits
		nameLen, extraLen := c.U16(), c.U32()
		n := int64(nameLen) + int64(extraLen)
		if c.Err() != nil || n > int64(c.Len()) {
			k.damage("the directory of the bitmaps ends inside of an entry", at)
			return nil //nolint:nilerr // it was told
		}
		c.Skip(int(n))
		c.Skip(min(-int(n)&7, c.Len()))
		if err := k.countBitmap(at, table, entries); err != nil {
			return err
		}
	}
	return nil
}

// countBitmap counts the references of one bitmap, whose table of so many entries is at off.
func (k *check) countBitmap(at, off, entries int64) error {
	h := k.m.head
	if entries > maxBitmapTable || off <= 0 || off&(h.clusterSize()-1) != 0 || entries*8 > k.m.fileSize-off {
		k.damage("the table of a bitmap does not lie in the file", at)
		return nil
	}
	if k.bitmapped += entries; k.bitmapped > maxBitmapTable {
		return binread.Limit("tables of bitmaps with more than %d entries", maxBitmapTable)
	}
	r := reference{use: useMeta, times: 1, guest: image.Nowhere}
	if err := k.refer(off, entries*8, r); err != nil {
		return err
	}
	b, err := binread.ReadAt(k.m.r, off, entries*8, maxBitmapTable*8)
	if err != nil {
		return fmt.Errorf("table of a bitmap at %#x: %w", off, err)
	}
	for c := binread.Big(b); c.Len() >= 8; {
		entry := c.U64()
		cluster := int64(entry & offsetMask)
		if entry&^(offsetMask|1) != 0 || cluster&(h.clusterSize()-1) != 0 {
			k.damage("the table of a bitmap has an entry with reserved bits", off)
			continue
		}
		if cluster != 0 {
			if err := k.refer(cluster, h.clusterSize(), r); err != nil {
				return err
			}
		}
	}
	return k.ctx.Err()
}
