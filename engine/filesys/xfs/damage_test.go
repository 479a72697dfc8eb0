package xfs

import (
	"bufio"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// damaged is an image with damage in one place, and whether xfs_repair -n complains of it: a line of testdata/damage.gz.
type damaged struct {
	Image, What string
	Complains   bool
	Patches     []struct {
		Off int64
		Hex string
	}
}

func readDamaged(t *testing.T) (list []damaged) {
	t.Helper()
	file, err := os.Open("testdata/damage.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(z); lines.Scan(); {
		var d damaged
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

// TestCheckFindsWhatXfsRepairFinds: damage in one place of every kind of metadata. Of the neighbours of a tree's block that is alone, of the
// number of a copy, and of a list's block that is not in use, xfs_repair does not speak.
func TestCheckFindsWhatXfsRepairFinds(t *testing.T) {
	list := readDamaged(t)
	if len(list) < 100 {
		t.Fatalf("%d damaged images", len(list))
	}
	for i, d := range list {
		if testing.Short() && i%16 != 0 {
			continue // the race detector learns nothing more from the others
		}
		t.Run(d.Image+" "+d.What, func(t *testing.T) {
			p := &conformance.Patched{Image: image(t, d.Image)}
			for _, c := range d.Patches {
				b, err := hex.DecodeString(c.Hex)
				if err != nil {
					t.Fatal(err)
				}
				p.Patches = append(p.Patches, conformance.Patch{Off: c.Off, B: b})
			}
			f, err := Open(p, int64(len(p.Image)))
			if err != nil {
				return
			}
			if _, found := checkAll(t, f); len(found) == 0 && d.Complains {
				t.Error("nothing is damaged, and xfs_repair complains")
			}
		})
	}
}
