package vhd

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	headerCookie = "cxsparse"
	headerSize   = 1024
	maxLocators  = 8
)

// header is the dynamic disk header.
type header struct {
	off           int64
	tableOff      int64 // Table Offset: of the block allocation table
	entries       int64 // Max Table Entries
	blockSize     int64 // bytes, without the bitmap
	parentID      uniqueID
	parentWritten time.Time // Parent Time Stamp
	parentName    []byte    // Parent Unicode Name, UTF-16 with the high byte first
	locators      []locator
}

// locator says where the name of the parent is, as one platform has it.
type locator struct {
	platform string // Platform Code
	n        int64  // Platform Data Length: bytes
	off      int64  // Platform Data Offset
}

// bitmapSize is how many bytes the bitmap in front of a block takes.
func (h *header) bitmapSize() int64 {
	return (h.blockSize/sectorSize/8 + sectorSize - 1) &^ (sectorSize - 1)
}

func readHeader(r io.ReaderAt, size int64, f *footer) (*header, error) {
	off := int64(f.headerOff)
	if f.headerOff > uint64(size) {
		return nil, binread.Corrupt("footer at %#x: header at %#x, want it inside of a file of %d bytes", f.off, f.headerOff, size)
	}
	b, err := binread.ReadAt(r, off, headerSize, headerSize)
	if err == nil {
		var h *header
		if h, err = decodeHeader(b, off); err == nil {
			return h, h.validate(size, f.size())
		}
	}
	return nil, fmt.Errorf("header at %#x: %w", off, err)
}

func decodeHeader(b []byte, off int64) (*header, error) {
	if !bytes.HasPrefix(b, []byte(headerCookie)) {
		return nil, binread.Corrupt("begins with %q, want %q", b[:8], headerCookie)
	}
	c := binread.Big(b)
	h := &header{off: off, tableOff: int64(c.At(16).U64())}
	version := c.U32()
	h.entries, h.blockSize = int64(c.U32()), int64(c.U32())
	sum := c.U32()
	copy(h.parentID[:], c.Bytes(len(h.parentID)))
	h.parentWritten = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(c.U32()) * time.Second)
	h.parentName = c.At(64).Bytes(512)
	for range maxLocators {
		l := locator{platform: string(c.Bytes(4))}
		c.Skip(4) // Platform Data Space, of which some count sectors and some bytes
		l.n = int64(c.U32())
		c.Skip(4)
		l.off = int64(c.U64())
		h.locators = append(h.locators, l)
	}
	switch want := checksum(b, 36); {
	case c.Err() != nil:
		return nil, c.Err()
	case sum != want:
		return nil, binread.Checksum("checksum %#x, want %#x", sum, want)
	case version != version1:
		return nil, binread.Unsupported("version %d.%d, want 1.0", version>>16, version&0xffff)
	}
	return h, nil
}

// validate wants a table inside of the file of fileSize bytes that finds all of the disk's bytes.
func (h *header) validate(fileSize, diskSize int64) error {
	wrong := func(format string, args ...any) error {
		return binread.Corrupt("header at %#x: %s", h.off, fmt.Sprintf(format, args...))
	}
	switch {
	case h.blockSize < sectorSize || bits.OnesCount64(uint64(h.blockSize)) != 1:
		return wrong("block size %d, want a power of two, at least %d", h.blockSize, sectorSize)
	case (diskSize-1)/h.blockSize >= h.entries:
		return wrong("%d blocks of %d bytes, want them to hold a disk of %d bytes", h.entries, h.blockSize, diskSize)
	case h.tableOff < 0 || h.tableOff%4 != 0 || h.tableOff > fileSize || h.entries*4 > fileSize-h.tableOff:
		return wrong("block allocation table of %d entries at %#x, want it inside of a file of %d bytes", h.entries, h.tableOff, fileSize)
	}
	return nil
}
