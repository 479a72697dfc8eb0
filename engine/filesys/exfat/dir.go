package exfat

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxDirBytes = 256 << 20 // of a directory, by the specification
	dirPiece    = 64 << 10  // bytes of a directory that are read at once
)

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	if err != nil {
		return nil, fmt.Errorf("exfat: node %d: %w", n, err)
	}
	if l.Err != nil {
		return slices.Clone(l.Entries), fmt.Errorf("exfat: directory %d: %w", n, l.Err)
	}
	return slices.Clone(l.Entries), nil
}

// Lookup finds a name in a directory. Of two entries with one name it takes the first on the disk.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, fmt.Errorf("exfat: node %d: %w", dir, err)
	}
	name = f.fold(name)
	n, ok := l.Names[name]
	if !ok {
		n, ok = l.Names[strings.TrimRight(name, ".")]
	}
	switch {
	case ok:
		return n, nil
	case l.Err != nil:
		return 0, fmt.Errorf("exfat: directory %d: %w", dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	o, err := f.object(n)
	switch {
	case err != nil:
		return nil, err
	case !o.isDir():
		return nil, wrongType(&o, "dir")
	}
	r := dirReader{fs: f, contiguous: o.contiguous, Listing: &filesys.Listing{}}
	f.entries(n, &r.bad, r.entry)
	r.finish()
	f.dirs.Put(uint64(n), r.Listing)
	return r.Listing, nil
}

// entries calls visit with each entry of a directory until that returns false. What cannot be read is added to bad.
func (f *FS) entries(n filesys.Node, bad *binread.Errors, visit func(entry) bool) {
	o, err := f.object(n)
	if err != nil {
		bad.Add(err)
		return
	}
	if n != rootNode && o.length > maxDirBytes {
		bad.Add(binread.Limit("%d bytes, of which %d are read", o.length, maxDirBytes))
		o.length = maxDirBytes
	}
	runs, err := f.runs(o.place)
	for left, i := int64(maxDirBytes), 0; i < len(runs) && left > 0; i++ {
		for at := int64(0); at < runs[i].Len && left > 0; at += dirPiece {
			b := make([]byte, min(dirPiece, runs[i].Len-at, left))
			off := runs[i].Off + at
			left -= int64(len(b))
			if err := f.fill(b, off); err != nil {
				bad.Add(fmt.Errorf("entries: %w", err))
				continue
			}
			for ; len(b) >= entrySize; b, off = b[entrySize:], off+entrySize {
				if !visit(entry{b[:entrySize:entrySize], off}) {
					return
				}
			}
		}
	}
	bad.Add(err)
}

// dirReader makes a listing out of raw entries.
type dirReader struct {
	fs         *FS
	contiguous bool
	*filesys.Listing
	bad  binread.Errors
	set  [][]byte
	node filesys.Node
	want int // entries of the set
}

// entry takes an entry. Those of what was removed are passed over.
func (r *dirReader) entry(e entry) bool {
	switch kind := e.kind(); {
	case r.want > 0 && kind&kindInUse != 0 && kind&kindFollows != 0:
		r.set = append(r.set, e.raw)
		if len(r.set) == r.want {
			r.add()
		}
		return true
	case r.want > 0:
		r.bad.Add(binread.Corrupt("the entries of node %d end after %d, want %d", r.node, len(r.set), r.want))
		r.want = 0
		return r.entry(e)
	case kind == kindFile:
		r.set, r.want = append(r.set[:0], e.raw), 1+int(e.raw[1])
		r.node = nodeOf(e.off, r.contiguous)
		if r.want == 1 {
			r.add()
		}
	case kind&kindInUse != 0 && kind&kindFollows != 0:
		r.bad.Add(binread.Corrupt("entry at %#x belongs to none in front of it", e.off))
	}
	return e.kind() != kindEnd
}

// add lists the set.
func (r *dirReader) add() {
	r.want = 0
	o, err := decodeSet(r.node, r.set)
	kind := filesys.TypeOf(o.mode())
	if err != nil {
		r.bad.Add(fmt.Errorf("node %d: %w", r.node, err))
		kind = fs.ModeIrregular
	}
	if o.node == 0 {
		return
	}
	if err := filesys.CheckName(o.name); err != nil {
		r.bad.Add(fmt.Errorf("node %d: %w", r.node, err))
		return
	}
	r.bad.Add(r.Add(filesys.DirEntry{Name: o.name, Node: o.node, Type: kind}, r.fs.fold(o.name)))
}

func (r *dirReader) finish() {
	if r.want > 0 {
		r.bad.Add(binread.Corrupt("the entries of node %d end with the directory", r.node))
	}
	r.End(r.bad.Err())
}

func nodeOf(off int64, contiguous bool) filesys.Node {
	n := filesys.Node(off/entrySize) << 1
	if contiguous {
		n++
	}
	return n
}

// object reads what a node is. With an error of kind binread.ErrChecksum it is whole.
func (f *FS) object(n filesys.Node) (object, error) {
	if n == rootNode {
		return object{node: rootNode, attributes: attrDirectory, place: place{start: f.boot.root, length: allOf}}, nil
	}
	first, end := f.boot.heapOff()/entrySize, (f.boot.clusterOff(f.boot.last())+f.boot.clusterSize())/entrySize
	if n>>1 < filesys.Node(first) || n>>1 >= filesys.Node(end) {
		return object{}, binread.Corrupt("want a node from %d to %d", first*2, end*2-1)
	}
	set, err := f.set(int64(n>>1)*entrySize, n&1 != 0)
	if err != nil {
		return object{}, err
	}
	o, err := decodeSet(n, set)
	if err != nil && !errors.Is(err, binread.ErrChecksum) {
		return object{}, err
	}
	return o, err
}

// set reads the entries of the file whose first is at off. They can go on in the next cluster of their directory.
func (f *FS) set(off int64, contiguous bool) (set [][]byte, err error) {
	size := f.boot.clusterSize()
	for want := 1; len(set) < want; {
		raw, err := f.small(off, entrySize)
		if err != nil {
			return nil, err
		}
		switch kind := raw[0]; {
		case len(set) == 0 && kind != kindFile:
			return nil, binread.Corrupt("at %#x there is no directory entry of a file", off)
		case len(set) == 0:
			want = 1 + int(raw[1])
		case kind&kindInUse == 0 || kind&kindFollows == 0:
			return nil, binread.Corrupt("its entries end after %d, want %d", len(set), want)
		}
		set = append(set, raw)
		off += entrySize
		if (off-f.boot.heapOff())%size != 0 || len(set) == want {
			continue
		}
		cluster := uint32((off-f.boot.heapOff())/size) + 1 // that ends here
		next := cluster + 1
		if !contiguous {
			if next, err = f.next(cluster); err != nil {
				return nil, err
			}
		}
		if !f.boot.valid(next) {
			return nil, binread.Corrupt("its entries end with the directory")
		}
		off = f.boot.clusterOff(next)
	}
	return set, nil
}
