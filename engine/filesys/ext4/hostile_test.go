package ext4

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// hostile is an image under attack. Its checksums are switched off, so that a test reaches what lies behind them.
type hostile struct {
	t  testing.TB
	b  []byte
	fs *FS // the image before it was changed
}

func newHostile(t testing.TB, name string) *hostile {
	t.Helper()
	b := slices.Clone(image(t, name))
	b[superblockOffset+0x64+1] &^= roMetadataCsum >> 8
	return &hostile{t, b, openBytes(t, b)}
}

// put writes a little-endian number of n bytes.
func (h *hostile) put(off, n int, v uint64) {
	for i := range n {
		h.b[off+i] = byte(v >> (8 * i))
	}
}

// get reads one.
func (h *hostile) get(off, n int) (v uint64) {
	for i := range n {
		v |= uint64(h.b[off+i]) << (8 * i)
	}
	return v
}

func (h *hostile) super(off, n int, v uint64) { h.put(superblockOffset+off, n, v) }

// inode is where the inode of a path is.
func (h *hostile) inode(path string) int {
	h.t.Helper()
	index := int(find(h.t, h.fs, path)) - 1
	per := int(h.fs.super.inodesPerGroup)
	return int(h.fs.inodeTables[index/per]<<h.fs.device.shift) + index%per*int(h.fs.super.inodeSize)
}

// content is where a block of a file or directory is.
func (h *hostile) content(path string, logical uint64) int {
	h.t.Helper()
	in, err := h.fs.readInode(find(h.t, h.fs, path))
	if err != nil {
		h.t.Fatal(err)
	}
	m, err := h.fs.mapper(&in)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := m.run(logical)
	if err != nil || r.start == 0 {
		h.t.Fatal(r, err)
	}
	return int(r.start << h.fs.device.shift)
}

// root is where the extent tree of a file begins, and leaf its first block below.
func (h *hostile) root(path string) int { return h.inode(path) + 0x28 }

func (h *hostile) leaf(path string) int { return int(h.get(h.root(path)+16, 4)) << h.fs.device.shift }

// repeat makes the first four blocks of a file one block of the device.
func (h *hostile) repeat(path string, block uint64) {
	root := h.root(path)
	copy(h.b[root:], "\x0a\xf3\x04\x00\x04\x00\x00\x00")
	for i := range uint64(4) {
		at := root + extentEntrySize*int(1+i)
		h.put(at, 4, i)
		h.put(at+4, 4, 1)
		h.put(at+8, 4, block)
	}
}

func TestHostileSuperblocks(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(h *hostile)
		want   error
	}{
		{"no magic", func(h *hostile) { h.super(0x38, 2, 0) }, binread.ErrCorrupt},
		{"block size beyond 64 KiB", func(h *hostile) { h.super(0x18, 4, 7) }, binread.ErrCorrupt},
		{"block size shift of 32 bits", func(h *hostile) { h.super(0x18, 4, 1<<31) }, binread.ErrCorrupt},
		{"no inodes per group", func(h *hostile) { h.super(0x28, 4, 0) }, binread.ErrCorrupt},
		{"no blocks per group", func(h *hostile) { h.super(0x20, 4, 0) }, binread.ErrCorrupt},
		{"too many blocks per group", func(h *hostile) { h.super(0x20, 4, 1<<20) }, binread.ErrCorrupt},
		{"inode size 0", func(h *hostile) { h.super(0x58, 2, 0) }, binread.ErrCorrupt},
		{"inode size no power of two", func(h *hostile) { h.super(0x58, 2, 384) }, binread.ErrCorrupt},
		{"inode larger than a block", func(h *hostile) { h.super(0x58, 2, 2048) }, binread.ErrCorrupt},
		{"descriptor size 0", func(h *hostile) { h.super(0xfe, 2, 0) }, binread.ErrCorrupt},
		{"descriptor larger than a block", func(h *hostile) { h.super(0xfe, 2, 32768) }, binread.ErrCorrupt},
		{"first block behind the last", func(h *hostile) { h.super(0x14, 4, 1<<30) }, binread.ErrCorrupt},
		{"2^63 blocks", func(h *hostile) { h.super(0x150, 4, 1<<31) }, binread.ErrCorrupt},
		{"2^40 blocks", func(h *hostile) { h.super(0x150, 4, 1<<8) }, binread.ErrLimit},
		{"inodes do not fill the groups", func(h *hostile) { h.super(0, 4, 1) }, binread.ErrCorrupt},
		{"cluster smaller than a block", func(h *hostile) {
			h.super(0x64, 4, h.get(superblockOffset+0x64, 4)|roBigalloc)
			h.super(0x18, 4, 1)
			h.super(0x1c, 4, 0)
		}, binread.ErrCorrupt},
		{"revision 2", func(h *hostile) { h.super(0x4c, 4, 2) }, binread.ErrUnsupported},
		{"unknown incompatible feature", func(h *hostile) { h.super(0x63, 1, 0x80) }, binread.ErrUnsupported},
		{"a journal device", func(h *hostile) { h.super(0x60, 1, incompatJournalDev) }, binread.ErrUnsupported},
		{"unknown checksum", func(h *hostile) {
			h.super(0x65, 1, h.get(superblockOffset+0x65, 1)|roMetadataCsum>>8)
			h.super(0x175, 1, 9)
		}, binread.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, "mutant")
			test.change(h)
			if _, err := Format.Open(bytes.NewReader(h.b), int64(len(h.b))); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

// ask asks everything there is to ask about a node.
func ask(f *FS, n filesys.Node) error {
	var errs []error
	st, err := f.Stat(n)
	errs = append(errs, err)
	_, err = f.Xattrs(n)
	errs = append(errs, err)
	switch {
	case err != nil:
	case st.IsDir():
		_, err = f.ReadDir(n)
		errs = append(errs, err)
	case st.IsSymlink():
		_, err = f.ReadLink(n)
		errs = append(errs, err)
	case st.IsRegular():
		c, err := f.Open(n)
		errs = append(errs, err)
		if c != nil {
			_, err = io.Copy(io.Discard, io.NewSectionReader(c, 0, min(c.Size(), 64<<20)))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func TestHostileStructures(t *testing.T) {
	const pieces, linear, entries, block = "extents/pieces", "inline", "hashed", 1024
	for _, test := range []struct {
		name, image, path string
		change            func(h *hostile)
		want              error
	}{
		{"extent header without magic", "kernel", pieces, func(h *hostile) { h.put(h.root(pieces), 2, 0) }, binread.ErrCorrupt},
		{"extent tree too deep", "kernel", pieces, func(h *hostile) { h.put(h.root(pieces)+6, 2, 6) }, binread.ErrCorrupt},
		{"extent tree of another depth", "kernel", pieces, func(h *hostile) { h.put(h.root(pieces)+6, 2, 5) }, binread.ErrCorrupt},
		{"extent tree that is its own child", "kernel", pieces, func(h *hostile) {
			copy(h.b[h.leaf(pieces):], h.b[h.root(pieces):h.root(pieces)+mapSize])
		}, binread.ErrCorrupt},
		{"more extents than fit", "kernel", pieces, func(h *hostile) { h.put(h.root(pieces)+2, 4, 0xffff_ffff) }, binread.ErrCorrupt},
		{"more extents than the limit", "kernel", pieces, func(h *hostile) { h.put(h.leaf(pieces)+2, 2, 85) }, binread.ErrCorrupt},
		{"extents that overlap", "kernel", pieces, func(h *hostile) { h.put(h.leaf(pieces)+12+4, 2, 100) }, binread.ErrCorrupt},
		{"extent of no blocks", "kernel", pieces, func(h *hostile) { h.put(h.leaf(pieces)+12+4, 2, 0) }, binread.ErrCorrupt},
		{"extent behind the file system", "kernel", pieces, func(h *hostile) { h.put(h.leaf(pieces)+12+6, 2, 9) }, binread.ErrCorrupt},
		{"extent behind its index entry", "kernel", pieces, func(h *hostile) { h.put(h.leaf(pieces)+12*84, 4, 1<<20) }, binread.ErrCorrupt},
		{"extent past 2^32", "kernel", pieces, func(h *hostile) { h.put(h.leaf(pieces)+12*84, 4, 0xffff_ffff); h.put(h.leaf(pieces)+12*84+4, 2, 2) }, binread.ErrCorrupt},
		{"extent index behind the file system", "kernel", pieces, func(h *hostile) { h.put(h.root(pieces)+12+8, 2, 9) }, binread.ErrCorrupt},
		{"extent index out of order", "kernel", pieces, func(h *hostile) { h.put(h.root(pieces)+24, 4, 0) }, binread.ErrCorrupt},

		{"block pointer behind the file system", "ext2-1k", "sizes/13312", func(h *hostile) { h.put(h.root("sizes/13312"), 4, 1<<31) }, binread.ErrCorrupt},
		{"indirect block behind the file system", "ext2-1k", "sizes/13312", func(h *hostile) { h.put(h.root("sizes/13312")+48, 4, 1<<31) }, binread.ErrCorrupt},
		{"indirect block that names itself", "ext2-1k", "sizes/1024", func(h *hostile) {
			// every level of the map is one block that names itself: read in full, it ends
			root := h.root("sizes/1024")
			own := h.get(root, 4)
			for i := range uint64(15) {
				h.put(root+int(4*i), 4, own)
			}
			for i := range block / 4 {
				h.put(int(own)*block+4*i, 4, own)
			}
			h.put(h.inode("sizes/1024")+0x4, 4, 1<<30)
		}, nil},
		{"size beyond the block map", "ext2-1k", "sizes/1024", func(h *hostile) { h.put(h.inode("sizes/1024")+0x6c, 4, 1<<28) }, binread.ErrCorrupt},
		{"size of 2^60", "mutant", "pieces", func(h *hostile) { h.put(h.inode("pieces")+0x6c, 4, 1<<28) }, binread.ErrCorrupt},
		{"size of 2^63", "mutant", "pieces", func(h *hostile) { h.put(h.inode("pieces")+0x6c, 4, 1<<31) }, binread.ErrCorrupt},
		{"inode that is not in use", "mutant", "pieces", func(h *hostile) { h.put(h.inode("pieces")+0x1a, 2, 0) }, binread.ErrCorrupt},
		{"more extra bytes than the inode has", "mutant", "pieces", func(h *hostile) { h.put(h.inode("pieces")+0x80, 2, 0xfffc) }, binread.ErrCorrupt},
		{"odd extra bytes", "mutant", "pieces", func(h *hostile) { h.put(h.inode("pieces")+0x80, 2, 31) }, binread.ErrCorrupt},
		{"compressed file", "mutant", "pieces", func(h *hostile) {
			at := h.inode("pieces") + 0x20
			h.put(at, 4, h.get(at, 4)|flagCompressed)
		}, binread.ErrUnsupported},

		{"record of no bytes", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+4, 2, 0) }, binread.ErrCorrupt},
		{"record of 7 bytes", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+4, 2, 7) }, binread.ErrCorrupt},
		{"record past its block", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+4, 2, block+4) }, binread.ErrCorrupt},
		{"name longer than its record", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+6, 1, 255) }, binread.ErrCorrupt},
		{"empty name", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+6, 1, 0) }, binread.ErrCorrupt},
		{"name with a slash", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+9, 1, '/') }, binread.ErrCorrupt},
		{"name with a zero byte", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1)+9, 1, 0) }, binread.ErrCorrupt},
		{"inode that does not exist", "mutant", entries, func(h *hostile) { h.put(h.content(entries, 1), 4, 0xffff_ffff) }, binread.ErrCorrupt},
		{"one name twice", "mutant", entries, func(h *hostile) {
			copy(h.b[h.content(entries, 2):][:block], h.b[h.content(entries, 1):][:block])
		}, binread.ErrCorrupt},
		{"directory of one block again and again", "mutant", entries, func(h *hostile) { h.repeat(entries, h.get(h.root(entries)+12+8, 4)) }, binread.ErrCorrupt},
		{"directory with a hole of 2^32 bytes", "mutant", entries, func(h *hostile) { h.put(h.inode(entries)+0x4, 4, 0xffff_fc00) }, binread.ErrCorrupt},
		{"directory size no multiple of a block", "mutant", entries, func(h *hostile) { h.put(h.inode(entries)+0x4, 4, 3*block+1) }, binread.ErrCorrupt},
		{"inline directory of three bytes", "mutant", linear, func(h *hostile) { h.put(h.inode(linear)+0x4, 4, 3) }, binread.ErrCorrupt},
		{"inline data without its attribute", "mutant", "inline/file", func(h *hostile) { h.put(h.inode("inline/file")+oldInodeSize+32, 4, 0) }, binread.ErrCorrupt},

		{"link of no bytes", "mutant", "dir/short link", func(h *hostile) { h.put(h.inode("dir/short link")+0x4, 4, 0) }, binread.ErrCorrupt},
		{"link of 4 GiB", "mutant", "dir/short link", func(h *hostile) { h.put(h.inode("dir/short link")+0x4, 4, 0xffff_ffff) }, binread.ErrCorrupt},
		{"link with a zero byte", "mutant", "dir/short link", func(h *hostile) { h.put(h.root("dir/short link")+5, 1, 0) }, binread.ErrCorrupt},

		{"attribute value outside", "mutant", "dir/attributes", func(h *hostile) { h.put(h.inode("dir/attributes")+oldInodeSize+32+4+2, 6, 0xffff) }, binread.ErrCorrupt},
		{"attribute value of 4 GiB", "mutant", "dir/attributes", func(h *hostile) { h.put(h.inode("dir/attributes")+oldInodeSize+32+4+8, 4, 0xffff_ffff) }, binread.ErrCorrupt},
		{"attribute name that does not end", "mutant", "dir/attributes", func(h *hostile) { h.put(h.inode("dir/attributes")+oldInodeSize+32+4, 1, 255) }, binread.ErrCorrupt},
		{"attribute block behind the file system", "mutant", "dir/attributes", func(h *hostile) { h.put(h.inode("dir/attributes")+0x68, 4, 0xffff_ffff) }, binread.ErrCorrupt},
		{"attribute block without magic", "mutant", "dir/attributes", func(h *hostile) { h.put(int(h.get(h.inode("dir/attributes")+0x68, 4))*block, 4, 1) }, binread.ErrCorrupt},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.image)
			n := find(t, h.fs, test.path)
			test.change(h)
			f := openBytes(t, h.b)
			err := ask(f, n)
			if test.want == nil && err != nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			// the rest must still be there
			count := 0
			_ = conformance.Walk(f, func(string, filesys.Node) error { count++; return nil })
			if count < 5 {
				t.Errorf("only %d objects are left", count)
			}
		})
	}
}

// TestHugeSparseFileIsListed: a size that no disk has costs nothing until it is read.
func TestHugeSparseFileIsListed(t *testing.T) {
	h := newHostile(t, "mutant")
	h.put(h.inode("pieces")+0x6c, 4, 1<<8) // 2^40 bytes: 4 TiB is the most that 1 KiB blocks and extents can have
	f := openBytes(t, h.b)
	c, err := f.Open(find(t, f, "pieces"))
	if err != nil {
		t.Fatal(err)
	}
	b := []byte{1, 2, 3}
	if n, err := c.ReadAt(b, 1<<40-7); n != 3 || err != nil || !bytes.Equal(b, make([]byte, 3)) {
		t.Errorf("%d bytes %v, %v, want three zeros", n, b, err)
	}
	h.put(h.inode("pieces")+0x6c, 4, 1<<28)
	f = openBytes(t, h.b)
	if st, err := f.Stat(find(t, f, "pieces")); err != nil || st.Size>>60 != 1 {
		t.Errorf("size %d, %v, want 2^60 and a bit", st.Size, err)
	}
}

// TestDamagedHashTreeFallsBack: with a tree that lies, names are found block by block.
func TestDamagedHashTreeFallsBack(t *testing.T) {
	const dir = "hashed"
	for name, change := range map[string]func(h *hostile, root int){
		"unknown hash":          func(h *hostile, root int) { h.put(root+28, 1, 99) },
		"nine levels":           func(h *hostile, root int) { h.put(root+30, 1, 9) },
		"more entries than fit": func(h *hostile, root int) { h.put(root+32, 4, 0xffff_ffff) },
		"no entries":            func(h *hostile, root int) { h.put(root+34, 2, 0) },
		"hashes out of order":   func(h *hostile, root int) { h.put(root+40, 4, 0xffff_fff0) },
		"blocks that are not there": func(h *hostile, root int) {
			h.put(root+36, 4, 1<<20)
			h.put(root+44, 4, 1<<20)
			h.put(root+52, 4, 1<<20)
			h.put(root+60, 4, 1<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, "mutant")
			change(h, h.content(dir, 0))
			f := openBytes(t, h.b)
			n := find(t, f, dir)
			entries, err := f.ReadDir(n)
			if err != nil || len(entries) != 80 {
				t.Fatalf("%d entries, %v, want 80", len(entries), err)
			}
			for _, e := range entries {
				if got, err := f.Lookup(n, e.Name); got != e.Node && !errors.Is(err, binread.ErrCorrupt) {
					t.Errorf("%q: %d, %v, want %d", e.Name, got, err, e.Node)
				}
			}
			// what is not found in a damaged directory may have been there
			if _, err := f.Lookup(n, "absent"); !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, binread.ErrUnsupported) {
				t.Errorf("absent name: %v, want the damage", err)
			}
		})
	}
}

// TestHashTreeThatVisitsOneBlockForever: all index entries of three levels name the same block and say "continue".
func TestHashTreeThatVisitsOneBlockForever(t *testing.T) {
	h := newHostile(t, "mutant")
	const dir = "hashed"
	root := h.content(dir, 0)
	hash, err := h.fs.hashName("absent", hashHalfMD4)
	if err != nil {
		t.Fatal(err)
	}
	h.put(root+30, 1, 2)
	for i, off := 1, root+32; i < 123; i++ {
		h.put(off+8*i, 4, uint64(hash|1))
		h.put(off+8*i+4, 4, 1)
	}
	h.put(root+34, 2, 123)
	node := h.content(dir, 1)
	h.put(node, 8, 1024<<32) // as a block of entries it is empty
	for i := range 126 {
		h.put(node+8+8*i, 4, uint64(hash|1))
		h.put(node+8+8*i+4, 4, 1)
	}
	h.put(node+8, 4, 126<<16|126)
	f := openBytes(t, h.b)
	if _, err := f.Lookup(find(t, h.fs, dir), "absent"); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("%v, want binread.ErrCorrupt", err)
	}
}

func TestTruncatedImagesKeepTheirStart(t *testing.T) {
	b := image(t, "ext4-nojournal")
	whole := openBytes(t, b)
	for _, size := range []int{0, 1, 1023, 1024, 2047, 2048, 3000, 8 << 10, 1 << 20, 2 << 20, 4 << 20, len(b) - 1} {
		f, err := Open(bytes.NewReader(b[:size]), int64(size))
		if size < 2048 {
			if !errors.Is(err, binread.ErrCorrupt) {
				t.Errorf("%d bytes: %v, want binread.ErrCorrupt", size, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d bytes: %v", size, err)
			continue
		}
		if !slices.ContainsFunc(f.Description().Problems, func(p filesys.Problem) bool { return strings.Contains(p.Message, "the image ends") }) {
			t.Errorf("%d bytes: problems %v do not say that the image ends", size, f.Description().Problems)
		}
		_ = conformance.Walk(f, func(_ string, n filesys.Node) error {
			want, wantErr := conformance.Describe(whole, n)
			got, err := conformance.Describe(f, n)
			if err == nil && (wantErr != nil || got.SHA256 != want.SHA256 || got.Target != want.Target) {
				t.Errorf("%d bytes: inode %d is %v, want %v", size, n, got, want)
			}
			if err != nil && !errors.Is(err, binread.ErrCorrupt) {
				t.Errorf("%d bytes: inode %d: %v", size, n, err)
			}
			return nil
		})
	}
	// what the reader below would still give is not the file system's
	f, err := Open(bytes.NewReader(b), 8<<10)
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(f, find(t, whole, "sizes/40967")); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("content behind the given size: %v, want binread.ErrCorrupt", err)
	}
}
