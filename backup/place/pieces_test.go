package place_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/guestctl/guestctl/backup/place"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestFilesOfLogicalVolumesLieInPieces holds the places of every file of a system on LVM, striped and in pieces on two disks, against the
// bytes that stand there.
func TestFilesOfLogicalVolumesLieInPieces(t *testing.T) {
	var disks []string
	for _, name := range []string{"nested-1.img", "nested-2.img"} {
		b, err := conformance.ReadFile("../../engine/volume/lvm/testdata/" + name + ".zst")
		if err != nil {
			t.Fatal(err)
		}
		disks = append(disks, conformance.WriteFile(t, name, b))
	}
	m, err := engine.Open(t.Context(), disks, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var maps []*place.Map
	for disk := range disks {
		all, err := place.Of(t.Context(), m, disk)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, all)
	}
	seen := map[string]int{}
	err = m.Guests[0].Walk(t.Context(), "/", func(o guest.Object, err error) error {
		if err != nil || !o.IsRegular() || o.Size == 0 {
			return err
		}
		f, err := o.Open()
		if err != nil {
			return err
		}
		want, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil {
			return err
		}
		disk, stretches := place.ContentOf(m, o)
		var got []byte
		for _, s := range stretches {
			b, err := binread.ReadAt(m.Disks[disk], s.Off, s.Len, 1<<20)
			if err != nil {
				return err
			}
			got = append(got, b...)
			maps[disk].Each(s.Off, s.Len, func(p place.Place) bool {
				if p.Path != o.Path || p.Region != place.Content || p.Volume != o.Device {
					t.Errorf("%s lies at %d of disk %d, where the map has %s of %s: %s", o.Path, s.Off, disk, p.Region, p.Volume, p.Path)
				}
				return true
			})
		}
		if !bytes.HasPrefix(got, want) {
			t.Errorf("%s: the %d stretches on disk %d do not hold it", o.Path, len(stretches), disk)
		}
		seen[o.Device]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{"sys-vg/root", "sys-vg/var", "sys-vg/home", "sys-vg/my-srv"} {
		if seen[device] == 0 {
			t.Errorf("no file of %s was looked at, but of %v", device, seen)
		}
	}
}
