package xfs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// file is the content of a regular file. A damaged block of its map ends a read in front of it, with the error: a reader that looks
// at the count alone must not take what lies behind for good.
type file struct {
	fs     *FS
	number uint64
	size   int64
	blocks *blockMap
}

var _ filesys.Mapped = (*file)(nil)

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	in, sumErr := f.readInode(n)
	if in.raw == nil {
		return nil, inodeError(n, sumErr)
	}
	c, err := f.content(&in)
	if err != nil {
		return nil, inodeError(n, err)
	}
	if sumErr != nil {
		sumErr = inodeError(n, sumErr)
	}
	return c, sumErr
}

func (f *FS) content(in *inode) (*file, error) {
	switch {
	case in.kind() != filesys.ModeRegular:
		return nil, wrongType(in, "file")
	case in.flags&flagRealtime != 0:
		return nil, binread.Unsupported("the content is on a real-time device")
	}
	m, err := f.newBlockMap(in, &in.data)
	return &file{fs: f, number: in.number, size: in.size, blocks: m}, err
}

// Size is the length of the content in bytes.
func (c *file) Size() int64 { return c.size }

// ReadAt reads the content; holes and unwritten extents are zeros.
func (c *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("xfs: inode %d: offset %d, want not negative", c.number, off)
	}
	if off >= c.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > c.size-off
	if short {
		p = p[:c.size-off]
	}
	n, err := c.read(p, off)
	switch {
	case err != nil:
		return n, fmt.Errorf("xfs: inode %d: content at %d: %w", c.number, off+int64(n), err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

func (c *file) read(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at, n, err := c.place(off + int64(done))
		if err != nil {
			return done, err
		}
		piece := p[done:]
		piece = piece[:min(int64(len(piece)), n)]
		if at < 0 {
			clear(piece)
		} else if err := c.fs.device.fill(piece, at); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return done, nil
}

// place returns where a byte of the content is on the device, or -1 for zeros, and how many follow there in one piece.
func (c *file) place(off int64) (at, n int64, err error) {
	s := c.fs.super
	r, err := c.blocks.run(uint64(off) >> s.blockLog)
	if err != nil {
		return 0, 0, err
	}
	within := off & int64(s.blockSize-1)
	n = c.size - off
	if r.count < uint64(n) { // else the run is longer than the rest, whatever the block size
		if blocks := int64(r.count); blocks <= (n+within)>>s.blockLog {
			n = blocks<<s.blockLog - within
		}
	}
	if r.hole {
		return -1, n, nil
	}
	return s.offset(r.start) + within, n, nil
}

// Runs implements filesys.Mapped.
func (c *file) Runs(each func(filesys.Run)) bool {
	for off := int64(0); off < c.size; {
		at, n, err := c.place(off)
		if err != nil {
			return false
		}
		each(filesys.Run{Off: max(at, 0), Len: n, Zero: at < 0})
		off += n
	}
	return true
}
