package rpmdb

import (
	"context"
	"hash/adler32"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

var ndbMagic = binread.Magic(0, "RpmP")

const (
	ndbPage     = 4096
	ndbBlock    = 16 // bytes; offsets and lengths of blobs count these
	ndbBlobHead = 16
	ndbBlobTail = 12
	maxNDBPages = 2048 // of slots: what the library takes
	ndbSlot     = 0x746f6c53
	ndbBlob     = 0x53626c42
	ndbTail     = 0x45626c42
)

// checkNDB holds a database against the format that rpm's lib/backend/ndb/rpmpkg.c describes: a header, pages of slots,
// and for each used slot a blob with its Adler-32 behind it. It returns how many packages there are.
func checkNDB(ctx context.Context, f io.ReaderAt, size int64) (int, error) {
	head, err := binread.ReadAt(f, 0, 32, 32)
	if err != nil {
		return 0, err
	}
	c := binread.Little(head)
	version, pages := c.At(4).U32(), c.At(12).U32()
	switch {
	case version != 0:
		return 0, binread.Unsupported("NDB version %d, want 0", version)
	case pages == 0 || pages > maxNDBPages || int64(pages) > size/ndbPage:
		return 0, binread.Corrupt("NDB header counts %d pages of slots in a file of %d bytes, want 1 to %d", pages, size, maxNDBPages)
	}
	slots, err := binread.ReadAt(f, 32, int64(pages)*ndbPage-32, maxNDBPages*ndbPage)
	if err != nil {
		return 0, err
	}
	packages, total := 0, int64(0)
	c = binread.Little(slots)
	for off := int64(32); c.Len() > 0; off += ndbBlock {
		magic, index, at, blocks := c.U32(), c.U32(), c.U32(), c.U32()
		if magic != ndbSlot {
			return 0, binread.Corrupt("NDB slot at %#x begins with %#x, want %#x", off, magic, ndbSlot)
		}
		if index == 0 {
			continue
		}
		n := int64(blocks) * ndbBlock
		// No two blobs share a block, so together they are not longer than the file.
		if total += n; total > size {
			return 0, binread.Corrupt("NDB slot at %#x: blobs of %d bytes in a file of %d", off, total, size)
		}
		if err := checkBlob(f, index, int64(at)*ndbBlock, n); err != nil {
			return 0, err
		}
		packages++
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return packages, c.Err()
}

// checkBlob checks one blob of n bytes at off.
func checkBlob(f io.ReaderAt, index uint32, off, n int64) error {
	if n < ndbBlobHead+ndbBlobTail {
		return binread.Corrupt("NDB blob %d at %#x has %d bytes, want at least %d", index, off, n, ndbBlobHead+ndbBlobTail)
	}
	b, err := binread.ReadAt(f, off, n, maxDatabase)
	if err != nil {
		return err
	}
	c := binread.Little(b)
	magic, own := c.U32(), c.U32()
	length := int64(c.At(12).U32())
	tail := len(b) - ndbBlobTail
	sum, again, end := c.At(tail).U32(), c.U32(), c.U32()
	switch {
	case magic != ndbBlob || end != ndbTail:
		return binread.Corrupt("NDB blob at %#x begins with %#x and ends with %#x, want %#x and %#x", off, magic, end, ndbBlob, ndbTail)
	case own != index:
		return binread.Corrupt("NDB blob at %#x is of package %d, want %d", off, own, index)
	case int64(again) != length || length > int64(tail)-ndbBlobHead || length+ndbBlock <= int64(tail)-ndbBlobHead:
		return binread.Corrupt("NDB blob at %#x has %d and %d bytes of content in %d", off, length, again, n)
	case adler32.Checksum(b[:tail]) != sum:
		return binread.Corrupt("NDB blob at %#x: Adler-32 is %#x, want %#x", off, adler32.Checksum(b[:tail]), sum)
	}
	return nil
}
