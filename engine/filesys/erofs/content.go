package erofs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	chunkLogMask = 0x1f   // bits of the format of chunks: blocks of a chunk, as a power of 2
	chunkIndexes = 1 << 5 // flag: each has an index of 8 bytes, not only a block of 4
	chunkWide    = 1 << 6 // flag: the index has 48 bits of the block
	chunkKnown   = 1<<7 - 1

	maxChunks  = 1 << 22 // of a file
	chunkPiece = 1 << 12 // indexes that are decoded together

	noBlock = 1<<48 - 1 // what is nowhere: a hole

	boxStart = 1 << 62 // where the packed metadata is, for content that has some of its own in there
)

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	i, err := f.readInode(n)
	if err == nil && !i.isRegular() {
		err = wrongType(&i, "file")
	}
	if err != nil {
		return nil, fmt.Errorf("erofs: node %d: %w", n, err)
	}
	c, err := f.content(&i)
	if err != nil {
		return nil, fmt.Errorf("erofs: node %d: %w", n, err)
	}
	return c, nil
}

// content opens the content of any inode.
func (f *FS) content(i *inode) (filesys.File, error) {
	switch i.layout {
	case layoutFull, layoutCompact:
		return f.openPacked(i)
	case layoutChunked:
		return f.chunks(i)
	}
	runs, err := f.flat(i)
	if err != nil {
		return nil, err
	}
	if !i.boxed() {
		return f.consist(i, f.r, f.size, runs, nil), nil
	}
	if f.box.err != nil {
		return nil, f.box.err
	}
	c := f.consist(i, &beside{f.r, f.box.value.r}, boxStart+f.box.value.size, runs, nil)
	return boxedContent{c}, nil
}

func (f *FS) consist(i *inode, r io.ReaderAt, limit int64, runs []filesys.Run, damage error) *filesys.Content {
	c := &filesys.Content{Where: fmt.Sprintf("erofs: node %d", nodeOf(i.number)), Volume: r, Limit: limit, Damage: damage}
	c.Consist(i.size, runs)
	return c
}

// beside is the volume, and far behind its start the packed metadata.
type beside struct{ volume, box io.ReaderAt }

// ReadAt implements io.ReaderAt.
func (b *beside) ReadAt(p []byte, off int64) (int, error) {
	if off >= boxStart {
		return b.box.ReadAt(p, off-boxStart)
	}
	return b.volume.ReadAt(p, off)
}

// boxedContent is content of which some is in the packed metadata.
type boxedContent struct{ *filesys.Content }

// Runs implements filesys.Mapped: the content is not just bytes of the volume.
func (boxedContent) Runs(func(filesys.Run)) bool { return false }

// flat returns where content is that is whole blocks, behind which its tail may be with the inode.
func (f *FS) flat(i *inode) ([]filesys.Run, error) {
	if i.size == 0 {
		return nil, nil
	}
	size := f.super.blockSize()
	head := i.size
	if i.layout == layoutInline {
		head = (i.size - 1) &^ (size - 1)
	}
	var runs []filesys.Run
	switch start := f.block(i); {
	case head == 0:
	case i.layout == layoutPlain && (start == noBlock || !i.wide && start == 1<<32-1):
		runs = append(runs, filesys.Run{Len: head, Zero: true})
	default:
		off, err := f.place(0, start)
		if err != nil {
			return nil, err
		}
		runs = append(runs, filesys.Run{Off: off, Len: head})
	}
	tail := i.size - head
	if tail == 0 {
		return runs, nil
	}
	at := i.end
	if at&(size-1)+tail > size {
		return nil, binread.Corrupt("a tail of %d bytes at %#x, want it inside of a block", tail, at)
	}
	if i.boxed() {
		at += boxStart
	}
	return append(runs, filesys.Run{Off: at, Len: tail}), nil
}

// chunks opens content that is listed by chunks. It ends where one of them is not on this device.
func (f *FS) chunks(i *inode) (filesys.File, error) {
	format := uint16(i.word)
	if format&^chunkKnown != 0 {
		return nil, binread.Unsupported("chunks of format %#x, want none but %#x", format, chunkKnown)
	}
	log := uint(f.super.blockLog) + uint(format&chunkLogMask)
	count := int64(0)
	if i.size > 0 {
		count = (i.size-1)>>log + 1
	}
	if count > maxChunks {
		return nil, binread.Limit("%d chunks, want at most %d", count, maxChunks)
	}
	l := chunkList{fs: f, inode: i, format: format, log: log}
	if err := l.read(count); err != nil {
		return nil, err
	}
	return f.consist(i, f.r, f.size, l.runs, l.damage), nil
}

// chunkList makes stretches of the indexes of chunks.
type chunkList struct {
	fs     *FS
	inode  *inode
	format uint16
	log    uint // of the bytes of a chunk
	runs   []filesys.Run
	damage error
}

func (l *chunkList) read(count int64) error {
	unit := int64(4)
	if l.format&chunkIndexes != 0 {
		unit = 8
	}
	off := (l.inode.end + unit - 1) &^ (unit - 1)
	for n := int64(0); n < count && l.damage == nil; n += chunkPiece {
		piece := min(chunkPiece, count-n)
		c, err := l.inode.space.cursor(off+n*unit, int(piece*unit))
		if err != nil {
			return err
		}
		for k := n; k < n+piece && l.damage == nil; k++ {
			l.add(k, &c)
		}
	}
	return nil
}

// add decodes the index of a chunk.
func (l *chunkList) add(k int64, c *binread.Cursor) {
	var block, none uint64 = 0, 1<<32 - 1
	device := uint16(0)
	if l.format&chunkIndexes != 0 {
		high := uint64(c.U16())
		device = c.U16()
		if l.format&chunkWide != 0 {
			block, none = high<<32, noBlock
		}
	}
	block |= uint64(c.U32())
	run := filesys.Run{Len: min(1<<l.log, l.inode.size-k<<l.log), Zero: block == none}
	if !run.Zero {
		off, err := l.fs.place(device, block)
		if err != nil {
			l.damage = fmt.Errorf("chunk %d: %w", k, err)
			return
		}
		run.Off = off
	}
	if last := len(l.runs) - 1; last >= 0 && follows(l.runs[last], run) {
		l.runs[last].Len += run.Len
		return
	}
	l.runs = append(l.runs, run)
}

func follows(a, b filesys.Run) bool {
	return a.Zero && b.Zero || !a.Zero && !b.Zero && a.Off+a.Len == b.Off
}
