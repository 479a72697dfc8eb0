package ext4

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxGroupProblems = 8    // damaged descriptors that are named one by one
	maxGroupCopies   = 4096 // damaged descriptors for which a copy is looked for
)

// loadGroups reads where each group keeps its inodes. A descriptor that is damaged is taken from a copy; where there is no
// good copy, the group's inodes give an error when they are asked for.
func (f *FS) loadGroups() {
	count := f.super.groups()
	perBlock := uint64(f.blockSize) / uint64(f.super.descriptorSize)
	bad := 0
	f.inodeTables = make([]uint64, 0, count)
	for first := uint64(0); first < count; first += perBlock {
		block, err := f.readBlock(f.descriptorBlock(first, 0))
		n := min(perBlock, count-first)
		for i := range n {
			table, groupErr := uint64(0), err
			if err == nil {
				var g group
				g, groupErr = f.decodeGroup(block, first+i, i)
				table = g.inodeTable
			}
			if groupErr != nil {
				if bad++; bad <= maxGroupCopies {
					table = f.groupFromCopy(first+i, table)
				}
				if bad <= maxGroupProblems {
					f.problem(true, "group %d: descriptor: %v", first+i, groupErr)
				}
			}
			f.inodeTables = append(f.inodeTables, table)
		}
		// past the end of a truncated image there is nothing left to find
		if err != nil && bad > maxGroupProblems && f.descriptorBlock(first, 0)<<f.device.shift >= uint64(f.device.size) {
			bad += int(count - first - n)
			break
		}
	}
	if bad > maxGroupProblems {
		f.problem(true, "%d of %d group descriptors are damaged", bad, count)
	}
}

// groupFromCopy looks for a good descriptor in the places that hold a second one, and returns the fallback without one.
func (f *FS) groupFromCopy(group, fallback uint64) uint64 {
	perBlock := uint64(f.blockSize) / uint64(f.super.descriptorSize)
	for copyNumber := 1; copyNumber <= 2; copyNumber++ {
		number := f.descriptorBlock(group, copyNumber)
		if number == 0 {
			break
		}
		block, err := f.readBlock(number)
		if err != nil {
			continue
		}
		if g, err := f.decodeGroup(block, group, group%perBlock); err == nil {
			return g.inodeTable
		}
	}
	return fallback
}

// descriptorBlock is the block that holds the descriptor of a group: copy 0 is the one in use. It is 0 where the file
// system has no such copy.
func (f *FS) descriptorBlock(group uint64, copyNumber int) uint64 {
	s := f.super
	perBlock := uint64(f.blockSize) / uint64(s.descriptorSize)
	index := group / perBlock
	if !s.features.metaBG() || index < uint64(s.firstMetaGroup) {
		home := uint64(0)
		for g := uint64(1); copyNumber > 0; g++ {
			if g >= s.groups() || g > 64 {
				return 0
			}
			if s.hasCopy(g) {
				home = g
				copyNumber--
			}
		}
		return f.firstBlock(home) + f.superblocksAt(home) + index
	}
	// one block of descriptors for its own groups: in their first, second and last group
	home := index*perBlock + []uint64{0, 1, perBlock - 1}[copyNumber]
	if home >= s.groups() {
		return 0
	}
	block := f.firstBlock(home)
	if s.hasCopy(home) {
		block += f.superblocksAt(home)
	}
	return block
}

func (f *FS) firstBlock(group uint64) uint64 {
	return uint64(f.super.firstDataBlock) + group*uint64(f.super.blocksPerGroup)
}

// superblocksAt is how many blocks the superblock takes at the start of a group. With 1 KiB blocks and a first data block
// of 0 (bigalloc), the boot block comes before the first one.
func (f *FS) superblocksAt(group uint64) uint64 {
	if group == 0 && f.blockSize == 1024 && f.super.firstDataBlock == 0 {
		return 2
	}
	return 1
}

// group is struct ext4_group_desc.
type group struct {
	blockBitmap uint64 // bg_block_bitmap
	inodeBitmap uint64 // bg_inode_bitmap
	inodeTable  uint64 // bg_inode_table, first block
	freeBlocks  uint32 // bg_free_blocks_count, in clusters
	freeInodes  uint32 // bg_free_inodes_count
	directories uint32 // bg_used_dirs_count
	unused      uint32 // bg_itable_unused: inodes at the end of the table that were never used
	flags       uint16
	// checksums of the bitmaps; without room for the upper half, sumMask cuts what they are compared with
	blockSum, inodeSum         uint32
	blockSumMask, inodeSumMask uint32
}

// Bits of bg_flags.
const (
	groupInodesUninit = 0x1
	groupBlocksUninit = 0x2
)

// decodeGroup decodes the descriptor of a group, which is the one at index of a block. With a wrong checksum it returns
// both.
func (f *FS) decodeGroup(block []byte, number, index uint64) (group, error) {
	size := uint64(f.super.descriptorSize)
	raw := block[index*size : (index+1)*size]
	c := binread.Little(raw)
	g := group{
		blockBitmap: uint64(c.U32()), inodeBitmap: uint64(c.U32()), inodeTable: uint64(c.U32()),
		freeBlocks: uint32(c.U16()), freeInodes: uint32(c.U16()), directories: uint32(c.U16()), flags: c.U16(),
		blockSum: uint32(c.At(0x18).U16()), inodeSum: uint32(c.U16()), unused: uint32(c.U16()),
		blockSumMask: 0xffff, inodeSumMask: 0xffff,
	}
	sum := c.U16()
	if size >= 64 {
		g.blockBitmap |= uint64(c.At(0x20).U32()) << 32
		g.inodeBitmap |= uint64(c.U32()) << 32
		g.inodeTable |= uint64(c.U32()) << 32
		g.freeBlocks |= uint32(c.U16()) << 16
		g.freeInodes |= uint32(c.U16()) << 16
		g.directories |= uint32(c.U16()) << 16
		g.unused |= uint32(c.U16()) << 16
		g.blockSum |= uint32(c.At(0x38).U16()) << 16
		g.inodeSum |= uint32(c.U16()) << 16
		g.blockSumMask, g.inodeSumMask = ^uint32(0), ^uint32(0)
	}
	if err := c.Err(); err != nil {
		return group{}, err
	}
	table, blocks := g.inodeTable, f.tableBlocks()
	if table == 0 || table >= f.super.blocks || blocks > f.super.blocks-table {
		g.inodeTable = 0
		return g, binread.Corrupt("inode table at block %d, want it among %d blocks", table, f.super.blocks)
	}
	if want, ok := f.groupSum(raw, uint32(number)); ok && want != sum {
		return g, binread.Checksum("checksum %#04x, want %#04x", sum, want)
	}
	return g, nil
}

// tableBlocks is how many blocks the inode table of a group has.
func (f *FS) tableBlocks() uint64 {
	return (uint64(f.super.inodesPerGroup)*uint64(f.super.inodeSize) + uint64(f.blockSize) - 1) >> f.device.shift
}

// groupSum computes bg_checksum, when the file system keeps one.
func (f *FS) groupSum(raw []byte, group uint32) (uint16, bool) {
	switch {
	case f.super.features.metadataCsum():
		sum := crc32c(crc32cU32(f.seed, group), raw[:0x1e])
		return uint16(crc32c(crc32c(sum, zeros[:2]), raw[0x20:])), true
	case f.super.features.gdtCsum():
		sum := crc16(^uint16(0), f.super.uuid[:])
		sum = crc16(sum, []byte{byte(group), byte(group >> 8), byte(group >> 16), byte(group >> 24)})
		sum = crc16(sum, raw[:0x1e])
		return crc16(sum, raw[0x20:]), true
	}
	return 0, false
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: "ext4: " + fmt.Sprintf(format, args...), Taints: taints})
}
