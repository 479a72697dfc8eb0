package vmdk

import (
	"bytes"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/raw"
	"github.com/guestctl/guestctl/internal/conformance"
)

// FuzzOpen reads what it can of a container, and checks it. What a descriptor names is the container itself: as an extent, or as the
// parent of the parent.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{
		"monolithicSparse.vmdk", "zeroed.vmdk", "footer.vmdk", "vmfsSparse-delta.vmdk", "pieces-s2.vmdk", "top.vmdk", "vmfsSparse.vmdk", "seSparse.vmdk",
	} {
		f.Add([]byte(read(f, name)))
	}
	f.Add([]byte(read(f, "seSparse-sesparse.vmdk")[:600<<10]))
	f.Add([]byte(text("RW 1 ZERO", `parentFileNameHint="x"`).replace("ffffffff", "00000001")))
	f.Fuzz(func(t *testing.T, b []byte) {
		conformance.Fuzz(t, Format, b, nil)
		conformance.Fuzz(t, Format, b, inside(b, 3))
		for _, line := range []string{"RW 64 SPARSE x", "RW 64 SESPARSE x", "RW 1 FLAT x"} {
			conformance.Fuzz(t, Format, text(line), inside(b, 1))
		}
	})
}

// inside has b for every file, and a chain of at most depth of them.
func inside(b []byte, depth int) image.Sibling {
	return func(_, format string) (image.Image, error) {
		if format == image.Raw {
			return raw.Format.Open(bytes.NewReader(b), int64(len(b)), image.Options{})
		}
		if depth == 0 {
			return conformance.Open(Format, text("RW 64 ZERO"), nil)
		}
		return conformance.Open(Format, b, inside(b, depth-1))
	}
}

// FuzzDescriptor wants the names of a descriptor to be what stands there, and its extents to fit a disk.
func FuzzDescriptor(f *testing.F) {
	f.Add(string(text(`RW 2 FLAT "flat" 1`, "RW 3 ZERO", `NOACCESS 1 SPARSE "a b"`)))
	f.Add("version=1\nCID=x\n")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDescriptor([]byte(s))
		if err != nil {
			return
		}
		total := int64(0)
		for _, e := range d.extents {
			if total += e.sectors; e.sectors < 0 || total < 0 || total > maxSectors || !strings.Contains(s, e.name) {
				t.Errorf("extent %+v of %d sectors in all", e, total)
			}
			_ = fileNames(e.name, d.encoding)
		}
		if names := parentNames(d.parent, d.encoding); len(names) == 0 || len(names) > 6 {
			t.Errorf("%d names of the parent %q", len(names), d.parent)
		}
	})
}
