package vhdx

import (
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

func TestCheckPassesSoundImages(t *testing.T) {
	for _, name := range fixtures {
		want := image.Checked{}
		text := ""
		if slices.Contains(unclosed, name) {
			want.Doubtful, text = 1, "doubtful: the image was not closed: "
		}
		t.Run(name, func(t *testing.T) { conformance.Damaged(t, conformance.Fixture(t, Format, name), want, text) })
	}
}

func TestCheckFindsDamage(t *testing.T) {
	differing := differ("parent_linkage", linkage, "relative_path", "base")
	for _, c := range []struct {
		name                      string
		patch                     change
		qemu                      int // corruptions that qemu-img finds, or -1 where it does not open the image
		damaged, doubtful, leaked int
		text                      string
	}{
		{"nothing", nothing, 0, 0, 0, 0, ""},
		{"two blocks at one place", bat(0, blockAt|6), 0, 1, 0, 0, "a block lies over another at guest"},
		{"a block over the table", bat(0, batAt|6), 1, 1, 0, 0, "a block lies over the block allocation table"},
		{"a block over the log", bat(0, logAt|6), 1, 1, 0, 0, "a block lies over the log"},
		{"a block over the headers", bat(0, 6), 0, 1, 0, 0, "damaged: a block lies over the header section at guest 0x0 to 0xfffff, file offset 0x0"},
		{"a block beyond the end", bat(0, 1<<40|6), 1, 1, 0, 0, "damaged: a block is beyond the end of the file at guest 0x0 to 0xfffff, file offset 0x10000000000"},
		{"a state that is none", bat(0, 5), 0, 1, 0, 0, "has the state 5"},
		{"reserved bits", bat(0, 1<<10), 0, 1, 0, 0, "reserved bits"},
		{"a lost block", bat(1, 0), 0, 0, 0, 1, "wasted: space that nothing refers to holds data: of blocks that were given up, or lost"},
		{"an unmapped block whose bytes are left", bat(1, blockAt|3), 0, 0, 0, 0, ""},
		{"part of a block without a parent", bat(1, blockAt|7), 0, 1, 0, 0, "there is no parent"},
		{"part of a block without a bitmap", all(differing, bat(1, blockAt|7)), -1, 1, 0, 0, "its sector bitmap has state 0"},
		{"a bitmap of another state", all(differing, bat(chunk, blockAt|1)), -1, 1, 0, 0, "sector bitmap has the state 1"},
		{"a bitmap over a block", all(differing, bat(chunk, blockAt|6)), -1, 1, 0, 0, "lies over a"},
		{"a log that is in use", logged(), 0, 0, 1, 0, "doubtful: the log is in use and has no entries"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := patched(c.patch)
			img, err := conformance.Open(Format, b, func(string, string) (image.Image, error) { return conformance.Open(Format, patched(nothing), nil) })
			if err != nil {
				t.Fatal(err)
			}
			conformance.Damaged(t, img, image.Checked{Damaged: c.damaged, Doubtful: c.doubtful, Leaks: c.leaked}, c.text)
			if qemu := conformance.QEMUCorruptions(t, "vhdx", b); qemu != c.qemu {
				t.Errorf("qemu-img finds %d corruptions, want %d", qemu, c.qemu)
			}
		})
	}
}
