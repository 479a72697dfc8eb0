package rpmdb

import (
	"context"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// A hash database of Berkeley DB has its magic number, 0x061561, in the byte order of the machine that made it.
var bdbMagic = binread.AnyOf(binread.Magic(12, "\x61\x15\x06\x00"), binread.Magic(12, "\x00\x06\x15\x61"))

const (
	bdbHead      = 26 // bytes of a page's header
	bdbMetaPage  = 8  // page types, and below them types of items
	bdbOldHash   = 2
	bdbHash      = 13
	bdbOverflow  = 7
	itemInline   = 1  // H_KEYDATA
	itemOverflow = 3  // H_OFFPAGE
	overflowItem = 12 // bytes of an H_OFFPAGE item
	maxBDBOffset = 1<<16 - 1
)

// bdbFile is a hash database that is being checked (Berkeley DB 5.3, dbinc/db_page.h).
type bdbFile struct {
	f        io.ReaderAt
	swapped  bool
	pageSize int64
	last     uint32 // page
	used     []bool // overflow pages
	headers  int
	inline   [][]byte
	inlined  int // bytes
}

// checkBDB walks all hash pages and the chains of overflow pages that their values are in. It returns how many values are
// in chains, and the ones that are small enough to lie in their hash page: the library passes over those.
func checkBDB(ctx context.Context, f io.ReaderAt, size int64) (headers int, inline [][]byte, err error) {
	d := bdbFile{f: f}
	meta, err := binread.ReadAt(f, 0, 72, 72)
	if err != nil {
		return 0, nil, err
	}
	d.swapped = meta[12] == 0
	c := d.cursor(meta)
	c.At(16)
	version, pageSize := c.U32(), c.U32()
	encryption, kind := c.U8(), c.U8()
	d.last = c.At(32).U32()
	d.pageSize = int64(pageSize)
	switch {
	case encryption != 0:
		return 0, nil, binread.Encrypted("Berkeley DB file is encrypted with algorithm %d", encryption)
	case kind != bdbMetaPage:
		return 0, nil, binread.Corrupt("first page of Berkeley DB file has type %d, want %d", kind, bdbMetaPage)
	case version < 7 || version > 10:
		return 0, nil, binread.Unsupported("Berkeley DB hash version %d, want 7 to 10", version)
	case pageSize < 512 || pageSize > 65536 || pageSize&(pageSize-1) != 0:
		return 0, nil, binread.Corrupt("Berkeley DB page size %d, want a power of two from 512 to 65536", pageSize)
	case int64(d.last) >= size/d.pageSize:
		return 0, nil, binread.Corrupt("Berkeley DB file has %d bytes, want %d pages of %d", size, int64(d.last)+1, pageSize)
	}
	d.used = make([]bool, d.last+1)
	for n := range d.last + 1 {
		if ctx.Err() != nil {
			return 0, nil, ctx.Err()
		}
		if err := d.page(n); err != nil {
			return 0, nil, err
		}
	}
	return d.headers, d.inline, nil
}

func (d *bdbFile) cursor(b []byte) *binread.Cursor {
	c := binread.Little(b)
	if d.swapped {
		c = binread.Big(b)
	}
	return &c
}

// read returns page n, its type, the page after it in a chain, how many entries it has and where its free space begins.
func (d *bdbFile) read(n uint32) (b []byte, kind uint8, next uint32, entries, free int, err error) {
	b, err = binread.ReadAt(d.f, int64(n)*d.pageSize, d.pageSize, d.pageSize)
	if err != nil {
		return nil, 0, 0, 0, 0, err
	}
	c := d.cursor(b)
	next = c.At(16).U32()
	entries, free = int(c.U16()), int(c.U16())
	kind = c.At(25).U8()
	return b, kind, next, entries, free, nil
}

// page checks the items of one page that holds pairs of keys and values.
func (d *bdbFile) page(n uint32) error {
	b, kind, _, entries, _, err := d.read(n)
	if err != nil || kind != bdbHash && kind != bdbOldHash || n == 0 {
		return err
	}
	if entries%2 != 0 || bdbHead+2*entries > len(b) {
		return binread.Corrupt("Berkeley DB page %d has %d entries, want pairs that fit %d bytes", n, entries, len(b))
	}
	c := d.cursor(b)
	c.At(bdbHead)
	end := len(b)
	for i := range entries {
		off := int(c.U16())
		if off < bdbHead+2*entries || off >= end {
			return binread.Corrupt("Berkeley DB page %d: entry %d is at %d, want %d to %d", n, i, off, bdbHead+2*entries, end-1)
		}
		if i%2 == 1 { // the value of a pair
			if err := d.value(n, b[off:end], off); err != nil {
				return err
			}
		}
		end = off // items lie one before the other, from the end of the page
	}
	return c.Err()
}

// value checks one item, which is at off of page n.
func (d *bdbFile) value(n uint32, item []byte, off int) error {
	switch item[0] {
	case itemOverflow:
		if len(item) < overflowItem || off+overflowItem > maxBDBOffset {
			return binread.Corrupt("Berkeley DB page %d: item at %d has %d bytes, want %d", n, off, len(item), overflowItem)
		}
		c := d.cursor(item)
		d.headers++
		return d.chain(c.At(4).U32(), int64(c.U32()))
	case itemInline:
		// The record with the number of the next package has four bytes.
		if b := item[1:]; len(b) > 4 {
			if d.inlined += len(b); d.inlined > maxDatabase {
				return binread.Limit("Berkeley DB page %d: more than %d bytes of inline values", n, maxDatabase)
			}
			d.inline = append(d.inline, b)
		}
		return nil
	}
	return binread.Corrupt("Berkeley DB page %d: item at %d has type %d, want %d or %d", n, off, item[0], itemInline, itemOverflow)
}

// chain checks the overflow pages of a value of the given length. No page is in two chains, or twice in one.
func (d *bdbFile) chain(n uint32, length int64) error {
	if n == 0 {
		return binread.Corrupt("Berkeley DB value of %d bytes begins on page 0", length)
	}
	got := int64(0)
	for n != 0 {
		if n > d.last || d.used[n] {
			return binread.Corrupt("Berkeley DB overflow page %d, want one of %d that is not in use", n, d.last)
		}
		d.used[n] = true
		_, kind, next, _, free, err := d.read(n)
		switch {
		case err != nil:
			return err
		case kind != bdbOverflow:
			return binread.Corrupt("Berkeley DB page %d has type %d, want %d (overflow)", n, kind, bdbOverflow)
		case next == 0 && (bdbHead+free > int(d.pageSize) || bdbHead+free > maxBDBOffset):
			return binread.Corrupt("Berkeley DB page %d holds %d bytes, want at most %d", n, free, d.pageSize-bdbHead)
		case next == 0:
			got += int64(free)
		default:
			got += d.pageSize - bdbHead
		}
		n = next
	}
	if got != length {
		return binread.Corrupt("Berkeley DB value has %d bytes, want %d", got, length)
	}
	return nil
}
