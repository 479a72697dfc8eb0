package vmdk

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/raw"
	"github.com/guestctl/guestctl/internal/conformance"
)

// fixtures are disks whose whole content qemu-img told.
var fixtures = []string{
	"monolithicSparse", "monolithicFlat", "twoGbMaxExtentFlat", "zeroed", "streamOptimized", "base", "middle", "top", "vmfs", "vmfsSparse",
	"seSparse", "pieces", "footer",
}

// files opens files by their names, those of changed before those of testdata.
func files(tb testing.TB, changed map[string][]byte) image.Sibling {
	var open image.Sibling
	open = func(name, format string) (image.Image, error) {
		b, ok := changed[name]
		if !ok {
			if _, err := os.Stat(filepath.Join("testdata", name+".gz")); err != nil {
				return nil, err
			}
			b = conformance.Unpack(tb, name)
		}
		if format == image.Raw {
			return conformance.Open(raw.Format, b, nil)
		}
		return conformance.Open(Format, b, open)
	}
	return open
}

func openFixture(tb testing.TB, name string, changed map[string][]byte) image.Image {
	tb.Helper()
	img, err := files(tb, changed)(name+".vmdk", Format.Name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := img.Close(); err != nil {
			tb.Error(err)
		}
	})
	return img
}

func TestContentIsWhatQEMUReads(t *testing.T) {
	for _, name := range fixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.Image(t, openFixture(t, name, nil), conformance.Truth(t, name))
		})
	}
}

// TestExtentsOfTwoGigabytes reads where the second extent begins. All before the last 4 MiB is a hole.
func TestExtentsOfTwoGigabytes(t *testing.T) {
	img, want := openFixture(t, "split", nil), conformance.Truth(t, "split")
	start := int64(2045 << 20)
	if img.Size() != start+int64(len(want)) {
		t.Fatalf("size %d, want 2049 MiB", img.Size())
	}
	got := make([]byte, len(want))
	if _, err := img.ReadAt(got, start); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the end of the disk differs from what qemu-img reads, or is not read: %v", err)
	}
	for off := int64(0); off < start; {
		e, err := image.ExtentOf(img, off, start-off)
		if err != nil || !e.Zero || e.Len == 0 {
			t.Fatalf("extent %+v, %v, want a hole", e, err)
		}
		off += e.Len
	}
}

func TestDescription(t *testing.T) {
	const grain = 64 << 10
	size := func(names ...string) (n int64) {
		for _, name := range names {
			n += int64(len(conformance.Unpack(t, name+".vmdk")))
		}
		return n
	}
	for name, want := range map[string]image.Description{
		"monolithicSparse":   {Used: size("monolithicSparse"), ClusterSize: grain},
		"monolithicFlat":     {Used: -1},
		"twoGbMaxExtentFlat": {Used: -1},
		"streamOptimized":    {Used: size("streamOptimized"), ClusterSize: grain, Compression: "zlib"},
		"vmfs":               {Used: -1},
		"vmfsSparse":         {Used: size("vmfsSparse-delta"), ClusterSize: 512, Backing: []string{"vmfs.vmdk"}},
		"seSparse":           {Used: size("seSparse-sesparse"), ClusterSize: 4096, Backing: []string{"vmfsSparse.vmdk", "vmfs.vmdk"}},
	} {
		t.Run(name, func(t *testing.T) {
			want.Format, want.Version = "vmdk", name
			if diff := cmp.Diff(want, openFixture(t, name, nil).Description()); diff != "" {
				t.Errorf("description (-want +got):\n%s", diff)
			}
		})
	}
	if got := openFixture(t, "top", nil).Description(); !cmp.Equal(got.Backing, []string{"middle.vmdk", "base.vmdk"}) || got.Problems != nil {
		t.Errorf("backing files %q, problems %q, want middle.vmdk and base.vmdk, and none", got.Backing, got.Problems)
	}
	if id, ok := image.IdentityOf(openFixture(t, "vmfs", nil)); !ok || id.Change != "11111111" {
		t.Errorf("identity %+v, want the content id", id)
	}
}

func TestSoundDisksHaveNoDamage(t *testing.T) {
	for _, name := range append(fixtures, "split") {
		t.Run(name, func(t *testing.T) {
			c, told, err := conformance.Check(t, openFixture(t, name, nil))
			if name == "zeroed" { // the grain that was written before its zeros
				told = strings.TrimPrefix(told, "wasted: space that nothing refers to holds data: of blocks that were given up, or lost at file offset 0x70000")
			}
			if err != nil || told != "" {
				t.Errorf("%v\n%s", err, told)
			}
			if flat := openFixture(t, name, nil).Description().Used < 0; c.Clusters == 0 && !flat {
				t.Error("no clusters are looked at")
			}
		})
	}
}
