package xfs

import (
	"hash/crc32"

	"github.com/guestctl/guestctl/engine/binread"
)

// Nothing writes to them.
var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	zeros      [4]byte
)

// verifySum compares the checksum that b holds at off: of all of b, with zeros in its own place.
func verifySum(b []byte, off int) error {
	if len(b) < off+4 {
		return binread.Corrupt("no room for a checksum in %d bytes", len(b))
	}
	c := binread.Little(b)
	got := c.At(off).U32()
	want := crc32.Update(0, castagnoli, b[:off])
	want = crc32.Update(crc32.Update(want, castagnoli, zeros[:]), castagnoli, b[off+4:])
	if got != want {
		return binread.Checksum("checksum %#08x, want %#08x", got, want)
	}
	return nil
}

// place is where in a block of metadata version 5 keeps what it can be verified by.
type place struct{ sum, address, uuid, owner int }

// The places of the kinds of blocks.
func mapPlace() place   { return place{sum: 64, address: 24, uuid: 40, owner: 56} } // of extents
func dirPlace() place   { return place{sum: 4, address: 8, uuid: 24, owner: 40} }   // of directory entries
func indexPlace() place { return place{sum: 12, address: 16, uuid: 32, owner: 48} } // of indexes and attributes
func valuePlace() place { return place{sum: 12, address: 40, uuid: 16, owner: 32} } // of remote values and links

func treePlace() place { return place{sum: 52, address: 16, uuid: 32, owner: 48} } // of a group

// verify compares the checksum of b, which is at a block, and what else is the same for all kinds of blocks. It is for version 5.
func (f *FS) verify(b []byte, at place, block, owner uint64) error {
	if err := verifySum(b, at.sum); err != nil {
		return err
	}
	c := binread.Big(b)
	address, uuid, gotOwner := c.At(at.address).U64(), [16]byte(c.At(at.uuid).Bytes(16)), c.At(at.owner).U64()
	want := uint64(f.super.offset(block)) >> 9
	switch {
	case c.Err() != nil:
		return c.Err()
	case address != want:
		return binread.Checksum("block of sector %d, want %d", address, want)
	case uuid != f.super.metaUUID:
		return binread.Checksum("block of file system %s, want %s", uuidString(uuid), uuidString(f.super.metaUUID))
	case gotOwner != owner:
		return binread.Checksum("block of inode %d, want %d", gotOwner, owner)
	}
	return nil
}
