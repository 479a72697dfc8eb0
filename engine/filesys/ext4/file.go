package ext4

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// file is the content of an inode. A damaged extent block ends a read in front of it, with the error: a reader that looks
// at the count alone must not take what lies behind for good.
type file struct {
	fs     *FS
	number uint32
	size   int64
	blocks mapper
	inline []byte // instead of blocks
}

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	in, sumErr := f.readInode(n)
	if in.raw == nil {
		return nil, fmt.Errorf("ext4: inode %d: %w", n, sumErr)
	}
	content, err := f.open(&in)
	if err != nil {
		return nil, fmt.Errorf("ext4: inode %d: %w", n, err)
	}
	if sumErr != nil {
		sumErr = fmt.Errorf("ext4: inode %d: %w", n, sumErr)
	}
	return content, sumErr
}

func (f *FS) open(in *inode) (*file, error) {
	switch {
	case in.kind() != filesys.ModeRegular:
		return nil, wrongType(in, "file")
	case in.has(flagEncrypt):
		return nil, binread.Encrypted("the content is encrypted with fscrypt")
	case in.has(flagCompressed):
		return nil, binread.Unsupported("the content is compressed with e2compr")
	}
	return f.content(in)
}

// content opens the bytes of an inode of any type.
func (f *FS) content(in *inode) (*file, error) {
	c := &file{fs: f, number: in.number, size: in.size}
	var err error
	if in.has(flagInlineData) {
		c.inline, err = f.inlineData(in)
		return c, err
	}
	span := f.mapSpan()
	if in.has(flagExtents) {
		span = maxLogicalBlocks
	}
	if limit := span << f.device.shift; uint64(in.size) > limit {
		return nil, binread.Corrupt("size %d, want at most %d", in.size, limit)
	}
	c.blocks, err = f.mapper(in)
	return c, err
}

// Size is the length of the content in bytes.
func (c *file) Size() int64 { return c.size }

// ReadAt reads the content; holes and unwritten extents are zeros.
func (c *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("ext4: inode %d: offset %d, want not negative", c.number, off)
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
		return n, fmt.Errorf("ext4: inode %d: content at %d: %w", c.number, off+int64(n), err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

func (c *file) read(p []byte, off int64) (int, error) {
	if c.blocks == nil {
		n := copy(p, c.inline[min(off, int64(len(c.inline))):])
		clear(p[n:])
		return len(p), nil
	}
	shift := c.fs.device.shift
	done := 0
	for done < len(p) {
		at := off + int64(done)
		r, err := c.blocks.run(uint64(at >> shift))
		if err != nil {
			return done, err
		}
		within := at & (c.fs.blockSize - 1)
		piece := p[done:]
		if r.count < uint64(len(piece)) { // else the run is longer than the piece, whatever the block size
			piece = piece[:min(int64(len(piece)), int64(r.count<<shift)-within)]
		}
		if r.start == 0 {
			clear(piece)
		} else if err := c.fs.device.fill(piece, int64(r.start<<shift)+within); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return done, nil
}

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	in, sumErr := f.readInode(n)
	if in.raw == nil {
		return "", fmt.Errorf("ext4: inode %d: %w", n, sumErr)
	}
	target, err := f.target(&in)
	if err == nil {
		err = sumErr
	}
	if err != nil {
		err = fmt.Errorf("ext4: inode %d: %w", n, err)
	}
	return target, err
}

func (f *FS) target(in *inode) (string, error) {
	limit := max(f.blockSize, 4096)
	switch {
	case in.kind() != filesys.ModeSymlink:
		return "", wrongType(in, "symlink")
	case in.has(flagEncrypt):
		return "", binread.Encrypted("the link target is encrypted with fscrypt")
	case in.size == 0 || in.size > limit:
		return "", binread.Corrupt("link target of %d bytes, want 1 to %d", in.size, limit)
	}
	b := make([]byte, in.size)
	if in.size < mapSize && !in.has(flagExtents) && !in.has(flagInlineData) {
		copy(b, in.blockMap)
	} else {
		c, err := f.content(in)
		if err != nil {
			return "", err
		}
		if _, err := c.read(b, 0); err != nil {
			return "", err
		}
	}
	for i, v := range b {
		if v == 0 {
			return "", binread.Corrupt("link target of %d bytes holds a zero byte at %d", len(b), i)
		}
	}
	return string(b), nil
}
