package iso9660

import (
	"bytes"
	"fmt"
	"io"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// extent is a stretch of a file.
type extent struct {
	logical int64 // bytes, in the file
	off, n  int64 // bytes, on the volume
}

type extents []extent

func (e extents) size() int64 {
	if len(e) == 0 {
		return 0
	}
	return e[len(e)-1].logical + e[len(e)-1].n
}

func (e extents) allocated() (n int64) {
	for _, x := range e {
		n += (x.n + blockSize - 1) / blockSize * blockSize
	}
	return n
}

// extents collects the stretches of a file: one of each of the records with its name that follow each other.
func (f *FS) extents(n filesys.Node, o *object) (extents, error) {
	r, size := o.record, int64(0)
	var all extents
	for range maxExtents {
		all = append(all, extent{size, r.content(), int64(r.size)})
		size += int64(r.size)
		if !r.more() {
			return all, nil
		}
		next, err := f.nextRecord(&r)
		switch {
		case err != nil:
			return nil, fmt.Errorf("extent %d: %w", len(all)+1, err)
		case !bytes.Equal(next.name, o.record.name):
			return nil, binread.Corrupt("extent %d: the record is that of %q, want %q", len(all)+1, next.name, o.record.name)
		}
		r = next
	}
	return nil, binread.Limit("node %d: more than %d extents", n, maxExtents)
}

// nextRecord reads the record that follows another.
func (f *FS) nextRecord(r *record) (record, error) {
	off := r.off + int64(r.n)
	b, err := f.block(uint32(r.off / blockSize))
	if err != nil {
		return record{}, err
	}
	if off%blockSize == 0 || b[off%blockSize] == 0 {
		off = (r.off/blockSize + 1) * blockSize
	}
	return f.recordAt(off)
}

// file is the content of a regular file.
type file struct {
	fs      *FS
	node    filesys.Node
	extents extents
}

var _ filesys.Mapped = (*file)(nil)

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	c, err := f.open(n)
	if err != nil {
		return nil, fmt.Errorf("iso9660: node %d: %w", n, err)
	}
	return c, nil
}

func (f *FS) open(n filesys.Node) (*file, error) {
	o, err := f.readObject(n)
	switch {
	case err != nil:
		return nil, err
	case o.stMode()&filesys.ModeType != filesys.ModeRegular:
		return nil, wrongType(&o, "file")
	case o.unit != 0 || o.gap != 0:
		return nil, binread.Unsupported("interleaved: units of %d blocks, gaps of %d", o.unit, o.gap)
	case o.compressed:
		return nil, binread.Unsupported("compressed (zisofs)")
	case o.sparse:
		return nil, binread.Unsupported("sparse (Rock Ridge SF)")
	}
	all, err := f.extents(n, &o)
	if err != nil {
		return nil, err
	}
	return &file{f, n, all}, nil
}

// Size is the length of the content in bytes.
func (c *file) Size() int64 { return c.extents.size() }

// ReadAt reads the content.
func (c *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, binread.Corrupt("iso9660: node %d: offset %d, want not negative", c.node, off)
	}
	if off >= c.Size() {
		return 0, io.EOF
	}
	short := int64(len(p)) > c.Size()-off
	if short {
		p = p[:c.Size()-off]
	}
	n, err := c.read(p, off)
	switch {
	case err != nil:
		return n, fmt.Errorf("iso9660: node %d: content at %d: %w", c.node, off+int64(n), err)
	case short:
		return n, io.EOF
	}
	return n, nil
}

// read fills p, whose bytes are inside of the file.
func (c *file) read(p []byte, off int64) (done int, err error) {
	i := sort.Search(len(c.extents), func(i int) bool { return c.extents[i].logical+c.extents[i].n > off })
	for done < len(p) {
		x := c.extents[i]
		within := off + int64(done) - x.logical
		piece := p[done:]
		piece = piece[:min(int64(len(piece)), x.n-within)]
		if err := c.fs.fill(piece, x.off+within); err != nil {
			return done, err
		}
		done += len(piece)
		i++
	}
	return done, nil
}

// fill reads exactly len(b) bytes at off. Nothing is read past the end of the image, whatever the reader below would give.
func (f *FS) fill(b []byte, off int64) error {
	if off > f.size || int64(len(b)) > f.size-off {
		return binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", len(b), off, f.size)
	}
	return binread.Fill(f.r, b, off)
}

// Runs implements filesys.Mapped.
func (c *file) Runs(each func(filesys.Run)) bool {
	for _, x := range c.extents {
		if x.off > c.fs.size || x.n > c.fs.size-x.off {
			return false
		}
	}
	for _, x := range c.extents {
		if x.n > 0 {
			each(filesys.Run{Off: x.off, Len: x.n})
		}
	}
	return true
}
