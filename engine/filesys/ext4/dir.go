package ext4

import (
	"bytes"
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

	tailSize = 12   // struct ext4_dir_entry_tail
	tailType = 0xde // its file type
)

// directory is an open directory.
type directory struct {
	fs     *FS
	in     *inode
	seed   uint32
	blocks mapper
	count  uint64 // in blocks
	inline []byte // instead of blocks
}

// dirent is one decoded entry. name is shared.
type dirent struct {
	node uint32
	kind uint8
	name []byte
}

func (f *FS) openDir(in *inode) (*directory, error) {
	if in.kind() != filesys.ModeDir {
		return nil, wrongType(in, "dir")
	}
	d := &directory{fs: f, in: in, seed: f.inodeSeed(in)}
	c, err := f.content(in)
	if err != nil {
		return nil, err
	}
	d.blocks, d.inline = c.blocks, c.inline
	if d.inline != nil && int64(len(d.inline)) < in.size {
		return nil, binread.Corrupt("inline directory of %d bytes, want %d", len(d.inline), in.size)
	}
	d.count = (uint64(in.size) + uint64(f.blockSize) - 1) >> f.device.shift
	return d, nil
}

// indexed reports whether the directory has a hash tree.
func (d *directory) indexed() bool {
	return d.in.has(flagIndex) && d.inline == nil && d.fs.super.features.dirIndex()
}

// ReadDir lists a directory in the order of the names' bytes.
func (f *FS) ReadDir(n filesys.Node) ([]filesys.DirEntry, error) {
	in, err := f.readInode(n)
	if in.raw == nil {
		return nil, fmt.Errorf("ext4: inode %d: %w", n, err)
	}
	var bad binread.Errors
	bad.Add(err)
	d, err := f.openDir(&in)
	var l listing
	switch {
	case err != nil:
		bad.Add(err)
	case !f.fast.fresh[in.number]:
		d.each(&bad, func(b []byte) error { return l.add(d, b) })
	}
	entries := f.applyNames(in.number, l.entries)
	slices.SortFunc(entries, func(a, b filesys.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(entries); i++ {
		if entries[i].Name == entries[i-1].Name {
			bad.Add(binread.Corrupt("two entries named %q", entries[i].Name))
		}
	}
	if err := bad.Err(); err != nil {
		return entries, fmt.Errorf("ext4: directory %d: %w", n, err)
	}
	return entries, nil
}

// listing collects the entries of a directory.
type listing struct {
	entries []filesys.DirEntry
	names   []byte // of the block at hand
	lengths []uint8
}

// add lists one block. All names of a block share one allocation.
func (l *listing) add(d *directory, b []byte) error {
	l.names, l.lengths = l.names[:0], l.lengths[:0]
	first := len(l.entries)
	err := d.parse(b, func(e dirent) bool {
		l.names = append(l.names, e.name...)
		l.lengths = append(l.lengths, uint8(len(e.name)))
		l.entries = append(l.entries, filesys.DirEntry{Node: filesys.Node(e.node), Type: entryType(e.kind)})
		return true
	})
	names := string(l.names)
	for i, n := range l.lengths {
		l.entries[first+i].Name, names = names[:n], names[n:]
	}
	if err == nil && len(l.entries) > maxDirEntries {
		err = binread.Limit("more than %d entries", maxDirEntries)
	}
	return err
}

// each calls visit with every block of entries until done says so, and collects what is wrong on the way.
func (d *directory) each(bad *binread.Errors, visit func([]byte) error, done ...func() bool) {
	finished := func() bool { return len(done) > 0 && done[0]() }
	if d.inline != nil {
		d.eachInline(bad, visit)
		return
	}
	if d.in.size&(d.fs.blockSize-1) != 0 {
		bad.Add(binread.Corrupt("size %d, want a multiple of %d", d.in.size, d.fs.blockSize))
	}
	var seen map[uint64]struct{}
	if d.count > 1 {
		seen = map[uint64]struct{}{}
	}
	budget := int64(maxDirBytes)
	for logical := uint64(0); logical < d.count && !finished(); {
		r, err := d.blocks.run(logical)
		if err != nil {
			bad.Add(fmt.Errorf("block %d: %w", logical, err))
			// a damaged extent block covers an unknown number of blocks: try the next ones, within reason
			logical += max(1, d.count/1024)
			continue
		}
		r.count = min(r.count, d.count-logical)
		if r.start == 0 {
			bad.Add(binread.Corrupt("block %d: a hole of %d blocks, want entries", logical, r.count))
			logical += r.count
			continue
		}
		for i := uint64(0); i < r.count && !finished(); i++ {
			if budget -= d.fs.blockSize; budget < 0 {
				bad.Add(binread.Limit("more than %d bytes of entries", maxDirBytes))
				return
			}
			if _, again := seen[r.start+i]; again {
				bad.Add(binread.Corrupt("block %d: device block %d is here twice", logical+i, r.start+i))
				continue
			}
			if seen != nil {
				seen[r.start+i] = struct{}{}
			}
			if stop := d.visitBlock(logical+i, r.start+i, bad, visit); stop {
				return
			}
		}
		logical += r.count
	}
}

func (d *directory) visitBlock(logical, number uint64, bad *binread.Errors, visit func([]byte) error) (stop bool) {
	b, err := d.readBlock(logical, number)
	if err != nil {
		bad.Add(fmt.Errorf("block %d: %w", logical, err))
	}
	if b == nil {
		return false
	}
	if err = visit(b); err != nil {
		bad.Add(fmt.Errorf("block %d: %w", logical, err))
	}
	return errors.Is(err, binread.ErrLimit)
}

// eachInline visits the two pieces of a directory that lives in its inode: behind the parent's number in i_block, and in
// the attribute system.data.
func (d *directory) eachInline(bad *binread.Errors, visit func([]byte) error) {
	if len(d.inline) < 4 {
		bad.Add(binread.Corrupt("inline directory of %d bytes, want at least 4", len(d.inline)))
		return
	}
	split := min(mapSize, len(d.inline))
	for _, piece := range [][]byte{d.inline[4:split], d.inline[split:]} {
		if err := visit(piece); err != nil {
			bad.Add(fmt.Errorf("inline entries: %w", err))
		}
	}
}

// readBlock reads and verifies a block of a directory. With a wrong checksum it returns both.
func (d *directory) readBlock(logical, number uint64) ([]byte, error) {
	b, err := d.fs.readBlock(number)
	if err != nil || !d.fs.super.features.metadataCsum() {
		return b, err
	}
	c := binread.Little(b)
	if d.indexed() && (logical == 0 || d.recordLength(c.At(4).U16()) == len(b)) {
		return b, d.verifyIndex(b)
	}
	tail := len(b) - tailSize
	inode, length, nameLength, kind := c.At(tail).U32(), c.U16(), c.U8(), c.U8()
	if inode != 0 || length != tailSize || nameLength != 0 || kind != tailType {
		return b, binread.Checksum("no checksum at the end of the block")
	}
	got := c.U32()
	if want := crc32c(d.seed, b[:tail]); got != want {
		return b, binread.Checksum("checksum %#08x, want %#08x", got, want)
	}
	return b, nil
}

// parse calls yield with the entries of a block, without "." and "..", until it returns false.
func (d *directory) parse(b []byte, yield func(dirent) bool) error {
	var bad error
	err := d.records(b, func(off int, e dirent) bool {
		if e.node == 0 || string(e.name) == "." || string(e.name) == ".." {
			return true
		}
		if err := d.check(e); err != nil {
			bad = fmt.Errorf("entry at %d: %w", off, err)
			return true
		}
		return yield(e)
	})
	if err != nil {
		return err
	}
	return bad
}

// records calls yield with all entries of a block and where they are, removed ones too, until it returns false.
func (d *directory) records(b []byte, yield func(off int, e dirent) bool) error {
	for off := 0; off < len(b); {
		rest := b[off:]
		c := binread.Little(rest)
		e := dirent{node: c.U32()}
		length := d.recordLength(c.U16())
		nameLength := int(c.U8())
		e.kind = c.U8()
		switch {
		case c.Err() != nil:
			return binread.Corrupt("entry at %d: %d bytes left, want at least 8", off, len(rest))
		case length < 8 || length%4 != 0 || length > len(rest):
			return binread.Corrupt("entry at %d: length %d, want a multiple of 4 from 8 to %d", off, length, len(rest))
		case nameLength > length-8:
			return binread.Corrupt("entry at %d: name of %d bytes, want at most %d", off, nameLength, length-8)
		}
		e.name = c.Bytes(nameLength)
		if !d.fs.super.features.filetype() {
			e.kind = 0
		}
		if !yield(off, e) {
			return nil
		}
		off += length
	}
	return nil
}

// check refuses entries whose names no path could hold. Names of encrypted directories may hold any byte.
func (d *directory) check(e dirent) error {
	switch {
	case e.node > d.fs.super.inodes:
		return binread.Corrupt("%q names inode %d, want at most %d", e.name, e.node, d.fs.super.inodes)
	case len(e.name) == 0:
		return binread.Corrupt("inode %d has an empty name", e.node)
	case !d.in.has(flagEncrypt) && bytes.ContainsAny(e.name, "/\x00"):
		return binread.Corrupt("name %q holds a slash or a zero byte", e.name)
	}
	return nil
}

// recordLength decodes rec_len: blocks of 64 KiB need two bits more than fit.
func (d *directory) recordLength(v uint16) int {
	if d.fs.blockSize < 65536 {
		return int(v)
	}
	if v == 0 || v == 0xffff {
		return 65536
	}
	return int(v)&^3 | int(v)&3<<16
}

func entryType(kind uint8) fs.FileMode {
	types := [...]uint32{
		1: filesys.ModeRegular, 2: filesys.ModeDir, 3: filesys.ModeChar, 4: filesys.ModeBlock,
		5: filesys.ModeFIFO, 6: filesys.ModeSocket, 7: filesys.ModeSymlink,
	}
	if int(kind) >= len(types) || kind == 0 {
		return fs.ModeIrregular
	}
	return filesys.TypeOf(types[kind])
}
