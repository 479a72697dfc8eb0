package squashfs

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// images holds what was uncompressed: with the race detector that takes longer than most tests.
var images sync.Map

// image returns the bytes of an image of testdata. They are shared: who changes them clones them first.
func image(t testing.TB, name string) []byte {
	t.Helper()
	if b, ok := images.Load(name); ok {
		return b.([]byte)
	}
	b, err := conformance.ReadFile(filepath.Join("testdata", name+".img.zst"))
	if err != nil {
		t.Fatal(err)
	}
	images.Store(name, b)
	return b
}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// find returns the node of a path.
func find(t testing.TB, f *FS, path string) filesys.Node {
	t.Helper()
	n := f.Root()
	for name := range strings.SplitSeq(path, "/") {
		next, err := f.Lookup(n, name)
		if err != nil {
			t.Fatalf("%q of %q: %v", name, path, err)
		}
		n = next
	}
	return n
}

func TestImagesHoldTheTreeTheyWereMadeFrom(t *testing.T) {
	truth, err := conformance.ReadTruth("testdata/features.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/*.img.zst")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no images in testdata")
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".img.zst")
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "gzip" && name != "zstd" && name != "plain" {
				t.Skip("the race detector learns nothing more from the others")
			}
			b := image(t, name)
			if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
				t.Errorf("probe: %v, %v, want yes", ok, err)
			}
			f := openBytes(t, b)
			for _, p := range f.Description().Problems {
				t.Error(p.Message)
			}
			conformance.FS(t, f, truth)
		})
	}
}

// TestDescription holds what unsquashfs -stat says of the images.
func TestDescription(t *testing.T) {
	for name, want := range map[string]struct {
		blockSize int64
		features  []string
	}{
		"gzip":         {128 << 10, []string{"gzip", "deduplicated", "exportable"}},
		"lz4-4k":       {4 << 10, []string{"lz4", "no fragments", "deduplicated"}},
		"zstd-1m":      {1 << 20, []string{"zstd", "fragments of all files", "exportable"}},
		"plain-blocks": {64 << 10, []string{"gzip", "uncompressed inodes", "uncompressed data", "uncompressed fragments", "no fragments", "deduplicated", "exportable", "uncompressed xattrs"}},
	} {
		d := openBytes(t, image(t, name)).Description()
		if d.Type != "squashfs" || d.BlockSize != want.blockSize || d.Label != "" || !slices.Equal(d.Features, want.features) {
			t.Errorf("%s: %+v, want blocks of %d bytes, features %q", name, d, want.blockSize, want.features)
		}
	}
}

// TestRunsAreTheContent holds the stretches of the volume against what is read, and wants none for what is packed.
func TestRunsAreTheContent(t *testing.T) {
	for name, path := range map[string]string{"plain": "sparse/far", "plain-blocks": "sizes/noise"} {
		b := image(t, name)
		f := openBytes(t, b)
		c, err := f.Open(find(t, f, path))
		if err != nil {
			t.Fatal(err)
		}
		var joined []byte
		whole := c.(filesys.Mapped).Runs(func(r filesys.Run) {
			if r.Zero {
				joined = append(joined, make([]byte, r.Len)...)
			} else {
				joined = append(joined, b[r.Off:r.Off+r.Len]...)
			}
		})
		want := make([]byte, c.Size())
		if _, err := c.ReadAt(want, 0); err != nil || !whole || !bytes.Equal(joined, want) {
			t.Errorf("%s: runs of %d bytes, %v, whole %v: not the content", name, len(joined), err, whole)
		}
	}
	f := openBytes(t, image(t, "gzip"))
	c, err := f.Open(find(t, f, "sizes/4096"))
	if err != nil || c.(filesys.Mapped).Runs(func(filesys.Run) {}) {
		t.Errorf("%v, or runs of what is packed", err)
	}
}
