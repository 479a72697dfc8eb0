package iso9660

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const maxDirBytes = 32 << 20 // of a directory

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	if err != nil {
		return nil, fmt.Errorf("iso9660: node %d: %w", n, err)
	}
	if l.Err != nil {
		return slices.Clone(l.Entries), fmt.Errorf("iso9660: directory %d: %w", n, l.Err)
	}
	return slices.Clone(l.Entries), nil
}

// Lookup finds a name in a directory. Of two entries with one name it takes the first on the disk, as Linux does.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, fmt.Errorf("iso9660: node %d: %w", dir, err)
	}
	n, ok := l.Names[name]
	switch {
	case ok:
		return n, nil
	case l.Err != nil:
		return 0, fmt.Errorf("iso9660: directory %d: %w", dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	o, err := f.readObject(n)
	switch {
	case err != nil:
		return nil, err
	case !o.isDir():
		return nil, wrongType(&o, "dir")
	}
	r := dirReader{fs: f, start: o.content(), Listing: &filesys.Listing{}}
	r.read(int64(o.size))
	f.dirs.Put(uint64(n), r.Listing)
	return r.Listing, nil
}

// dirReader makes a listing out of directory records.
type dirReader struct {
	fs    *FS
	start int64 // bytes, on the volume
	*filesys.Listing
	bad    binread.Errors
	inFile []byte // name of the file whose extents go on
}

// read reads the records of a directory, block by block: none crosses the end of one.
func (r *dirReader) read(n int64) {
	switch {
	case n > maxDirBytes:
		r.bad.Add(binread.Limit("%d bytes, of which %d are read", n, maxDirBytes))
		n = maxDirBytes
	case n == 0:
		r.bad.Add(binread.Corrupt("no bytes, want records"))
	}
	if r.start < r.fs.size && n > r.fs.size-r.start {
		r.bad.Add(binread.Corrupt("%d bytes at %#x, want them before the end of the image at %#x", n, r.start, r.fs.size))
		n = r.fs.size - r.start
	}
	for at := int64(0); at < n; at += blockSize {
		b, err := r.fs.block(uint32((r.start + at) / blockSize))
		if err != nil {
			r.bad.Add(err)
			if r.start+at >= r.fs.size {
				break
			}
			continue
		}
		r.block(b[:min(blockSize, n-at)], r.start+at)
	}
	if r.inFile != nil {
		r.bad.Add(binread.Corrupt("the extents of %q end with the directory", r.inFile))
	}
	r.End(r.bad.Err())
}

// block takes the records of a block. Behind one that is damaged the rest of the block is lost.
func (r *dirReader) block(b []byte, off int64) {
	for at := 0; at < len(b) && b[at] != 0; {
		record, err := decodeRecord(b[at:], off+int64(at))
		if err != nil {
			r.bad.Add(err)
			return
		}
		at += record.n
		r.add(record)
	}
}

func (r *dirReader) add(record record) {
	switch {
	case record.self() || record.parent():
		return
	case r.inFile != nil && bytes.Equal(r.inFile, record.name): // Open follows these
		if !record.more() {
			r.inFile = nil
		}
		return
	case r.inFile != nil:
		r.bad.Add(binread.Corrupt("the extents of %q end with the record of %q", r.inFile, record.name))
		r.inFile = nil
	}
	if record.more() {
		r.inFile = record.name
	}
	if record.flags&flagAssociated != 0 {
		return
	}
	r.addObject(record)
}

// addObject lists a record, even one whose attributes are damaged.
func (r *dirReader) addObject(record record) {
	o, err := r.fs.complete(record)
	kind := filesys.TypeOf(o.stMode())
	if err != nil {
		r.bad.Add(err)
		kind = fs.ModeIrregular
	}
	if o.relocated {
		return
	}
	name, err := r.fs.nameOf(&record, &o.attributes)
	if err == nil {
		err = filesys.CheckName(name)
	}
	if err != nil {
		r.bad.Add(fmt.Errorf("record at %#x: %w", record.off, err))
		return
	}
	r.bad.Add(r.Add(filesys.DirEntry{Name: name, Node: filesys.Node(record.off), Type: kind}, name))
}

// nameOf is the name of a record in the tree that is read.
func (f *FS) nameOf(r *record, a *attributes) (string, error) {
	switch {
	case a.named:
		return string(a.name), nil
	case f.joliet:
		return jolietName(r.name)
	}
	return primaryName(r.name), nil
}
