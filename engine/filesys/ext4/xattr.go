package ext4

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	xattrMagic       = 0xea020000
	xattrHeaderSize  = 32 // of an attribute block
	xattrEntrySize   = 16 // without its name
	maxXattrValue    = 64 << 10
	maxXattrTotal    = 1 << 20
	inlineDataPrefix = 7
	inlineDataName   = "data"
)

// xattrPrefixes are what e_name_index stands for. Attributes of other indexes are the file system's own: inline data,
// the encryption context, the verity descriptor.
var xattrPrefixes = [...]string{
	1: "user.", 2: "system.posix_acl_access", 3: "system.posix_acl_default", 4: "trusted.", 5: "lustre.",
	6: "security.", 7: "system.", 8: "system.richacl", 10: "gnu.",
}

// xattrEntry is struct ext4_xattr_entry.
type xattrEntry struct {
	prefix     uint8
	name       []byte
	valueOff   int
	valueSize  int64
	valueInode uint32
	hash       uint32 // e_hash
}

// Xattrs returns the extended attributes of an inode.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	in, err := f.readInode(n)
	if in.raw == nil {
		return nil, fmt.Errorf("ext4: inode %d: %w", n, err)
	}
	var bad binread.Errors
	bad.Add(err)
	var attrs map[string][]byte
	total := int64(0)
	bad.Add(f.eachXattr(&in, func(e xattrEntry, value []byte) error {
		if e.prefix == inlineDataPrefix && string(e.name) == inlineDataName ||
			int(e.prefix) >= len(xattrPrefixes) || xattrPrefixes[e.prefix] == "" {
			return nil
		}
		name := xattrPrefixes[e.prefix] + string(e.name)
		value, err := f.xattrValue(e, value)
		if err != nil && !errors.Is(err, binread.ErrChecksum) {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
		if total += int64(len(value)); total > maxXattrTotal {
			return binread.Limit("attributes of more than %d bytes", maxXattrTotal)
		}
		if e.prefix == 2 || e.prefix == 3 {
			var aclErr error
			if value, aclErr = decodeACL(value); aclErr != nil {
				return fmt.Errorf("attribute %q: %w", name, aclErr)
			}
		}
		if attrs == nil {
			attrs = map[string][]byte{}
		}
		attrs[name] = value
		if err != nil {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
		return nil
	}))
	if err := bad.Err(); err != nil {
		return attrs, fmt.Errorf("ext4: inode %d: %w", n, err)
	}
	return attrs, nil
}

// eachXattr visits the attributes in the inode and in its attribute block. Damage to one is no reason to lose the others.
func (f *FS) eachXattr(in *inode, visit func(e xattrEntry, value []byte) error) error {
	var bad binread.Errors
	bad.Add(f.eachInodeXattr(in, visit))
	if in.xattrBlock != 0 {
		bad.Add(f.eachBlockXattr(in, visit))
	}
	return bad.Err()
}

func (f *FS) eachInodeXattr(in *inode, visit func(e xattrEntry, value []byte) error) error {
	start := oldInodeSize + int(in.extraSize)
	if len(in.raw)-start < 4 || in.extraSize == 0 {
		return nil
	}
	c := binread.Little(in.raw[start:])
	if c.U32() != xattrMagic {
		return nil
	}
	// values are counted from the first entry
	area := in.raw[start+4:]
	return eachEntry(area, 0, area, visit)
}

func (f *FS) eachBlockXattr(in *inode, visit func(e xattrEntry, value []byte) error) error {
	b, err := f.readBlock(in.xattrBlock)
	if err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	c := binread.Little(b)
	magic, blocks, got := c.U32(), c.At(8).U32(), c.At(16).U32()
	if magic != xattrMagic || blocks != 1 {
		return binread.Corrupt("attribute block %d: magic %#x and %d blocks, want %#x and 1", in.xattrBlock, magic, blocks, uint32(xattrMagic))
	}
	var bad binread.Errors
	if f.super.features.metadataCsum() {
		want := crc32c(crc32cU64(f.seed, in.xattrBlock), b[:16])
		want = crc32c(crc32c(want, zeros[:4]), b[20:])
		if got != want {
			bad.Add(binread.Checksum("attribute block %d: checksum %#08x, want %#08x", in.xattrBlock, got, want))
		}
	}
	if err := eachEntry(b, xattrHeaderSize, b, visit); err != nil {
		bad.Add(fmt.Errorf("attribute block %d: %w", in.xattrBlock, err))
	}
	return bad.Err()
}

// eachEntry visits the entries from off on, until the four zero bytes behind the last. Values lie in area.
func eachEntry(b []byte, off int, area []byte, visit func(e xattrEntry, value []byte) error) error {
	var bad binread.Errors
	for {
		c := binread.Little(b)
		if c.At(off).U32() == 0 {
			if c.Err() != nil {
				bad.Add(binread.Corrupt("attribute list without an end"))
			}
			return bad.Err()
		}
		nameLength := int(c.At(off).U8())
		e := xattrEntry{prefix: c.U8(), valueOff: int(c.U16()), valueInode: c.U32(), valueSize: int64(c.U32())}
		e.hash = c.U32()
		e.name = c.Bytes(nameLength)
		if c.Err() != nil {
			bad.Add(binread.Corrupt("attribute at %d: it ends behind its %d bytes", off, len(b)))
			return bad.Err()
		}
		var value []byte
		if e.valueInode == 0 {
			if int64(e.valueOff) > int64(len(area)) || e.valueSize > int64(len(area)-e.valueOff) {
				bad.Add(binread.Corrupt("attribute at %d: value of %d bytes at %d, want it inside of %d", off, e.valueSize, e.valueOff, len(area)))
				return bad.Err()
			}
			value = area[e.valueOff : e.valueOff+int(e.valueSize)]
		}
		bad.Add(visit(e, value))
		off += (xattrEntrySize + nameLength + 3) &^ 3
	}
}

// xattrValue copies a value, or reads it from the inode that holds it.
func (f *FS) xattrValue(e xattrEntry, value []byte) ([]byte, error) {
	if e.valueInode == 0 {
		return append([]byte{}, value...), nil
	}
	if !f.super.features.eaInode() {
		return nil, binread.Corrupt("its value is inode %d, and the file system has no such attributes", e.valueInode)
	}
	in, sumErr := f.readInode(filesys.Node(e.valueInode))
	if in.raw == nil {
		return nil, fmt.Errorf("value inode %d: %w", e.valueInode, sumErr)
	}
	if !in.has(flagEAInode) || in.has(flagInlineData) || in.size != e.valueSize {
		return nil, binread.Corrupt("value inode %d: %d bytes, want an attribute's inode of %d", e.valueInode, in.size, e.valueSize)
	}
	if e.valueSize > maxXattrValue {
		return nil, binread.Limit("value inode %d: %d bytes, want at most %d", e.valueInode, e.valueSize, maxXattrValue)
	}
	c, err := f.content(&in)
	if err != nil {
		return nil, fmt.Errorf("value inode %d: %w", e.valueInode, err)
	}
	b := make([]byte, e.valueSize)
	if _, err := c.read(b, 0); err != nil {
		return nil, fmt.Errorf("value inode %d: %w", e.valueInode, err)
	}
	// the access time of the inode is the checksum of the value
	cursor := binread.Little(in.raw)
	if got, want := cursor.At(0x8).U32(), crc32c(f.seed, b); got != want && sumErr == nil {
		sumErr = binread.Checksum("value of inode %d: checksum %#08x, want %#08x", e.valueInode, got, want)
	}
	return b, sumErr
}

// inlineData returns the content of an inode that holds it itself: i_block and the attribute system.data. It may be
// shorter than the size; the rest is a hole.
func (f *FS) inlineData(in *inode) ([]byte, error) {
	b := bytes.Clone(in.blockMap)
	found := false
	err := f.eachInodeXattr(in, func(e xattrEntry, value []byte) error {
		if e.prefix == inlineDataPrefix && string(e.name) == inlineDataName && e.valueInode == 0 && !found {
			found = true
			b = append(b, value...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("inline data: %w", err)
	}
	if !found {
		return nil, binread.Corrupt("inline data: no attribute system.data")
	}
	return b[:min(in.size, int64(len(b)))], nil
}
