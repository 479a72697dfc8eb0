package btrfs

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

func checkAll(t testing.TB, f *FS) (filesys.Checked, []filesys.Damage) {
	t.Helper()
	var found []filesys.Damage
	checked, err := f.Check(t.Context(), func(d filesys.Damage) { found = append(found, d) })
	if err != nil {
		t.Fatal(err)
	}
	return checked, found
}

// TestWholeImagesHaveNoDamage has what `btrfs check` has nothing to say of, but for log trees.
func TestWholeImagesHaveNoDamage(t *testing.T) {
	images, err := filepath.Glob("testdata/crashed/*.img.zst")
	if err != nil || len(images) == 0 {
		t.Fatal(err, "no images")
	}
	names := []string{"zstd", "lzo", "zlib", "mixed", "log"}
	for _, name := range images {
		if testing.Short() {
			break
		}
		names = append(names, "crashed/"+strings.TrimSuffix(filepath.Base(name), ".img.zst"))
	}
	for _, name := range names {
		checked, found := checkAll(t, openBytes(t, image(t, name)))
		if len(found) > 0 || checked.Damage > 0 || len(checked.Unchecked) > 0 {
			t.Errorf("%s: %+v\n%+v", name, found[:min(len(found), 10)], checked)
		}
		if checked.Inodes < 3 || checked.Directories == 0 || checked.Entries == 0 || checked.Blocks == 0 {
			t.Errorf("%s: %+v", name, checked)
		}
	}
	for _, name := range []string{"raid0", "raid1", "raid1c3", "raid10", "raid5", "raid6", "single"} {
		checked, found := checkAll(t, openSet(t, deviceSet(t, name)))
		if len(found) > 0 || len(checked.Unchecked) > 0 {
			t.Errorf("%s: %+v\n%+v", name, found[:min(len(found), 10)], checked)
		}
	}
}
