package erofs

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	entrySize   = 12       // bytes of an entry without its name
	maxName     = 255      // bytes
	maxDirBytes = 64 << 20 // of a directory
)

// entryTypes are the types of nodes as entries number them.
var entryTypes = [...]fs.FileMode{
	fs.ModeIrregular, 0, fs.ModeDir, fs.ModeDevice | fs.ModeCharDevice, fs.ModeDevice, fs.ModeNamedPipe, fs.ModeSocket, fs.ModeSymlink,
}

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	switch {
	case err != nil:
		return nil, fmt.Errorf("erofs: node %d: %w", n, err)
	case l.Err != nil:
		return slices.Clone(l.Entries), fmt.Errorf("erofs: directory %d: %w", n, l.Err)
	}
	return slices.Clone(l.Entries), nil
}

// Lookup finds a name in a directory. What is found is found as Linux does, in few blocks; that a name is not there is said only when all
// entries were read.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	if f.dirs.Get(uint64(dir)) == nil && filesys.CheckName(name) == nil {
		if n := f.search(dir, name); n != 0 {
			return n, nil
		}
	}
	l, err := f.list(dir)
	if err != nil {
		return 0, fmt.Errorf("erofs: node %d: %w", dir, err)
	}
	n, ok := l.Names[name]
	switch {
	case ok:
		return n, nil
	case l.Err != nil:
		return 0, fmt.Errorf("erofs: directory %d: %w", dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// openDir opens the content of a directory.
func (f *FS) openDir(n filesys.Node) (filesys.File, error) {
	i, err := f.readInode(n)
	switch {
	case err != nil:
		return nil, err
	case !i.isDir():
		return nil, wrongType(&i, "dir")
	case i.size > maxDirBytes:
		return nil, binread.Limit("%d bytes, want at most %d", i.size, maxDirBytes)
	}
	return f.content(&i)
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	c, err := f.openDir(n)
	if err != nil {
		return nil, err
	}
	l, bad := &filesys.Listing{}, binread.Errors{}
	last := ""
	for off := int64(0); off < c.Size(); off += f.super.blockSize() {
		b, err := f.dirBlock(c, off)
		if err == nil {
			err = b.each(func(e filesys.DirEntry) {
				if e.Name < last {
					bad.Add(binread.Corrupt("%q behind %q, want names in their order", e.Name, last))
				}
				if last = e.Name; e.Name == "." || e.Name == ".." {
					return
				}
				if err := filesys.CheckName(e.Name); err != nil {
					bad.Add(err)
					return
				}
				bad.Add(l.Add(e, e.Name))
			})
		}
		if err != nil {
			bad.Add(fmt.Errorf("block at %d: %w", off, err))
		}
	}
	l.End(bad.Err())
	f.dirs.Put(uint64(n), l)
	return l, nil
}

// dirBlock is a block of a directory: entries, and behind them their names.
type dirBlock struct {
	b     []byte
	count int
}

// dirBlock reads the block at off of a directory.
func (f *FS) dirBlock(c filesys.File, off int64) (dirBlock, error) {
	b := make([]byte, min(f.super.blockSize(), c.Size()-off))
	if _, err := io.ReadFull(io.NewSectionReader(c, off, int64(len(b))), b); err != nil {
		return dirBlock{}, err
	}
	first := binread.Little(b)
	names := int(first.At(8).U16())
	if first.Err() != nil || names < entrySize || names%entrySize != 0 || names >= len(b) {
		return dirBlock{}, binread.Corrupt("its names begin at %d of %d bytes, want them behind whole entries", names, len(b))
	}
	return dirBlock{b, names / entrySize}, nil
}

// entry decodes the k-th entry.
func (d dirBlock) entry(k int) (filesys.DirEntry, error) {
	c := binread.Little(d.b)
	e := filesys.DirEntry{Type: fs.ModeIrregular, Node: nodeOf(c.At(k * entrySize).U64())}
	start, end := int(c.U16()), len(d.b)
	if kind := int(c.U8()); kind < len(entryTypes) {
		e.Type = entryTypes[kind]
	}
	last := k == d.count-1
	if !last {
		end = int(c.At((k+1)*entrySize + 8).U16())
	}
	if start < d.count*entrySize || end <= start || end > len(d.b) {
		return e, binread.Corrupt("entry %d has its name from %d to %d of %d bytes, want it behind %d", k, start, end, len(d.b), d.count*entrySize)
	}
	name := d.b[start:end]
	if last { // the rest of the block is zeros
		name, _, _ = bytes.Cut(name, []byte{0})
	}
	if len(name) > maxName {
		return e, binread.Corrupt("entry %d has a name of %d bytes, want at most %d", k, len(name), maxName)
	}
	e.Name = string(name)
	return e, nil
}

// each gives all entries that can be decoded.
func (d dirBlock) each(found func(filesys.DirEntry)) error {
	var bad binread.Errors
	for k := range d.count {
		e, err := d.entry(k)
		if err != nil {
			bad.Add(err)
			continue
		}
		found(e)
	}
	return bad.Err()
}

// search finds a name by the order of names: first its block, then its entry. 0 says that it was not found in this way.
func (f *FS) search(dir filesys.Node, name string) filesys.Node {
	c, err := f.openDir(dir)
	if err != nil {
		return 0
	}
	size := f.super.blockSize()
	var in dirBlock // the last block that was seen to begin with the name or one before it
	sort.Search(int((c.Size()+size-1)/size), func(k int) bool {
		b, err := f.dirBlock(c, int64(k)*size)
		if err != nil {
			return true
		}
		e, err := b.entry(0)
		if err != nil || e.Name > name {
			return true
		}
		in = b
		return false
	})
	k := sort.Search(in.count, func(k int) bool {
		e, err := in.entry(k)
		return err != nil || e.Name >= name
	})
	if k == in.count {
		return 0
	}
	e, err := in.entry(k)
	if err != nil || e.Name != name {
		return 0
	}
	return e.Node
}
