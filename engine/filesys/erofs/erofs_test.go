package erofs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

var committed = conformance.Committed{
	Format: Format, Suffix: ".img.zst", Shared: "features.jsonl.gz",
	Short: []string{"plain", "tiny-chunks", "tiny-legacy", "tiny-lz4", "tiny-lzma", "tiny-deflate", "tiny-zstd", "tiny-metabox"},
} //nolint:gochecknoglobals // keeps what was uncompressed

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	return committed.Open(t, b).(*FS)
}

func TestImagesHoldWhatLinuxReadsFromThem(t *testing.T) { committed.Truths(t) }

func BenchmarkWalk(b *testing.B) { conformance.BenchWalk(b, Format) }

func BenchmarkHash(b *testing.B) { conformance.BenchHash(b, Format) }

// TestDescription holds what dump.erofs says of the images.
func TestDescription(t *testing.T) {
	for name, want := range map[string]struct {
		blockSize int64
		label     string
		features  []string
	}{
		"plain":          {4 << 10, "EROFS test", []string{"sb_csum", "mtime", "xattr_filter"}},
		"512":            {512, "", []string{"sb_csum", "mtime", "xattr_filter", "lz4_0padding"}},
		"old":            {4 << 10, "", []string{"sb_csum", "mtime"}},
		"chunks":         {4 << 10, "", []string{"sb_csum", "mtime", "xattr_filter", "chunked_file"}},
		"dedupe-lzma":    {4 << 10, "", []string{"sb_csum", "mtime", "xattr_filter", "lz4_0padding", "compr_cfgs", "fragments", "lzma"}},
		"metabox":        {4 << 10, "", []string{"sb_csum", "mtime", "xattr_filter", "lz4_0padding", "compr_cfgs", "48bit", "metabox", "zstd"}},
		"plain-prefixes": {4 << 10, "", []string{"sb_csum", "mtime", "xattr_filter", "plain_xattr_pfx", "xattr_prefixes"}},
	} {
		d := openBytes(t, committed.Image(t, name)).Description()
		const uuid = "6a5c1d1e-9f3b-4d0a-8a2e-0123456789ab"
		if d.BlockSize != want.blockSize || d.Label != want.label || d.UUID != uuid || !slices.Equal(d.Features, want.features) {
			t.Errorf("%s: %+v, want %+v", name, d, want)
		}
	}
}

// TestRunsAreTheContent holds the stretches of the volume against what is read, and wants none for what is packed.
func TestRunsAreTheContent(t *testing.T) {
	for _, test := range []struct {
		image, path string
		mapped      bool
	}{
		{"plain", "sizes/307200", true},
		{"plain", "sizes/noise", true}, // its tail is with its inode
		{"chunks", "sparse/far", true},
		{"chunk-48bit", "sparse/middle", true},
		{"prefixes", "packed/noise", false}, // its end is a fragment
		{"legacy", "packed/noise", true},
		{"lz4", "packed/noise", true},
		{"48bit", "packed/noise", true},
		{"lz4", "sizes/307200", false},
		{"fragments", "packed/small 3", false},
		{"metabox-dirs", "packed/noise", false},
	} {
		t.Run(test.image+" "+test.path, func(t *testing.T) {
			b := committed.Image(t, test.image)
			f := openBytes(t, b)
			c, err := f.Open(conformance.Find(t, f, test.path))
			if err != nil {
				t.Fatal(err)
			}
			joined := []byte{}
			whole := c.(filesys.Mapped).Runs(func(r filesys.Run) {
				if r.Zero {
					joined = append(joined, make([]byte, r.Len)...)
				} else {
					joined = append(joined, b[r.Off:r.Off+r.Len]...)
				}
			})
			want := make([]byte, c.Size())
			if _, err := c.ReadAt(want, 0); err != nil {
				t.Fatal(err)
			}
			if whole != test.mapped || whole && !bytes.Equal(joined, want) {
				t.Errorf("runs of %d bytes, whole %v, want %d, %v", len(joined), whole, len(want), test.mapped)
			}
		})
	}
}

// TestOwnersNameFiles breaks each block of packed content, and wants whoever cannot be read then to own it, or to share it with its owner.
func TestOwnersNameFiles(t *testing.T) {
	for _, name := range []string{"tiny-plain", "tiny-legacy", "tiny-deflate"} {
		t.Run(name, func(t *testing.T) {
			whole := committed.Image(t, name)
			f := openBytes(t, whole)
			n := conformance.Find(t, f, "packed/text of 65537")
			broken := map[uint64]bool{}
			for block := uint64(1); block < uint64(len(whole))>>f.super.blockLog; block++ {
				b := slices.Clone(whole[block<<f.super.blockLog:][:f.super.blockSize()])
				for i := range b {
					b[i] ^= 0x55
				}
				p := &conformance.Patched{Image: whole, Patches: []conformance.Patch{{Off: int64(block) << f.super.blockLog, B: b}}}
				g, err := Open(p, int64(len(whole)))
				if err == nil {
					broken[block] = !sameContent(t, f, g, n)
				}
			}
			all := make([]uint64, 0, len(broken))
			for block := range broken {
				all = append(all, block)
			}
			owners, err := f.Owners(context.Background(), all)
			if err != nil {
				t.Fatal(err)
			}
			found := 0
			for block, broken := range broken {
				owner := owners[block]
				if owner.Node == n && owner.Use == filesys.UseContent {
					found++
					if !broken {
						t.Errorf("block %d is said to be of the file, and it can be read without", block)
					}
				} else if broken && owner.Use != filesys.UseInodeTable && owner.Use != filesys.UseContent && owner.Use != filesys.UseXattr {
					t.Errorf("block %d: %+v, and the file cannot be read without", block, owner)
				}
			}
			if found == 0 {
				t.Error("no block is said to be of the file")
			}
		})
	}
}

// TestOwnersOfFragments: what is in the inode of fragments is given to the files that have it.
func TestOwnersOfFragments(t *testing.T) {
	f := openBytes(t, committed.Image(t, "tiny-lzma"))
	e, err := f.packed.value.(*packed).extentAt(0)
	if err != nil {
		t.Fatal(err)
	}
	block := uint64(e.cluster.off) >> f.super.blockLog
	owners, err := f.Owners(context.Background(), []uint64{0, block, 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	if o := owners[0]; o != (filesys.Owner{Use: filesys.UseSuperblock}) {
		t.Errorf("the first block: %+v, want the superblock", o)
	}
	if o := owners[1<<40]; o != (filesys.Owner{Use: filesys.UseUnknown}) {
		t.Errorf("a block behind the end: %+v, want it unknown", o)
	}
	o := owners[block]
	st, err := f.Stat(o.Node)
	if err != nil || o.Use != filesys.UseContent || o.Node == nodeOf(f.super.packedInode) || !st.IsRegular() {
		t.Errorf("a block of fragments: %+v, %v, want a file", o, err)
	}
}

func sameContent(t *testing.T, f, g *FS, n filesys.Node) bool {
	t.Helper()
	want, err := conformance.Describe(f, n)
	if err != nil {
		t.Fatal(err)
	}
	got, err := conformance.Describe(g, n)
	return err == nil && got.SHA256 == want.SHA256
}

func TestFurtherDevicesAreNamed(t *testing.T) {
	b, err := conformance.ReadFile("testdata/device.raw.zst")
	if err != nil {
		t.Fatal(err)
	}
	copy(b[binary.LittleEndian.Uint16(b[superOff+88:])*deviceSize:], "the blob")
	f := openBytes(t, seal(b))
	if d := f.Description(); len(d.Problems) != 1 || !strings.Contains(d.Problems[0].Message, `1 "the blob"`) || d.Problems[0].Taints {
		t.Errorf("%+v, want the device named, and no more in doubt", d.Problems)
	}
	c, err := f.Open(conformance.Find(t, f, "4096"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.ReadAt(make([]byte, 10), 0)
	if n != 0 || !errors.Is(err, binread.ErrUnsupported) || !strings.Contains(err.Error(), `further device 1 "the blob"`) {
		t.Errorf("%d bytes, %v, want it unsupported, and the device named", n, err)
	}
	if c.(filesys.Mapped).Runs(func(filesys.Run) {}) {
		t.Error("runs of what is not here")
	}
	if err := conformance.WalkAll(f); !errors.Is(err, binread.ErrUnsupported) {
		t.Errorf("%v, want it unsupported", err)
	}
}

// TestSharedSpaceOfDevices: a block of the space that all devices share is on the one whose part it is in.
func TestSharedSpaceOfDevices(t *testing.T) {
	f := &FS{size: 1 << 30, super: superblock{blockLog: 12}, devices: []device{{"one", 1000, 10}, {"two", 2000, 10}}}
	for _, test := range []struct {
		device uint16
		block  uint64
		want   error
		text   string
	}{
		{0, 999, nil, ""},
		{0, 1000, binread.ErrUnsupported, `"one"`},
		{0, 1010, nil, ""},
		{0, 2009, binread.ErrUnsupported, `"two"`},
		{1, 5, binread.ErrUnsupported, `"one"`},
		{0xfffd, 5, binread.ErrUnsupported, `"one"`}, // bits above those of the number of devices are not of it
		{3, 5, binread.ErrCorrupt, "device 3"},
		{0, 1<<18 + 1, binread.ErrCorrupt, "before the end"},
	} {
		off, err := f.place(test.device, test.block)
		if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.text) || err == nil && off != int64(test.block)<<12 {
			t.Errorf("block %d of device %d: %d, %v, want %v with %q", test.block, test.device, off, err, test.want, test.text)
		}
	}
}

// TestSecondKindOfClusters: mkfs.erofs makes no clusters of the second kind, which are those of the first with another codec.
func TestSecondKindOfClusters(t *testing.T) {
	b := slices.Clone(committed.Image(t, "legacy"))
	f := openBytes(t, b)
	n := conformance.Find(t, f, "packed/text of 200001")
	i, err := f.readInode(n)
	if err != nil || i.layout != layoutFull {
		t.Fatal(err, i.layout)
	}
	want, err := f.whole(&i)
	if err != nil {
		t.Fatal(err)
	}
	start := (i.end + 7) &^ 7
	b[start+6] = byte(codecLZ4)<<4 | byte(codecZstd)
	for at := start + mapHeader + fullPadding; at < start+mapHeader+fullPadding+(i.size>>12+1)*fullEntry; at += fullEntry {
		if b[at]&3 == clusterHead1 {
			b[at] |= clusterHead2
		}
	}
	f = openBytes(t, b)
	if got, err := f.whole(&i); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v, want the same content", len(got), err)
	}
}

// TestNamesAreFoundInFewBlocks: a name is found without the listing, and no name is said to be absent without it.
func TestNamesAreFoundInFewBlocks(t *testing.T) {
	f := openBytes(t, committed.Image(t, "large"))
	dir := conformance.Find(t, f, "many")
	for _, name := range []string{"0", "1", "25000", "49999", "9999"} {
		if n, err := f.Lookup(dir, name); err != nil || n == 0 {
			t.Errorf("%q: %d, %v", name, n, err)
		}
	}
	if f.dirs.Get(uint64(dir)) != nil {
		t.Error("the whole directory was read")
	}
	if _, err := f.Lookup(dir, "50000"); !errors.Is(err, fs.ErrNotExist) || f.dirs.Get(uint64(dir)) == nil {
		t.Errorf("%v, want it absent, once the whole directory was read", err)
	}
}
