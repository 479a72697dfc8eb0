package overlay_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/filesys/ext4"
	"github.com/guestctl/guestctl/engine/filesys/overlay"
	"github.com/guestctl/guestctl/engine/filesys/squashfs"
	"github.com/guestctl/guestctl/internal/conformance"
)

func open(t testing.TB, format filesys.Format, name string) filesys.FS {
	t.Helper()
	b, err := conformance.ReadFile(filepath.Join("testdata", name+".img.zst"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := format.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// layers are those of testdata, of which the first holds what is laid over in a directory.
func layers(t testing.TB) []overlay.Layer {
	t.Helper()
	upper := open(t, ext4.Format, "upper")
	return []overlay.Layer{
		{Name: "upper", FS: upper, Root: conformance.Find(t, upper, "upper")},
		{Name: "middle", FS: open(t, squashfs.Format, "middle")},
		{Name: "low", FS: open(t, squashfs.Format, "low")},
	}
}

// TestLayersShowWhatLinuxShows holds the layers against mounts of them.
func TestLayersShowWhatLinuxShows(t *testing.T) {
	all := layers(t)
	for name, layers := range map[string][]overlay.Layer{"two": all[1:], "three": all} {
		t.Run(name, func(t *testing.T) {
			truth, err := conformance.ReadTruth(filepath.Join("testdata", name+".jsonl.gz"))
			if err != nil {
				t.Fatal(err)
			}
			f, err := overlay.New(layers)
			if err != nil {
				t.Fatal(err)
			}
			conformance.FS(t, f, truth)
		})
	}
}

// TestOneLayerIsWhatItIs wants a single layer to be as it is alone.
func TestOneLayerIsWhatItIs(t *testing.T) {
	low := layers(t)[2]
	f, err := overlay.New([]overlay.Layer{low})
	if err != nil {
		t.Fatal(err)
	}
	describe := func(fsys filesys.FS) (all []string) {
		err := conformance.Walk(fsys, func(path string, n filesys.Node) error {
			o, err := conformance.Describe(fsys, n)
			all = append(all, strings.Join([]string{path, o.Mode, o.ModTime, o.SHA256, o.Target, o.Device}, " "))
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return all
	}
	if got, want := describe(f), describe(low.FS); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
