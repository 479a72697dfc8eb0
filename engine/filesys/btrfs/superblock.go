package btrfs

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	superOffset = 64 << 10
	superSize   = 4096
	superMagic  = "_BHRfS_M"

	maxNodeSize = 64 << 10
	maxSysArray = 2048
	maxLevel    = 7       // of the root of a tree
	maxSize     = 1 << 62 // bytes
)

// superOffsets are where the copies are, the first one first.
func superOffsets() [3]int64 { return [3]int64{superOffset, 64 << 20, 256 << 30} }

// superblock is what reading needs of struct btrfs_super_block.
type superblock struct {
	fsid         [16]byte
	metadataUUID [16]byte // what blocks of metadata hold
	bytenr       uint64
	flags        uint64
	generation   uint64
	root         pointer // of the tree of roots
	chunkRoot    pointer
	logRoot      pointer // its block is 0 where there is no log tree
	totalBytes   uint64
	deviceBytes  uint64
	deviceID     uint64
	deviceUUID   [16]byte
	devices      uint64
	rootDir      uint64 // the directory in the tree of roots that names the default subvolume
	sectorSize   uint32
	nodeSize     uint32
	roCompat     uint64
	incompat     uint64
	sumType      sumType
	label        string
	sysChunks    []byte
}

// readSuperblock takes the first copy, or where that is damaged the newest of the others, and says so.
func (d *device) readSuperblock() (problem string, err error) {
	var first error
	for i, off := range superOffsets() {
		s, err := d.readSuperblockAt(off)
		switch {
		case i == 0 && (err == nil || errors.Is(err, binread.ErrUnsupported)):
			d.super = s
			return "", err
		case i == 0:
			first = err
		case err == nil && (d.super == nil || s.generation > d.super.generation):
			d.super = s
		}
	}
	if d.super == nil {
		return "", first
	}
	return fmt.Sprintf("superblock: %v; its copy at %#x is used", first, d.super.bytenr), nil
}

func (d *device) readSuperblockAt(off int64) (*superblock, error) {
	b := make([]byte, superSize)
	if err := d.fill(b, off); err != nil {
		return nil, err
	}
	s, err := decodeSuperblock(b)
	if err != nil {
		return nil, err
	}
	if s.bytenr != uint64(off) {
		return nil, binread.Corrupt("a superblock of %#x is at %#x", s.bytenr, off)
	}
	return s, nil
}

func decodeSuperblock(b []byte) (*superblock, error) {
	c := binread.Little(b)
	s := &superblock{
		fsid:       [16]byte(c.At(0x20).Bytes(16)),
		bytenr:     c.U64(),
		flags:      c.U64(),
		generation: c.At(0x48).U64(),
		root:       pointer{block: c.U64(), owner: rootTreeID},
		chunkRoot:  pointer{block: c.U64(), owner: chunkTreeID},
		logRoot:    pointer{block: c.U64(), owner: logTreeID},
		totalBytes: c.At(0x70).U64(),
		rootDir:    c.At(0x80).U64(),
		devices:    c.U64(),
		sectorSize: c.U32(),
		nodeSize:   c.U32(),
	}
	arraySize := c.At(0xa0).U32()
	s.chunkRoot.generation, s.root.generation = c.U64(), s.generation
	s.roCompat, s.incompat, s.sumType = c.At(0xb4).U64(), c.U64(), sumType(c.U16())
	s.root.level, s.chunkRoot.level, s.logRoot.level, s.logRoot.generation = c.U8(), c.U8(), c.U8(), s.generation+1
	s.deviceID, s.deviceBytes = c.At(0xc9).U64(), c.U64()
	s.deviceUUID = [16]byte(c.At(0xc9 + 66).Bytes(16))
	s.label = cString(c.At(0x12b).Bytes(256))
	s.metadataUUID = s.fsid
	if s.incompat&incompatMetadataUUID != 0 {
		s.metadataUUID = [16]byte(c.At(0x23b).Bytes(16))
	}
	if magic := c.At(0x40).Bytes(len(superMagic)); string(magic) != superMagic {
		return nil, binread.Corrupt("magic %q, want %q", magic, superMagic)
	}
	if s.sumType < sumTypes {
		if err := s.sumType.verify(b); err != nil {
			return nil, err
		}
	}
	if err := s.supported(); err != nil {
		return nil, err
	}
	if arraySize > maxSysArray {
		return nil, binread.Corrupt("%d bytes of chunks, want at most %d", arraySize, maxSysArray)
	}
	s.sysChunks = c.At(0x32b).Bytes(int(arraySize))
	return s, s.validate()
}

func (s *superblock) validate() error {
	switch {
	case bits.OnesCount32(s.sectorSize) != 1 || s.sectorSize < 4096 || s.sectorSize > maxNodeSize:
		return binread.Corrupt("sectors of %d bytes, want a power of two from 4 KiB to 64 KiB", s.sectorSize)
	case bits.OnesCount32(s.nodeSize) != 1 || s.nodeSize < s.sectorSize || s.nodeSize > maxNodeSize:
		return binread.Corrupt("blocks of metadata of %d bytes, want a power of two from the sector size to 64 KiB", s.nodeSize)
	case max(s.root.level, s.chunkRoot.level, s.logRoot.level) > maxLevel:
		return binread.Corrupt("trees of level %d, %d and %d, want at most %d", s.root.level, s.chunkRoot.level, s.logRoot.level, maxLevel)
	case s.totalBytes == 0 || s.totalBytes > maxSize || s.deviceBytes > maxSize:
		return binread.Corrupt("%d bytes on a device of %d, want at most 2^62", s.totalBytes, s.deviceBytes)
	case s.devices == 0 || s.devices > maxDevices:
		return binread.Corrupt("%d devices, want 1 to %d", s.devices, maxDevices)
	case s.chunkRoot.generation > s.generation:
		return binread.Corrupt("chunks of generation %d, newer than the file system at %d", s.chunkRoot.generation, s.generation)
	}
	return nil
}

// cString is the text in front of the first zero.
func cString(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

func uuidString(b [16]byte) string {
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
