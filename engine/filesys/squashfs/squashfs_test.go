package squashfs

import (
	"bytes"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

var committed = conformance.Committed{
	Format: Format, Suffix: ".img.zst", Shared: "features.jsonl.gz", Short: []string{"gzip", "zstd", "plain"},
} //nolint:gochecknoglobals // keeps what was uncompressed

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	return committed.Open(t, b).(*FS)
}

func TestImagesHoldTheTreeTheyWereMadeFrom(t *testing.T) { committed.Truths(t) }

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
		d := openBytes(t, committed.Image(t, name)).Description()
		if d.Type != "squashfs" || d.BlockSize != want.blockSize || d.Label != "" || !slices.Equal(d.Features, want.features) {
			t.Errorf("%s: %+v, want blocks of %d bytes, features %q", name, d, want.blockSize, want.features)
		}
	}
}

// TestRunsAreTheContent holds the stretches of the volume against what is read, and wants none for what is packed.
func TestRunsAreTheContent(t *testing.T) {
	for name, path := range map[string]string{"plain": "sparse/far", "plain-blocks": "sizes/noise"} {
		b := committed.Image(t, name)
		f := openBytes(t, b)
		c, err := f.Open(conformance.Find(t, f, path))
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
	f := openBytes(t, committed.Image(t, "gzip"))
	c, err := f.Open(conformance.Find(t, f, "sizes/4096"))
	if err != nil || c.(filesys.Mapped).Runs(func(filesys.Run) {}) {
		t.Errorf("%v, or runs of what is packed", err)
	}
}
