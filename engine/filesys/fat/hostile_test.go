package fat

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// hostile is an image under attack.
type hostile struct {
	t  testing.TB
	b  []byte
	fs *FS // the image before it was changed
}

func newHostile(t testing.TB, name string) *hostile {
	t.Helper()
	b := slices.Clone(image(t, name))
	return &hostile{t, b, openBytes(t, b)}
}

// put writes a little-endian number of n bytes.
func (h *hostile) put(off, n int, v uint64) {
	for i := range n {
		h.b[off+i] = byte(v >> (8 * i))
	}
}

// entry is where the directory entry of a path is.
func (h *hostile) entry(path string) int {
	h.t.Helper()
	return int(find(h.t, h.fs, path)) * entrySize
}

// cluster is the number of a cluster of a file or directory.
func (h *hostile) cluster(path string, logical uint32) uint32 {
	h.t.Helper()
	e, err := h.fs.readEntry(find(h.t, h.fs, path))
	if err != nil {
		h.t.Fatal(err)
	}
	c := h.fs.follow(e.start, h.fs.boot.clusters)
	cluster, _ := c.find(logical)
	if cluster == 0 {
		h.t.Fatalf("%q has no cluster %d: %v", path, logical, c.err)
	}
	return cluster
}

// content is where a cluster of a file or directory is.
func (h *hostile) content(path string, logical uint32) int {
	return int(h.fs.boot.clusterOff(h.cluster(path, logical)))
}

// link changes what all copies of the table say of a cluster.
func (h *hostile) link(cluster uint32, v uint64) {
	for i := range h.fs.boot.copies {
		h.linkOf(int(i), cluster, v)
	}
}

func (h *hostile) linkOf(copied int, cluster uint32, v uint64) {
	b := &h.fs.boot
	at := int(b.tableOff()+int64(copied)*b.tableSize()) + int(cluster)*b.bits/8
	switch {
	case b.bits != 12:
		h.put(at, b.bits/8, v)
	case cluster&1 != 0:
		h.put(at, 2, uint64(h.b[at]&0xf)|v<<4)
	default:
		h.put(at, 2, v&0xfff|uint64(h.b[at+1]&0xf0)<<8)
	}
}

func TestHostileBootSectors(t *testing.T) {
	for _, test := range []struct {
		name, image string
		change      func(h *hostile)
		want        error
	}{
		{"sectors of no bytes", "fat16", func(h *hostile) { h.put(0x0b, 2, 0) }, binread.ErrCorrupt},
		{"sectors of 256 bytes", "fat16", func(h *hostile) { h.put(0x0b, 2, 256) }, binread.ErrCorrupt},
		{"sectors of 8192 bytes", "fat16", func(h *hostile) { h.put(0x0b, 2, 8192) }, binread.ErrCorrupt},
		{"sectors of 1000 bytes", "fat16", func(h *hostile) { h.put(0x0b, 2, 1000) }, binread.ErrCorrupt},
		{"clusters of no sectors", "fat16", func(h *hostile) { h.put(0x0d, 1, 0) }, binread.ErrCorrupt},
		{"clusters of three sectors", "fat16", func(h *hostile) { h.put(0x0d, 1, 3) }, binread.ErrCorrupt},
		{"no reserved sectors", "fat16", func(h *hostile) { h.put(0x0e, 2, 0) }, binread.ErrCorrupt},
		{"reserved sectors behind the end", "fat16", func(h *hostile) { h.put(0x0e, 2, 0xffff) }, binread.ErrCorrupt},
		{"no table", "fat16", func(h *hostile) { h.put(0x10, 1, 0) }, binread.ErrCorrupt},
		{"255 tables", "fat16", func(h *hostile) { h.put(0x10, 1, 255); h.put(0x16, 2, 0xffff) }, binread.ErrCorrupt},
		{"no root directory", "fat16", func(h *hostile) { h.put(0x11, 2, 0) }, binread.ErrCorrupt},
		{"a root directory beside FAT32", "fat32", func(h *hostile) { h.put(0x11, 2, 512) }, binread.ErrCorrupt},
		{"media of no kind", "fat16", func(h *hostile) { h.put(0x15, 1, 7) }, binread.ErrCorrupt},
		{"table of no sectors", "fat32", func(h *hostile) { h.put(0x24, 4, 0) }, binread.ErrCorrupt},
		{"table of 2^32 sectors", "fat32", func(h *hostile) { h.put(0x24, 4, 0xffff_ffff) }, binread.ErrCorrupt},
		{"no sectors", "fat32", func(h *hostile) { h.put(0x20, 4, 0) }, binread.ErrCorrupt},
		{"no room for a cluster", "fat32", func(h *hostile) { h.put(0x20, 4, uint64(h.fs.boot.dataOff()/512)) }, binread.ErrCorrupt},
		{"too many clusters for FAT16", "fat16", func(h *hostile) { h.put(0x13, 2, 0); h.put(0x20, 4, 1<<20) }, binread.ErrCorrupt},
		{"too many clusters for FAT32", "fat32", func(h *hostile) { h.put(0x20, 4, 1<<31) }, binread.ErrCorrupt},
		{"root directory at cluster 0", "fat32", func(h *hostile) { h.put(0x2c, 4, 0) }, binread.ErrCorrupt},
		{"root directory behind the last cluster", "fat32", func(h *hostile) { h.put(0x2c, 4, uint64(h.fs.boot.last()+1)) }, binread.ErrCorrupt},
		{"active table that is not there", "fat32", func(h *hostile) { h.put(0x28, 2, 0x82) }, binread.ErrCorrupt},
		{"a version to come", "fat32", func(h *hostile) { h.put(0x2a, 2, 1) }, binread.ErrUnsupported},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.image)
			if test.image == "fat32" {
				clear(h.b[6*512 : 7*512]) // the copy
			}
			test.change(h)
			if ok, err := Format.Probe(bytes.NewReader(h.b), int64(len(h.b))); !ok || err != nil {
				t.Errorf("probe: %v, %v: damage is no other format", ok, err)
			}
			if _, err := Format.Open(bytes.NewReader(h.b), int64(len(h.b))); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

// ask asks everything there is to ask about a node.
func ask(f *FS, n filesys.Node) error {
	st, err := f.Stat(n)
	errs := []error{err}
	_, err = f.Xattrs(n)
	errs = append(errs, err)
	switch {
	case err != nil:
	case st.IsDir():
		_, err = f.ReadDir(n)
		errs = append(errs, err)
	case st.IsRegular():
		c, err := f.Open(n)
		errs = append(errs, err)
		if c != nil {
			_, err = io.Copy(io.Discard, io.NewSectionReader(c, 0, c.Size()))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func TestHostileStructures(t *testing.T) {
	const file, dir, small = "pieces/one", "names", "sizes/512"
	for _, test := range []struct {
		name, path string
		change     func(h *hostile)
		want       string // of the error
	}{
		{"chain that comes back to its beginning", file, func(h *hostile) { h.link(h.cluster(file, 30), uint64(h.cluster(file, 0))) }, "comes back"},
		{"chain that comes back at its end", file, func(h *hostile) { h.link(h.cluster(file, 38), uint64(h.cluster(file, 37))) }, "comes back"},
		{"cluster that is its own next", file, func(h *hostile) { h.link(h.cluster(file, 0), uint64(h.cluster(file, 0))) }, "comes back"},
		{"chain that ends too soon", file, func(h *hostile) { h.link(h.cluster(file, 10), 0x0fff_ffff) }, "ends after 11 clusters"},
		{"chain into a free cluster", file, func(h *hostile) { h.link(h.cluster(file, 10), 0) }, "marked as free"},
		{"chain into a bad cluster", file, func(h *hostile) { h.link(h.cluster(file, 10), 0x0fff_fff7) }, "marked as bad"},
		{"chain to cluster 1", file, func(h *hostile) { h.link(h.cluster(file, 10), 1) }, "leads to cluster 1,"},
		{"chain behind the last cluster", file, func(h *hostile) { h.link(h.cluster(file, 10), uint64(h.fs.boot.last()+1)) }, "leads to cluster"},
		{"chain to a reserved number", file, func(h *hostile) { h.link(h.cluster(file, 10), 0x0fff_fff6) }, "leads to cluster"},
		{"content without a cluster", small, func(h *hostile) { h.put(h.entry(small)+26, 2, 0) }, "begin at cluster 0"},
		{"content at cluster 1", small, func(h *hostile) { h.put(h.entry(small)+26, 2, 1) }, "begin at cluster 1,"},
		{"content behind the last cluster", small, func(h *hostile) { h.put(h.entry(small)+26, 2, 0xffff) }, "begin at cluster 65535"},
		{"size of 4 GiB", small, func(h *hostile) { h.put(h.entry(small)+28, 4, 0xffff_ffff) }, "ends after 1 clusters"},
		{"directory without a cluster", dir, func(h *hostile) { h.put(h.entry(dir)+26, 2, 0) }, "begin at cluster 0"},
		{"directory that comes back", dir, func(h *hostile) { h.link(h.cluster(dir, 1), uint64(h.cluster(dir, 0))) }, "comes back"},
		{"directory into a free cluster", dir, func(h *hostile) { h.link(h.cluster(dir, 1), 0) }, "marked as free"},
		{"long name with a slash", dir, func(h *hostile) {
			at := h.entry(dir+"/with space.txt") - 32
			copy(h.b[at+1:], "w\x00/\x00t\x00")
		}, "slash"},
		{"short name with a slash", dir, func(h *hostile) {
			at := h.entry(dir + "/UPPER.TXT")
			copy(h.b[at:], "UP/ER   ")
		}, "slash"},
		{"no name", dir, func(h *hostile) { copy(h.b[h.entry(dir+"/UPPER.TXT"):], "           ") }, "want one of its own"},
		{"long name of dots", dir, func(h *hostile) {
			at := h.entry(dir+"/with space.txt") - 64
			h.b[at+32] |= lastPiece // the second piece is all there is
			copy(h.b[at+33:], ".\x00.\x00\x00\x00")
		}, "want one of its own"},
		{"one name twice", dir, func(h *hostile) { copy(h.b[h.entry(dir+"/NOEXT2"):], h.b[h.entry(dir+"/A"):][:11]) }, "two entries named"},
		{"entries behind the end", dir, func(h *hostile) { h.b[h.entry(dir+"/8CHARSXX.EXT")] = 0 }, "behind the end"},
		{"directory that holds itself", "deep/level 0", func(h *hostile) {
			h.put(h.entry("deep/level 0")+26, 2, uint64(h.cluster("deep", 0)))
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, "fat16")
			n := find(t, h.fs, test.path)
			test.change(h)
			f := openBytes(t, h.b)
			_, _ = f.ReadDir(rootNode) // what is kept of it is not what is asked for
			err := ask(f, n)
			if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
			// the rest must still be there
			count := 0
			_ = conformance.Walk(f, func(string, filesys.Node) error { count++; return nil })
			if count < 60 {
				t.Errorf("only %d objects are left", count)
			}
			if found, _ := checkAll(t, f); len(found) == 0 {
				t.Error("a check finds nothing")
			}
		})
	}
}

// TestDamageEndsAReadInFrontOfIt: what lies in front of damage is read, and what is not found in a damaged directory is not absent.
func TestDamageEndsAReadInFrontOfIt(t *testing.T) {
	h := newHostile(t, "fat16")
	h.link(h.cluster("pieces/one", 10), 0)
	h.link(h.cluster("names", 1), 0)
	f := openBytes(t, h.b)
	c, err := f.Open(find(t, h.fs, "pieces/one"))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, c.Size())
	n, err := c.ReadAt(got, 0)
	if want := 10 * int(f.boot.clusterSize()); n != want || !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("%d bytes, %v, want %d and the damage", n, err, want)
	}
	if c.(filesys.Mapped).Runs(func(filesys.Run) {}) {
		t.Error("a damaged file says where all of it is")
	}
	if n, err := f.Lookup(find(t, h.fs, "names"), "absent"); n != 0 || errors.Is(err, fs.ErrNotExist) || !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("absent name: %d, %v, want the damage", n, err)
	}
	if n, err := f.Lookup(find(t, h.fs, "names"), "upper.txt"); n != find(t, h.fs, "names/UPPER.TXT") || err != nil {
		t.Errorf("name in front of the damage: %d, %v", n, err)
	}
}

// problems joins what an image says is wrong with it as a whole, and whether that taints.
func problems(f *FS) (text string, taints bool) {
	for _, p := range f.Description().Problems {
		text += p.Message + "\n"
		taints = taints || p.Taints
	}
	return text, taints
}

func TestProblemsAreSaid(t *testing.T) {
	for _, test := range []struct {
		name, image string
		change      func(h *hostile)
		want        string
		taints      bool
	}{
		{"copies of FAT12 that differ", "fat12", func(h *hostile) { h.linkOf(1, 17, 0xabc) }, "copies of the file allocation table differ: cluster 17 is", true},
		{"the third copy differs", "fat12-3copies", func(h *hostile) { h.linkOf(2, 900, 0x123) }, "cluster 900 is 0x0 in the first and 0x123 in copy 3", true},
		{"copies of FAT16 that differ", "fat16", func(h *hostile) { h.linkOf(0, 3, 0x1234) }, "cluster 3 is", true},
		{"copies of FAT32 that differ", "fat32", func(h *hostile) { h.linkOf(1, 65000, 5) }, "cluster 65000 is 0x0 in the first and 0x5 in copy 2", true},
		{"reserved bits of FAT32 that differ", "fat32", func(h *hostile) { h.linkOf(1, 65000, 0xf000_0000) }, "", false},
		{"Linux's dirty flag of FAT32", "fat32", func(h *hostile) { h.b[0x41] = 1 }, "was not unmounted", false},
		{"Linux's dirty flag of FAT16", "fat16", func(h *hostile) { h.b[0x25] = 1 }, "was not unmounted", false},
		{"dirty in the table of FAT16", "fat16", func(h *hostile) { h.link(1, 0x7fff) }, "was not unmounted", false},
		{"dirty in the table of FAT32", "fat32", func(h *hostile) { h.link(1, 0x07ff_ffff) }, "was not unmounted", false},
		{"errors in the table of FAT16", "fat16", func(h *hostile) { h.link(1, 0xbfff) }, "recorded errors", false},
		{"errors in the table of FAT32", "fat32", func(h *hostile) { h.link(1, 0x0bff_ffff) }, "recorded errors", false},
		{"table that is too small", "fat32", func(h *hostile) { h.put(0x20, 4, uint64(h.fs.boot.sectors)+2000) }, "allocation table has room for", false},
		{"boot sector of zeros", "fat32", func(h *hostile) { clear(h.b[:512]) }, "the copy at 0xc00 is used", true},
		{"boot sector with a flaw", "fat32", func(h *hostile) { h.b[0x0d] = 3 }, "clusters of 3 sectors, want a power of two; the copy at 0xc00 is used", true},
		{"boot sector of zeros, larger sectors", "fat32-2k", func(h *hostile) { clear(h.b[:2048]) }, "the copy at 0x3000 is used", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			if ok, err := Format.Probe(bytes.NewReader(h.b), int64(len(h.b))); !ok || err != nil {
				t.Errorf("probe: %v, %v, want yes", ok, err)
			}
			f := openBytes(t, h.b)
			text, taints := problems(f)
			if !strings.Contains(text, test.want) || taints != test.taints || test.want == "" && text != "" {
				t.Errorf("problems %q, taints: %v; want %q, %v", text, taints, test.want, test.taints)
			}
		})
	}
}

func TestTheActiveTableIsRead(t *testing.T) {
	h := newHostile(t, "fat32")
	want, err := h.fs.ReadDir(rootNode)
	if err != nil {
		t.Fatal(err)
	}
	b := &h.fs.boot
	clear(h.b[b.tableOff()+8:][:b.tableSize()-8])
	for _, off := range []int{0x28, 6*512 + 0x28} {
		h.put(off, 2, 0x81)
	}
	f := openBytes(t, h.b)
	if text, _ := problems(f); text != "" {
		t.Error(text)
	}
	got, err := f.ReadDir(rootNode)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	if err := ask(f, find(t, f, "pieces/one")); err != nil {
		t.Error(err)
	}
	if found, _ := checkAll(t, f); len(found) != 0 {
		t.Error(found)
	}
}

func TestTruncatedImagesKeepTheirStart(t *testing.T) {
	b := image(t, "fat16")
	whole := openBytes(t, b)
	for _, size := range []int{0, 1, 511, 512, 2000, 40 << 10, 70 << 10, 100 << 10, 300 << 10, len(b) - 1} {
		f, err := Open(bytes.NewReader(b), int64(size)) // what the reader below would still give is not the file system's
		if size < 512 {
			if !errors.Is(err, binread.ErrCorrupt) {
				t.Errorf("%d bytes: %v, want binread.ErrCorrupt", size, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d bytes: %v", size, err)
			continue
		}
		if text, _ := problems(f); !strings.Contains(text, "the image ends") {
			t.Errorf("%d bytes: problems %q do not say that the image ends", size, text)
		}
		_ = conformance.Walk(f, func(_ string, n filesys.Node) error {
			want, wantErr := conformance.Describe(whole, n)
			got, err := conformance.Describe(f, n)
			if err == nil && (wantErr != nil || got.SHA256 != want.SHA256) {
				t.Errorf("%d bytes: node %d is %v, want %v", size, n, got, want)
			}
			if err != nil && !errors.Is(err, binread.ErrCorrupt) {
				t.Errorf("%d bytes: node %d: %v", size, n, err)
			}
			return nil
		})
		_, _ = f.Check(context.Background(), func(filesys.Damage) {})
	}
}
