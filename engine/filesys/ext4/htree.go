package ext4

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	indexRootOffset = 24 // struct dx_root_info, behind the entries "." and ".."
	indexNodeOffset = 8  // entries of struct dx_node, behind an unused directory entry
	indexEntrySize  = 8
	indexTailSize   = 8
	maxIndexLevels  = 2 // below the root; two need large_dir
)

// errBadIndex is a hash tree that cannot be believed: the directory is then read block by block.
var errBadIndex = errors.New("hash tree")

// search is one walk down the hash tree of a directory.
type search struct {
	dir  *directory
	name string
	hash uint32
	// visits bounds what a tree whose entries all point to the same block can cost
	visits uint64
}

// lookupHash finds a name by the hash tree (htree) of a directory.
func (d *directory) lookupHash(name string) (filesys.Node, error) {
	b, err := d.logical(0)
	if err != nil {
		return 0, fmt.Errorf("%w: root: %w", errBadIndex, err)
	}
	c := binread.Little(b)
	c.At(indexRootOffset + 4)
	version, length, levels := c.U8(), int(c.U8()), int(c.U8())
	if c.Err() != nil || length != 8 || levels > maxIndexLevels {
		return 0, fmt.Errorf("%w: root: %w", errBadIndex, binread.Corrupt("%d bytes and %d levels, want 8 and at most %d", length, levels, maxIndexLevels))
	}
	hash, err := d.fs.hashName(name, version)
	if err != nil {
		return 0, fmt.Errorf("%w: root: %w", errBadIndex, err)
	}
	s := &search{d, name, hash, d.count + 16}
	return s.node(b, indexRootOffset+length, levels)
}

// node searches below one index block whose entries begin at off.
func (s *search) node(b []byte, off, levels int) (filesys.Node, error) {
	c := binread.Little(b)
	limit, count := int(c.At(off).U16()), int(c.U16())
	if count == 0 || count > limit || limit > (len(b)-off)/indexEntrySize {
		return 0, fmt.Errorf("%w: %w", errBadIndex, binread.Corrupt("%d of %d index entries", count, limit))
	}
	// the first entry has no hash: it stands for everything below the second one's
	at, last := 0, uint32(0)
	for i := 1; i < count; i++ {
		hash := c.At(off+i*indexEntrySize).U32() &^ 1
		if hash < last {
			return 0, fmt.Errorf("%w: %w", errBadIndex, binread.Corrupt("index entry %d: hash %#x behind %#x", i, hash, last))
		}
		if last = hash; c.At(off+i*indexEntrySize).U32() <= s.hash {
			at = i
		}
	}
	for {
		node, err := s.below(uint64(c.At(off+at*indexEntrySize+4).U32()), levels)
		if !errors.Is(err, fs.ErrNotExist) {
			return node, err
		}
		// an odd hash says that names of the hash before it continue in this block
		if at++; at >= count || c.At(off+at*indexEntrySize).U32() != s.hash|1 {
			return 0, fs.ErrNotExist
		}
	}
}

// below searches a block that an index entry names: an index block, or on the last level a block of entries.
func (s *search) below(logical uint64, levels int) (filesys.Node, error) {
	if s.visits == 0 {
		return 0, fmt.Errorf("%w: %w", errBadIndex, binread.Corrupt("it visits more blocks than there are"))
	}
	s.visits--
	b, err := s.dir.logical(logical)
	if b == nil || err != nil && levels > 0 {
		return 0, fmt.Errorf("%w: block %d: %w", errBadIndex, logical, err)
	}
	if levels > 0 {
		return s.node(b, indexNodeOffset, levels-1)
	}
	var found uint32
	parseErr := s.dir.parse(b, func(e dirent) bool {
		if string(e.name) == s.name {
			found = e.node
		}
		return found == 0
	})
	var bad binread.Errors
	bad.Add(err)
	bad.Add(parseErr)
	switch err := bad.Err(); {
	case err != nil:
		return filesys.Node(found), fmt.Errorf("block %d: %w", logical, err)
	case found == 0:
		return 0, fs.ErrNotExist
	}
	return filesys.Node(found), nil
}

// logical reads a block of the directory by its number within it.
func (d *directory) logical(number uint64) ([]byte, error) {
	if number >= d.count {
		return nil, binread.Corrupt("block %d, want less than %d", number, d.count)
	}
	r, err := d.blocks.run(number)
	if err != nil {
		return nil, err
	}
	if r.start == 0 {
		return nil, binread.Corrupt("block %d: a hole, want entries", number)
	}
	return d.readBlock(number, r.start)
}

// verifyIndex compares the checksum of an index block (struct dx_tail).
func (d *directory) verifyIndex(b []byte) error {
	c := binread.Little(b)
	off := indexNodeOffset
	if d.recordLength(c.At(4).U16()) != len(b) { // the root begins with the entry "."
		off = indexRootOffset + int(c.At(indexRootOffset+5).U8())
	}
	limit, count := int(c.At(off).U16()), int(c.U16())
	tail := off + limit*indexEntrySize
	if c.Err() != nil || count > limit || tail > len(b)-indexTailSize {
		return binread.Checksum("no checksum behind %d of %d index entries", count, limit)
	}
	want := crc32c(d.seed, b[:off+count*indexEntrySize])
	want = crc32c(want, b[tail:tail+4])
	want = crc32c(want, zeros[:4])
	if got := c.At(tail + 4).U32(); got != want {
		return binread.Checksum("index checksum %#08x, want %#08x", got, want)
	}
	return nil
}
