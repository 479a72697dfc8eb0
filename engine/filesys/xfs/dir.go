package xfs

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
	maxDirEntries = 1 << 20
	maxDirBytes   = 256 << 20 // of blocks that are there
	maxDirSpace   = 32 << 30  // bytes of entries; indexes lie behind
)

// ReadDir lists a directory in the order of the names' bytes. Where two entries have one name, both are listed, with an error.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	l, err := f.list(n)
	if err != nil {
		return nil, inodeError(n, err)
	}
	if l.Err != nil {
		return slices.Clone(l.Entries), fmt.Errorf("xfs: directory %d: %w", n, l.Err)
	}
	return slices.Clone(l.Entries), nil
}

// Lookup finds a name in a directory.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	l, err := f.list(dir)
	if err != nil {
		return 0, inodeError(dir, err)
	}
	i, ok := slices.BinarySearchFunc(l.Entries, name, func(e filesys.DirEntry, name string) int { return strings.Compare(e.Name, name) })
	if !ok && f.super.foldsCase() {
		folded := foldCase(name)
		i = slices.IndexFunc(l.Entries, func(e filesys.DirEntry) bool { return foldCase(e.Name) == folded })
		ok = i >= 0
	}
	switch {
	case ok:
		return l.Entries[i].Node, nil
	case l.Err != nil:
		return 0, fmt.Errorf("xfs: directory %d: %w", dir, l.Err)
	}
	return 0, fs.ErrNotExist
}

// foldCase makes small letters of A to Z.
func foldCase(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// list returns the listing of a directory. An error says that there is no such directory.
func (f *FS) list(n filesys.Node) (*filesys.Listing, error) {
	if l := f.dirs.Get(uint64(n)); l != nil {
		return l, nil
	}
	in, sumErr := f.readInode(n)
	switch {
	case in.raw == nil:
		return nil, sumErr
	case in.kind() != filesys.ModeDir:
		return nil, wrongType(&in, "dir")
	}
	r := dirReader{fs: f, in: &in, l: &filesys.Listing{}}
	r.bad.Add(sumErr)
	r.read()
	f.dirs.Put(uint64(n), r.l)
	return r.l, nil
}

// dirReader makes a listing out of raw entries.
type dirReader struct {
	fs      *FS
	in      *inode
	l       *filesys.Listing
	bad     binread.Errors
	names   []byte // of the block at hand
	lengths []uint8
	logical uint64    // where it is
	check   *dirCheck // what else looks at the entries; nil for nothing
}

func (r *dirReader) read() {
	if r.in.data.form == formLocal {
		r.bad.Add(r.short())
	} else {
		r.blocks()
	}
	l := r.l
	slices.SortFunc(l.Entries, func(a, b filesys.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(l.Entries); i++ {
		if l.Entries[i].Name == l.Entries[i-1].Name {
			r.bad.Add(binread.Corrupt("two entries named %q", l.Entries[i].Name))
		}
	}
	l.Err = r.bad.Err()
}

// short reads a directory that stands in its inode.
func (r *dirReader) short() error {
	size := int(min(r.in.size, int64(len(r.in.data.b))))
	c := binread.Big(r.in.data.b[:size])
	count, wide := int(c.U8()), int(c.U8())
	width := 4
	if wide != 0 { // as many inode numbers need 8 bytes
		width = 8
		count = max(count, wide)
	}
	parent := uint64(0)
	for _, v := range c.Bytes(width) {
		parent = parent<<8 | uint64(v)
	}
	if r.check != nil {
		r.check.short(parent)
	}
	defer r.share()
	for i := range count {
		n := int(c.U8())
		c.Skip(2)
		name, kind := c.Bytes(n), uint8(0)
		if r.fs.super.hasTypes() {
			kind = c.U8()
		}
		var node uint64
		if width == 8 {
			node = c.U64()
		} else {
			node = uint64(c.U32())
		}
		if c.Err() != nil {
			return binread.Corrupt("entry %d of %d ends behind the %d bytes of the directory", i, count, size)
		}
		if r.check != nil {
			r.check.named(name, node, kind)
		}
		if err := r.add(name, node, kind); err != nil {
			return err
		}
	}
	if int64(size) != r.in.size || c.Len() != 0 {
		return binread.Corrupt("%d bytes with %d left over, want %d", size, c.Len(), r.in.size)
	}
	return nil
}

// blocks reads the blocks of entries, and collects what is wrong on the way.
func (r *dirReader) blocks() {
	s := r.fs.super
	m, err := r.fs.newBlockMap(r.in, &r.in.data)
	if err != nil {
		r.bad.Add(err)
		return
	}
	per := uint64(1) << s.dirLog // blocks of a directory block
	end := uint64(min(r.in.size, maxDirSpace)) >> s.blockLog
	if r.in.size == 0 || r.in.size%int64(s.dirBlock()) != 0 || r.in.size > maxDirSpace {
		r.bad.Add(binread.Corrupt("size %d, want a multiple of %d up to %d", r.in.size, s.dirBlock(), maxDirSpace))
	}
	seen := map[uint64]struct{}{}
	budget := maxDirBytes
	for logical := uint64(0); logical < end; {
		first, err := m.run(logical)
		if err != nil {
			r.bad.Add(fmt.Errorf("block %d: %w", logical, err))
			// a damaged part of the map covers an unknown number of blocks: try the next ones, within reason
			logical += max(per, end/1024&^(per-1))
			continue
		}
		if first.hole && first.count >= per {
			logical += first.count &^ (per - 1)
			continue
		}
		if budget -= s.dirBlock(); budget < 0 {
			r.bad.Add(binread.Limit("more than %d bytes of entries", maxDirBytes))
			return
		}
		if err := r.block(m, logical, seen); err != nil {
			r.bad.Add(fmt.Errorf("block %d: %w", logical, err))
			if errors.Is(err, binread.ErrLimit) {
				return
			}
		}
		logical += per
	}
}

// block reads the directory block at a logical block.
func (r *dirReader) block(m *blockMap, logical uint64, seen map[uint64]struct{}) error {
	b, start, err := r.fs.dirBlock(m, logical, seen)
	if err != nil {
		return err
	}
	var bad binread.Errors
	if r.fs.super.v5() {
		bad.Add(r.fs.verify(b, dirPlace(), start, r.in.number))
	}
	r.logical = logical
	bad.Add(r.entries(b))
	return bad.Err()
}

// dirBlock reads a directory block, which may be in pieces, and returns it and where it begins.
func (f *FS) dirBlock(m *blockMap, logical uint64, seen map[uint64]struct{}) (b []byte, start uint64, err error) {
	for at, end := logical, logical+1<<f.super.dirLog; at < end; {
		piece, err := m.run(at)
		switch {
		case err != nil:
			return nil, 0, err
		case piece.hole:
			return nil, 0, binread.Corrupt("a hole at block %d, want entries", at)
		}
		if at == logical {
			start = piece.start
		}
		if _, again := seen[piece.start]; again {
			return nil, 0, binread.Corrupt("block %#x is in the directory twice", piece.start)
		}
		seen[piece.start] = struct{}{}
		count := min(piece.count, end-at)
		got, err := f.readBlocks(piece.start, count)
		if err != nil {
			return nil, 0, err
		}
		if b == nil {
			b = got
		} else {
			b = append(b, got...)
		}
		at += count
	}
	return b, start, nil
}
