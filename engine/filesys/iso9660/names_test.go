package iso9660

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/guestctl/guestctl/internal/conformance"
)

// TestNamesAsLinuxShowsThem follows isofs_name_translate and get_joliet_filename of Linux.
func TestNamesAsLinuxShowsThem(t *testing.T) {
	for raw, want := range map[string]string{
		"README.TXT;1": "readme.txt", "NOEXT.;1": "noext", "NOEXT;1": "noext", "VERSION.TXT;2": "version.txt.2", "A/B": "a.b", "DIR": "dir", "A.": "a.", "X;12": "x.12",
		"CUT\x00OFF": "cut",
	} {
		if got := primaryName([]byte(raw)); got != want {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
	for raw, want := range map[string]string{
		"Long Name.txt;1": "Long Name.txt", "Keeps;2": "Keeps;2", "points...": "points", "ä日😀;1": "ä日😀", ";1": ";1", "both..;1": "both",
	} {
		var b []byte
		for _, u := range utf16.Encode([]rune(raw)) {
			b = append(b, byte(u>>8), byte(u))
		}
		if got, err := jolietName(b); got != want || err != nil {
			t.Errorf("%q is %q, %v, want %q", raw, got, err, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for name, test := range map[string]struct{ got, want time.Time }{
		"in UTC":         {decodeTime([]byte{123, 11, 14, 22, 13, 20, 0}), time.Unix(1700000000, 0)},
		"east of UTC":    {decodeTime([]byte{123, 11, 15, 0, 13, 20, 8}), time.Unix(1700000000, 0)},
		"west of UTC":    {decodeTime([]byte{123, 11, 14, 17, 13, 20, 256 - 20}), time.Unix(1700000000, 0)},
		"in no zone":     {decodeTime([]byte{123, 11, 14, 22, 13, 20, 100}), time.Unix(1700000000, 0)},
		"of 1900":        {decodeTime([]byte{0, 1, 1, 0, 0, 0, 0}), time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)},
		"not recorded":   {decodeTime(make([]byte, 7)), time.Time{}},
		"long":           {decodeLongTime([]byte("2023111422132042\x00")), time.Unix(1700000000, 420_000_000)},
		"long, not set":  {decodeLongTime([]byte("0000000000000000\x00")), time.Time{}},
		"long, not such": {decodeLongTime([]byte("2023-11-14 22:13\x00")), time.Time{}},
	} {
		if !test.got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
}

// TestDescription holds what blkid(8) and xorriso say of the images.
func TestDescription(t *testing.T) {
	for name, features := range map[string][]string{
		"rock-xorriso": {"Rock Ridge"},
		"rock-joliet":  {"Rock Ridge", "Joliet (not used)"},
		"plain-joliet": {"Joliet"},
		"plain":        {"no extensions"},
		"hybrid":       {"Rock Ridge", "boot sector of a disk", "El Torito (x86)", "El Torito (EFI)"},
	} {
		d := openBytes(t, committed.Image(t, name)).Description()
		if !slices.Equal(d.Features, features) {
			t.Errorf("%s: features %q, want %q", name, d.Features, features)
		}
		if name == "hybrid" && (d.Label != "XORRISO" || d.UUID != "2023-11-14-22-13-20-00" || d.Size != int64(len(committed.Image(t, name)))) {
			t.Errorf("%q, %q, %d bytes", d.Label, d.UUID, d.Size)
		}
	}
}

// TestAssociatedFilesAreNotShown, as Linux does without the option showassoc.
func TestAssociatedFilesAreNotShown(t *testing.T) {
	h := newHostile(t, "plain")
	h.b[h.record("a")+25] |= flagAssociated
	f := openBytes(t, h.b)
	if n, err := f.Lookup(f.Root(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("node %d, %v, want fs.ErrNotExist", n, err)
	}
}

// TestRelocatedDirectoriesKeepTheirNames: where one lies it can have another.
func TestRelocatedDirectoriesKeepTheirNames(t *testing.T) {
	h := newHostile(t, "deep-genisoimage")
	h.b[h.field("d0/d1/d2/d3/d4/d5/d6/d7", "NM")+5] = 'X'
	f := openBytes(t, h.b)
	if st, err := f.Stat(conformance.Find(t, f, "d0/d1/d2/d3/d4/d5/d6/X7")); err != nil || !st.IsDir() {
		t.Errorf("%+v, %v, want a directory", st, err)
	}
}

// TestOnlyTheRootBeginsWithItsFields: the others have as many bytes in front as the root says (SUSP, 5.3).
func TestOnlyTheRootBeginsWithItsFields(t *testing.T) {
	f := openBytes(t, committed.Image(t, "rock-xorriso"))
	f.rock.skip = 1
	root, err := f.Stat(f.Root())
	if err != nil || root.Mode != 0o040750 {
		t.Errorf("root: mode %o, %v, want 40750", root.Mode, err)
	}
	if _, err := f.ReadDir(f.Root()); err == nil {
		t.Error("the fields of the others are read from where they do not begin")
	}
}
