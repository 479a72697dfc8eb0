package squashfs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	blockPlain = 1 << 24 // flag of the size of a block: it is stored as it is
	maxBlocks  = 1 << 22 // of a file
	listPiece  = 1 << 10 // sizes of blocks that are decoded together
	keyShift   = 25      // bits of a size
)

// block is where a block or fragment is. One of no bytes is a hole.
type block struct {
	off  int64
	word uint32 // bytes and a flag
}

func (b block) stored() int64 { return int64(b.word &^ blockPlain) }
func (b block) plain() bool   { return b.word&blockPlain != 0 }
func (b block) hole() bool    { return b.word == 0 }

// file is the content of a regular file. It implements filesys.File and filesys.Mapped.
type file struct {
	fs     *FS
	node   filesys.Node
	size   int64
	blocks []block
	// tail is the fragment that the content ends in from byte tailOff of it on. It is used where there are not blocks enough.
	tail    block
	tailOff int64
}

var _ filesys.Mapped = (*file)(nil)

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	c, err := f.openFile(n)
	if err != nil {
		return nil, fmt.Errorf("squashfs: node %d: %w", n, err)
	}
	return c, nil
}

func (f *FS) openFile(n filesys.Node) (*file, error) {
	i, err := f.readInode(n)
	switch {
	case err != nil:
		return nil, err
	case i.kind != kindFile:
		return nil, wrongType(&i, "file")
	}
	c := &file{fs: f, node: n, size: int64(i.size)}
	count := c.size / f.super.blockSize
	if rest := c.size % f.super.blockSize; rest > 0 && i.fragment == none32 {
		count++
	} else if rest > 0 {
		if err := c.findTail(&i, rest); err != nil {
			return nil, fmt.Errorf("fragment %d: %w", i.fragment, err)
		}
	}
	if count > maxBlocks {
		return nil, binread.Limit("%d blocks, want at most %d", count, maxBlocks)
	}
	return c, c.readBlocks(&i, int(count))
}

// findTail reads where the fragment of a file is, whose last n bytes are in it.
func (c *file) findTail(i *inode, n int64) error {
	entry, err := c.fs.entryOf(c.fs.fragments, i.fragment)
	if err != nil {
		return err
	}
	start := entry.U64()
	c.tail, c.tailOff = block{int64(start), entry.U32()}, int64(i.offset)
	switch {
	case start >= uint64(c.fs.super.size):
		return binread.Corrupt("at %#x, want it before the end at %#x", start, c.fs.super.size)
	case c.tail.stored() == 0:
		return binread.Corrupt("no bytes")
	case c.tailOff+n > c.fs.super.blockSize:
		return binread.Corrupt("%d bytes at %d, want them inside of a block of %d", n, c.tailOff, c.fs.super.blockSize)
	}
	return c.checkStored(c.tail)
}

// checkStored wants a block no larger than what it is unpacked to.
func (c *file) checkStored(b block) error {
	if b.word>>keyShift != 0 || b.stored() > c.fs.super.blockSize {
		return binread.Corrupt("a block of %d bytes at %#x, want at most %d", b.word&^blockPlain, b.off, c.fs.super.blockSize)
	}
	return nil
}

// readBlocks reads the sizes of the blocks, which follow each other on the volume.
func (c *file) readBlocks(i *inode, count int) error {
	if count > 0 && i.start >= uint64(c.fs.super.size) {
		return binread.Corrupt("content at %#x, want it before the end at %#x", i.start, c.fs.super.size)
	}
	off := int64(i.start)
	for len(c.blocks) < count {
		piece := min(listPiece, count-len(c.blocks))
		list, err := i.rest.cursor(piece * 4)
		if err != nil {
			return err
		}
		for range piece {
			b := block{off, list.U32()}
			if err := c.checkStored(b); err != nil {
				return fmt.Errorf("block %d: %w", len(c.blocks), err)
			}
			c.blocks = append(c.blocks, b)
			off += b.stored()
		}
	}
	return nil
}

// Size is the length of the content in bytes.
func (c *file) Size() int64 { return c.size }

// ReadAt reads the content.
func (c *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("squashfs: node %d: %w", c.node, binread.Corrupt("offset %d, want not negative", off))
	}
	if off >= c.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > c.size-off
	if short {
		p = p[:c.size-off]
	}
	done := 0
	for done < len(p) {
		n, err := c.read(p[done:], off+int64(done))
		if err != nil {
			return done, fmt.Errorf("squashfs: node %d: content at %d: %w", c.node, off+int64(done), err)
		}
		done += n
	}
	if short {
		return done, io.EOF
	}
	return done, nil
}

// read reads up to the end of a block.
func (c *file) read(p []byte, off int64) (int, error) {
	size := c.fs.super.blockSize
	i, within := off/size, off%size
	length := min(size, c.size-i*size)
	p = p[:min(int64(len(p)), length-within)]
	if i < int64(len(c.blocks)) {
		return len(p), c.fs.readContent(p, c.blocks[i], within, length, length)
	}
	return len(p), c.fs.readContent(p, c.tail, c.tailOff+within, c.tailOff+length, size)
}

// readContent fills p from byte off of a block that unpacks to at least low and at most high bytes.
func (f *FS) readContent(p []byte, b block, off, low, high int64) error {
	switch {
	case b.hole():
		clear(p)
		return nil
	case b.plain():
		if n := b.stored(); n < low || n > high {
			return wrongLength(b, n, low, high)
		}
		return f.fill(p, b.off+off)
	case int64(len(p)) == low && low == high:
		return f.unpackInto(p, b) // a whole one would only push others out
	}
	whole, err := f.unpacked(b)
	if err != nil {
		return err
	}
	if n := int64(len(whole)); n < low || n > high {
		return wrongLength(b, n, low, high)
	}
	copy(p, whole[off:])
	return nil
}

func wrongLength(b block, n, low, high int64) error {
	if low == high {
		return binread.Corrupt("a block of %d bytes at %#x, want %d", n, b.off, low)
	}
	return binread.Corrupt("a fragment of %d bytes at %#x, want %d to %d", n, b.off, low, high)
}

func (f *FS) unpackInto(p []byte, b block) error {
	src := make([]byte, b.stored())
	if err := f.fill(src, b.off); err != nil {
		return err
	}
	n, err := f.unpacker.unpack(p, src)
	switch {
	case err != nil:
		return fmt.Errorf("block at %#x: %w", b.off, err)
	case n != len(p):
		return wrongLength(b, int64(n), int64(len(p)), int64(len(p)))
	}
	return nil
}

// unpacked returns a block unpacked. It is shared and must not be changed.
func (f *FS) unpacked(b block) ([]byte, error) {
	cached, mine := f.content.Get(b.off<<keyShift | int64(b.word))
	if mine {
		whole, err := f.loadContent(b)
		f.content.Put(cached, whole, err)
	}
	return cached.Wait()
}

func (f *FS) loadContent(b block) ([]byte, error) {
	src := make([]byte, b.stored())
	if err := f.fill(src, b.off); err != nil {
		return nil, err
	}
	whole := make([]byte, f.super.blockSize)
	n, err := f.unpacker.unpack(whole, src)
	if err != nil {
		return nil, fmt.Errorf("block at %#x: %w", b.off, err)
	}
	return whole[:n], nil
}

// Runs implements filesys.Mapped: content is just bytes of the volume where nothing of it is packed.
func (c *file) Runs(each func(filesys.Run)) bool {
	var runs []filesys.Run
	for at := int64(0); at < c.size; at += c.fs.super.blockSize {
		length := min(c.fs.super.blockSize, c.size-at)
		b, off := c.tail, c.tailOff
		if i := at / c.fs.super.blockSize; i < int64(len(c.blocks)) {
			b, off = c.blocks[i], 0
		}
		switch {
		case b.hole():
			runs = append(runs, filesys.Run{Len: length, Zero: true})
		case !b.plain() || b.stored() < off+length || b.off+off+length > c.fs.limit:
			return false
		default:
			runs = append(runs, filesys.Run{Off: b.off + off, Len: length})
		}
	}
	for _, r := range runs {
		each(r)
	}
	return true
}
