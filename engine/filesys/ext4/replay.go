package ext4

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
)

// Flags of a tag in a descriptor block.
const (
	tagEscaped  = 0x1
	tagSameUUID = 0x2
	tagLast     = 0x8
)

// log is one walk over the transactions of a journal, oldest first.
type log struct {
	*journal
	overlay  overlay
	next     uint32 // block to read
	sequence uint32 // of the transaction that must come next
	left     uint32 // blocks that were not read: the log is a ring
	lastTime uint64 // of the last good commit block
	tx       transaction
}

// transaction is what was read since the last commit block. It counts only once its own commit block was read.
type transaction struct {
	writes  []logWrite
	revokes []uint64
	sum     uint32 // crc32 of its blocks, for journalCompatChecksum
	bad     error  // a descriptor or revoke block whose checksum is wrong
}

type logWrite struct {
	block uint64
	at    uint64 // a value of overlay; damagedContent when its checksum is wrong
}

// damagedContent is device block 0, which is never the journal's.
const damagedContent = 0

// replay fills the overlay. The log ends, without an error, where a block is not of the transaction that must come next:
// a guest that crashes leaves its last transaction unfinished.
func (l *log) replay() error {
	l.tx.sum = ^uint32(0)
	for l.left > 0 {
		b, _, err := l.take()
		if err != nil {
			return err
		}
		c := binread.Big(b)
		magic, kind, sequence := c.U32(), c.U32(), c.U32()
		if magic != journalMagic || sequence != l.sequence {
			break
		}
		more := true
		switch kind {
		case journalDescriptor:
			err = l.descriptor(b)
		case journalRevokes:
			err = l.revoke(b)
		case journalCommit:
			more, err = l.commit(b)
		default:
			more = false
		}
		if err != nil {
			return fmt.Errorf("transaction %d: %w", l.sequence, err)
		}
		if !more {
			break
		}
	}
	return l.dropDamaged()
}

// dropDamaged takes content whose checksum is wrong out of the overlay. The rest is replayed, as the kernel does.
func (l *log) dropDamaged() error {
	var bad binread.Errors
	for block, at := range l.overlay {
		if at == damagedContent {
			bad.Add(binread.Checksum("content of block %d: wrong checksum", block))
			delete(l.overlay, block)
		}
	}
	return bad.Err()
}

// take reads the next block of the ring. There must be one left.
func (l *log) take() ([]byte, uint64, error) {
	l.left--
	b, at, err := l.read(l.next)
	if l.next++; l.next >= l.last {
		l.next = l.first
	}
	return b, at, err
}

func (l *log) tagSize() int {
	switch size := 8; {
	case l.has(journalCsumV3):
		return 16
	default:
		if l.has(journal64bit) {
			size += 4
		}
		if l.has(journalCsumV2) {
			size += 2
		}
		return size
	}
}

// descriptor reads a descriptor block and the content blocks that follow it, one for each of its tags.
func (l *log) descriptor(b []byte) error {
	if !l.sumAtEnd(b) && l.tx.bad == nil {
		l.tx.bad = binread.Checksum("descriptor block: wrong checksum")
	}
	l.tx.add(l.journal, b)
	end := len(b)
	if l.hasSums() {
		end -= journalTailSize
	}
	size := l.tagSize()
	for off := journalHeaderSize; off+size <= end; {
		tag, flags, sum := l.tag(b[off:])
		off += size
		if flags&tagSameUUID == 0 {
			off += 16
		}
		if err := l.content(tag, flags, sum); err != nil {
			return err
		}
		if flags&tagLast != 0 {
			break
		}
	}
	return nil
}

func (l *log) tag(b []byte) (block uint64, flags, sum uint32) {
	c := binread.Big(b)
	block = uint64(c.U32())
	if l.has(journalCsumV3) {
		flags = c.U32()
		if high := c.U32(); l.has(journal64bit) {
			block |= uint64(high) << 32
		}
		return block, flags, c.U32()
	}
	sum, flags = uint32(c.U16()), uint32(c.U16())
	if l.has(journal64bit) {
		block |= uint64(c.U32()) << 32
	}
	return block, flags, sum
}

// content reads and verifies one content block.
func (l *log) content(block uint64, flags, sum uint32) error {
	if len(l.tx.writes)+len(l.overlay) >= maxReplayed {
		return binread.Limit("more than %d blocks", maxReplayed)
	}
	if l.left == 0 {
		return nil // the log ends here, unless a commit block could still follow
	}
	b, at, err := l.take()
	if err != nil {
		return err
	}
	l.tx.add(l.journal, b)
	if block >= l.fs.super.blocks && l.tx.bad == nil {
		l.tx.bad = binread.Corrupt("content of block %d, want less than %d", block, l.fs.super.blocks)
	}
	if l.hasSums() {
		want := crc32c(crc32c(l.seed, []byte{
			byte(l.sequence >> 24), byte(l.sequence >> 16), byte(l.sequence >> 8), byte(l.sequence),
		}), b)
		if !l.has(journalCsumV3) {
			want &= 0xffff
		}
		if want != sum {
			l.tx.writes = append(l.tx.writes, logWrite{block, damagedContent})
			return nil
		}
	}
	l.tx.writes = append(l.tx.writes, logWrite{block, at<<1 | uint64(flags&tagEscaped)})
	return nil
}

// revoke reads the blocks whose older content in the log must not be replayed: they are in other use since.
func (l *log) revoke(b []byte) error {
	if !l.sumAtEnd(b) && l.tx.bad == nil {
		l.tx.bad = binread.Checksum("revoke block: wrong checksum")
	}
	c := binread.Big(b)
	end := int(c.At(journalHeaderSize).U32())
	limit := len(b)
	if l.hasSums() {
		limit -= journalTailSize
	}
	if end > limit {
		if l.tx.bad == nil {
			l.tx.bad = binread.Corrupt("revoke block of %d bytes, want at most %d", end, limit)
		}
		return nil
	}
	size := 4
	if l.has(journal64bit) {
		size = 8
	}
	for c.Offset()+size <= end {
		if len(l.tx.revokes) >= maxReplayed {
			return binread.Limit("more than %d revoked blocks", maxReplayed)
		}
		block := uint64(c.U32())
		if size == 8 {
			block = block<<32 | uint64(c.U32())
		}
		l.tx.revokes = append(l.tx.revokes, block)
	}
	return nil
}

// commit ends a transaction and, when its checksums are right, puts it into the overlay.
func (l *log) commit(b []byte) (more bool, err error) {
	c := binread.Big(b)
	time := c.At(0x30).U64()
	bad := l.tx.bad
	if bad == nil && !l.commitSum(b) {
		bad = binread.Checksum("commit block: wrong checksum")
		if l.has(journalAsync) {
			return false, nil // such a journal writes the commit block early: an unfinished transaction looks like this
		}
	}
	if bad != nil {
		if time < l.lastTime {
			return false, nil // what an older use of these blocks has left
		}
		return false, bad
	}
	for _, w := range l.tx.writes {
		l.overlay[w.block] = w.at
	}
	for _, block := range l.tx.revokes {
		delete(l.overlay, block)
	}
	l.lastTime = time
	l.sequence++
	l.tx = transaction{writes: l.tx.writes[:0], revokes: l.tx.revokes[:0], sum: ^uint32(0)}
	return true, nil
}

// commitSum compares the checksum in a commit block: of the block itself, or of all blocks of the transaction.
func (l *log) commitSum(b []byte) bool {
	const at, headerSize = 16, 60
	c := binread.Big(b)
	kind, size, got := c.At(0xc).U8(), c.U8(), c.At(at).U32()
	if l.hasSums() {
		sum := crc32c(crc32c(l.seed, b[:at]), zeros[:4])
		if crc32c(sum, b[at+4:]) == got {
			return true
		}
		// some kernels left what lies behind the header out of it
		rest := make([]byte, len(b)-headerSize)
		return crc32c(crc32c(sum, b[at+4:headerSize]), rest) == got
	}
	if l.compat&journalCompatChecksum == 0 {
		return true
	}
	return kind == 1 && size == 4 && got == l.tx.sum || kind == 0 && size == 0 && got == 0
}

// add continues the checksum of all blocks of a transaction.
func (t *transaction) add(j *journal, b []byte) {
	if !j.hasSums() && j.compat&journalCompatChecksum != 0 {
		t.sum = crc32BE(t.sum, b)
	}
}
