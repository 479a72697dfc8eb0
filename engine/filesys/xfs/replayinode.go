package xfs

import (
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

// Bits of ilf_fields, which say what follows the core of an inode.
const (
	hasDataFork = 0x2 | 0x4 // local content, or extents
	hasDataRoot = 0x8
	hasDevice   = 0x10
	hasAttrs    = 0x40 | 0x80
	hasAttrRoot = 0x100
	hasOwner    = 0x200 | 0x400 // the fork was another inode's

	wideInodeItem = 56 // struct xfs_inode_log_format; 52 where 64-bit numbers are not aligned
	maxFlush      = 0xffff
)

// inodeItem is struct xfs_inode_log_format.
type inodeItem struct {
	fields uint32
	device uint32
	buffer bufferAt
	off    int64 // of the inode in the buffer
}

func decodeInodeItem(b []byte) (inodeItem, error) {
	c := binread.Little(b)
	c.Skip(4)
	i := inodeItem{fields: c.U32()}
	c.Skip(4)
	if len(b) == wideInodeItem {
		c.Skip(4)
	}
	c.Skip(8) // the inode's number
	i.device = c.U32()
	c.Skip(12)
	i.buffer = bufferAt{sector: int64(c.U64()), count: c.U32()}
	i.off = int64(c.U32())
	switch {
	case c.Err() != nil:
		return i, c.Err()
	case i.buffer.sector < 0 || i.buffer.sector > maxSize>>9 || i.off > maxBuffer:
		return i, binread.Corrupt("an inode at %d of sector %d", i.off, i.buffer.sector)
	}
	return i, nil
}

// inode replays an inode, unless it is newer on the device or its block is cancelled later.
func (r *replay) inode(i *item, lsn uint64) error {
	format, err := decodeInodeItem(i.parts[0])
	if err != nil {
		return err
	}
	if r.cancelled[format.buffer] > 0 {
		return nil
	}
	core, err := i.part(1)
	if err != nil {
		return err
	}
	off := format.buffer.sector<<9 + format.off
	if err := r.spend(int64(r.fs.super.inodeSize)); err != nil {
		return err
	}
	disk := make([]byte, r.fs.super.inodeSize)
	if err := r.fs.device.fill(disk, off); err != nil {
		return err
	}
	c := binread.Big(disk)
	if magic := c.U16(); magic != inodeMagic {
		return binread.Corrupt("inode magic %#x at %#x, want %#x", magic, off, inodeMagic)
	}
	r.owners = r.owners || format.fields&hasOwner != 0
	newer, err := r.newer(disk, core, lsn)
	if newer || err != nil {
		return err
	}
	putCore(disk, core, lsn)
	if err := r.forks(i, &format, disk); err != nil {
		return err
	}
	if r.fs.super.v5() {
		renewSum(disk, inodeSumOff)
	}
	return r.fs.device.change(disk, off)
}

// newer reports whether an inode on the device has seen what the item says already.
func (r *replay) newer(disk, core []byte, lsn uint64) (bool, error) {
	c, l := binread.Big(disk), binread.Little(core)
	magic, version := l.U16(), l.At(4).U8()
	want := 96
	if r.fs.super.v5() {
		want = coreSizeV3
	}
	switch {
	case magic != inodeMagic || len(core) < want || (version == 3) != r.fs.super.v5():
		return false, binread.Corrupt("core of %d bytes with magic %#x, version %d", len(core), magic, version)
	case version == 3:
		at := c.At(112).U64()
		return at != 0 && at != ^uint64(0) && at > lsn, nil
	}
	flushed, logged := c.At(30).U16(), l.At(30).U16()
	return logged < flushed && (flushed != maxFlush || logged >= maxFlush>>1), nil
}

// putCore puts the core of an inode from the log, which is in the order of the machine's bytes, into one on the device. Where it stands in
// the list of unlinked inodes is not in it.
func putCore(disk, core []byte, lsn uint64) {
	put := func(off, n int) {
		copy(disk[off:off+n], core[off:])
		slices.Reverse(disk[off : off+n])
	}
	c := binread.Little(core)
	version := c.At(4).U8()
	flags2 := uint64(0)
	if version == 3 {
		flags2 = c.At(120).U64()
	}
	time := func(off int) {
		if flags2&flag2BigTime != 0 {
			put(off, 8)
			return
		}
		put(off, 4)
		put(off+4, 4)
	}
	for _, field := range [][2]int{
		{0, 2},
		{2, 2},
		{4, 1},
		{5, 1},
		{8, 4},
		{12, 4},
		{16, 4},
		{20, 2},
		{22, 2},
		{56, 8},
		{64, 8},
		{72, 4},
		{82, 1},
		{83, 1},
		{84, 4},
		{88, 2},
		{90, 2},
		{92, 4},
	} {
		put(field[0], field[1])
	}
	clear(disk[6:8])   // links of version 1
	clear(disk[24:32]) // of version 2 how often it was written, of version 3 the wide count of extents
	time(32)
	time(40)
	time(48)
	put(76, 4)
	put(80, 2)
	if version != 3 {
		return
	}
	if flags2&flag2Nrext64 != 0 {
		put(24, 8)
	}
	put(104, 8)
	lsnBytes := []byte{byte(lsn >> 56), byte(lsn >> 48), byte(lsn >> 40), byte(lsn >> 32), byte(lsn >> 24), byte(lsn >> 16), byte(lsn >> 8), byte(lsn)}
	copy(disk[112:], lsnBytes)
	put(120, 8)
	put(128, 4)
	copy(disk[132:144], core[132:])
	time(144)
	put(152, 8)
	copy(disk[160:176], core[160:])
}

// forks puts what follows the core where the core says.
func (r *replay) forks(i *item, format *inodeItem, disk []byte) error {
	start := coreSize
	if r.fs.super.v5() {
		start = coreSizeV3
	}
	end := len(disk)
	if n := int(disk[82]) * 8; n != 0 {
		end = start + n
	}
	if end > len(disk) {
		return binread.Corrupt("attributes at %d, want them inside of %d bytes", end, len(disk))
	}
	data, attrs := disk[start:end], disk[end:]
	if format.fields&hasDevice != 0 {
		d := format.device
		copy(data, []byte{byte(d >> 24), byte(d >> 16), byte(d >> 8), byte(d)})
	}
	next := 2
	for _, f := range []struct {
		place       []byte
		whole, root uint32
	}{{data, hasDataFork, hasDataRoot}, {attrs, hasAttrs, hasAttrRoot}} {
		if format.fields&(f.whole|f.root) == 0 || next >= i.total {
			continue
		}
		b, err := i.part(next)
		if err != nil {
			return err
		}
		next++
		if format.fields&f.root != 0 {
			err = r.putRoot(f.place, b)
		} else if len(b) > len(f.place) {
			err = binread.Corrupt("%d bytes in a fork of %d", len(b), len(f.place))
		} else {
			copy(f.place, b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putRoot makes of the root of a map, as the kernel has it in memory, the shorter form in an inode.
func (r *replay) putRoot(fork, b []byte) error {
	header := 24
	if r.fs.super.v5() {
		header = 72
	}
	if len(b) < header || len(fork) < 4 {
		return binread.Corrupt("root of a map of %d bytes in a fork of %d", len(b), len(fork))
	}
	c := binread.Big(b)
	count := int(c.At(6).U16())
	room := (len(b) - header) / 16
	space := (len(fork) - 4) / 16
	if count > room || count > space {
		return binread.Corrupt("root of a map with %d children in %d bytes", count, len(b))
	}
	copy(fork[:4], b[4:8])
	copy(fork[4:], b[header:header+count*8])
	copy(fork[4+space*8:], b[header+room*8:][:count*8])
	return nil
}

// freeInode is an inode that is not in use, as it is when space was taken for it.
func (s *superblock) freeInode(number uint64, generation uint32) []byte {
	b := make([]byte, s.inodeSize)
	put := func(off, n int, v uint64) {
		for i := range n {
			b[off+i] = byte(v >> (8 * (n - 1 - i)))
		}
	}
	put(0, 2, inodeMagic)
	put(92, 4, uint64(generation))
	put(unlinkedOff, 4, 0xffffffff)
	if !s.v5() {
		put(4, 1, 2)
		return b
	}
	put(4, 1, 3)
	put(152, 8, number)
	copy(b[160:], s.metaUUID[:])
	renewSum(b, inodeSumOff)
	return b
}
