package exfat

import (
	"errors"
	"io/fs"
	"maps"
	"testing"
	"time"

	"github.com/guestctl/guestctl/internal/conformance"
)

// TestNamesInAnyCase: by the table of capital letters of the volume, with dots behind.
func TestNamesInAnyCase(t *testing.T) {
	f := openBytes(t, committed.Image(t, "small"))
	dir := conformance.Find(t, f, "names")
	for name, want := range map[string]string{"ΕΛΛΗΝΙΚΆ": "Ελληνικά", "NAÏVE – GRÜSSE.TXT": "", "NAÏVE – GRÜßE.TXT": "naïve – Grüße.txt", "mixed.txt..": "Mixed.Txt"} {
		n, err := f.Lookup(dir, name)
		if want == "" {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q is found: %d, %v", name, n, err)
			}
			continue
		}
		if there := conformance.Find(t, f, "names/"+want); n != there || err != nil {
			t.Errorf("%q: %d, %v, want %d", name, n, err, there)
		}
	}
}

func TestTimes(t *testing.T) {
	const stamp = (2023-1980)<<25 | 11<<21 | 14<<16 | 22<<11 | 13<<5 | 10
	for name, test := range map[string]struct {
		hundredths, zone uint8
		want             time.Time
	}{
		"in UTC":        {0, 0x80, time.Unix(1700000000, 0)},
		"in no zone":    {0, 0x04, time.Unix(1700000000, 0)},
		"east of UTC":   {0, 0x88, time.Unix(1700000000-2*3600, 0)},
		"west of UTC":   {0, 0xec, time.Unix(1700000000+5*3600, 0)},
		"odd and parts": {142, 0x80, time.Unix(1700000001, 420_000_000)},
	} {
		if got := decodeTime(stamp, test.hundredths, test.zone); !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// TestDescription holds what blkid(8) and mkfs.exfat say of the image.
func TestDescription(t *testing.T) {
	d := openBytes(t, committed.Image(t, "small")).Description()
	if d.Label != "exFAT test" || d.UUID != "EFAA-F6CC" || d.BlockSize != 512 || d.Size != 4<<20 || d.Free != 3829*512 {
		t.Errorf("%+v", d)
	}
}

func TestCapitalLetters(t *testing.T) {
	got := decodeCapitals([]byte{0, 0, 0xff, 0xff, 0x60, 0, 'A', 0, 'b', 0, 'C', 0, 0xff, 0xff, 0x9a, 0xff, 1, 0})
	if want := map[rune]rune{'a': 'A', 'c': 'C', 0xfffe: 1}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
