package btrfs

import (
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// Bits of incompat_flags.
const (
	incompatMetadataUUID = 0x400
	incompatKnown        = 0x10fff // all but those that change where things are
)

// Bits of the superblock's flags.
const (
	superError     = 1 << 2
	superSeeding   = 1 << 32
	superDump      = 1 << 33
	superDumpV2    = 1 << 34
	superNewFSID   = 1 << 35
	superNewFSIDv2 = 1 << 36
)

// feature is a bit and what the kernel calls it.
type feature struct {
	bit  uint64
	name string
}

// incompatNames has also those that are not read.
func incompatNames() []feature {
	return []feature{
		{0x1, "mixed_backref"},
		{0x2, "default_subvol"},
		{0x4, "mixed_groups"},
		{0x8, "compress_lzo"},
		{0x10, "compress_zstd"},
		{0x20, "big_metadata"},
		{0x40, "extended_iref"},
		{0x80, "raid56"},
		{0x100, "skinny_metadata"},
		{0x200, "no_holes"},
		{incompatMetadataUUID, "metadata_uuid"},
		{0x800, "raid1c34"},
		{0x1000, "zoned"},
		{0x2000, "extent_tree_v2"},
		{0x4000, "raid_stripe_tree"},
		{0x10000, "simple_quota"},
	}
}

func roCompatNames() []feature {
	return []feature{{1, "free_space_tree"}, {2, "free_space_tree_valid"}, {4, "verity"}, {8, "block_group_tree"}}
}

// supported refuses what would be read wrong.
func (s *superblock) supported() error {
	unknown := s.incompat &^ incompatKnown
	switch {
	case unknown != 0:
		return binread.Unsupported("incompatible feature %s", strings.Join(names(unknown, incompatNames()), ", "))
	case s.sumType >= sumTypes:
		return binread.Unsupported("checksums of type %d", s.sumType)
	case s.flags&(superDump|superDumpV2) != 0:
		return binread.Unsupported("a dump of metadata without content")
	case s.flags&superSeeding != 0:
		return binread.Unsupported("a seed device")
	case s.flags&(superNewFSID|superNewFSIDv2) != 0:
		return binread.Unsupported("a change of the identity that was not finished")
	}
	return nil
}

// names are those of the bits; a bit without one is a number.
func names(bits uint64, known []feature) (list []string) {
	for _, f := range known {
		if bits&f.bit != 0 {
			list = append(list, f.name)
			bits &^= f.bit
		}
	}
	for i := range 64 {
		if bits&(1<<i) != 0 {
			list = append(list, fmt.Sprintf("%#x", uint64(1)<<i))
		}
	}
	return list
}

func (s *superblock) featureNames() []string {
	list := []string{s.sumType.String()}
	if s.logRoot.block != 0 {
		list = append(list, "needs_recovery")
	}
	return append(append(list, names(s.roCompat, roCompatNames())...), names(s.incompat, incompatNames())...)
}
