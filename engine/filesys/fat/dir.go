package fat

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxDirBytes = 2 << 20 // of a directory, by the specification
	dirPiece    = 64 << 10
)

// dirRegion is a stretch of the volume that holds entries of a directory.
type dirRegion struct{ off, n int64 }

// regions returns where the entries of a directory are. With an error, they are those that could be found.
func (f *FS) regions(e *entry) ([]dirRegion, error) {
	if e.node == rootNode && f.boot.bits != 32 {
		return []dirRegion{{f.boot.rootOff(), f.boot.rootEntries * entrySize}}, nil
	}
	if !f.boot.valid(e.start) {
		return nil, binread.Corrupt("its entries begin at cluster %d, want 2 to %d", e.start, f.boot.last())
	}
	size := f.boot.clusterSize()
	limit := uint32(max(1, maxDirBytes/size))
	c := f.follow(e.start, limit)
	err := c.err
	if err == nil && !c.ended {
		err = binread.Corrupt("more than %d clusters of entries", limit)
	}
	list := make([]dirRegion, 0, len(c.runs))
	for _, r := range c.runs {
		list = append(list, dirRegion{f.boot.clusterOff(r.start), int64(r.count) * size})
	}
	return list, err
}

// dirSize is what a directory occupies in bytes, as far as its chain is in order.
func (f *FS) dirSize(e *entry) (n int64) {
	list, _ := f.regions(e) // ReadDir says what is wrong
	for _, r := range list {
		n += r.n
	}
	return n
}

// slots calls visit with the raw 32-byte entries of a directory and where they are on the volume, and collects what is wrong.
func (f *FS) slots(e *entry, bad *binread.Errors, visit func(raw []byte, off int64)) {
	list, err := f.regions(e)
	for _, r := range list {
		for done := int64(0); done < r.n; done += dirPiece {
			b, err := binread.ReadAt(&f.device, r.off+done, min(dirPiece, r.n-done), dirPiece)
			if err != nil {
				bad.Add(fmt.Errorf("entries at %#x: %w", r.off+done, err))
				continue
			}
			for at := 0; at+entrySize <= len(b); at += entrySize {
				visit(b[at:at+entrySize:at+entrySize], r.off+done+int64(at))
			}
		}
	}
	bad.Add(err)
}

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	if err != nil {
		return nil, fmt.Errorf("fat: node %d: %w", n, err)
	}
	if l.Err != nil {
		return slices.Clone(l.Entries), fmt.Errorf("fat: directory %d: %w", n, l.Err)
	}
	return slices.Clone(l.Entries), nil
}

// Lookup finds a name in a directory. Of two entries with one name it takes the first on the disk, as drivers do.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, fmt.Errorf("fat: node %d: %w", dir, err)
	}
	name = fold(name)
	n, ok := l.Names[name]
	if !ok {
		n, ok = l.Names[strings.TrimRight(name, ".")]
	}
	switch {
	case ok:
		return n, nil
	case l.Err != nil:
		return 0, fmt.Errorf("fat: directory %d: %w", dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	e, err := f.readEntry(n)
	if err != nil {
		return nil, err
	}
	if !e.isDir() {
		return nil, wrongType(&e, "dir")
	}
	kept := n == rootNode || f.boot.valid(e.start) // else a damaged one would be taken for the root, which has no cluster either
	if l := f.dirs.Get(uint64(e.start)); kept && l != nil {
		return l, nil
	}
	r := dirReader{fs: f, Listing: &filesys.Listing{Names: map[string]filesys.Node{}}}
	f.slots(&e, &r.bad, r.slot)
	r.finish()
	if kept {
		f.dirs.Put(uint64(e.start), r.Listing)
	}
	return r.Listing, nil
}

// dirReader makes a listing out of raw entries.
type dirReader struct {
	fs *FS
	*filesys.Listing
	bad    binread.Errors
	long   longName
	ended  bool // a byte of zero was where a name begins
	behind int  // entries behind that

	found  func(entry)              // each entry of a file or directory; may be nil
	dots   func(e entry, self bool) // "." and ".."; may be nil
	count  int                      // entries so far, "." and ".." among them
	dotted int                      // how many of the two came first

	labels  int // entries that are labels of the volume
	unnamed int // entries behind a long name that is not theirs
	strange int // pieces of long names that belong to nothing, or are not as they should be
}

func (r *dirReader) slot(raw []byte, off int64) {
	attributes := raw[11]
	switch {
	case raw[0] == entryEnd:
		r.ended = true
	case raw[0] == entryDeleted:
	case isLabel(attributes):
		r.labels++
	case r.ended && isLong(attributes):
	case r.ended:
		r.behind++
	case isLong(attributes):
		if !r.long.add(raw) {
			r.strange++
		}
		return
	default:
		r.add(r.fs.boot.decodeEntry(raw, off))
	}
	if r.long.pieces != 0 {
		r.strange++
		r.long.pieces = 0
	}
}

// add lists an entry under its long name, or its short one where that is none a path could hold.
func (r *dirReader) add(e entry) {
	pieces := r.long.pieces
	short, name := e.shortName(), r.long.take(e.short)
	r.count++
	if pieces != 0 && name == "" {
		r.unnamed++
	}
	if short == "." || short == ".." {
		r.dot(e, short == ".")
		return
	}
	if r.found != nil {
		r.found(e)
	}
	if name == "" {
		name = short
	} else if bad := filesys.CheckName(name); bad != nil {
		r.bad.Add(fmt.Errorf("long name of %q: %w", short, bad))
		name = short
	}
	if bad := filesys.CheckName(name); bad != nil {
		r.bad.Add(fmt.Errorf("entry at %#x: %w", int64(e.node)*entrySize, bad))
		return
	}
	r.Entries = append(r.Entries, filesys.DirEntry{Name: name, Node: e.node, Type: filesys.TypeOf(e.mode())})
	r.name(name, e.node)
	r.name(short, e.node)
}

// dot takes "." or "..".
func (r *dirReader) dot(e entry, self bool) {
	if self && r.count == 1 || !self && r.count == 2 {
		r.dotted++
	}
	if r.dots != nil {
		r.dots(e, self)
	}
}

// name makes an entry be found.
func (r *dirReader) name(name string, n filesys.Node) {
	name = fold(name)
	if other, known := r.Names[name]; known && other != n {
		r.bad.Add(binread.Corrupt("two entries named %q", name))
		return
	}
	r.Names[name] = n
}

func (r *dirReader) finish() {
	if r.long.pieces != 0 {
		r.strange++
	}
	if r.behind > 0 {
		r.bad.Add(binread.Corrupt("%d entries behind the end of the directory, which some systems read", r.behind))
	}
	slices.SortFunc(r.Entries, func(a, b filesys.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	r.Err = r.bad.Err()
}

// volumeLabel is the label as blkid(8) finds it: the entry in the root directory, not what was copied into the boot sector.
func (f *FS) volumeLabel() (label string) {
	var bad binread.Errors // ReadDir says what is wrong
	ended := false
	f.slots(&entry{node: rootNode, start: f.boot.rootCluster}, &bad, func(raw []byte, _ int64) {
		ended = ended || raw[0] == entryEnd
		if !ended && label == "" && raw[0] != entryDeleted && isLabel(raw[11]) {
			label = decodeLabel(raw[:11])
		}
	})
	return label
}

func decodeLabel(raw []byte) string {
	b := slices.Clone(raw)
	if b[0] == entryE5 {
		b[0] = entryDeleted
	}
	return decodeShort(b, false)
}
