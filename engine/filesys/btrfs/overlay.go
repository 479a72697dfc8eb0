package btrfs

import (
	"cmp"
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	maxRevised = 1 << 22 // items of all objects that a log tree changes
	maxLinks   = 1 << 17 // names of one inode
)

// item is what a leaf of a tree holds.
type item struct {
	key
	data []byte
}

// overlay has the objects of a subvolume that its log tree changed, each with all its items.
type overlay map[uint64][]item

// each calls visit with the items of one object that are from one key to another.
func (o overlay) each(from, to key, visit func(key, []byte) error, bad func(key, error)) {
	items := o[from.object]
	i, _ := slices.BinarySearchFunc(items, from, func(x item, k key) int { return x.compare(k) })
	for ; i < len(items) && items[i].compare(to) <= 0; i++ {
		if err := visit(items[i].key, items[i].data); err != nil {
			if !isStop(err) {
				bad(items[i].key, err)
			}
			return
		}
	}
}

// revised is an object while a log tree is replayed.
type revised struct {
	id      uint64
	inode   []byte                       // nil where there is none
	refs    map[uint64]map[string]uint64 // the names in each directory, and their indexes there
	entries map[uint64]named             // by their index
	names   map[string]uint64            // and their indexes
	order   []uint64                     // the indexes that there were at first, ascending
	xattrs  map[string][]byte            // each as struct btrfs_dir_item
	extents []item
	rest    []item
}

// named is an entry of a directory.
type named struct {
	entry
	raw []byte
}

func (r *revised) mode() uint32 {
	c := binread.Little(r.inode)
	return c.At(52).U32() & filesys.ModeType
}

func (r *revised) size() uint64 {
	c := binread.Little(r.inode)
	return c.At(16).U64()
}

// add takes over an item. An error says that it cannot be understood.
func (r *revised) add(k key, b []byte) error {
	switch k.kind {
	case kindInode:
		if len(b) != inodeItemSize {
			return binread.Corrupt("inode %d: an item of %d bytes, want %d", k.object, len(b), inodeItemSize)
		}
		r.inode = b
	case kindInodeRef, kindInodeExtref:
		return eachRef(k, b, r.addRef)
	case kindDirItem: // each name has an index as well
	case kindDirIndex:
		return eachName(b, func(e entry) error {
			r.order = append(r.order, k.offset)
			return r.addEntry(k.offset, named{e, b})
		})
	case kindXattr:
		return eachName(b, r.addXattr)
	case kindExtent:
		r.extents = append(r.extents, item{k, b})
	default:
		r.rest = append(r.rest, item{k, b})
	}
	return nil
}

func (r *revised) addRef(at ref) error {
	if r.refs == nil {
		r.refs = map[uint64]map[string]uint64{}
	}
	if r.refs[at.dir] == nil {
		r.refs[at.dir] = map[string]uint64{}
	}
	r.refs[at.dir][at.name] = at.index
	return nil
}

func (r *revised) addEntry(index uint64, e named) error {
	if r.entries == nil {
		r.entries, r.names = map[uint64]named{}, map[string]uint64{}
	}
	_, taken := r.entries[index]
	_, twice := r.names[string(e.name)]
	if taken || twice {
		return binread.Corrupt("directory %d: %q at index %d, and it or the index is there already", r.id, e.name, index)
	}
	r.entries[index], r.names[string(e.name)] = e, index
	return nil
}

func (r *revised) dropEntry(index uint64) {
	delete(r.names, string(r.entries[index].name))
	delete(r.entries, index)
}

func (r *revised) addXattr(e entry) error {
	if r.xattrs == nil {
		r.xattrs = map[string][]byte{}
	}
	r.xattrs[string(e.name)] = encodeEntry(entry{kind: e.kind, name: e.name, value: e.value})
	return nil
}

// links counts the names.
func (r *revised) links() (n int) {
	for _, names := range r.refs {
		n += len(names)
	}
	return n
}

// items are what the object consists of.
func (r *revised) items() []item {
	if r.inode == nil {
		return nil
	}
	all := []item{{key{r.id, kindInode, 0}, r.inode}}
	for i, name := range slices.Sorted(maps.Keys(r.xattrs)) {
		all = append(all, item{key{r.id, kindXattr, uint64(i)}, r.xattrs[name]})
	}
	for index, e := range r.entries {
		all = append(all, item{key{r.id, kindDirIndex, index}, e.raw})
	}
	all = slices.Concat(all, r.extents, r.rest)
	slices.SortFunc(all, func(a, b item) int { return a.compare(b.key) })
	return all
}

// ref is a name of an inode in a directory.
type ref struct {
	dir, index uint64
	name       string
}

// eachRef calls visit with the names of an item of references.
func eachRef(k key, b []byte, visit func(ref) error) error {
	c := binread.Little(b)
	for c.Len() > 0 {
		at := ref{dir: k.offset}
		if k.kind == kindInodeExtref {
			at.dir = c.U64()
		}
		at.index = c.U64()
		at.name = string(c.Bytes(int(c.U16())))
		switch err := c.Err(); {
		case err != nil:
			return err
		case at.name == "" || len(at.name) > maxName:
			return binread.Corrupt("inode %d: a name of %d bytes, want 1 to %d", k.object, len(at.name), maxName)
		}
		if err := visit(at); err != nil {
			return err
		}
	}
	return nil
}

// encodeEntry is struct btrfs_dir_item.
func encodeEntry(e entry) []byte {
	b := make([]byte, entryHeader, entryHeader+len(e.name)+len(e.value))
	putLittle(b[:8], e.location.object)
	b[8] = e.location.kind
	putLittle(b[9:17], e.location.offset)
	putLittle(b[25:27], uint64(len(e.value)))
	putLittle(b[27:29], uint64(len(e.name)))
	b[29] = e.kind
	return append(append(b, e.name...), e.value...)
}

// without returns the extents without what is in a list of others, which ascend.
func without(extents, others []item, sector uint64) ([]item, error) {
	var left []item
	for _, one := range extents {
		e, err := decodeExtent(one.key, one.data)
		if err != nil {
			return nil, err
		}
		from, end := one.offset, spanOf(&e, sector)
		i, _ := slices.BinarySearchFunc(others, from, func(x item, at uint64) int { return cmp.Compare(x.offset, at) })
		for i = max(0, i-1); i < len(others) && others[i].offset < end && from < end; i++ {
			o, err := decodeExtent(others[i].key, others[i].data)
			if err != nil {
				return nil, err
			}
			if others[i].offset > from {
				if e.inline != nil {
					return nil, binread.Unsupported("inode %d: content in its item that is cut", one.object)
				}
				left = append(left, cut(one, from, min(others[i].offset, end)))
			}
			from = max(from, spanOf(&o, sector))
		}
		switch {
		case from >= end:
		case from == one.offset:
			left = append(left, one)
		case e.inline == nil:
			left = append(left, cut(one, from, end))
		}
	}
	return left, nil
}

// spanOf is the end of an extent. One in its item has all of a sector.
func spanOf(e *extent, sector uint64) uint64 {
	end := uint64(e.at + e.length)
	if e.inline != nil {
		end = roundUp(end, sector)
	}
	return end
}

func roundUp(n, unit uint64) uint64 { return (n + unit - 1) &^ (unit - 1) }

// cut is the part of an extent from one offset in the file to another.
func cut(one item, from, end uint64) item {
	b := slices.Clone(one.data)
	c := binread.Little(b)
	if offset := c.At(37).U64(); c.At(21).U64() != 0 {
		putLittle(b[37:45], offset+from-one.offset)
	}
	putLittle(b[45:53], end-from)
	return item{key{one.object, kindExtent, from}, b}
}
