package vdi

import (
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

func TestCheckPassesSoundImages(t *testing.T) {
	for _, name := range fixtures {
		if _, told, err := conformance.Check(t, conformance.Fixture(t, Format, name)); err != nil || told != "" && name != "stale" {
			t.Errorf("%s: %v\n%s", name, err, told)
		}
	}
}

// TestCheckFindsWhatQEMUFinds damages an image that qemu-img made.
func TestCheckFindsWhatQEMUFinds(t *testing.T) {
	const mapAt, blocks = 0x200, 9
	for _, c := range []struct {
		name                      string
		patch                     patch
		qemu                      int // corruptions that qemu-img finds
		damaged, doubtful, leaked int
		text                      string
	}{
		{"nothing", nothing, 0, 0, 0, 0, ""},
		{"two blocks at one place", set(mapAt+4*6, 0), 2, 2, 0, 0, "a block lies over another"},
		{"a block number beyond", set(mapAt+4*6, 9), 1, 1, 0, 0, "of a higher number than there are: of 9"},
		{"a block number of 2^31", set(mapAt+4*6, 1<<31), 1, 1, 0, 0, "of a higher number"},
		{"a block beyond the end of the file", all(set(mapAt+4*6, 8), set(0x184, 6)), 0, 1, 0, 0, "a block is beyond the end of the file at guest 0x600000"},
		{"a count too high", set(0x184, 7), 1, 1, 0, 0, "counts 7 blocks that are allocated, and the block map has 5"},
		{"a lost block", set(mapAt+4*8, blockFree), 1, 1, 1, 0, "space that nothing refers to holds data"},
		{"a discarded block", all(set(mapAt+4*8, blockZero), set(0x184, 4)), 0, 0, 1, 0, "space that nothing refers to holds data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := conformance.Unpack(t, "dynamic.vdi")
			c.patch(b)
			img, err := conformance.Open(Format, b, nil)
			if err != nil {
				t.Fatal(err)
			}
			conformance.Damaged(t, img, image.Checked{Damaged: c.damaged, Doubtful: c.doubtful, Leaks: c.leaked}, c.text)
			if qemu := conformance.QEMUCorruptions(t, "vdi", b); qemu != c.qemu {
				t.Errorf("qemu-img finds %d corruptions, want %d", qemu, c.qemu)
			}
		})
	}
}
