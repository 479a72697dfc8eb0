package ext4

import (
	"context"
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// bitmaps compares the bitmaps and counts of all groups with what is in use.
func (c *check) bitmaps(ctx context.Context) error {
	var free, freeInodes uint64
	buffer := make([]byte, c.blockSize)
	for number := range c.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		g, fresh, err := c.descriptor(number)
		if err != nil && !fresh && g.blockBitmap == 0 {
			continue // said where the descriptor is checked
		}
		p := &groupCheck{check: c, number: number, group: g, fresh: fresh, buffer: buffer}
		p.blocks()
		p.inodes()
		free += p.freeClusters
		freeInodes += p.freeInodeCount
	}
	free <<= c.clusterShift()
	c.result.Blocks = c.super.blocks - min(free, c.super.blocks)
	c.totals(free, freeInodes)
	return nil
}

// totals compares the counts of the superblock. A driver writes them when it unmounts.
func (c *check) totals(free, freeInodes uint64) {
	s := c.super
	if c.copied || c.fast.inodes != nil || len(c.device.replayed) > 0 || s.features.needsRecovery() || s.state&stateValid == 0 {
		return
	}
	d := filesys.Damage{Kind: filesys.DamagedCount, Harm: filesys.HarmNone}
	if s.free != free {
		c.damage(d, "superblock: %d free blocks, want %d", s.free, free)
	}
	if uint64(s.freeInodes) != freeInodes {
		c.damage(d, "superblock: %d free inodes, want %d", s.freeInodes, freeInodes)
	}
}

// groupCheck compares one group.
type groupCheck struct {
	*check
	group
	number         uint64
	fresh          bool // the descriptor is the one in use
	buffer         []byte
	freeClusters   uint64
	freeInodeCount uint64
}

func (p *groupCheck) sums() bool {
	return p.super.features.metadataCsum() || p.super.features.gdtCsum()
}

// read reads a bitmap of so many bits and verifies its checksum. It is nil where there is none to compare with.
func (p *groupCheck) read(name string, block uint64, count uint32, sum, mask uint32) []byte {
	if block >= p.super.blocks {
		return nil
	}
	d := filesys.Damage{Kind: filesys.DamagedBitmap, Block: int64(block), Harm: filesys.HarmRisk}
	if err := p.device.fill(p.buffer, int64(block<<p.device.shift)); err != nil {
		d.Kind = filesys.MissingBytes
		p.damage(d, "group %d: %s bitmap: %v", p.number, name, err)
		return nil
	}
	if p.super.features.metadataCsum() && p.fresh {
		if want := crc32c(p.seed, p.buffer[:count/8]) & mask; want != sum {
			p.damage(d, "group %d: %s bitmap: checksum %#08x, want %#08x", p.number, name, sum, want)
		}
	}
	return p.buffer
}

// blocks compares the block bitmap with what is in use.
func (p *groupCheck) blocks() {
	count := p.clustersPerGroup()
	last := p.cluster(p.super.blocks-1) + 1
	inGroup := min(count, last-p.number*count)
	want := p.used.Pages[p.number]
	used := uint64(0)
	for i := range uint64(len(want)) {
		used += uint64(bits.OnesCount64(want[i]))
	}
	p.freeClusters = inGroup - min(used, inGroup)
	if p.fast.inodes != nil {
		return
	}
	if p.fresh && uint64(p.freeBlocks) != p.freeClusters {
		p.badCount("free blocks", uint64(p.freeBlocks), p.freeClusters)
	}
	if p.fresh && p.sums() && p.flags&groupBlocksUninit != 0 {
		return
	}
	if got := p.read("block", p.blockBitmap, uint32(count), p.blockSum, p.blockSumMask); got != nil {
		p.compare("block", p.blockBitmap, got, inGroup, func(word uint64) uint64 {
			if want == nil {
				return 0
			}
			return want[word]
		})
	}
}

// inodes compares the inode bitmap with what is in use.
func (p *groupCheck) inodes() {
	count := uint64(p.super.inodesPerGroup)
	first := uint32(p.number)*p.super.inodesPerGroup + 1
	want := make([]uint64, (count+63)/64)
	used, directories := uint64(0), uint64(0)
	for i := range count {
		st := p.states.known(first + uint32(i))
		if st == nil {
			continue
		}
		want[i/64] |= 1 << (i % 64)
		used++
		if st.kind == filesys.ModeDir>>12 {
			directories++
		}
	}
	p.freeInodeCount = count - used
	if p.fast.inodes != nil {
		return
	}
	if p.fresh {
		if uint64(p.freeInodes) != p.freeInodeCount {
			p.badCount("free inodes", uint64(p.freeInodes), p.freeInodeCount)
		}
		if uint64(p.group.directories) != directories {
			p.badCount("directories", uint64(p.group.directories), directories)
		}
		if p.sums() && p.flags&groupInodesUninit != 0 {
			return
		}
	}
	if got := p.read("inode", p.inodeBitmap, p.super.inodesPerGroup, p.inodeSum, p.inodeSumMask); got != nil {
		p.compare("inode", p.inodeBitmap, got, count, func(word uint64) uint64 { return want[word] })
	}
}

func (p *groupCheck) badCount(what string, got, want uint64) {
	d := filesys.Damage{Kind: filesys.DamagedCount, Block: int64(p.descriptorBlock(p.number, 0)), Harm: filesys.HarmNone}
	p.damage(d, "group %d: %d %s, want %d", p.number, got, what, want)
}

// compare compares the first count bits of a bitmap with what is in use, and the rest, which must be set.
func (p *groupCheck) compare(name string, block uint64, got []byte, count uint64, want func(word uint64) uint64) {
	var marked, unmarked, tail difference
	c := binread.Little(got)
	for word := range uint64(len(got) / 8) {
		bitmap := c.U64()
		inside := ^uint64(0)
		if end := word*64 + 64; end > count {
			inside = 0
			if word*64 < count {
				inside = 1<<(count-word*64) - 1
			}
		}
		expected := uint64(0)
		if inside != 0 {
			expected = want(word)
		}
		unmarked.add(word, expected&^bitmap&inside)
		marked.add(word, bitmap&^expected&inside)
		tail.add(word, ^bitmap&^inside)
	}
	d := filesys.Damage{Kind: filesys.DamagedBitmap, Block: int64(block), Harm: filesys.HarmRisk}
	if unmarked.count > 0 {
		p.damage(d, "group %d: %s bitmap: %d in use and marked as free, the first is %d", p.number, name, unmarked.count, p.numberOf(name, unmarked.first))
	}
	d.Harm = filesys.HarmNone
	if marked.count > 0 {
		p.damage(d, "group %d: %s bitmap: %d marked as in use and not used, the first is %d", p.number, name, marked.count, p.numberOf(name, marked.first))
	}
	if tail.count > 0 {
		p.damage(d, "group %d: %s bitmap: %d bits behind its end are not set", p.number, name, tail.count)
	}
}

// numberOf is which block or inode a bit of the group's bitmap stands for.
func (p *groupCheck) numberOf(name string, bit uint64) uint64 {
	if name == "inode" {
		return p.number*uint64(p.super.inodesPerGroup) + bit + 1
	}
	return p.firstBlock(p.number) + bit<<p.clusterShift()
}

// difference counts bits.
type difference struct {
	count int
	first uint64
}

func (d *difference) add(word, mask uint64) {
	if mask == 0 {
		return
	}
	if d.count == 0 {
		d.first = word*64 + uint64(bits.TrailingZeros64(mask))
	}
	d.count += bits.OnesCount64(mask)
}
