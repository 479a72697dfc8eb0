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

// TestCopiesAreCompared: e2fsck looks at a copy only when it needs one, which is too late for a backup.
func TestCopiesAreCompared(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(h *hostile, at int)
		want   filesys.DamageKind
	}{
		{"checksum of a superblock", func(h *hostile, at int) { h.flip(at + 0x78) }, filesys.DamagedSuperblock},
		{"magic of a superblock", func(h *hostile, at int) { h.flip(at + 0x38) }, filesys.DamagedSuperblock},
		{"checksum of a descriptor", func(h *hostile, at int) { h.flip(at + 1024) }, filesys.DamagedGroup},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := damaged(t, "kernel")
			test.change(h, int(h.fs.firstBlock(1)<<h.fs.device.shift))
			found, _ := checkAll(t, openBytes(t, h.b))
			if len(found) != 1 || found[0].Kind != test.want || found[0].Harm != filesys.HarmRisk {
				t.Errorf("found %+v, want one of kind %q", found, test.want)
			}
		})
	}
}
