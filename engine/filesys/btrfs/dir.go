package btrfs

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxDirEntries = 1 << 20
	maxName       = 255
	entryHeader   = 30
	typeEncrypted = 0x80
)

// entry is struct btrfs_dir_item: a name, and what it names or the value it has.
type entry struct {
	location key
	kind     uint8
	name     []byte
	value    []byte
}

// eachName calls visit with the entries of an item: names whose hashes are the same share one.
func eachName(b []byte, visit func(entry) error) error {
	c := binread.Little(b)
	for c.Len() > 0 {
		e := entry{location: decodeKey(&c)}
		c.Skip(8)
		valueSize, nameSize := int(c.U16()), int(c.U16())
		e.kind = c.U8()
		e.name, e.value = c.Bytes(nameSize), c.Bytes(valueSize)
		if err := c.Err(); err != nil {
			return err
		}
		if nameSize == 0 || nameSize > maxName {
			return binread.Corrupt("a name of %d bytes, want 1 to %d", nameSize, maxName)
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	if err == nil {
		err = l.Err
	}
	if err != nil {
		err = f.nodeError(n, err)
	}
	if l == nil {
		return nil, err
	}
	return slices.Clone(l.Entries), err
}

// Lookup finds a name in a directory.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, f.nodeError(dir, err)
	}
	found, ok := l.Names[name]
	switch {
	case ok:
		return found, nil
	case l.Err != nil:
		return 0, f.nodeError(dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	in, err := f.readInode(n)
	switch {
	case err != nil:
		return nil, err
	case in.kind() != filesys.ModeDir:
		return nil, wrongType(&in, "dir")
	}
	l := &filesys.Listing{Names: map[string]filesys.Node{}}
	if !in.standIn {
		f.readEntries(&in, l)
	}
	slices.SortFunc(l.Entries, func(a, b filesys.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	f.dirs.Put(uint64(n), l)
	return l, nil
}

func (f *FS) readEntries(in *inode, l *filesys.Listing) {
	var bad binread.Errors
	from, to := in.keys(kindDirIndex)
	in.volume.tree.each(from, to, func(_ key, b []byte) error {
		if len(l.Entries) >= maxDirEntries {
			return binread.Limit("more than %d entries", maxDirEntries)
		}
		bad.Add(eachName(b, func(e entry) error {
			bad.Add(f.addEntry(in, l, e))
			return nil
		}))
		return nil
	}, func(_ key, err error) { bad.Add(err) })
	l.Err = bad.Err()
}

func (f *FS) addEntry(in *inode, l *filesys.Listing, e entry) error {
	name := string(e.name)
	if name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return binread.Corrupt("an entry with the name %q", name)
	}
	var to filesys.Node
	var err error
	switch e.location.kind {
	case kindInode:
		to, err = node(in.index, e.location.object)
	case kindRoot:
		to, err = f.enter(in.place, e.location.object)
	default:
		err = binread.Corrupt("an entry for a key of kind %d", e.location.kind)
	}
	if err != nil {
		return err
	}
	l.Entries = append(l.Entries, filesys.DirEntry{Name: name, Node: to, Type: entryType(e.kind)})
	if _, twice := l.Names[name]; twice {
		return binread.Corrupt("two entries have the name %q", name)
	}
	l.Names[name] = to
	return nil
}

// kindOf is what an entry says of what has a type.
func kindOf(mode uint32) uint8 {
	for kind := uint8(1); kind <= 7; kind++ {
		if entryType(kind) == filesys.TypeOf(mode) {
			return kind
		}
	}
	return 0
}

// entryType is what the entry says of what it names.
func entryType(kind uint8) fs.FileMode {
	modes := [...]uint32{
		1: filesys.ModeRegular, 2: filesys.ModeDir, 3: filesys.ModeChar, 4: filesys.ModeBlock, 5: filesys.ModeFIFO, 6: filesys.ModeSocket,
		7: filesys.ModeSymlink,
	}
	if kind &^= typeEncrypted; int(kind) < len(modes) {
		return filesys.TypeOf(modes[kind])
	}
	return fs.ModeIrregular
}
