package btrfs

import (
	"io"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const maxTarget = 4096

// file is the content of a regular file or a link. Damage ends a read in front of it: a reader that looks at the count alone must not
// take what lies behind for good.
type file struct {
	fs      *FS
	node    filesys.Node
	size    int64
	extents []extent
	damage  error
	badFrom int64 // where damage may begin
}

var _ filesys.Mapped = (*file)(nil)

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	in, err := f.readInode(n)
	if err == nil && in.kind() != filesys.ModeRegular {
		err = wrongType(&in, "file")
	}
	if err != nil {
		return nil, f.nodeError(n, err)
	}
	return f.content(&in), nil
}

// ReadLink returns the target of a symbolic link.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	in, err := f.readInode(n)
	if err == nil && in.kind() != filesys.ModeSymlink {
		err = wrongType(&in, "symlink")
	}
	if err == nil && in.size > maxTarget {
		err = binread.Corrupt("a target of %d bytes, want at most %d", in.size, maxTarget)
	}
	if err != nil {
		return "", f.nodeError(n, err)
	}
	b := make([]byte, in.size)
	if _, err := f.content(&in).read(b, 0); err != nil {
		return "", f.nodeError(n, err)
	}
	return string(b), nil
}

// content reads the list of a file's extents.
func (f *FS) content(in *inode) *file {
	c := &file{fs: f, node: in.stat.Node, size: in.size, badFrom: in.size}
	from, to := in.keys(kindExtent)
	end := int64(0)
	in.volume.tree.each(from, to, func(k key, b []byte) error {
		if len(c.extents) == maxExtents {
			return binread.Limit("more than %d extents", maxExtents)
		}
		e, err := decodeExtent(k, b)
		if err != nil {
			return err
		}
		if e.at < end {
			return binread.Corrupt("two extents hold the content at %d", e.at)
		}
		end = e.at + e.length
		c.extents = append(c.extents, e)
		return nil
	}, func(at key, err error) {
		if c.damage != nil {
			return
		}
		c.damage = err
		if at.compare(from) <= 0 {
			c.badFrom = 0
		} else {
			c.badFrom = int64(min(at.offset, uint64(in.size)))
		}
	})
	return c
}

// Size is the length of the content in bytes.
func (c *file) Size() int64 { return c.size }

// ReadAt reads the content; holes and unwritten extents are zeros.
func (c *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, c.fs.nodeError(c.node, binread.Corrupt("offset %d, want not negative", off))
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
		return n, c.fs.nodeError(c.node, err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

func (c *file) read(p []byte, off int64) (done int, err error) {
	for done < len(p) {
		e, n := c.stretch(off + int64(done))
		if n == 0 {
			return done, c.damage
		}
		piece := p[done:]
		piece = piece[:min(int64(len(piece)), n)]
		at := off + int64(done) - e.at
		if err := c.fs.fillExtent(piece, e, at, at == 0 && int64(len(piece)) == n); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return done, nil
}

// stretch is the extent that a byte is in, and how many bytes of the content follow there: none where there is damage. A gap is an extent
// of zeros.
func (c *file) stretch(off int64) (e *extent, n int64) {
	end := c.size
	if c.damage != nil {
		end = c.badFrom
	}
	if off >= end {
		return nil, 0
	}
	i := sort.Search(len(c.extents), func(i int) bool { return c.extents[i].at > off })
	if i < len(c.extents) {
		end = min(end, c.extents[i].at)
	}
	if i > 0 {
		if e := &c.extents[i-1]; off-e.at < e.length {
			return e, min(end, e.at+e.length) - off
		}
	}
	return &extent{at: off, zero: true}, end - off
}

// Runs implements filesys.Mapped.
func (c *file) Runs(each func(filesys.Run)) bool {
	if len(c.fs.devices)+c.fs.missing > 1 { // a run does not say on which
		return false
	}
	var runs []filesys.Run
	for off := int64(0); off < c.size; {
		e, n := c.stretch(off)
		switch {
		case n == 0 || !e.zero && (e.inline != nil || e.packing != packNone):
			return false
		case e.zero:
			runs = append(runs, filesys.Run{Len: n, Zero: true})
		default:
			at, err := c.fs.places(e.disk + e.offset + uint64(off-e.at))
			if err != nil {
				return false
			}
			n = min(n, at.length)
			runs = append(runs, filesys.Run{Off: int64(at.copies[0].off + at.off), Len: n})
		}
		off += n
	}
	for _, r := range runs {
		each(r)
	}
	return true
}
