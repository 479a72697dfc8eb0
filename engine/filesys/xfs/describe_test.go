package xfs

import (
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestDescriptions compares with what blkid and xfs_db say of the images.
func TestDescriptions(t *testing.T) {
	for name, want := range map[string]struct {
		uuid                    string
		blockSize, blocks, free int64
		features                string
	}{
		"default": {"93be5fa2-0c11-45c9-9ae3-85d854e5adc1", 4096, 16384, 12590, "crc finobt reflink inobtcount ftype sparse bigtime"},
		"1k":      {"695b5126-ba96-4fad-8c6f-7b147089c543", 1024, 40960, 26742, "crc finobt rmapbt reflink inobtcount ftype sparse bigtime"},
		"nrext64": {"ffe7d8ae-154d-4cfb-98fc-db88368aecc4", 4096, 12288, 6946, "crc finobt rmapbt reflink inobtcount ftype sparse bigtime nrext64"},
		"plain":   {"d908a2e7-5af3-41b7-89f0-896d37e879e4", 4096, 10240, 6981, "crc ftype"},
	} {
		d := openBytes(t, image(t, name)).Description()
		if d.Type != "xfs" || d.UUID != want.uuid || d.Label != "XFS test" || d.BlockSize != want.blockSize || d.Size != want.blocks*want.blockSize ||
			d.Free != want.free*want.blockSize || strings.Join(d.Features, " ") != want.features {
			t.Errorf("%s: %+v, want %+v", name, d, want)
		}
	}
}

// TestRunsAreWhereContentIs compares the places of content with what a read gives, in a file of thousands of pieces.
func TestRunsAreWhereContentIs(t *testing.T) {
	for _, name := range []string{"default", "1k"} {
		b := image(t, name)
		f := openBytes(t, b)
		for _, path := range []string{"sparse/pieces", "sparse/unwritten", "sparse/punched", "sparse/clone"} {
			c, err := f.Open(conformance.Find(t, f, path))
			if err != nil {
				t.Fatal(err)
			}
			whole := make([]byte, c.Size())
			if n, err := c.ReadAt(whole, 0); int64(n) != c.Size() {
				t.Fatal(n, err)
			}
			var mapped []byte
			if !c.(filesys.Mapped).Runs(func(r filesys.Run) {
				if r.Zero {
					mapped = append(mapped, make([]byte, r.Len)...)
				} else {
					mapped = append(mapped, b[r.Off:r.Off+r.Len]...)
				}
			}) || !slices.Equal(mapped, whole) {
				t.Errorf("%s: the runs of %q are not its content", name, path)
			}
		}
	}
}
