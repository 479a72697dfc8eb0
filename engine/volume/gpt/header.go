package gpt

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	minHeaderSize = 92      // bytes
	minEntrySize  = 128     // bytes
	maxEntrySize  = 4096    // bytes; every known writer uses 128
	maxEntries    = 4096    // the default is 128, and Linux numbers at most 256
	maxArray      = 1 << 20 // bytes
)

// errNoHeader is the damage of a copy that is not there at all.
var errNoHeader = binread.Corrupt("no signature %q", signature)

// header is one copy of the GPT header (UEFI 2.10, table 5.5).
type header struct {
	size           uint32 // HeaderSize, in bytes
	sum            uint32 // HeaderCRC32
	lba            uint64 // MyLBA: where this copy is
	alternateLBA   uint64 // AlternateLBA: where the other copy is
	firstUsableLBA uint64 // FirstUsableLBA
	lastUsableLBA  uint64 // LastUsableLBA
	diskGUID       []byte // DiskGUID, as stored
	arrayLBA       uint64 // PartitionEntryLBA
	entries        uint32 // NumberOfPartitionEntries
	entrySize      uint32 // SizeOfPartitionEntry, in bytes
	arraySum       uint32 // PartitionEntryArrayCRC32
}

// table is one verified copy of the table.
type table struct {
	header
	sector     int64 // bytes
	uuid       string
	partitions []partition
	array      []byte // of the entries, as stored
}

// same reports whether both copies describe the same partitions of the same disk.
func (t *table) same(other *table) bool {
	return t.uuid == other.uuid && t.firstUsableLBA == other.firstUsableLBA && t.lastUsableLBA == other.lastUsableLBA &&
		t.entrySize == other.entrySize && bytes.Equal(t.array, other.array)
}

// readCopy reads and verifies the copy whose header is at lba.
func readCopy(disk *volume.Volume, sector, lba int64) (*table, error) {
	if lba < 1 || lba >= disk.Size/sector {
		return nil, errNoHeader
	}
	h, err := readHeader(disk, sector, lba)
	if err != nil {
		return nil, fmt.Errorf("header at %#x: %w", lba*sector, err)
	}
	array, err := readArray(disk, sector, h)
	if err != nil {
		return nil, fmt.Errorf("entries at LBA %d: %w", h.arrayLBA, err)
	}
	uuid, partitions, err := decode(h, array)
	if err != nil {
		return nil, fmt.Errorf("entries at LBA %d: %w", h.arrayLBA, err)
	}
	return &table{header: h, sector: sector, uuid: uuid, partitions: partitions, array: array}, nil
}

// readHeader reads the header at lba and holds it against section 5.3.2.
func readHeader(r io.ReaderAt, sector, lba int64) (header, error) {
	b, err := binread.ReadAt(r, lba*sector, sector, sector)
	if err != nil {
		return header{}, err
	}
	if !bytes.HasPrefix(b, []byte(signature)) {
		return header{}, errNoHeader
	}
	c := binread.Little(b)
	h := header{
		size:           c.At(12).U32(),
		sum:            c.U32(),
		lba:            c.At(24).U64(),
		alternateLBA:   c.U64(),
		firstUsableLBA: c.U64(),
		lastUsableLBA:  c.U64(),
		diskGUID:       c.Bytes(16),
		arrayLBA:       c.U64(),
		entries:        c.U32(),
		entrySize:      c.U32(),
		arraySum:       c.U32(),
	}
	if err := c.Err(); err != nil {
		return header{}, err
	}
	switch {
	case h.size < minHeaderSize || int64(h.size) > sector:
		return header{}, binread.Corrupt("header size %d, want %d to %d", h.size, minHeaderSize, sector)
	case headerSum(b[:h.size]) != h.sum:
		return header{}, binread.Checksum("header checksum 0x%08x, want 0x%08x", headerSum(b[:h.size]), h.sum)
	case h.lba != uint64(lba):
		return header{}, binread.Corrupt("header says it is at LBA %d, want %d", h.lba, lba)
	case h.entrySize < minEntrySize || h.entrySize&(h.entrySize-1) != 0:
		return header{}, binread.Corrupt("entry size %d, want %d times a power of two", h.entrySize, minEntrySize)
	case h.entrySize > maxEntrySize:
		return header{}, binread.Limit("entry size %d, want at most %d", h.entrySize, maxEntrySize)
	case h.entries == 0:
		return header{}, binread.Corrupt("0 entries, want at least 1")
	case h.entries > maxEntries:
		return header{}, binread.Limit("%d entries, want at most %d", h.entries, maxEntries)
	case h.arrayLBA < 2:
		return header{}, binread.Corrupt("entries at LBA %d, want them behind the primary header", h.arrayLBA)
	}
	return h, nil
}

// headerSum is the checksum of a header.
func headerSum(b []byte) uint32 {
	b = bytes.Clone(b)
	clear(b[16:20]) // the sum is taken with its own field zeroed
	return crc32.ChecksumIEEE(b)
}

// readArray reads the entries of h as stored and verifies their checksum.
func readArray(disk *volume.Volume, sector int64, h header) ([]byte, error) {
	if sectors := uint64(disk.Size / sector); h.arrayLBA >= sectors {
		return nil, binread.Corrupt("beyond the end of the disk at %d", sectors)
	}
	array, err := binread.ReadAt(disk, int64(h.arrayLBA)*sector, int64(h.entries)*int64(h.entrySize), maxArray)
	if err != nil {
		return nil, err
	}
	if sum := crc32.ChecksumIEEE(array); sum != h.arraySum {
		return nil, binread.Checksum("checksum 0x%08x, want 0x%08x", sum, h.arraySum)
	}
	return array, nil
}
