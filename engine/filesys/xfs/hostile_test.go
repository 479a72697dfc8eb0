package xfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// hostile is an image under attack. Checksums are made right again, so that what lies behind them is met.
type hostile struct {
	t testing.TB
	conformance.Patched
	fs *FS // the image before it was changed
}

func newHostile(t testing.TB, name string) *hostile {
	t.Helper()
	b := image(t, name)
	return &hostile{t, conformance.Patched{Image: b}, openBytes(t, b)}
}

// open opens the image as it is now.
func (h *hostile) open() (*FS, error) { return Open(&h.Patched, int64(len(h.Image))) }

func (h *hostile) write(off int, b []byte) {
	h.Patches = append(h.Patches, conformance.Patch{Off: int64(off), B: b})
}

// put writes a big-endian number of n bytes.
func (h *hostile) put(off, n int, v uint64) {
	h.write(off, binary.BigEndian.AppendUint64(nil, v)[8-n:])
}

// sum makes the checksum of n bytes right, which is kept at another offset in them.
func (h *hostile) sum(off, n, at int) {
	h.t.Helper()
	b, err := binread.ReadAt(&h.Patched, int64(off), int64(n), int64(n))
	if err != nil {
		h.t.Fatal(err)
	}
	clear(b[at : at+4])
	h.write(off+at, binary.LittleEndian.AppendUint32(nil, crc32.Checksum(b, castagnoli)))
}

// super changes the superblock.
func (h *hostile) super(off, n int, v uint64) {
	h.put(off, n, v)
	h.sum(0, int(h.fs.super.sectorSize), superblockSumOff)
}

// withoutCopies leaves only the primary superblock.
func (h *hostile) withoutCopies() {
	s := h.fs.super
	for group := uint64(1); group < uint64(s.agCount); group++ {
		h.put(int(s.offset(group<<s.agLog)), 4, 0)
	}
}

func (h *hostile) inode(path string) *inode {
	h.t.Helper()
	in, err := h.fs.readInode(conformance.Find(h.t, h.fs, path))
	if err != nil {
		h.t.Fatal(err)
	}
	return &in
}

// core changes the inode of a path.
func (h *hostile) core(path string, off, n int, v uint64) {
	h.t.Helper()
	s := h.fs.super
	number := h.inode(path).number
	at := int(s.offset(number>>s.inodesLog)) + int(number&(1<<s.inodesLog-1))*int(s.inodeSize)
	h.put(at+off, n, v)
	if s.v5() {
		h.sum(at, int(s.inodeSize), inodeSumOff)
	}
}

// block changes a block of the data or the attributes of a path. The directory blocks of these images are as large as blocks.
func (h *hostile) block(path string, logical uint64, attrs bool, sumAt, off, n int, v uint64) {
	h.t.Helper()
	in := h.inode(path)
	k := &in.data
	if attrs {
		k = &in.attrs
	}
	m, err := h.fs.newBlockMap(in, k)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := m.run(logical)
	if err != nil || r.hole {
		h.t.Fatalf("%q has no block %d: %v", path, logical, err)
	}
	at := int(h.fs.super.offset(r.start))
	h.put(at+off, n, v)
	h.sum(at, int(h.fs.super.blockSize), sumAt)
}

// mapBlock changes the first leaf of the map of a path.
func (h *hostile) mapBlock(path string, off, n int, v uint64) {
	h.t.Helper()
	in := h.inode(path)
	m, err := h.fs.newBlockMap(in, &in.data)
	if err != nil || m.root.level != 1 {
		h.t.Fatalf("%q has a map of %d levels, want 1: %v", path, m.root.level, err)
	}
	at := int(h.fs.super.offset(m.root.children[0]))
	h.put(at+off, n, v)
	h.sum(at, int(h.fs.super.blockSize), mapPlace().sum)
}

func TestHostileSuperblocks(t *testing.T) {
	for name, test := range map[string]struct {
		off, n int
		v      uint64
		want   error
	}{
		"block size of nothing":             {4, 4, 0, binread.ErrCorrupt},
		"block size of 128 KiB":             {4, 4, 128 << 10, binread.ErrCorrupt},
		"block size and its logarithm":      {120, 1, 13, binread.ErrCorrupt},
		"logarithm of 255":                  {120, 1, 255, binread.ErrCorrupt},
		"no blocks":                         {8, 8, 0, binread.ErrCorrupt},
		"2^63 blocks":                       {8, 8, 1 << 63, binread.ErrCorrupt},
		"more blocks than groups hold":      {8, 8, 1 << 30, binread.ErrCorrupt},
		"no groups":                         {88, 4, 0, binread.ErrCorrupt},
		"2^32 groups":                       {88, 4, 1<<32 - 1, binread.ErrCorrupt},
		"groups of no blocks":               {84, 4, 0, binread.ErrCorrupt},
		"groups of 2^32 blocks":             {84, 4, 1<<32 - 1, binread.ErrCorrupt},
		"logarithm of groups":               {124, 1, 63, binread.ErrCorrupt},
		"logarithm of groups too small":     {124, 1, 3, binread.ErrCorrupt},
		"sectors of 100 bytes":              {102, 2, 100, binread.ErrCorrupt},
		"sectors larger than blocks":        {121, 1, 13, binread.ErrCorrupt},
		"inodes of 64 bytes":                {104, 2, 64, binread.ErrCorrupt},
		"inodes of 32 KiB":                  {104, 2, 32 << 10, binread.ErrCorrupt},
		"inodes of 2^200 bytes":             {122, 1, 200, binread.ErrCorrupt},
		"inodes per block":                  {123, 1, 7, binread.ErrCorrupt},
		"directory blocks of 2^200":         {192, 1, 200, binread.ErrCorrupt},
		"root directory at 0":               {56, 8, 0, binread.ErrCorrupt},
		"root directory in no group":        {56, 8, 1 << 60, binread.ErrCorrupt},
		"log behind the end":                {48, 8, 1 << 50, binread.ErrCorrupt},
		"log of 2^32 blocks":                {96, 4, 1<<32 - 1, binread.ErrCorrupt},
		"a mkfs that was not finished":      {126, 1, 1, binread.ErrCorrupt},
		"version 3":                         {100, 2, 0xb4a3, binread.ErrUnsupported},
		"version 6":                         {100, 2, 0xb4a6, binread.ErrUnsupported},
		"directories of version 1":          {100, 2, 0x9485, binread.ErrUnsupported},
		"an incompatible feature to come":   {216, 4, 0x8000_0000, binread.ErrUnsupported},
		"a tree of metadata, not supported": {216, 4, 0x101, binread.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, "default")
			h.super(test.off, test.n, test.v)
			h.withoutCopies()
			if _, err := h.open(); !errors.Is(err, test.want) || !strings.HasPrefix(err.Error(), "xfs: superblock: ") {
				t.Errorf("error %v, want kind %v", err, test.want)
			}
		})
	}
}

// TestTaints wants what puts everything in doubt to be said.
func TestTaints(t *testing.T) {
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		text   string
	}{
		"log on another device": {"default", func(h *hostile) { h.super(48, 8, 0) }, "another device"},
		"log of two turns that do not meet": {"default", func(h *hostile) {
			l := h.log()
			h.put(int(l.off)+(l.count-1)*logSector, 4, 77)
		}, "turn 77"},
		"log of garbage": {"default", func(h *hostile) {
			l := h.log()
			h.write(int(l.off), bytes.Repeat([]byte("garbage "), l.count*logSector/8))
		}, "no record"},
		"log of another file system": {"dirty", func(h *hostile) { h.record(0, 304, 8, 77) }, "record of file system"},
		"log of another machine":     {"dirty", func(h *hostile) { h.record(0, 300, 4, 2) }, "another kind of machine"},
		"record of version 3":        {"dirty", func(h *hostile) { h.record(0, 8, 4, 3) }, "record of version 3"},
		"record of no bytes":         {"dirty", func(h *hostile) { h.record(0, 12, 4, 0) }, "record of 0 bytes"},
		"record of 2^31 bytes":       {"dirty", func(h *hostile) { h.record(0, 12, 4, 1<<31) }, "record of"},
		"record over its header":     {"dirty", func(h *hostile) { h.record(0, 12, 4, 200<<10) }, "sectors of header"},
		"record of another place":    {"dirty", func(h *hostile) { h.record(0, 20, 4, 9) }, "record of sector 9"},
		"a record long ago":          {"dirty-wrap", func(h *hostile) { h.record(0, 512+100, 4, 9) }, "wrong checksum"},
		"no magic":                   {"dirty", func(h *hostile) { h.record(0, 0, 4, 1) }, "magic"},
		"a sector of another turn":   {"dirty", func(h *hostile) { l := h.log(); h.put(int(l.off)+l.count/2*logSector, 4, 8) }, "is of turn 8"},
		"an operation of no client":  {"dirty", func(h *hostile) { h.operation(0, 8, 1, 7) }, "client 0x7"},
		"an operation of 2^32 bytes": {"dirty", func(h *hostile) { h.operation(0, 4, 4, 1<<32-1) }, "4294967295 bytes"},
		"an operation's flags":       {"dirty", func(h *hostile) { h.operation(1, 9, 1, 0x40) }, "flags 0x40"},
		"a transaction's magic":      {"dirty", func(h *hostile) { h.operation(1, 12, 1, 7) }, "header of a transaction"},
		"an item of no parts":        {"dirty", func(h *hostile) { h.operation(2, 14, 2, 0) }, "an item of 0 parts"},
		"an item of 2^16 parts":      {"dirty", func(h *hostile) { h.operation(2, 14, 2, 0xffff) }, "an item of 65535 parts"},
		"an item of no type":         {"dirty", func(h *hostile) { h.operation(2, 12, 2, 0x7712) }, "item of type 0x1277"},
		"marked for repair":          {"default", func(h *hostile) { h.super(216, 4, 0x1b) }, "xfs_repair"},
		"superblock's checksum":      {"default", func(h *hostile) { h.put(110, 1, 'x') }, "superblock: checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			f, err := h.open()
			if err != nil {
				t.Fatal(err)
			}
			found := f.Description().Problems
			if strings.HasPrefix(name, "superblock") {
				if err := conformance.WalkAll(f); err != nil {
					t.Error(err)
				}
			}
			if len(found) != 1 || !found[0].Taints || !strings.Contains(found[0].Message, test.text) {
				t.Errorf("problems %v, want one that taints, with %q", found, test.text)
			}
		})
	}
}

func TestATruncatedImageIsSaid(t *testing.T) {
	b := image(t, "default")
	f := openBytes(t, b[:len(b)-1<<20])
	if found := f.Description().Problems; len(found) != 1 || found[0].Taints || !strings.Contains(found[0].Message, "the image ends") {
		t.Errorf("problems %v", found)
	}
}

func TestHostileNodes(t *testing.T) {
	const leafFirst = 72 // the first extent of a leaf of a map
	for name, test := range map[string]struct {
		path   string
		change func(h *hostile, path string)
		want   error
		text   string
	}{
		"inode magic":          {"sizes/100", func(h *hostile, p string) { h.core(p, 0, 2, 7) }, binread.ErrCorrupt, "magic"},
		"inode version":        {"sizes/100", func(h *hostile, p string) { h.core(p, 4, 1, 2) }, binread.ErrCorrupt, "version"},
		"inode not in use":     {"sizes/100", func(h *hostile, p string) { h.core(p, 2, 2, 0) }, binread.ErrCorrupt, "not in use"},
		"inode without links":  {"sizes/100", func(h *hostile, p string) { h.core(p, 16, 4, 0) }, binread.ErrCorrupt, "not in use"},
		"size of 2^63":         {"sizes/100", func(h *hostile, p string) { h.core(p, 56, 8, 1<<63) }, binread.ErrCorrupt, "size"},
		"inode of another":     {"sizes/100", func(h *hostile, p string) { h.core(p, 152, 8, 77) }, binread.ErrChecksum, "inode 77"},
		"file system's number": {"sizes/100", func(h *hostile, p string) { h.core(p, 160, 8, 77) }, binread.ErrChecksum, "file system"},
		"attributes outside":   {"sizes/100", func(h *hostile, p string) { h.core(p, 82, 1, 200) }, binread.ErrCorrupt, "attributes at"},
		"real-time content":    {"sizes/100", func(h *hostile, p string) { h.core(p, 90, 2, flagRealtime) }, binread.ErrUnsupported, "real-time"},
		"extents of no kind":   {"sizes/100", func(h *hostile, p string) { h.core(p, 5, 1, 9) }, binread.ErrCorrupt, "form 9"},
		"2^31 extents":         {"sizes/100", func(h *hostile, p string) { h.core(p, 76, 4, 1<<31) }, binread.ErrCorrupt, "extents in"},
		"extent of no blocks":  {"sizes/100", func(h *hostile, p string) { h.core(p, 184, 8, 0) }, binread.ErrCorrupt, "0 blocks"},
		"extent outside":       {"sizes/100", func(h *hostile, p string) { h.core(p, 176, 8, 0x1ff) }, binread.ErrCorrupt, "inside of a group"},
		"map of 200 levels":    {"sparse/pieces", func(h *hostile, p string) { h.core(p, 176, 2, 200) }, binread.ErrCorrupt, "levels"},
		"map without levels":   {"sparse/pieces", func(h *hostile, p string) { h.core(p, 176, 2, 0) }, binread.ErrCorrupt, "levels"},
		"map of 2^16 children": {"sparse/pieces", func(h *hostile, p string) { h.core(p, 178, 2, 65535) }, binread.ErrCorrupt, "children"},
		"map with no children": {"sparse/pieces", func(h *hostile, p string) { h.core(p, 178, 2, 0) }, binread.ErrCorrupt, "children"},
		"map of other levels":  {"sparse/pieces", func(h *hostile, p string) { h.core(p, 176, 2, 2) }, binread.ErrCorrupt, "level 0, want 1"},
		"leaf's magic":         {"sparse/pieces", func(h *hostile, p string) { h.mapBlock(p, 0, 4, 1) }, binread.ErrCorrupt, "magic"},
		"leaf's owner":         {"sparse/pieces", func(h *hostile, p string) { h.mapBlock(p, 56, 8, 1) }, binread.ErrChecksum, "of inode 1,"},
		"leaf's place":         {"sparse/pieces", func(h *hostile, p string) { h.mapBlock(p, 24, 8, 1) }, binread.ErrChecksum, "of sector 1,"},
		"leaf's file system":   {"sparse/pieces", func(h *hostile, p string) { h.mapBlock(p, 40, 8, 1) }, binread.ErrChecksum, "of file system"},
		"leaf of 2^16 extents": {"sparse/pieces", func(h *hostile, p string) { h.mapBlock(p, 6, 2, 65535) }, binread.ErrCorrupt, "extents in"},
		"extents out of order": {"sparse/pieces", func(h *hostile, p string) { h.mapBlock(p, leafFirst, 8, 3<<9) }, binread.ErrCorrupt, "extent of logical"},
		"link of no bytes":     {"links/59", func(h *hostile, p string) { h.core(p, 56, 8, 0) }, binread.ErrCorrupt, "target of 0"},
		"link of 2^40 bytes":   {"links/59", func(h *hostile, p string) { h.core(p, 56, 8, 1<<40) }, binread.ErrCorrupt, "target of"},
		"link over its inode":  {"links/59", func(h *hostile, p string) { h.core(p, 56, 8, 1000) }, binread.ErrCorrupt, "target of 1000"},
		"link with a zero":     {"links/59", func(h *hostile, p string) { h.core(p, 180, 1, 0) }, binread.ErrCorrupt, "zero byte at 4"},
		"remote link's magic":  {"links/1000", func(h *hostile, p string) { h.block(p, 0, false, 12, 0, 4, 1) }, binread.ErrCorrupt, "magic"},
		"remote link's length": {"links/1000", func(h *hostile, p string) { h.block(p, 0, false, 12, 8, 4, 1<<31) }, binread.ErrCorrupt, "bytes at 0"},
		"remote link, nothing": {"links/1000", func(h *hostile, p string) { h.block(p, 0, false, 12, 8, 4, 0) }, binread.ErrCorrupt, "bytes at 0"},
		"remote link, shorter": {"links/1000", func(h *hostile, p string) { h.block(p, 0, false, 12, 8, 4, 500) }, binread.ErrCorrupt, "ends after 500"},
		"remote link's offset": {"links/1000", func(h *hostile, p string) { h.block(p, 0, false, 12, 4, 4, 4) }, binread.ErrCorrupt, "bytes at 4"},
		"remote link's owner":  {"links/1000", func(h *hostile, p string) { h.block(p, 0, false, 12, 32, 8, 5) }, binread.ErrChecksum, "inode 5"},
		"short, 255 entries":   {"dirs/short", func(h *hostile, p string) { h.core(p, 176, 1, 255) }, binread.ErrCorrupt, "of 255"},
		"short, a long name":   {"dirs/short", func(h *hostile, p string) { h.core(p, 182, 1, 255) }, binread.ErrCorrupt, "ends behind"},
		"short, a slash":       {"dirs/short", func(h *hostile, p string) { h.core(p, 186, 1, '/') }, binread.ErrCorrupt, "no path"},
		"short, size of 2^40":  {"dirs/short", func(h *hostile, p string) { h.core(p, 56, 8, 1<<40) }, binread.ErrCorrupt, "left over"},
		"directory's size":     {"dirs/leaf", func(h *hostile, p string) { h.core(p, 56, 8, 4097) }, binread.ErrCorrupt, "multiple"},
		"directory of 2^60":    {"dirs/leaf", func(h *hostile, p string) { h.core(p, 56, 8, 1<<60) }, binread.ErrCorrupt, "multiple"},
		"entries' magic":       {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 0, 4, 9) }, binread.ErrCorrupt, "magic"},
		"entries' owner":       {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 40, 8, 9) }, binread.ErrChecksum, "inode 9"},
		"an entry's tag":       {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 64+22, 2, 9) }, binread.ErrCorrupt, "tag"},
		"an entry's inode":     {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 64, 8, 1<<50) }, binread.ErrCorrupt, "none can be"},
		"an entry's length":    {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 72, 1, 0) }, binread.ErrCorrupt, "tag"},
		"free, no bytes":       {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 64, 4, 0xffff_0000) }, binread.ErrCorrupt, "free bytes"},
		"free, over the end":   {"dirs/leaf", func(h *hostile, p string) { h.block(p, 1, false, 4, 64, 4, 0xffff_fff8) }, binread.ErrCorrupt, "free bytes"},
		"index over the block": {"dirs/block", func(h *hostile, p string) { h.block(p, 0, false, 4, 4088, 4, 1<<31) }, binread.ErrCorrupt, "in the index"},
		"short attributes":     {"attributes/user", func(h *hostile, p string) { h.attrs(p, 0, 2, 60000) }, binread.ErrCorrupt, "attributes of 60000"},
		"a short attribute":    {"attributes/user", func(h *hostile, p string) { h.attrs(p, 5, 1, 255) }, binread.ErrCorrupt, "attribute 0"},
		"attributes' magic":    {"attributes/large", func(h *hostile, p string) { h.block(p, 0, true, 12, 8, 2, 1) }, binread.ErrCorrupt, "magic"},
		"attributes' owner":    {"attributes/large", func(h *hostile, p string) { h.block(p, 0, true, 12, 48, 8, 1) }, binread.ErrChecksum, "inode 1,"},
		"2^16 attributes":      {"attributes/large", func(h *hostile, p string) { h.block(p, 0, true, 12, 56, 2, 65535) }, binread.ErrCorrupt, "65535 attributes"},
		"an attribute's place": {"attributes/large", func(h *hostile, p string) { h.block(p, 0, true, 12, 84, 2, 8) }, binread.ErrCorrupt, "behind the list"},
		"an attribute's end":   {"attributes/large", func(h *hostile, p string) { h.block(p, 0, true, 12, 84, 2, 4095) }, binread.ErrCorrupt, "behind the block"},
		"attributes' level":    {"attributes/hundreds", func(h *hostile, p string) { h.block(p, 0, true, 12, 58, 2, 99) }, binread.ErrCorrupt, "level 99"},
		"attributes in a ring": {"attributes/hundreds", func(h *hostile, p string) { h.block(p, 0, true, 12, 68, 4, 0) }, binread.ErrCorrupt, "twice"},
		"2^16 children":        {"attributes/hundreds", func(h *hostile, p string) { h.block(p, 0, true, 12, 56, 2, 65535) }, binread.ErrCorrupt, "65535 children"},
		"remote value's owner": {"attributes/limit", func(h *hostile, p string) { h.block(p, 1, true, 12, 32, 8, 1) }, binread.ErrChecksum, "inode 1,"},
		"remote value's size":  {"attributes/limit", func(h *hostile, p string) { h.block(p, 1, true, 12, 8, 4, 1<<31) }, binread.ErrCorrupt, "bytes at 0"},
		"remote value's magic": {"attributes/limit", func(h *hostile, p string) { h.block(p, 1, true, 12, 0, 4, 1) }, binread.ErrCorrupt, "magic"},
		"ACL of many entries":  {"attributes/acl", func(h *hostile, p string) { h.attrs(p, 4+3+12, 4, 1<<31) }, binread.ErrCorrupt, "ACL"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, "default")
			n := conformance.Find(t, h.fs, test.path)
			test.change(h, test.path)
			f, err := h.open()
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err = readAll(f, n)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 12<<20 {
				t.Errorf("%d bytes were allocated", used)
			}
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("error %v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// attrs changes the attributes that stand in the inode.
func (h *hostile) attrs(path string, off, n int, v uint64) {
	h.t.Helper()
	in := h.inode(path)
	h.core(path, len(in.raw)-len(in.attrs.b)+off, n, v)
}

// readAll asks for everything of a node, and returns what was wrong.
func readAll(f *FS, n filesys.Node) error {
	var bad binread.Errors
	st, err := f.Stat(n)
	bad.Add(err)
	_, err = f.Xattrs(n)
	bad.Add(err)
	switch {
	case st.IsDir():
		_, err = f.ReadDir(n)
		bad.Add(err)
		if _, lookupErr := f.Lookup(n, "absent"); err != nil && (lookupErr == nil || errors.Is(lookupErr, fs.ErrNotExist)) {
			return errors.New("a damaged directory says that a name is absent")
		}
	case st.IsSymlink():
		_, err = f.ReadLink(n)
		bad.Add(err)
	case st.IsRegular():
		c, err := f.Open(n)
		bad.Add(err)
		if c != nil && c.Size() > 0 {
			b := make([]byte, min(c.Size(), 4<<20))
			_, err = c.ReadAt(b, 0)
			bad.Add(err)
		}
	}
	return bad.Err()
}
