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

	entryHasNode = 1
	entryIsLast  = 2

	spaceDOS = 2 // of names: the short one of a file that has a long one too

	maxIndexBlock  = 64 << 10
	maxIndexBitmap = 16 << 20
)

// indexReader collects the names of one directory.
type indexReader struct {
	f        *FS
	dir      *node
	blocks   filesys.File // nil for a small directory
	size     int64        // bytes of a block
	scale    int64        // bytes that blocks are numbered in
	seen     map[int64]bool
	waiting  []int64
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
	r := &indexReader{f: f, dir: of, seen: map[int64]bool{}, folded: map[string]filesys.Node{}}
	r.listing.Names = map[string]filesys.Node{}
	r.problems.Add(r.read())
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

// read walks the tree of names from its root.
func (r *indexReader) read() error {
	root := r.dir.stream(typeIndexRoot, indexName)
	if root == nil || !root.resident {
		return binread.Corrupt("no root of the index")
	}
	c := binread.Little(root.value)
	r.size = int64(c.At(8).U32())
	if r.size < fixupStride || r.size > maxIndexBlock || r.size%fixupStride != 0 {
		return binread.Corrupt("index blocks of %d bytes", r.size)
	}
	if r.scale = r.f.boot.clusterSize; r.size < r.scale {
		r.scale = fixupStride
	}
	if s := r.dir.stream(typeIndexAlloc, indexName); s != nil {
		blocks, err := r.f.open(s)
		if err != nil {
			return err
		}
		r.blocks = blocks
	}
	r.entries(root.value, 16)
	for len(r.waiting) > 0 {
		number := r.waiting[len(r.waiting)-1]
		r.waiting = r.waiting[:len(r.waiting)-1]
		if err := r.block(number); err != nil {
			r.problems.Add(fmt.Errorf("index block %d: %w", number, err))
		}
	}
	return r.allReached()
}

// block reads one block of the index.
func (r *indexReader) block(number int64) error {
	switch {
	case r.blocks == nil || number < 0 || number > r.blocks.Size()/r.scale:
		return binread.Corrupt("not in the index")
	case r.seen[number]:
		return binread.Corrupt("reached twice")
	}
	r.seen[number] = true
	b := make([]byte, r.size)
	if n, err := r.blocks.ReadAt(b, number*r.scale); n < len(b) {
		return binread.Corrupt("cannot be read: %w", err)
	}
	if string(b[:4]) != "INDX" {
		return binread.Corrupt("begins with %q, want INDX", b[:4])
	}
	if err := unfix(b); err != nil {
		return err
	}
	c := binread.Little(b)
	if is := int64(c.At(0x10).U64()); is != number {
		return binread.Corrupt("says it is block %d", is)
	}
	r.entries(b, 0x18)
	return nil
}

// entries reads the entries behind the header at a place of b.
func (r *indexReader) entries(b []byte, header int) {
	c := binread.Little(b)
	first, used := int64(c.At(header).U32()), int64(c.U32())
	if c.Err() != nil || first < 16 || used < first || used > int64(len(b)-header) {
		r.problems.Add(binread.Corrupt("entries from %d to %d of %d bytes", first, used, len(b)-header))
		return
	}
	b = b[header+int(first) : header+int(used)]
	for len(b) >= 16 {
		c := binread.Little(b)
		ref, length, keyLength, flags := reference(c.U64()), int(c.U16()), int(c.U16()), c.U16()
		if length < 16 || length > len(b) || keyLength > length-16 {
			r.problems.Add(binread.Corrupt("an entry of %d bytes with a name of %d", length, keyLength))
			return
		}
		if flags&entryHasNode != 0 {
			below := binread.Little(b[length-8:])
			r.waiting = append(r.waiting, int64(below.U64()))
		}
		if flags&entryIsLast != 0 {
			return
		}
		if err := r.name(ref, b[16:16+keyLength]); err != nil {
			r.problems.Add(err)
		}
		b = b[length:]
	}
	r.problems.Add(binread.Corrupt("entries without an end"))
}

// name adds one entry.
func (r *indexReader) name(ref reference, key []byte) error {
	c := binread.Little(key)
	parent := reference(c.U64())
	length, space := int(c.At(0x40).U8()), c.U8()
	units := unitsAt(&c, length)
	name := binread.WTF8(units)
	switch {
	case c.Err() != nil:
		return c.Err()
	case space == spaceDOS:
		return nil
	case r.dir.number == recordRoot && ref.number() < firstUser:
		return nil // the root itself, or a file of the file system
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00"):
		return binread.Corrupt("the name %q", name)
	case parent.number() != r.dir.number || parent.sequence() != r.dir.record.sequence:
		return binread.Corrupt("%q is a name of directory %d", name, parent.number())
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
	if folded := binread.WTF8(r.f.fold(units)); r.folded[folded] == 0 {
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

// allReached holds the blocks that were reached against the bitmap of those in use: names in others would be missing.
func (r *indexReader) allReached() error {
	if r.blocks == nil {
		return nil
	}
	s := r.dir.stream(typeBitmap, indexName)
	if s == nil {
		return binread.Corrupt("no bitmap of the index")
	}
	bitmap, err := r.f.readAll(s, maxIndexBitmap)
	if err != nil {
		return fmt.Errorf("bitmap of the index: %w", err)
	}
	for i := range int64(len(bitmap)) * 8 {
		if number := i * r.size / r.scale; bitmap[i/8]>>(i%8)&1 != 0 && !r.seen[number] {
			return binread.Corrupt("index block %d is in use and was not reached", number)
		}
	}
	return nil
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
