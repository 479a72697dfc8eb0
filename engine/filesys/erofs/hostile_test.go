package erofs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// maxAllocated is how many bytes reading a small hostile image may allocate.
const maxAllocated = 256 << 20

// hostile is an image under attack.
type hostile struct {
	t  testing.TB
	b  []byte
	fs *FS // the image before it was changed
}

func newHostile(t testing.TB, name string) *hostile {
	t.Helper()
	b := slices.Clone(committed.Image(t, name))
	return &hostile{t, b, openBytes(t, b)}
}

func (h *hostile) put8(off int64, v uint8)   { h.b[off] = v }
func (h *hostile) put16(off int64, v uint16) { binary.LittleEndian.PutUint16(h.b[off:], v) }
func (h *hostile) put32(off int64, v uint32) { binary.LittleEndian.PutUint32(h.b[off:], v) }
func (h *hostile) put64(off int64, v uint64) { binary.LittleEndian.PutUint64(h.b[off:], v) }

// seal mends the checksum of the superblock.
func seal(b []byte) []byte {
	n := 1 << b[superOff+12]
	if n > superOff {
		n -= superOff
	}
	block := b[superOff : superOff+n]
	clear(block[4:8])
	binary.LittleEndian.PutUint32(block[4:], ^crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// read is the inode of a path.
func (h *hostile) read(path string) inode {
	h.t.Helper()
	n := h.fs.Root()
	if path != "" {
		n = conformance.Find(h.t, h.fs, path)
	}
	i, err := h.fs.readInode(n)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

// inode is where the inode of a path is.
func (h *hostile) inode(path string) int64 { return h.read(path).at }

// index is where the header of the index of a path is.
func (h *hostile) index(path string) int64 { return (h.read(path).end + 7) &^ 7 }

// entries is where the directory of a path has its first block.
func (h *hostile) entries(path string) int64 {
	h.t.Helper()
	i := h.read(path)
	runs, err := h.fs.flat(&i)
	if err != nil {
		h.t.Fatal(err)
	}
	return runs[0].Off
}

// xattr is where the attributes of a path begin.
func (h *hostile) xattr(path string) int64 { i := h.read(path); return i.end - i.xattr }

const super = superOff

func TestHostileSuperblocks(t *testing.T) {
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		want   error
		text   string
	}{
		"another magic":               {"plain", func(h *hostile) { h.put8(super, 'x') }, binread.ErrCorrupt, "magic"},
		"image of 1100 bytes":         {"plain", func(h *hostile) { h.b = h.b[:1100] }, binread.ErrCorrupt, "superblock"},
		"blocks of 256 bytes":         {"plain", func(h *hostile) { h.put8(super+12, 8) }, binread.ErrCorrupt, "2^8 bytes"},
		"blocks of 128 KiB":           {"plain", func(h *hostile) { h.put8(super+12, 17) }, binread.ErrCorrupt, "2^17 bytes"},
		"blocks of 2^255 bytes":       {"plain", func(h *hostile) { h.put8(super+12, 255) }, binread.ErrCorrupt, "2^255 bytes"},
		"unknown feature":             {"plain", func(h *hostile) { h.put32(super+80, 1<<9) }, binread.ErrUnsupported, "features 0x200"},
		"directories in two blocks":   {"plain", func(h *hostile) { h.put8(super+90, 1) }, binread.ErrUnsupported, "directories in blocks"},
		"2^48 blocks of 64 KiB":       {"48bit", func(h *hostile) { h.put8(super+12, 16); h.put16(super+14, 0xffff); h.put64(super+112, 36) }, binread.ErrLimit, "blocks, want"},
		"packed metadata, nowhere":    {"metabox", func(h *hostile) { h.put8(super+13, 0) }, binread.ErrCorrupt, "too short"},
		"metadata behind the end":     {"plain", func(h *hostile) { h.put32(super+40, 1<<31) }, binread.ErrCorrupt, "root directory"},
		"root behind the end":         {"48bit", func(h *hostile) { h.put64(super+112, 1<<50) }, binread.ErrCorrupt, "root directory"},
		"root in metadata not packed": {"48bit", func(h *hostile) { h.put64(super+112, 1<<63|5) }, binread.ErrCorrupt, "no inode of metadata"},
		"root that is a file":         {"plain", func(h *hostile) { h.put16(h.inode("")+4, 0o100644) }, binread.ErrCorrupt, "want a directory"},
		"root of no type":             {"plain", func(h *hostile) { h.put16(h.inode("")+4, 0) }, binread.ErrCorrupt, "mode 000000"},
		"root of an unknown format":   {"plain", func(h *hostile) { h.put16(h.inode(""), 0x20) }, binread.ErrUnsupported, "format 0x20"},
		"root of layout 7":            {"plain", func(h *hostile) { h.put16(h.inode(""), 0xf) }, binread.ErrUnsupported, "layout 7"},
		"257 devices":                 {"plain", func(h *hostile) { h.put32(super+80, hasDevices); h.put16(super+86, 257) }, binread.ErrLimit, "257 of them"},
		"devices behind the end":      {"lz4", func(h *hostile) { h.put32(super+80, hasDevices); h.put16(super+86, 1); h.put16(super+88, 0xffff) }, binread.ErrCorrupt, "table of devices"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			_, err := Open(bytes.NewReader(h.b), int64(len(h.b)))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || !strings.HasPrefix(err.Error(), "erofs: ") {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// TestHostileObjects breaks one object and wants the walk to say so.
func TestHostileObjects(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector learns nothing from one reader")
	}
	const text, small = "packed/text of 200001", "packed/small 3"
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		want   error
		text   string
	}{
		"directory that is its own child": {"plain", func(h *hostile) {
			h.put64(h.entries("dirs/deep")+24, uint64(conformance.Find(h.t, h.fs, "dirs/deep"))-1)
		}, nil, "second name"},
		"directory of 4 GiB":         {"plain", func(h *hostile) { h.put64(h.inode("dirs/deep")+8, 1<<32) }, binread.ErrLimit, "4294967296 bytes"},
		"names before their entries": {"plain", func(h *hostile) { h.put16(h.entries("dirs/deep")+8, 0) }, binread.ErrCorrupt, "names begin at 0"},
		"names inside of an entry":   {"plain", func(h *hostile) { h.put16(h.entries("dirs/deep")+8, 13) }, binread.ErrCorrupt, "names begin at 13"},
		"names behind their block":   {"plain", func(h *hostile) { h.put16(h.entries("dirs/deep")+8, 65532) }, binread.ErrCorrupt, "names begin at 65532"},
		"name that begins nowhere":   {"plain", func(h *hostile) { h.put16(h.entries("dirs/deep")+20, 0xffff) }, binread.ErrCorrupt, "has its name from"},
		"name with a slash": {"plain", func(h *hostile) {
			h.swap("dirs/few", "entry with some more bytes to its name 1", "entry/with some more bytes to its name 1")
		}, binread.ErrCorrupt, "slash"},
		"two entries with one name":    {"plain", func(h *hostile) { h.swap("dirs/few", "to its name 2", "to its name 1") }, binread.ErrCorrupt, "two entries"},
		"names out of their order":     {"plain", func(h *hostile) { h.swap("dirs/few", "to its name 0", "to its name 9") }, binread.ErrCorrupt, "in their order"},
		"entry of no inode":            {"plain", func(h *hostile) { h.put64(h.entries("dirs/deep")+24, 1<<62) }, binread.ErrCorrupt, "not the number"},
		"entry in metadata not packed": {"plain", func(h *hostile) { h.put64(h.entries("dirs/deep")+24, 1<<63) }, binread.ErrCorrupt, "no inode of metadata"},
		"target of 1 GiB":              {"plain", func(h *hostile) { h.put32(h.inode("links/60")+8, 1<<30) }, binread.ErrLimit, "target of"},
		"content of 2^63 bytes":        {"plain", func(h *hostile) { h.put64(h.inode("times/far")+8, 1<<63) }, binread.ErrCorrupt, "content of 9223372036854775808"},
		"content behind the end":       {"plain", func(h *hostile) { h.put32(h.inode("sizes/4096")+16, 1<<30) }, binread.ErrCorrupt, "before the end of the image"},
		"tail over its block":          {"plain", func(h *hostile) { h.put32(h.inode("sizes/100")+8, 4095) }, binread.ErrCorrupt, "a tail of"},
		"chunks of an unknown format":  {"chunks", func(h *hostile) { h.put16(h.inode("sizes/4096")+16, 0x80) }, binread.ErrUnsupported, "format 0x80"},
		"2^40 chunks": {"chunks", func(h *hostile) {
			h.put64(h.inode("times/far")+8, 1<<52)
			h.put16(h.inode("times/far"), 9)
			h.put16(h.inode("times/far")+16, 0)
		}, binread.ErrLimit, "chunks, want"},
		"chunk behind the end":        {"chunks", func(h *hostile) { h.put32((h.read("sizes/4096").end+3)&^3, 1<<30) }, binread.ErrCorrupt, "chunk 0: block"},
		"chunk of no device":          {"tiny-chunks", func(h *hostile) { h.put32((h.read("packed/noise").end+7)&^7+4, 1<<30) }, binread.ErrCorrupt, "chunk 0: block"},
		"attributes over their room":  {"plain", func(h *hostile) { h.put8(h.xattr("attributes/user")+12, 255) }, binread.ErrCorrupt, "ends before"},
		"attribute of prefix 0":       {"plain", func(h *hostile) { h.put8(h.xattr("attributes/user")+13, 0) }, binread.ErrUnsupported, "number 0"},
		"attribute of prefix 99":      {"plain", func(h *hostile) { h.put8(h.xattr("attributes/user")+13, 99) }, binread.ErrUnsupported, "number 99"},
		"attribute of no long prefix": {"plain", func(h *hostile) { h.put8(h.xattr("attributes/user")+13, 0x85) }, binread.ErrCorrupt, "long prefix 5"},
		"255 shared attributes":       {"plain", func(h *hostile) { h.put8(h.xattr("attributes/user")+4, 255) }, binread.ErrCorrupt, "255 that are shared"},
		"shared attribute nowhere":    {"512", func(h *hostile) { h.put32(h.shared()+12, 1<<31) }, binread.ErrCorrupt, "bytes of metadata at"},
		"prefixes behind the end":     {"plain-prefixes", func(h *hostile) { h.put32(super+92, 1<<31) }, binread.ErrCorrupt, "long prefixes"},
		"prefix of no bytes":          {"plain-prefixes", func(h *hostile) { h.put16(int64(binary.LittleEndian.Uint32(h.b[super+92:]))*4, 0) }, binread.ErrCorrupt, "prefix 0: 0 bytes"},
		"prefix of prefix 9":          {"plain-prefixes", func(h *hostile) { h.put8(int64(binary.LittleEndian.Uint32(h.b[super+92:]))*4+2, 9) }, binread.ErrUnsupported, "begins with number 9"},

		"codec that was not told of":                 {"lz4", func(h *hostile) { h.put8(h.index(text)+6, byte(codecZstd)) }, binread.ErrUnsupported, "a cluster packed with zstd"},
		"codec 15":                                   {"lz4", func(h *hostile) { h.put8(h.index(text)+6, 15) }, binread.ErrUnsupported, "codec 15"},
		"logical clusters of 2^27 bytes":             {"lz4", func(h *hostile) { h.put8(h.index(text)+7, 15) }, binread.ErrUnsupported, "2^27"},
		"large clusters of one kind":                 {"lz4", func(h *hostile) { h.put16(h.index(text)+4, adviseBig1) }, binread.ErrCorrupt, "only one kind"},
		"cluster behind the end":                     {"legacy", func(h *hostile) { h.put32(h.index(text)+16+4, 1<<30) }, binread.ErrCorrupt, "before the end of the image"},
		"cluster that begins behind its logical one": {"legacy", func(h *hostile) { h.put16(h.index(text)+16+2, 4096) }, binread.ErrCorrupt, "has its begin at 4096"},
		"first cluster begins late":                  {"legacy", func(h *hostile) { h.put16(h.index(text)+16+2, 5) }, binread.ErrCorrupt, "no cluster begins before"},
		"first logical cluster inside":               {"legacy", func(h *hostile) { h.put16(h.index(text)+16, clusterInside) }, binread.ErrCorrupt, "no cluster begins"},
		"several blocks where none may":              {"legacy", func(h *hostile) { h.put16(h.index(text)+24, clusterInside); h.put16(h.index(text)+28, blockCount|9) }, binread.ErrCorrupt, "and none may"},
		"distance of nothing":                        {"legacy", func(h *hostile) { h.put16(h.index(text)+24, clusterInside); h.put16(h.index(text)+28, 0) }, binread.ErrCorrupt, "no cluster begins before"},
		"plain cluster over its block":               {"legacy", func(h *hostile) { h.put16(h.index(text)+16, clusterPlain) }, binread.ErrCorrupt, "in a plain cluster"},
		"no zeros in front":                          {"old", func(h *hostile) { h.put32(super+80, hasPadding) }, binread.ErrCorrupt, "lz4"},
		"cluster of 2047 blocks":                     {"dedupe", func(h *hostile) { h.large(blockCount | 2047) }, binread.ErrCorrupt, "a cluster of 2047 blocks"},
		"cluster of no blocks":                       {"dedupe", func(h *hostile) { h.large(blockCount) }, binread.ErrCorrupt, "does not say how many"},
		"fragment behind the end":                    {"fragments", func(h *hostile) { h.put64(h.index(small), 1<<63|1<<60) }, binread.ErrCorrupt, "a fragment of"},
		"fragment in no inode":                       {"fragments", func(h *hostile) { h.put64(super+96, 1<<50) }, binread.ErrCorrupt, "fragments: inode of fragments"},
		"fragment in packed metadata":                {"fragments", func(h *hostile) { h.put64(super+96, 1<<63|40) }, binread.ErrCorrupt, "outside of the packed metadata"},
		"fragment in itself": {"fragments", func(h *hostile) {
			h.put64(super+96, uint64(conformance.Find(h.t, h.fs, small))-1)
		}, binread.ErrCorrupt, "a fragment in the inode of fragments"},
		"tail of 65535 bytes":       {"tiny-lz4", func(h *hostile) { h.put16(h.index("packed/text of 65537")+2, 0xffff) }, binread.ErrCorrupt, "inside of a block"},
		"packed metadata in itself": {"metabox", func(h *hostile) { h.put64(super+128, 1<<63|4) }, binread.ErrCorrupt, "outside of the packed metadata"},
		"record of 2 MiB":           {"48bit", func(h *hostile) { h.record(text, 0, 2<<20-1) }, binread.ErrCorrupt, "a cluster of 2097151"},
		"record behind the end":     {"48bit", func(h *hostile) { h.record(text, 4, 1<<31) }, binread.ErrCorrupt, "before the end"},
		"record of codec 14":        {"48bit", func(h *hostile) { h.record(text, 0, 15<<28|100) }, binread.ErrUnsupported, "codec 14"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			f, err := Open(bytes.NewReader(h.b), int64(len(h.b)))
			if err == nil {
				err = bounded(t, f)
			}
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// bounded walks over everything but huge content, and wants it to take little memory.
func bounded(t *testing.T, f *FS) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := conformance.Walk(f, func(_ string, n filesys.Node) error {
		if st, err := f.Stat(n); err == nil && st.Size > 1<<30 {
			_, err := f.Open(n)
			return err
		}
		if _, err := conformance.Describe(f, n); err != nil {
			return err
		}
		c, err := f.Open(n)
		if err != nil || c.Size() <= 5000 {
			return nil //nolint:nilerr // not a file
		}
		_, err = c.ReadAt(make([]byte, 1), 5000) // in the middle, where no cluster begins
		return err
	})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > maxAllocated {
		t.Errorf("%d bytes were allocated", used)
	}
	return err
}

// swap replaces a name in a directory.
func (h *hostile) swap(dir, from, to string) {
	h.t.Helper()
	at := int(h.entries(dir))
	i := bytes.Index(h.b[at:at+4096], []byte(from))
	if i < 0 {
		h.t.Fatalf("no %q", from)
	}
	copy(h.b[at+i:], to)
}

// shared is where the attributes of an inode begin that shares some with others.
func (h *hostile) shared() int64 {
	h.t.Helper()
	for _, path := range []string{"attributes/large", "attributes/same", "attributes/prefixes/0", "attributes/prefixes/1"} {
		if at := h.xattr(path); h.b[at+4] > 0 {
			return at
		}
	}
	h.t.Fatal("no shared attributes")
	return 0
}

// large changes how many blocks a large cluster has.
func (h *hostile) large(v uint16) {
	h.t.Helper()
	done := errors.New("done")
	err := conformance.Walk(h.fs, func(path string, _ filesys.Node) error {
		i := h.read(strings.TrimPrefix(path, "/"))
		if i.layout != layoutFull || !i.isRegular() {
			return nil
		}
		for at := h.index(path[1:]) + mapHeader + fullPadding; at < i.end+i.size>>9; at += fullEntry {
			if h.b[at]&3 == clusterInside && h.b[at+5]&8 != 0 {
				h.put16(at+4, v)
				return done
			}
		}
		return nil
	})
	if !errors.Is(err, done) {
		h.t.Fatal("no large cluster")
	}
}

// record changes a field of the first extent of a file.
func (h *hostile) record(path string, off int64, v uint32) {
	h.t.Helper()
	i := h.read(path)
	c, err := h.fs.content(&i)
	if err != nil {
		h.t.Fatal(err)
	}
	x, ok := c.(*packed).index.(*extentList)
	if !ok || x.record < recordStart {
		h.t.Fatalf("%T, want a list of extents with their places", c.(*packed).index)
	}
	h.put32(x.first+off, v)
}

// TestDamagedDirectoriesHideNothing: what may be behind the damage is not said to be absent.
func TestDamagedDirectoriesHideNothing(t *testing.T) {
	h := newHostile(t, "plain")
	h.put16(h.entries("dirs/few")+8, 0)
	f := openBytes(t, h.b)
	if _, err := f.Lookup(conformance.Find(t, f, "dirs/few"), "x"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lookup behind damage: %v, want the damage", err)
	}
}

func TestImageThatEndsEarlyIsAProblem(t *testing.T) {
	b := committed.Image(t, "plain")
	f, err := Open(bytes.NewReader(b), int64(len(b))-4096)
	if err != nil || len(f.Description().Problems) != 1 {
		t.Errorf("%v, %v, want one problem", f, err)
	}
}

// TestTheChecksumCoversTheSuperblock changes each byte that it covers: the difference is a problem, or nothing is opened.
func TestTheChecksumCoversTheSuperblock(t *testing.T) {
	whole := committed.Image(t, "plain")
	for at := int64(superOff); at < 4096; at += 7 {
		p := &conformance.Patched{Image: whole, Patches: []conformance.Patch{{Off: at, B: []byte{whole[at] ^ 0x10}}}}
		f, err := Open(p, int64(len(whole)))
		if err != nil || at >= superOff+8 && at < superOff+12 { // without the feature there is no checksum
			continue
		}
		if problems := f.Description().Problems; len(problems) == 0 || !problems[0].Taints {
			t.Errorf("byte %d is another, and the problems are %v", at, problems)
		}
	}
}

// TestRecordsWithoutAClusterAreHoles: mkfs.erofs makes none, and Linux reads zeros.
func TestRecordsWithoutAClusterAreHoles(t *testing.T) {
	const path = "packed/text of 200001"
	h := newHostile(t, "48bit")
	h.record(path, 0, 0)
	f := openBytes(t, h.b)
	b := []byte("something")
	c, err := f.Open(conformance.Find(t, f, path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadAt(b, 0); err != nil || !bytes.Equal(b, make([]byte, len(b))) {
		t.Errorf("%q, %v, want zeros", b, err)
	}
}

// TestBombsAreBounded packs more than is said into a cluster, and less.
func TestBombsAreBounded(t *testing.T) {
	for _, name := range []string{"1k", "lzma", "deflate", "zstd"} {
		t.Run(name, func(t *testing.T) {
			f := openBytes(t, committed.Image(t, name))
			c, err := f.Open(conformance.Find(t, f, "packed/text of 200001"))
			if err != nil {
				t.Fatal(err)
			}
			e, err := c.(*packed).extentAt(0)
			if err != nil || e.kind != kindPacked {
				t.Fatal(err, e.kind)
			}
			want, err := f.unpacked(&e.cluster)
			if err != nil {
				t.Fatal(err)
			}
			for _, test := range []struct {
				length  int64
				partial bool
				sound   bool
			}{
				{e.length - 1, false, false},
				{e.length + 1, false, false},
				{e.length - 1, true, true},
				{e.length / 2, true, true},
				{1, true, true},
				{e.length + 1, true, false},
			} {
				other := e.cluster
				other.length, other.partial = test.length, test.partial
				got, err := f.unpacked(&other)
				if (err == nil) != test.sound || err != nil && !errors.Is(err, binread.ErrCorrupt) {
					t.Errorf("%d bytes, partial %v: %v", test.length, test.partial, err)
				}
				if err == nil && !bytes.Equal(got, want[:test.length]) {
					t.Errorf("%d bytes, partial %v: others", test.length, test.partial)
				}
			}
		})
	}
}
