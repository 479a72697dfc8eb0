package ext4

import (
	"errors"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// The journal (fs/jbd2) is big-endian. Every block of the log that is not content begins with this magic number.
const (
	journalMagic      = 0xc03b3998
	journalMagicBytes = "\xc0\x3b\x39\x98"

	journalHeaderSize = 12
	journalTailSize   = 4 // checksum at the end of descriptor and revoke blocks

	journalCompatChecksum = 0x1 // crc32 of a whole transaction in its commit block

	journalRevoke     = 0x1
	journal64bit      = 0x2
	journalAsync      = 0x4
	journalCsumV2     = 0x8
	journalCsumV3     = 0x10
	journalFastCommit = 0x20
	journalKnown      = journalRevoke | journal64bit | journalAsync | journalCsumV2 | journalCsumV3 | journalFastCommit

	defaultFastBlocks = 256
	minJournalBlocks  = 1024
)

// Types of the blocks that begin with the magic number.
const (
	journalDescriptor   = 1
	journalCommit       = 2
	journalSuperblockV1 = 3
	journalSuperblockV2 = 4
	journalRevokes      = 5
)

// journal is an open journal: its superblock and where its blocks are.
type journal struct {
	fs       *FS
	blocks   mapper
	length   uint32 // s_maxlen
	first    uint32 // first block of the log
	last     uint32 // block behind the log
	sequence uint32 // of the first transaction that counts
	start    uint32 // block of that transaction; 0 when there is none
	compat   uint32
	incompat uint32
	errno    uint32 // why the driver gave it up, 0 where it did not
	seed     uint32
}

func (j *journal) has(bit uint32) bool { return j.incompat&bit != 0 }
func (j *journal) hasSums() bool       { return j.has(journalCsumV2 | journalCsumV3) }

// recover replays the journal in memory when the file system says that it must be. What cannot be replayed is a problem,
// not an error.
func (f *FS) recover(before []filesys.Problem) {
	s := f.super
	fromCopy := len(before) > 0 // a copy of the superblock does not say whether the journal must be replayed
	if !s.features.needsRecovery() && (!fromCopy || !s.features.hasJournal()) {
		return
	}
	if err := f.replayJournal(before); err != nil {
		f.replayErr = err
		f.problem(true, "the journal was not replayed completely: %v", err)
	}
}

func (f *FS) replayJournal(before []filesys.Problem) error {
	j, err := f.openJournal()
	if err != nil {
		return err
	}
	if j.start == 0 {
		return nil
	}
	l := &log{journal: j, overlay: overlay{}, next: j.start, sequence: j.sequence, left: j.last - j.first}
	err = l.replay()
	if errors.Is(err, binread.ErrLimit) {
		return err // half of a log is worse than none
	}
	if len(l.overlay) > 0 {
		f.device.replayed = l.overlay
		f.reload(before)
	}
	if err != nil || !j.has(journalFastCommit) {
		return err
	}
	if err := f.replayFastCommits(j, l.sequence); err != nil {
		return fmt.Errorf("fast commits: %w", err)
	}
	return nil
}

// reload reads the superblock and the group descriptors again, as they are after the journal was replayed. Of the problems
// found so far, those of before remain.
func (f *FS) reload(before []filesys.Problem) {
	super, err := f.superblockAt(superblockOffset)
	switch {
	case super == nil || err != nil && !errors.Is(err, binread.ErrChecksum):
		f.device.replayed = nil
		f.problem(true, "the journal has a superblock that cannot be used, and was not replayed: %v", err)
		return
	case super.blockSize() != f.blockSize:
		f.device.replayed = nil
		f.problem(true, "the journal changes the block size to %d, and was not replayed", super.blockSize())
		return
	}
	f.problems = before[:len(before):len(before)]
	if err != nil {
		f.problem(true, "superblock in the journal: %v", err)
	}
	f.use(super)
	f.loadGroups()
}

// openJournal finds the journal and reads its superblock.
func (f *FS) openJournal() (*journal, error) {
	s := f.super
	switch {
	case !s.features.hasJournal():
		return nil, binread.Corrupt("the file system needs its journal and has none")
	case s.journalInode == 0:
		return nil, binread.Unsupported("the journal is on another device (%#x)", s.journalDevice)
	}
	in, err := f.journalInode()
	if err != nil {
		return nil, err
	}
	j := &journal{fs: f}
	if j.blocks, err = f.mapper(&in); err != nil {
		return nil, fmt.Errorf("inode %d: %w", in.number, err)
	}
	b, _, err := j.read(0)
	if err != nil {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	if err := j.decode(b); err != nil {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	if uint64(j.length) > uint64(in.size)>>f.device.shift {
		return nil, binread.Corrupt("journal of %d blocks in %d bytes", j.length, in.size)
	}
	return j, nil
}

// journalInode reads the journal's inode, or makes one from the copy in the superblock (s_jnl_blocks).
func (f *FS) journalInode() (inode, error) {
	in, err := f.readInode(filesys.Node(f.super.journalInode))
	if err == nil || f.super.journalBackup == nil {
		if err != nil {
			err = fmt.Errorf("inode %d: %w", f.super.journalInode, err)
		}
		return in, err
	}
	c := binread.Little(f.super.journalBackup)
	in = inode{number: f.super.journalInode, blockMap: c.Bytes(mapSize)}
	high, low := c.U32(), c.U32()
	in.size = int64(uint64(high)<<32|uint64(low)) & (1<<62 - 1)
	c = binread.Little(in.blockMap)
	if c.U16() == extentMagic {
		in.flags = flagExtents
	}
	return in, nil
}

// decode decodes the journal's superblock.
func (j *journal) decode(b []byte) error {
	c := binread.Big(b)
	magic, kind := c.U32(), c.U32()
	blockSize := int64(c.At(0xc).U32())
	j.length, j.first, j.sequence, j.start = c.U32(), c.U32(), c.U32(), c.U32()
	j.errno = c.U32()
	j.last = j.length
	if magic != journalMagic || kind != journalSuperblockV1 && kind != journalSuperblockV2 {
		return binread.Corrupt("magic %#x of type %d, want %#x of type 3 or 4", magic, kind, uint32(journalMagic))
	}
	if blockSize != j.fs.blockSize {
		return binread.Corrupt("blocks of %d bytes, want %d", blockSize, j.fs.blockSize)
	}
	if kind == journalSuperblockV2 {
		j.compat, j.incompat = c.At(0x24).U32(), c.U32()
		j.seed = crc32c(^uint32(0), c.At(0x30).Bytes(16))
		if unknown := j.incompat &^ journalKnown; unknown != 0 {
			return binread.Unsupported("incompatible features %#x", unknown)
		}
		if err := j.verifySuperblock(b[:superblockSize]); err != nil {
			return err
		}
	}
	if j.has(journalFastCommit) {
		count := c.At(0x54).U32()
		if count == 0 {
			count = defaultFastBlocks
		}
		if count < j.length && j.length-count >= minJournalBlocks {
			j.last = j.length - count
		}
	}
	if j.first == 0 || j.first >= j.last || j.start != 0 && (j.start < j.first || j.start >= j.last) {
		return binread.Corrupt("log from %d to %d starting at %d", j.first, j.last, j.start)
	}
	return c.Err()
}

func (j *journal) verifySuperblock(b []byte) error {
	if !j.hasSums() {
		return nil
	}
	c := binread.Big(b)
	if kind := c.At(0x50).U8(); kind != 4 {
		return binread.Unsupported("checksum type %d, want 4 (crc32c)", kind)
	}
	got := c.At(0xfc).U32()
	if want := crc32c(crc32c(crc32c(^uint32(0), b[:0xfc]), zeros[:4]), b[0x100:]); got != want {
		return binread.Checksum("checksum %#08x, want %#08x", got, want)
	}
	return nil
}

// read returns a block of the journal and the device block it lies in.
func (j *journal) read(number uint32) ([]byte, uint64, error) {
	r, err := j.blocks.run(uint64(number))
	if err != nil {
		return nil, 0, fmt.Errorf("journal block %d: %w", number, err)
	}
	if r.start == 0 {
		return nil, 0, binread.Corrupt("journal block %d: a hole", number)
	}
	b := make([]byte, j.fs.blockSize)
	if err := j.fs.device.fill(b, int64(r.start<<j.fs.device.shift)); err != nil {
		return nil, 0, fmt.Errorf("journal block %d: %w", number, err)
	}
	return b, r.start, nil
}

// sumAtEnd compares the checksum in the last bytes of a descriptor or revoke block.
func (j *journal) sumAtEnd(b []byte) bool {
	if !j.hasSums() {
		return true
	}
	tail := len(b) - journalTailSize
	c := binread.Big(b)
	return c.At(tail).U32() == crc32c(crc32c(j.seed, b[:tail]), zeros[:4])
}
