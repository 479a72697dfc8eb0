package ntfs

import (
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	indexName = "$I30" // of names

	spaceDOS = 2 // of names: the short one of a file that has a long one too
)

// dirReader collects the names of one directory.
type dirReader struct {
	f        *FS
	dir      *node
	listing  filesys.Listing
	folded   map[string]filesys.Node
	problems binread.Errors
}

// list returns what a directory holds.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	of, err := f.readNode(n)
	if err != nil {
		return nil, err
	}
	if !of.isDir() {
		return nil, fmt.Errorf("ntfs: node %d: %w", n, binread.Unsupported("not a directory"))
	}
	if point, err := f.reparse(of); err == nil && point.isLink() {
		return nil, fmt.Errorf("ntfs: node %d: %w", n, binread.Unsupported("a link, not a directory"))
	}
	r := &dirReader{f: f, dir: of, folded: map[string]filesys.Node{}}
	r.listing.Names = map[string]filesys.Node{}
	f.walkIndex(of, indexName, r.entry, func(_ int64, err error) { r.problems.Add(err) })
	sort.Slice(r.listing.Entries, func(i, j int) bool { return r.listing.Entries[i].Name < r.listing.Entries[j].Name })
	for name, node := range r.folded {
		if _, exact := r.listing.Names[name]; !exact {
			r.listing.Names[name] = node
		}
	}
	if err := r.problems.Err(); err != nil {
		r.listing.Err = fmt.Errorf("ntfs: directory %d: %w", n, err)
	}
	f.dirs.Put(uint64(n), &r.listing)
	return &r.listing, nil
}

// entry adds one entry.
func (r *dirReader) entry(b []byte) error {
	ref, key, err := indexedName(b)
	name := key.name()
	switch {
	case err != nil:
		return err
	case key.space == spaceDOS:
		return nil
	case r.dir.number == recordRoot && ref.number() < firstUser:
		return nil // the root itself, or a file of the file system
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00"):
		return binread.Corrupt("the name %q", name)
	case key.parent.number() != r.dir.number || key.parent.sequence() != r.dir.record.sequence:
		return binread.Corrupt("%q is a name of directory %d", name, key.parent.number())
	}
	if _, twice := r.listing.Names[name]; twice {
		return binread.Corrupt("%q is there twice", name)
	}
	node := filesys.Node(ref.number())
	rec, err := r.f.readRecord(ref.number())
	switch {
	case err == nil && (rec.sequence != ref.sequence() || rec.flags&flagInUse == 0):
		err, node = binread.Corrupt("%q is of record %d, which is another file", name, ref.number()), 0
	case err != nil:
		err = fmt.Errorf("%q: %w", name, err)
	}
	entry := filesys.DirEntry{Name: name, Node: node, Type: fs.ModeIrregular}
	if err == nil {
		entry.Type = rec.typeBits()
	}
	r.listing.Entries = append(r.listing.Entries, entry)
	r.listing.Names[name] = node
	if folded := binread.WTF8(r.f.fold(key.units)); r.folded[folded] == 0 {
		r.folded[folded] = node
	}
	return err
}

// typeBits is the type that a record has without a look at others; fs.ModeIrregular where there is more to it.
func (rec *record) typeBits() fs.FileMode {
	for i := range rec.attrs {
		if kind := rec.attrs[i].kind; kind == typeReparse || kind == typeList {
			return fs.ModeIrregular
		}
	}
	if rec.flags&flagDir != 0 {
		return fs.ModeDir
	}
	return 0
}

// ReadDir lists a directory.
func (f *FS) ReadDir(dir filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(dir)
	if err != nil {
		return nil, err
	}
	return append([]filesys.DirEntry(nil), l.Entries...), l.Err
}

// Lookup finds a name as it stands, or else in any case.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, err
	}
	n, found := l.Names[name]
	if !found {
		n, found = l.Names[f.foldName(name)]
	}
	switch {
	case found && n != 0:
		return n, nil
	case l.Err != nil:
		return 0, l.Err
	}
	return 0, fs.ErrNotExist
}
