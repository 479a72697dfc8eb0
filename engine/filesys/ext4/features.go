package ext4

import (
	"fmt"
	"slices"
	"strings"
)

// features are the three feature words of the superblock. A reader must know every bit of incompat; the others it may
// ignore.
type features struct {
	compat, incompat, roCompat uint32
}

const (
	compatHasJournal   = 0x4
	compatResizeInode  = 0x10
	compatDirIndex     = 0x20
	compatSparseSuper2 = 0x200
	compatFastCommit   = 0x400
	compatOrphanFile   = 0x1000

	incompatFiletype   = 0x2
	incompatRecover    = 0x4
	incompatJournalDev = 0x8
	incompatMetaBG     = 0x10
	incompatExtents    = 0x40
	incompat64bit      = 0x80
	incompatMMP        = 0x100
	incompatFlexBG     = 0x200
	incompatEAInode    = 0x400
	incompatCsumSeed   = 0x2000
	incompatLargeDir   = 0x4000
	incompatInlineData = 0x8000
	incompatEncrypt    = 0x10000
	incompatCasefold   = 0x20000

	incompatKnown = incompatFiletype | incompatRecover | incompatMetaBG | incompatExtents | incompat64bit |
		incompatMMP | incompatFlexBG | incompatEAInode | incompatCsumSeed | incompatLargeDir | incompatInlineData |
		incompatEncrypt | incompatCasefold

	roSparseSuper  = 0x1
	roLargeFile    = 0x2
	roBtreeDir     = 0x4
	roHugeFile     = 0x8
	roGdtCsum      = 0x10
	roDirNlink     = 0x20
	roQuota        = 0x100
	roBigalloc     = 0x200
	roMetadataCsum = 0x400
	roSharedBlocks = 0x4000
)

func (f features) hasJournal() bool   { return f.compat&compatHasJournal != 0 }
func (f features) dirIndex() bool     { return f.compat&compatDirIndex != 0 }
func (f features) sparseSuper2() bool { return f.compat&compatSparseSuper2 != 0 }
func (f features) filetype() bool     { return f.incompat&incompatFiletype != 0 }
func (f features) needsRecovery() bool {
	return f.incompat&incompatRecover != 0
}
func (f features) metaBG() bool       { return f.incompat&incompatMetaBG != 0 }
func (f features) has64bit() bool     { return f.incompat&incompat64bit != 0 }
func (f features) eaInode() bool      { return f.incompat&incompatEAInode != 0 }
func (f features) csumSeed() bool     { return f.incompat&incompatCsumSeed != 0 }
func (f features) largeDir() bool     { return f.incompat&incompatLargeDir != 0 }
func (f features) sparseSuper() bool  { return f.roCompat&roSparseSuper != 0 }
func (f features) hugeFile() bool     { return f.roCompat&roHugeFile != 0 }
func (f features) quota() bool        { return f.roCompat&roQuota != 0 }
func (f features) bigalloc() bool     { return f.roCompat&roBigalloc != 0 }
func (f features) metadataCsum() bool { return f.roCompat&roMetadataCsum != 0 }

// gdtCsum reports the older checksums, which cover group descriptors only.
func (f features) gdtCsum() bool { return f.roCompat&roGdtCsum != 0 && !f.metadataCsum() }

// fileSystemType is the oldest of ext2, ext3 and ext4 whose drivers know all the features.
func (f features) fileSystemType() string {
	const (
		oldIncompat = incompatFiletype | incompatRecover | incompatMetaBG
		oldRO       = roSparseSuper | roLargeFile | roBtreeDir
	)
	switch {
	case f.incompat&^oldIncompat != 0 || f.roCompat&^oldRO != 0:
		return "ext4"
	case f.hasJournal():
		return "ext3"
	}
	return "ext2"
}

type featureName struct {
	bit  uint32
	name string
}

// Names as dumpe2fs prints them.
var (
	compatNames = []featureName{
		{0x1, "dir_prealloc"},
		{0x2, "imagic_inodes"},
		{compatHasJournal, "has_journal"},
		{0x8, "ext_attr"},
		{compatResizeInode, "resize_inode"},
		{compatDirIndex, "dir_index"},
		{0x40, "lazy_bg"},
		{0x100, "exclude_bitmap"},
		{compatSparseSuper2, "sparse_super2"},
		{compatFastCommit, "fast_commit"},
		{0x800, "stable_inodes"},
		{compatOrphanFile, "orphan_file"},
	}
	incompatNames = []featureName{
		{0x1, "compression"},
		{incompatFiletype, "filetype"},
		{incompatRecover, "needs_recovery"},
		{incompatJournalDev, "journal_dev"},
		{incompatMetaBG, "meta_bg"},
		{incompatExtents, "extent"},
		{incompat64bit, "64bit"},
		{incompatMMP, "mmp"},
		{incompatFlexBG, "flex_bg"},
		{incompatEAInode, "ea_inode"},
		{0x1000, "dirdata"},
		{incompatCsumSeed, "metadata_csum_seed"},
		{incompatLargeDir, "large_dir"},
		{incompatInlineData, "inline_data"},
		{incompatEncrypt, "encrypt"},
		{incompatCasefold, "casefold"},
	}
	roNames = []featureName{
		{roSparseSuper, "sparse_super"},
		{roLargeFile, "large_file"},
		{roBtreeDir, "btree_dir"},
		{roHugeFile, "huge_file"},
		{roGdtCsum, "uninit_bg"},
		{roDirNlink, "dir_nlink"},
		{0x40, "extra_isize"},
		{0x80, "snapshot"},
		{roQuota, "quota"},
		{roBigalloc, "bigalloc"},
		{roMetadataCsum, "metadata_csum"},
		{0x800, "replica"},
		{0x1000, "read-only"},
		{0x2000, "project"},
		{roSharedBlocks, "shared_blocks"},
		{0x8000, "verity"},
		{0x10000, "orphan_present"},
	}
)

func (f features) names() []string {
	names := appendNames(nil, f.compat, compatNames, 'C')
	names = appendNames(names, f.incompat, incompatNames, 'I')
	return appendNames(names, f.roCompat, roNames, 'R')
}

// unsupported names the features a reader may not ignore and this one does not know.
func (f features) unsupported() string {
	return strings.Join(appendNames(nil, f.incompat&^incompatKnown, incompatNames, 'I'), ", ")
}

// unknown names the features that have no name here.
func (f features) unknown() string {
	names := slices.DeleteFunc(f.names(), func(name string) bool { return !strings.HasPrefix(name, unnamed) })
	return strings.Join(names, ", ")
}

// unnamed begins the names of bits that have none.
const unnamed = "FEATURE_"

func appendNames(names []string, word uint32, known []featureName, class byte) []string {
	for bit := uint32(1); bit != 0; bit <<= 1 {
		if word&bit == 0 {
			continue
		}
		name := fmt.Sprintf("%s%c%#x", unnamed, class, bit)
		for _, k := range known {
			if k.bit == bit {
				name = k.name
			}
		}
		names = append(names, name)
	}
	return names
}
