package fat

import (
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// TestNamesAreFoundAsVfatFindsThem: in any case of A to Z, by the short name too, with dots behind.
func TestNamesAreFoundAsVfatFindsThem(t *testing.T) {
	f := openImage(t, "fat16")
	dir := find(t, f, "names")
	for _, test := range []struct{ name, want string }{
		{"upper.txt", "UPPER.TXT"},
		{"mixed.TXT", "Mixed.Txt"},
		{"WITHSP~1.TXT", "with space.txt"},
		{"withsp~1.txt", "with space.txt"},
		{"UPPER.TXT..", "UPPER.TXT"},
		{"NAÏVE – GRÜSSE.TXT", "none"},
		{"ΕΛΛΗΝΙΚΆ", "none"}, // only the letters A to Z have two cases
		{"É", "é"},           // by its short name
		{"", "none"},
		{".", "none"},
		{"..", "none"},
		{"UPPER.TXT ", "none"},
	} {
		n, err := f.Lookup(dir, test.name)
		if test.want == "none" {
			if n != 0 || err == nil {
				t.Errorf("%q is found: %d, %v", test.name, n, err)
			}
			continue
		}
		if want := find(t, f, "names/"+test.want); n != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", test.name, n, err, want)
		}
	}
}

// TestTheFirstOfTwoNamesIsFound: both are listed, and a driver takes the first on the disk.
func TestTheFirstOfTwoNamesIsFound(t *testing.T) {
	h := newHostile(t, "fat16")
	first, second := find(t, h.fs, "names/A"), find(t, h.fs, "names/NOEXT2")
	copy(h.b[int(second)*entrySize:], "a          ")
	f := openBytes(t, h.b)
	dir := find(t, f, "names")
	entries, err := f.ReadDir(dir)
	has := func(n filesys.Node) bool {
		return slices.ContainsFunc(entries, func(e filesys.DirEntry) bool { return e.Node == n })
	}
	if err == nil || !has(first) || !has(second) {
		t.Errorf("%v: first listed: %v, second: %v; want both and an error", err, has(first), has(second))
	}
	if n, err := f.Lookup(dir, "A"); n != min(first, second) || err != nil {
		t.Errorf("%d, %v, want %d", n, err, min(first, second))
	}
}

func TestDescriptionIsWhatBlkidSays(t *testing.T) {
	for _, test := range []struct {
		image, feature, label string
		size, free            int64
	}{
		{"fat12", "FAT12", "FAT TEST", 2 << 20, 0},
		{"fat16", "FAT16", "FAT TEST", 10 << 20, 0},
		{"fat32", "FAT32", "FAT TEST", 36 << 20, 0},
	} {
		d := openImage(t, test.image).Description()
		if d.Type != "vfat" || d.UUID != "1234-ABCD" || d.Label != test.label || d.Size != test.size || !slices.Equal(d.Features, []string{test.feature}) {
			t.Errorf("%s: %+v", test.image, d)
		}
	}
}

// TestTheLabelIsThatOfTheRootDirectory, as for blkid: what stands in the boot sector alone is none.
func TestTheLabelIsThatOfTheRootDirectory(t *testing.T) {
	h := newHostile(t, "fat16")
	at := int(h.fs.boot.rootOff())
	if string(h.b[at:at+11]) != "FAT TEST   " {
		t.Fatalf("%q, want the label", h.b[at:at+11])
	}
	copy(h.b[at:], "\x05NEUE \x9aB  ")
	if got := openBytes(t, h.b).Description().Label; got != "σNEUE ÜB" {
		t.Errorf("%q", got)
	}
	h.b[at] = entryDeleted
	if got := openBytes(t, h.b).Description().Label; got != "" {
		t.Errorf("%q, want none", got)
	}
}
