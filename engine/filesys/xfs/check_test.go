package xfs

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// checkAll returns all that a check reports.
func checkAll(t testing.TB, f *FS) (filesys.Checked, []filesys.Damage) {
	t.Helper()
	var found []filesys.Damage
	result, err := f.Check(t.Context(), func(d filesys.Damage) { found = append(found, d) })
	if err != nil {
		t.Error(err)
	}
	return result, found
}

// TestNothingIsWrongWithSoundImages: xfs_repair -n has nothing to say of them, once their log was replayed.
func TestNothingIsWrongWithSoundImages(t *testing.T) {
	images, err := filepath.Glob("testdata/*.img.zst")
	if err != nil || len(images) == 0 {
		t.Fatal(err, "no image in testdata")
	}
	for _, path := range images {
		name := strings.TrimSuffix(filepath.Base(path), ".img.zst")
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "default" && name != "dirty-v4" {
				t.Skip("the race detector learns nothing more from the others")
			}
			f := openBytes(t, image(t, name))
			result, found := checkAll(t, f)
			for _, d := range found {
				t.Errorf("%s: %s (block %d)", d.Kind, d.Message, d.Block)
			}
			v4 := strings.Contains(name, "v4")
			if slices.ContainsFunc(result.Unchecked, func(s string) bool { return strings.Contains(s, "checksums") }) != v4 || !v4 && len(result.Unchecked) > 0 {
				t.Errorf("unchecked: %q", result.Unchecked)
			}
			if strings.HasPrefix(name, "dirty") != (result.Orphans > 0) {
				t.Errorf("%d inodes to be removed", result.Orphans)
			}
			if result.Inodes < 100 || result.Directories < 10 || result.Entries < 800 {
				t.Errorf("%+v", result)
			}
		})
	}
}
