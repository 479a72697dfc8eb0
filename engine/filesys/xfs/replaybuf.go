package xfs

import (
	"hash/crc32"

	"github.com/guestctl/guestctl/engine/binread"
)

// Flags of the item of a buffer; the highest bits say what it holds.
const (
	bufferInodes   = 0x1 // only where in lists of unlinked inodes its inodes are
	bufferCancel   = 0x2
	bufferQuota    = 0x1c
	bufferTypeBits = 11
	bufferOfInodes = 8 // XFS_BLFT_DINO_BUF

	bufferChunk = 128
	maxBuffer   = 128 << 10
	unlinkedOff = 96  // di_next_unlinked
	maxCreated  = 256 // inodes at once, and blocks
)

// buffer is struct xfs_buf_log_format: a piece of the device, and which chunks of it follow.
type buffer struct {
	at     bufferAt
	flags  uint16
	chunks []byte // bits in words of 32, little-endian
}

func (b *buffer) offset() int64 { return b.at.sector << 9 }
func (b *buffer) size() int     { return int(b.at.count) << 9 }

func decodeBuffer(i *item) (buffer, error) {
	c := binread.Little(i.parts[0])
	c.Skip(4)
	b := buffer{flags: c.U16()}
	b.at.count = uint32(c.U16())
	b.at.sector = int64(c.U64())
	words := int64(c.U32())
	switch {
	case c.Err() != nil || words*4 > int64(c.Len()):
		return b, binread.Corrupt("buffer with a map of %d words in %d bytes", words, len(i.parts[0]))
	case b.at.sector < 0 || b.at.sector > maxSize>>9:
		return b, binread.Corrupt("buffer at sector %d", b.at.sector)
	}
	b.chunks = c.Bytes(int(words) * 4)
	return b, nil
}

// next returns the first run of chunks from one on that the item holds.
func (b *buffer) next(from int) (first, n int) {
	has := func(i int) bool { return i < len(b.chunks)*8 && b.chunks[i/8]>>(i%8)&1 != 0 }
	for first = from; first < len(b.chunks)*8 && !has(first); first++ {
	}
	for n = first; has(n); n++ {
	}
	return first, n - first
}

// buffer replays chunks of metadata, unless they are newer on the device or cancelled later.
func (r *replay) buffer(i *item, lsn uint64) error {
	b, err := decodeBuffer(i)
	if err != nil {
		return err
	}
	if n := r.cancelled[b.at]; n > 0 {
		if b.flags&bufferCancel == 0 {
			return nil
		}
		r.cancelled[b.at] = n - 1
		r.starts[b.at.sector]--
		return nil
	}
	if b.flags&(bufferQuota|bufferCancel) != 0 {
		return nil
	}
	if b.size() == 0 || b.size() > maxBuffer {
		return binread.Corrupt("buffer of %d bytes, want 1 to %d", b.size(), maxBuffer)
	}
	if err := r.spend(int64(b.size())); err != nil {
		return err
	}
	whole := make([]byte, b.size())
	if err := r.fs.device.fill(whole, b.offset()); err != nil {
		return err
	}
	s := r.fs.super
	if at, known := s.lsnOf(whole); known && at != 0 && at != ^uint64(0) && at >= lsn {
		return nil
	}
	if b.flags&bufferInodes != 0 {
		err = r.unlinked(i, &b, whole)
	} else {
		err = copyChunks(i, &b, whole)
	}
	if err != nil {
		return err
	}
	if s.v5() && b.flags>>bufferTypeBits != 0 {
		s.renewSums(whole)
	}
	return r.fs.device.change(whole, b.offset())
}

// copyChunks puts the parts of an item where its map says. One part may be less than a whole run of chunks.
func copyChunks(i *item, b *buffer, whole []byte) error {
	part := 1
	for chunk, n := b.next(0); n > 0; part++ {
		data, err := i.part(part)
		if err != nil {
			return err
		}
		n = min(n, len(data)/bufferChunk)
		if n == 0 || (chunk+n)*bufferChunk > len(whole) {
			return binread.Corrupt("chunk %d, %d bytes, in a buffer of %d", chunk, len(data), len(whole))
		}
		copy(whole[chunk*bufferChunk:], data[:n*bufferChunk])
		chunk, n = b.next(chunk + n)
	}
	return nil
}

// unlinked takes of a buffer of inodes only what no item of an inode has: the next in the list of unlinked ones.
func (r *replay) unlinked(i *item, b *buffer, whole []byte) error {
	newer := append([]byte(nil), whole...)
	if err := copyChunks(i, b, newer); err != nil {
		return err
	}
	size := int(r.fs.super.inodeSize)
	for off := 0; off+size <= len(whole); off += size {
		copy(whole[off+unlinkedOff:][:4], newer[off+unlinkedOff:])
	}
	return nil
}

// lsnOf returns the place in the log of the last change that a block of metadata of version 5 has seen. Blocks that hold none, and such of
// another file system, are replayed whatever they hold.
func (s *superblock) lsnOf(b []byte) (lsn uint64, known bool) {
	off, uuid := s.identity(b)
	if off == 0 || !s.v5() {
		return 0, false
	}
	c := binread.Big(b)
	lsn = c.At(off).U64()
	got := [16]byte(c.At(uuid).Bytes(16))
	return lsn, c.Err() == nil && got == s.metaUUID
}

// identity says where a block of metadata of version 5 keeps its place in the log and the file system's number; 0 where it does not.
func (s *superblock) identity(b []byte) (lsn, uuid int) {
	c := binread.Big(b)
	switch magic := c.U32(); magic {
	case superMagic:
		if s.incompat&incompatMetaUUID != 0 {
			return 240, 248
		}
		return 240, 32
	case groupFreeMagic:
		return 208, 64
	case groupInodeMagic:
		return 320, 296
	case groupListMagic:
		return 24, 8
	case mapMagicV5:
		return 32, 40
	case linkMagic:
		return 48, 16
	case dirMagicBlockV5, dirMagicDataV5, dirMagicFreeV5:
		return 16, 24
	default:
		if isShortTree(magic) {
			return 24, 32
		}
	}
	switch c.At(8).U16() {
	case leafMagicV5, leafOneMagicV5, attrLeafMagicV5, nodeMagicV5:
		return 24, 32
	}
	return 0, 0
}

// renewSums makes the checksums right of what was put together.
func (s *superblock) renewSums(b []byte) {
	c := binread.Big(b)
	if c.U16() == inodeMagic {
		for size := int(s.inodeSize); len(b) >= size; b = b[size:] {
			renewSum(b[:size], inodeSumOff)
		}
		return
	}
	if off := sumOf(b); off != 0 {
		renewSum(b, off)
	}
}

// sumOf is where a block of metadata of version 5 keeps its checksum.
func sumOf(b []byte) int {
	c := binread.Big(b)
	switch magic := c.U32(); magic {
	case superMagic:
		return superblockSumOff
	case groupFreeMagic:
		return 216
	case groupInodeMagic:
		return 312
	case groupListMagic:
		return 32
	case mapMagicV5:
		return mapPlace().sum
	case linkMagic:
		return valuePlace().sum
	case dirMagicBlockV5, dirMagicDataV5, dirMagicFreeV5:
		return dirPlace().sum
	default:
		if isShortTree(magic) {
			return treePlace().sum
		}
	}
	switch c.At(8).U16() {
	case leafMagicV5, leafOneMagicV5, attrLeafMagicV5, nodeMagicV5:
		return indexPlace().sum
	}
	return 0
}

func renewSum(b []byte, off int) {
	if len(b) < off+4 {
		return
	}
	sum := crc32.Update(0, castagnoli, b[:off])
	sum = crc32.Update(crc32.Update(sum, castagnoli, zeros[:]), castagnoli, b[off+4:])
	b[off], b[off+1], b[off+2], b[off+3] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
}

func isShortTree(magic uint32) bool {
	switch magic {
	case freeByPlaceMagicV5, freeBySizeMagicV5, inodeTreeMagicV5, freeInodeMagicV5, rmapMagicV5, refcountMagicV5:
		return true
	}
	return false
}

// create makes inodes that are not in use, as the kernel does when it takes space for them.
func (r *replay) create(i *item) error {
	s := r.fs.super
	c := binread.Big(i.parts[0]) // big-endian, unlike all others
	c.Skip(4)
	group, within, count, size, blocks, generation := c.U32(), c.U32(), c.U32(), c.U32(), c.U32(), c.U32()
	start := uint64(group)<<s.agLog | uint64(within)
	switch {
	case c.Err() != nil:
		return c.Err()
	case uint64(within) >= 1<<s.agLog || size != s.inodeSize || count > maxCreated || blocks > maxCreated || uint64(count) > uint64(blocks)<<s.inodesLog:
		return binread.Corrupt("%d inodes of %d bytes in %d blocks at block %d of group %d", count, size, blocks, within, group)
	}
	off := s.offset(start)
	for block := range int64(blocks) {
		if r.starts[off>>9+block<<(s.blockLog-9)] > 0 {
			return nil
		}
	}
	if err := r.spend(int64(count) * int64(size)); err != nil {
		return err
	}
	for n := range uint64(count) {
		if err := r.fs.device.change(s.freeInode(start<<s.inodesLog+n, generation), off+int64(n)*int64(size)); err != nil {
			return err
		}
	}
	return nil
}
