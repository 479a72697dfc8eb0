package xfs

import (
	"bytes"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxLink     = 1024
	linkMagic   = 0x58534c4d // "XSLM"
	valueHeader = 56         // of blocks of remote links and values in version 5
)

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	in, sumErr := f.readInode(n)
	if in.raw == nil {
		return "", inodeError(n, sumErr)
	}
	target, err := f.target(&in)
	if err == nil {
		err = sumErr
	}
	if err != nil {
		err = inodeError(n, err)
	}
	return string(target), err
}

func (f *FS) target(in *inode) (b []byte, err error) {
	switch {
	case in.kind() != filesys.ModeSymlink:
		return nil, wrongType(in, "symlink")
	case in.size == 0 || in.size > maxLink:
		return nil, binread.Corrupt("link target of %d bytes, want 1 to %d", in.size, maxLink)
	case in.data.form != formLocal:
		b, err = f.remoteTarget(in)
	case int(in.size) > len(in.data.b):
		err = binread.Corrupt("link target of %d bytes, want at most the inode's %d", in.size, len(in.data.b))
	default:
		b = in.data.b[:in.size]
	}
	if i := bytes.IndexByte(b, 0); i >= 0 && err == nil {
		return nil, binread.Corrupt("link target of %d bytes holds a zero byte at %d", len(b), i)
	}
	return b, err
}

// remoteTarget puts together what stands in blocks of its own: in version 5, each extent has a header.
func (f *FS) remoteTarget(in *inode) ([]byte, error) {
	m, err := f.newBlockMap(in, &in.data)
	if err != nil {
		return nil, err
	}
	var b []byte
	size := int(in.size)
	for logical := uint64(0); len(b) < size; {
		r, err := m.run(logical)
		if err != nil {
			return nil, err
		}
		if r.hole {
			return nil, binread.Corrupt("link target of %d bytes ends after %d", size, len(b))
		}
		// no link needs more, whatever the extent says
		count := min(r.count, 2*maxLink>>f.super.blockLog+1)
		piece, err := f.readBlocks(r.start, count)
		if err != nil {
			return nil, err
		}
		if piece, err = f.linkPiece(piece, r.start, in.number, len(b), size); err != nil {
			return nil, fmt.Errorf("link target: block %#x: %w", r.start, err)
		}
		b = append(b, piece...)
		logical += count
	}
	return b, nil
}

// linkPiece returns the bytes of a target that stand in an extent.
func (f *FS) linkPiece(b []byte, block, owner uint64, done, size int) ([]byte, error) {
	if !f.super.v5() {
		return b[:min(len(b), size-done)], nil
	}
	c := binread.Big(b)
	magic, off, n := c.U32(), c.U32(), c.U32()
	if magic != linkMagic {
		return nil, binread.Corrupt("magic %#x, want %#x", magic, linkMagic)
	}
	if err := f.verify(b, valuePlace(), block, owner); err != nil {
		return nil, err
	}
	if int64(off) != int64(done) || n == 0 || int64(n) > int64(min(len(b)-valueHeader, size-done)) {
		return nil, binread.Corrupt("%d bytes at %d, want them at %d of %d", n, off, done, size)
	}
	return b[valueHeader : valueHeader+n], nil
}
