package squashfs

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	dirExtra   = 3  // bytes that the size of a directory has more than its entries, for "." and ".."
	dirHeader  = 12 // bytes in front of some entries
	dirRun     = 256
	entryFixed = 8 // bytes of an entry without its name

	maxDirBytes = 32 << 20 // of a directory
	maxEntries  = 1 << 20  // of a directory
)

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	switch {
	case err != nil:
		return nil, fmt.Errorf("squashfs: node %d: %w", n, err)
	case l.Err != nil:
		return slices.Clone(l.Entries), fmt.Errorf("squashfs: directory %d: %w", n, l.Err)
	}
	return slices.Clone(l.Entries), nil
}

// Lookup finds a name in a directory. Of two entries with one name it takes the first on the disk, as Linux does.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, fmt.Errorf("squashfs: node %d: %w", dir, err)
	}
	n, ok := l.Names[name]
	switch {
	case ok:
		return n, nil
	case l.Err != nil:
		return 0, fmt.Errorf("squashfs: directory %d: %w", dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	i, err := f.readInode(n)
	switch {
	case err != nil:
		return nil, err
	case !i.isDir():
		return nil, wrongType(&i, "dir")
	}
	r := dirReader{fs: f, Listing: &filesys.Listing{Names: map[string]filesys.Node{}}}
	r.bad.Add(r.read(&i))
	slices.SortStableFunc(r.Entries, func(a, b filesys.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	r.Err = r.bad.Err()
	f.dirs.Put(uint64(n), r.Listing)
	return r.Listing, nil
}

// dirReader makes a listing out of the entries of a directory.
type dirReader struct {
	fs *FS
	*filesys.Listing
	bad binread.Errors
}

// read reads a directory: runs of entries whose inodes are in one block. Behind damage the rest of it is lost.
func (r *dirReader) read(i *inode) error {
	switch {
	case i.size <= dirExtra:
		return nil
	case i.size-dirExtra > maxDirBytes:
		return binread.Limit("%d bytes, want at most %d", i.size-dirExtra, maxDirBytes)
	}
	s, err := r.fs.newStream(int64(r.fs.super.dirTable), r.fs.super.dirEnd(), i.start, int(i.offset))
	if err != nil {
		return err
	}
	for size := int64(i.size - dirExtra); s.read < size; {
		if err := r.run(s); err != nil {
			return err
		}
		if s.read > size {
			return binread.Corrupt("its entries have %d bytes, want %d", s.read, size)
		}
	}
	return nil
}

// run reads a header and the entries behind it.
func (r *dirReader) run(s *stream) error {
	c, err := s.cursor(dirHeader)
	if err != nil {
		return err
	}
	count, start := uint64(c.U32())+1, c.U32()
	switch {
	case count > dirRun:
		return binread.Corrupt("%d entries behind one header, want at most %d", count, dirRun)
	case len(r.Entries) > maxEntries:
		return binread.Limit("more than %d entries", maxEntries)
	}
	for range count {
		c, err := s.cursor(entryFixed)
		if err != nil {
			return err
		}
		off := c.U16()
		c.Skip(2) // the number of the inode
		kind, length := c.U16(), int(c.U16())+1
		if length > 256 {
			return binread.Corrupt("name of %d bytes, want at most 256", length)
		}
		name, err := s.next(length)
		if err != nil {
			return err
		}
		r.add(string(name), nodeOf(uint64(start)<<16|uint64(off)), kind)
	}
	return nil
}

func (r *dirReader) add(name string, n filesys.Node, kind uint16) {
	if err := checkName(name); err != nil {
		r.bad.Add(err)
		return
	}
	e := filesys.DirEntry{Name: name, Node: n, Type: fs.ModeIrregular}
	if kind > 0 && kind <= kinds {
		e.Type = filesys.TypeOf(types[kind])
	}
	r.Entries = append(r.Entries, e)
	if _, known := r.Names[name]; known {
		r.bad.Add(binread.Corrupt("two entries named %q", name))
		return
	}
	r.Names[name] = n
}

func checkName(name string) error {
	switch {
	case name == "." || name == "..":
		return binread.Corrupt("name %q, want one of its own", name)
	case strings.ContainsAny(name, "/\x00"):
		return binread.Corrupt("name %q holds a slash or a zero byte", name)
	}
	return nil
}
