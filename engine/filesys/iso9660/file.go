package iso9660

import (
	"bytes"
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// extents collects the stretches of a file, one of each of the records with its name that follow each other, and its size.
func (f *FS) extents(n filesys.Node, o *object) (all []filesys.Run, size int64, err error) {
	r := o.record
	for range maxExtents {
		all = append(all, filesys.Run{Off: r.content(), Len: int64(r.size)})
		size += int64(r.size)
		if !r.more() {
			return all, size, nil
		}
		next, err := f.nextRecord(&r)
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("extent %d: %w", len(all)+1, err)
		case !bytes.Equal(next.name, o.record.name):
			return nil, 0, binread.Corrupt("extent %d: the record is that of %q, want %q", len(all)+1, next.name, o.record.name)
		}
		r = next
	}
	return nil, 0, binread.Limit("node %d: more than %d extents", n, maxExtents)
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

// Open opens the content of a regular file.
func (f *FS) Open(n filesys.Node) (filesys.File, error) {
	c, err := f.open(n)
	if err != nil {
		return nil, fmt.Errorf("iso9660: node %d: %w", n, err)
	}
	return c, nil
}

func (f *FS) open(n filesys.Node) (*filesys.Content, error) {
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
	extents, size, err := f.extents(n, &o)
	if err != nil {
		return nil, err
	}
	c := &filesys.Content{Where: fmt.Sprintf("iso9660: node %d", n), Volume: f.r, Limit: f.size}
	c.Consist(size, extents)
	return c, nil
}
