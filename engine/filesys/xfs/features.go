package xfs

import (
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// Bits of sb_versionnum.
const (
	versionNumber   = 0xf
	versionLogV2    = 0x400
	versionDirV2    = 0x2000
	versionBorg     = 0x4000
	versionMoreBits = 0x8000
)

// Bits of sb_features2.
const (
	features2LazyCount = 0x2
	features2Ftype     = 0x200
)

// Bits of sb_features_incompat.
const (
	incompatFtype       = 0x1
	incompatSparse      = 0x2
	incompatMetaUUID    = 0x4
	incompatBigTime     = 0x8
	incompatNeedsRepair = 0x10
	incompatNrext64     = 0x20
	incompatKnown       = 0xff
)

// feature is a bit and what mkfs.xfs, or else the kernel, calls it.
type feature struct {
	bit  uint32
	name string
}

// incompatNames has also those that are not read.
func incompatNames() []feature {
	return []feature{
		{incompatFtype, "ftype"},
		{incompatSparse, "sparse"},
		{incompatMetaUUID, "meta_uuid"},
		{incompatBigTime, "bigtime"},
		{incompatNeedsRepair, "needsrepair"},
		{incompatNrext64, "nrext64"},
		{0x40, "exchange"},
		{0x80, "parent"},
		{0x100, "metadir"},
		{0x200, "zoned"},
		{0x400, "zone_gaps"},
	}
}

// Bits of sb_features_ro_compat.
const (
	roCompatUnused  = 0x1 // a tree of inodes that are not in use
	roCompatRmap    = 0x2
	roCompatReflink = 0x4
)

func roCompatNames() []feature {
	return []feature{{roCompatUnused, "finobt"}, {roCompatRmap, "rmapbt"}, {roCompatReflink, "reflink"}, {8, "inobtcount"}}
}

// supported refuses what would be read wrong.
func (s *superblock) supported() error {
	number := s.version & versionNumber
	switch {
	case number != 4 && number != 5:
		return binread.Unsupported("version %d, want 4 or 5", number)
	case s.version&versionDirV2 == 0:
		return binread.Unsupported("directories of version 1")
	case s.incompat&^incompatKnown != 0:
		return binread.Unsupported("incompatible feature %s", strings.Join(names(s.incompat&^incompatKnown, incompatNames()), ", "))
	}
	return nil
}

// names are those of the bits; a bit without one is a number.
func names(bits uint32, known []feature) (list []string) {
	for _, f := range known {
		if bits&f.bit != 0 {
			list = append(list, f.name)
			bits &^= f.bit
		}
	}
	for i := range 32 {
		if bits&(1<<i) != 0 {
			list = append(list, fmt.Sprintf("%#x", uint32(1)<<i))
		}
	}
	return list
}

func (s *superblock) featureNames() []string {
	if s.v5() {
		return append(append([]string{"crc"}, names(s.roCompat, roCompatNames())...), names(s.incompat, incompatNames())...)
	}
	var list []string
	if s.hasTypes() {
		list = append(list, "ftype")
	}
	if s.foldsCase() {
		list = append(list, "ascii-ci")
	}
	return append(list, "v4")
}

// hasTypes reports whether directory entries say what they name.
func (s *superblock) hasTypes() bool {
	if s.v5() {
		return s.incompat&incompatFtype != 0
	}
	return s.features2&features2Ftype != 0
}

// countsLazily reports whether the blocks of trees are counted in the groups.
func (s *superblock) countsLazily() bool { return s.v5() || s.features2&features2LazyCount != 0 }

// foldsCase reports whether names are found in any case of the letters A to Z.
func (s *superblock) foldsCase() bool { return s.version&versionBorg != 0 }
