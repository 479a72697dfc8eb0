package ext4

import (
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Tags of the fast-commit area (fs/ext4/fast_commit.h). Unlike the rest of the journal it is little-endian.
const (
	fastAddRange = 1
	fastDelRange = 2
	fastCreate   = 3
	fastLink     = 4
	fastUnlink   = 5
	fastInode    = 6
	fastPad      = 7
	fastTail     = 8
	fastHead     = 9

	fastTagHeader = 4
	fastTailSize  = 8

	maxFastTags    = 1 << 16
	maxFastChanges = 1 << 12 // of one file's extents
)

// fastCommits is what fast commits changed, above what the file system has on disk: a fast commit names the change, not
// the blocks that it touches.
type fastCommits struct {
	inodes  map[uint32][]byte            // whole inodes
	extents map[uint32]extentList        // ranges that were mapped anew; start 0 is a hole
	names   map[uint32]map[string]uint32 // by directory: the inode of a name, 0 for one that was removed
	fresh   map[uint32]bool              // directories that are new: what their blocks hold is not theirs
}

func newFastCommits() fastCommits {
	return fastCommits{
		map[uint32][]byte{}, map[uint32]extentList{}, map[uint32]map[string]uint32{}, map[uint32]bool{},
	}
}

type fastTag struct {
	kind  uint16
	value []byte
}

// replayFastCommits applies the fast commits that follow the last whole transaction.
func (f *FS) replayFastCommits(j *journal, sequence uint32) error {
	tags, err := j.fastTags(sequence)
	if err != nil || len(tags) == 0 {
		return err
	}
	f.fast = newFastCommits()
	for _, tag := range tags {
		if err := f.applyFast(tag); err != nil {
			return err
		}
	}
	return nil
}

// fastTags returns the changes of all complete fast commits. The area ends, without an error, where a commit is not of
// this transaction or was not finished.
func (j *journal) fastTags(sequence uint32) ([]fastTag, error) {
	r := fastReader{sequence: sequence}
	for number := j.last + 1; number < j.length; number++ {
		b, _, err := j.read(number)
		if err != nil {
			return nil, err
		}
		if more, err := r.block(b); err != nil || !more {
			return r.complete, err
		}
	}
	return r.complete, nil
}

// fastReader collects the changes of fast commits.
type fastReader struct {
	sequence uint32
	started  bool
	complete []fastTag
	open     []fastTag // of the commit whose tail has not come yet
	sum      uint32
}

func (r *fastReader) block(b []byte) (more bool, err error) {
	c := binread.Little(b)
	if first := c.U16(); !r.started && first != fastHead {
		return false, nil
	}
	r.started = true
	if len(r.complete)+len(r.open) > maxFastTags {
		return false, binread.Limit("more than %d changes", maxFastTags)
	}
	for c.At(0); c.Len() >= fastTagHeader; {
		start := c.Offset()
		kind, length := c.U16(), int(c.U16())
		if length > c.Len() {
			return false, nil
		}
		tag := fastTag{kind, c.Bytes(length)}
		if more, err := r.tag(tag, b[start:c.Offset()]); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

func (r *fastReader) tag(tag fastTag, summed []byte) (more bool, err error) {
	if (tag.kind == fastHead || tag.kind == fastTail) && len(tag.value) < fastTailSize {
		return false, nil
	}
	c := binread.Little(tag.value)
	switch tag.kind {
	case fastAddRange, fastDelRange, fastCreate, fastLink, fastUnlink, fastInode, fastPad:
		r.open = append(r.open, tag)
	case fastHead:
		if unknown := c.U32(); unknown != 0 {
			return false, binread.Unsupported("features %#x", unknown)
		}
		if c.U32() != r.sequence {
			return false, nil
		}
	case fastTail:
		if c.U32() != r.sequence {
			return false, nil
		}
		// the tail is written when all before it is on the disk
		if got, want := c.U32(), crc32c(r.sum, summed[:fastTagHeader+4]); got != want {
			return false, binread.Checksum("checksum %#08x, want %#08x", got, want)
		}
		r.complete = append(r.complete, r.open...)
		r.open, r.sum = r.open[:0], 0
		return true, nil
	default:
		return false, nil
	}
	r.sum = crc32c(r.sum, summed)
	return true, nil
}

func (f *FS) applyFast(tag fastTag) error {
	c := binread.Little(tag.value)
	number := c.U32()
	switch tag.kind {
	case fastInode:
		return f.replaceInode(number, tag.value[min(4, len(tag.value)):])
	case fastAddRange:
		e := extent{logical: c.U32(), count: uint32(c.U16())}
		e.start = uint64(c.U16()) << 32
		e.start |= uint64(c.U32())
		if e.count > maxExtentBlocks {
			e.start, e.count = 0, e.count-maxExtentBlocks
		}
		if e.start >= f.super.blocks || uint64(e.count) > f.super.blocks-e.start {
			return binread.Corrupt("inode %d: extent at block %d, %d blocks, want it among %d", number, e.start, e.count, f.super.blocks)
		}
		return f.changeExtents(number, e, c.Err())
	case fastDelRange:
		return f.changeExtents(number, extent{logical: c.U32(), count: c.U32()}, c.Err())
	case fastCreate, fastLink, fastUnlink:
		node := c.U32()
		return f.changeName(tag.kind, number, node, string(c.Bytes(c.Len())), c.Err())
	}
	return nil
}

// replaceInode takes over an inode, all but its block map: that is changed by ranges. The inode's end, behind the fields
// in use, stays as it is.
func (f *FS) replaceInode(number uint32, b []byte) error {
	if number == 0 || number > f.super.inodes || len(b) < oldInodeSize || len(b) > int(f.super.inodeSize) {
		return binread.Corrupt("inode %d of %d bytes, want %d to %d", number, len(b), oldInodeSize, f.super.inodeSize)
	}
	old, ok := f.fast.inodes[number]
	if !ok {
		var err error
		if old, err = f.inodeBytes(number); err != nil {
			return err
		}
	}
	raw := append(append([]byte{}, b...), old[len(b):]...)
	c := binread.Little(raw)
	if flags := c.At(0x20).U32(); flags&flagExtents != 0 {
		root := raw[0x28 : 0x28+mapSize]
		copy(root, old[0x28:])
		c = binread.Little(root)
		if c.U16() != extentMagic {
			clear(root)
			copy(root, "\x0a\xf3\x00\x00\x04\x00")
		}
	}
	f.fast.inodes[number] = raw
	return nil
}

// changeExtents puts one range in front of what a file has on disk.
func (f *FS) changeExtents(number uint32, e extent, err error) error {
	switch {
	case err != nil:
		return err
	case e.count == 0:
		return nil
	case uint64(e.logical)+uint64(e.count) > maxLogicalBlocks:
		return binread.Corrupt("inode %d: range at logical block %d, %d blocks", number, e.logical, e.count)
	}
	old := f.fast.extents[number]
	if len(old) >= maxFastChanges {
		return binread.Limit("inode %d: more than %d ranges", number, maxFastChanges)
	}
	first, end := uint64(e.logical), uint64(e.logical)+uint64(e.count)
	list := make(extentList, 0, len(old)+2)
	placed := false
	for _, o := range old {
		oldEnd := uint64(o.logical) + uint64(o.count)
		if before := min(oldEnd, first); before > uint64(o.logical) {
			list = append(list, extent{logical: o.logical, count: uint32(before - uint64(o.logical)), start: o.start})
		}
		if after := max(uint64(o.logical), end); after < oldEnd {
			if !placed {
				list, placed = append(list, e), true
			}
			rest := extent{logical: uint32(after), count: uint32(oldEnd - after), start: o.start}
			if o.start != 0 {
				rest.start += after - uint64(o.logical)
			}
			list = append(list, rest)
		}
	}
	if !placed {
		list = append(list, e)
	}
	f.fast.extents[number] = list
	return nil
}

func (f *FS) changeName(kind uint16, dir, node uint32, name string, err error) error {
	if err != nil || name == "" || len(name) > 255 || node == 0 || node > f.super.inodes {
		return binread.Corrupt("directory %d: name %q of inode %d", dir, name, node)
	}
	names := f.fast.names[dir]
	if names == nil {
		names = map[string]uint32{}
		f.fast.names[dir] = names
	}
	if names[name] = node; kind == fastUnlink {
		names[name] = 0
	}
	if kind == fastCreate {
		if in, err := f.readInode(filesys.Node(node)); err == nil && in.kind() == filesys.ModeDir {
			f.fast.fresh[node] = true
		}
	}
	return nil
}

// applyNames changes a directory's list as the fast commits did.
func (f *FS) applyNames(dir uint32, entries []filesys.DirEntry) []filesys.DirEntry {
	names := f.fast.names[dir]
	if names == nil {
		return entries
	}
	kept := entries[:0]
	for _, e := range entries {
		if _, changed := names[e.Name]; !changed {
			kept = append(kept, e)
		}
	}
	for name, node := range names {
		if node == 0 {
			continue
		}
		e := filesys.DirEntry{Name: name, Node: filesys.Node(node), Type: entryType(0)}
		if in, err := f.readInode(e.Node); err == nil {
			e.Type = filesys.TypeOf(in.mode)
		}
		kept = append(kept, e)
	}
	return kept
}

// changedMap is a file's blocks with the changes of fast commits in front.
type changedMap struct {
	changes extentList
	below   mapper
}

func (m *changedMap) run(logical uint64) (run, error) {
	l := m.changes
	i := sort.Search(len(l), func(i int) bool { return uint64(l[i].logical)+uint64(l[i].count) > logical })
	if i < len(l) && uint64(l[i].logical) <= logical {
		return l.find(logical), nil
	}
	r, err := m.below.run(logical)
	if i < len(l) {
		r.count = min(r.count, uint64(l[i].logical)-logical)
	}
	return r, err
}
