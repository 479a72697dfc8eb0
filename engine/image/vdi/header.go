package vdi

import (
	"fmt"
	"io"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	signatureAt = 64
	signature   = "\x7f\x10\xda\xbe"
	headerSize  = 0x1c8 // with the part before it, in version 1.0
	sectorSize  = 512   // bytes
	maxSize     = 1 << 62
)

// kind is the type of an image.
type kind uint32

const (
	dynamic      kind = 1
	fixed        kind = 2
	differencing kind = 4
)

// header is the header of version 1.
type header struct {
	version        uint32       // u32Version
	length         uint32       // cbHeader
	kind           kind         // u32Type
	mapOff         int64        // offBlocks
	dataOff        int64        // offData
	sector         uint32       // LegacyGeometry.cbSector
	diskSize       uint64       // cbDisk, bytes
	blockSize      int64        // cbBlock, bytes
	extra          int64        // cbBlockExtra: bytes before those of each block
	blocks         int64        // cBlocks
	allocated      int64        // cBlocksAllocated
	id             binread.GUID // uuidCreate
	modified       binread.GUID // uuidModify
	link           binread.GUID // uuidLinkage: the parent's uuidCreate
	parentModified binread.GUID // uuidParentModify
}

func readHeader(r io.ReaderAt, size int64) (*header, error) {
	b, err := binread.ReadAt(r, 0, headerSize, headerSize)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	c := binread.Little(b)
	if magic := string(c.At(signatureAt).Bytes(4)); magic != signature {
		return nil, binread.Corrupt("header: signature %q, want %q", magic, signature)
	}
	h := &header{version: c.U32(), length: c.U32(), kind: kind(c.U32())}
	h.mapOff, h.dataOff = int64(c.At(0x154).U32()), int64(c.U32())
	h.sector, h.diskSize = c.At(0x168).U32(), c.At(0x170).U64()
	h.blockSize, h.extra = int64(c.U32()), int64(c.U32())
	h.blocks, h.allocated = int64(c.U32()), int64(c.U32())
	h.id, h.modified, h.link, h.parentModified = c.GUID(), c.GUID(), c.GUID(), c.GUID()
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	return h, h.validate(size)
}

// validate wants a block map inside of the file of fileSize bytes that finds all of the disk's bytes.
func (h *header) validate(fileSize int64) error {
	wrong := func(format string, args ...any) error {
		return binread.Corrupt("header: %s", fmt.Sprintf(format, args...))
	}
	switch {
	case h.version>>16 != 1:
		return binread.Unsupported("header: version %s, want 1.0 or 1.1", h.versionName())
	case h.kind != dynamic && h.kind != fixed && h.kind != differencing:
		return binread.Unsupported("header: image type %d, want 1 (dynamic), 2 (fixed) or 4 (differencing)", h.kind)
	case h.sector != sectorSize && h.sector != 0:
		return binread.Unsupported("header: sectors of %d bytes, want %d", h.sector, sectorSize)
	case h.diskSize == 0 || h.diskSize > maxSize:
		return wrong("disk of %#x bytes, want at least 1, at most %#x", h.diskSize, int64(maxSize))
	case h.blockSize < sectorSize || bits.OnesCount64(uint64(h.blockSize)) != 1:
		return wrong("block size %d, want a power of two, at least %d", h.blockSize, sectorSize)
	case h.extra != 0 && bits.OnesCount64(uint64(h.extra)) != 1:
		return wrong("%d bytes before each block, want none or a power of two", h.extra)
	case (h.size()-1)/h.blockSize >= h.blocks:
		return wrong("%d blocks of %d bytes, want them to hold a disk of %d bytes", h.blocks, h.blockSize, h.size())
	case h.mapOff < headerSize || h.mapOff%4 != 0 || h.mapOff > fileSize || h.blocks*4 > fileSize-h.mapOff:
		return wrong("block map of %d entries at %#x, want it behind the header and inside of a file of %d bytes", h.blocks, h.mapOff, fileSize)
	case h.dataOff-h.mapOff < h.blocks*4:
		return wrong("data at %#x, want it behind the block map of %d entries at %#x", h.dataOff, h.blocks, h.mapOff)
	case h.kind == differencing && h.link == binread.GUID{}:
		return wrong("differencing image that names no parent")
	}
	return nil
}

// size is the size of the disk in bytes: whole sectors, as QEMU has it.
func (h *header) size() int64 { return int64((h.diskSize + sectorSize - 1) &^ (sectorSize - 1)) }

// block returns where a block begins in the file, with the bytes before it.
func (h *header) block(number uint32) int64 { return h.dataOff + int64(number)*h.stride() }

// stride is how many bytes a block takes in the file.
func (h *header) stride() int64 { return h.extra + h.blockSize }

func (h *header) versionName() string { return fmt.Sprintf("%d.%d", h.version>>16, h.version&0xffff) }
