package ext4

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// checkAll returns what a check finds.
func checkAll(t testing.TB, f *FS) ([]filesys.Damage, filesys.Checked) {
	t.Helper()
	var found []filesys.Damage
	checked, err := f.Check(context.Background(), func(d filesys.Damage) { found = append(found, d) })
	if err != nil {
		t.Fatal(err)
	}
	return found, checked
}

func TestCheckFindsNothingInWholeImages(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.img.zst")
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no images in testdata")
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".img.zst")
		t.Run(name, func(t *testing.T) {
			found, checked := checkAll(t, openImage(t, name))
			for _, d := range found {
				t.Errorf("%+v", d)
			}
			if checked.Directories == 0 || checked.Inodes < checked.Directories {
				t.Errorf("checked %+v", checked)
			}
			if slices.ContainsFunc(checked.Unchecked, func(s string) bool { return strings.Contains(s, "not known") }) {
				t.Errorf("unchecked %q", checked.Unchecked)
			}
		})
	}
}
