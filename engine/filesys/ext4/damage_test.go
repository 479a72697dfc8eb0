package ext4

import (
	"bytes"
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

// damaged is an image whose checksums count.
func damaged(t testing.TB, name string) *hostile {
	t.Helper()
	b := slices.Clone(image(t, name))
	return &hostile{t, b, openBytes(t, b)}
}

func (h *hostile) flip(off int) { h.b[off] ^= 0x55 }

func taints(f *FS) string {
	var texts []string
	for _, p := range f.Description().Problems {
		if p.Taints {
			texts = append(texts, p.Message)
		}
	}
	return strings.Join(texts, "; ")
}

func TestWrongChecksumsComeWithTheValue(t *testing.T) {
	const dir = "hashed"
	absent := func(t *testing.T, f *FS) error {
		_, err := f.Lookup(find(t, f, dir), "absent")
		if errors.Is(err, fs.ErrNotExist) {
			t.Error("a name that was not found in a damaged directory does not exist")
		}
		return err
	}
	for _, test := range []struct {
		name  string
		spoil func(h *hostile)
		ask   func(t *testing.T, f *FS) error
	}{
		{"inode", func(h *hostile) { h.flip(h.inode("pieces") + 0x8) }, func(t *testing.T, f *FS) error {
			n := find(t, f, "pieces")
			st, err := f.Stat(n)
			c, openErr := f.Open(n)
			if !st.IsRegular() || c == nil || c.Size() != st.Size || !errors.Is(openErr, binread.ErrChecksum) {
				t.Errorf("Stat %v, Open %v, %v, want both with their values", st, c, openErr)
			}
			return err
		}},
		{"extent block", func(h *hostile) { h.flip(h.leaf("pieces") + 8) }, func(t *testing.T, f *FS) error {
			c, err := f.Open(find(t, f, "pieces"))
			if err != nil {
				t.Error(err)
			}
			b := make([]byte, 10)
			n, err := c.ReadAt(b, 0)
			if n != 0 { // io.ReadFull drops the error of a full read
				t.Errorf("%d bytes behind a damaged extent block", n)
			}
			return err
		}},
		{"directory block", func(h *hostile) { h.flip(h.content(dir, 1) + 1016) }, func(t *testing.T, f *FS) error {
			entries, err := f.ReadDir(find(t, f, dir))
			if len(entries) != 80 {
				t.Errorf("%d entries, want 80", len(entries))
			}
			wrong := 0
			for _, e := range entries {
				n, err := f.Lookup(find(t, f, dir), e.Name)
				if n != e.Node {
					t.Errorf("%q: %d, want %d", e.Name, n, e.Node)
				}
				if errors.Is(err, binread.ErrChecksum) {
					wrong++
				}
			}
			if wrong == 0 || wrong == 80 {
				t.Errorf("%d of 80 names are in doubt, want those of one block", wrong)
			}
			return err
		}},
		{"directory block without a tail", func(h *hostile) { h.put(h.content(dir, 1)+1012+7, 1, 0) }, func(t *testing.T, f *FS) error {
			_, err := f.ReadDir(find(t, f, dir))
			return err
		}},
		{"hash tree", func(h *hostile) { h.flip(h.content(dir, 0) + 36) }, absent},
		{"attribute block", func(h *hostile) { h.flip(int(h.get(h.inode("dir/attributes")+0x68, 4))<<10 + 1020) }, func(t *testing.T, f *FS) error {
			attrs, err := f.Xattrs(find(t, f, "dir/attributes"))
			if len(attrs) != 3 {
				t.Errorf("%d attributes, want 3", len(attrs))
			}
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := damaged(t, "mutant")
			test.spoil(h)
			f := openBytes(t, h.b)
			if err := test.ask(t, f); !errors.Is(err, binread.ErrChecksum) {
				t.Errorf("%v, want binread.ErrChecksum", err)
			}
			if text := taints(f); text != "" {
				t.Errorf("one damaged structure taints everything: %s", text)
			}
		})
	}
}

// TestLargeAttributeIsVerified: the value lies in blocks of an inode of its own, which no other checksum covers.
func TestLargeAttributeIsVerified(t *testing.T) {
	h := damaged(t, "mutant")
	at := bytes.Index(h.b, bytes.Repeat([]byte("i"), 1024))
	h.flip(at + 5)
	attrs, err := openBytes(t, h.b).Xattrs(find(t, h.fs, "dir/attributes"))
	if !errors.Is(err, binread.ErrChecksum) || len(attrs["user.inode"]) != 3000 || len(attrs) != 3 {
		t.Errorf("%d attributes, %v, want all three with binread.ErrChecksum", len(attrs), err)
	}
}

func TestDamagedGroupDescriptors(t *testing.T) {
	const table = 2 << 10 // the first descriptor
	for _, test := range []struct {
		name, image string
		spoil       func(h *hostile)
		problems    string
		readable    bool
	}{
		{"crc32c, one group", "mutant", func(h *hostile) { h.flip(table + 12) }, "group 0: descriptor: checksum", true},
		{"crc16", "ext4-uninit_bg", func(h *hostile) { h.flip(table + 12) }, "group 0: descriptor: checksum", true},
		{"no inode table and no copy", "mutant", func(h *hostile) { h.put(table+8, 4, 0) }, "group 0: descriptor: inode table", false},
		{"a copy has the inode table", "ext4-nojournal", func(h *hostile) { h.put(table+8, 4, 0) }, "group 0: descriptor: inode table", true},
		{"meta_bg: a copy has the inode table", "ext4-meta_bg", func(h *hostile) {
			at := int(h.fs.descriptorBlock(0, 0)) << 10
			h.put(at+8, 4, 0)
		}, "group 0: descriptor: inode table", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := damaged(t, test.image)
			test.spoil(h)
			f := openBytes(t, h.b)
			if text := taints(f); !strings.Contains(text, test.problems) {
				t.Errorf("problems %q, want %q", text, test.problems)
			}
			if _, err := f.ReadDir(rootInode); test.readable != (err == nil) {
				t.Errorf("root directory: %v, want readable: %v", err, test.readable)
			}
		})
	}
}

func TestSuperblockCopies(t *testing.T) {
	t.Run("primary gone", func(t *testing.T) {
		h := damaged(t, "ext4-nojournal")
		clear(h.b[:2048])
		f := openBytes(t, h.b)
		if text := taints(f); !strings.Contains(text, "the copy at 0x800400 is used") {
			t.Errorf("problems %q do not name the copy", text)
		}
		checkTruth(t, f, "ext4-nojournal")
	})
	t.Run("primary with a wrong checksum", func(t *testing.T) {
		h := damaged(t, "ext4-nojournal")
		h.flip(superblockOffset + 0x78)
		f := openBytes(t, h.b)
		if text := taints(f); !strings.Contains(text, "checksum") || f.Description().Label != "guestctl test" {
			t.Errorf("problems %q, label %q", text, f.Description().Label)
		}
	})
	t.Run("wrong checksum and no copy", func(t *testing.T) {
		h := damaged(t, "mutant")
		h.flip(superblockOffset + 0x78)
		f := openBytes(t, h.b)
		if text := taints(f); !strings.Contains(text, "no good copy") {
			t.Errorf("problems %q, want that there is no copy", text)
		}
		if _, err := f.ReadDir(rootInode); err != nil {
			t.Error(err)
		}
	})
	t.Run("a journal that the copy does not speak of", func(t *testing.T) {
		h := damaged(t, "fast_commit") // 12 MiB of 1 KiB blocks: a copy in group 1
		clear(h.b[1024:2048])
		f := openBytes(t, h.b)
		if len(f.device.replayed) == 0 {
			t.Errorf("the journal was not replayed: %s", taints(f))
		}
	})
}

// checkTruth compares an image that was changed with the truth of the whole one.
func checkTruth(t *testing.T, f *FS, name string) {
	t.Helper()
	truth, err := conformance.ReadTruth("testdata/" + name + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	conformance.FS(t, f, truth)
}

// brokenReader fails for reads that touch one place.
type brokenReader struct {
	io.ReaderAt
	from, to int64
}

var errMedium = errors.New("medium error")

func (r brokenReader) ReadAt(b []byte, off int64) (int, error) {
	if off < r.to && off+int64(len(b)) > r.from {
		return 0, errMedium
	}
	return r.ReaderAt.ReadAt(b, off)
}

// TestUnreadableNeighbourCostsNothing: inodes are read many at a time, and one bad sector must not lose them all.
func TestUnreadableNeighbourCostsNothing(t *testing.T) {
	h := damaged(t, "mutant")
	bad := int64(h.inode("pieces")) &^ 511
	f, err := Open(brokenReader{bytes.NewReader(h.b), bad, bad + 512}, int64(len(h.b)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Stat(find(t, f, "pieces")); !errors.Is(err, errMedium) {
		t.Errorf("inode in the bad sector: %v, want the reader's error", err)
	}
	readable := 0
	_ = conformance.Walk(f, func(_ string, n filesys.Node) error {
		if _, err := f.Stat(n); err == nil {
			readable++
		}
		return nil
	})
	if readable < 85 {
		t.Errorf("%d inodes are readable, want all but two", readable)
	}
}
