package vhd

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

func TestCheckPassesSoundImages(t *testing.T) {
	for _, name := range fixtures {
		if _, told, err := conformance.Check(t, conformance.Fixture(t, Format, name)); err != nil || told != "" {
			t.Errorf("%s: %v\n%s", name, err, told)
		}
	}
}

func TestCheckFindsDamage(t *testing.T) {
	bitmap := func(b []byte) { b[blockAt] = 0xf0 }
	for _, c := range []struct {
		name                      string
		patch                     patch
		text                      string
		damaged, doubtful, leaked int
	}{
		{"nothing", nothing, "", 0, 0, 0},
		{"two blocks at one place", at(tableAt, 4, blockAt/512), "damaged: a block lies over another at guest 0x10000 to 0x201ff", 1, 0, 0},
		{"blocks over one another", at(tableAt, 4, blockAt/512+1), "the footer lies over a block", 2, 1, 0},
		{"a block over the table", at(tableAt, 4, tableAt/512), "lies over the block allocation table", 2, 1, 0},
		{"a block over the header", at(tableAt, 4, headerAt/512), "lies over the header", 3, 1, 0},
		{"a block beyond the end", at(tableAt, 4, 1<<30), "damaged: a block is beyond the end of the file at guest 0x0 to 0x101ff, file offset 0x8000000000", 1, 0, 0},
		{"a block behind the disk", all(foot(48, 8, blockLen)), "behind the end of the disk", 1, 0, 0},
		{"a lost block", at(tableAt+4, 4, unused), "doubtful: space that nothing refers to holds data", 0, 1, 0},
		{"a lost block of zeros", all(at(tableAt+4, 4, unused), func(b []byte) { clear(b[blockAt:lastAt]) }), "wasted: space that nothing refers to at file", 0, 0, 1},
		{"a bitmap without bits, over a parent", all(differ("base"), bitmap), "", 0, 0, 0},
		{"a bitmap without bits", bitmap, "doubtful: sectors hold data, and the bitmap of their block has them as never written: they read as zeros here, and as data in QEMU at guest 0x10800 to 0x10fff", 0, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := conformance.Open(Format, patched(c.patch), func(string, string) (image.Image, error) {
				return conformance.Open(Format, patched(nothing), nil)
			})
			if err != nil {
				t.Fatal(err)
			}
			conformance.Damaged(t, img, image.Checked{Damaged: c.damaged, Doubtful: c.doubtful, Leaks: c.leaked}, c.text)
		})
	}
}

func TestCheckOfAParentIsToldWithItsName(t *testing.T) {
	parent := patched(func(b []byte) { b[blockAt] = 0; b[blockAt+1] = 0x0f })
	sibling := func(string, string) (image.Image, error) { return conformance.Open(Format, parent, nil) }
	child := patched(all(differ("base.vhd"), func(b []byte) { b[blockAt] = 0xf0 }))
	img, err := conformance.Open(Format, child, sibling)
	if err != nil {
		t.Fatal(err)
	}
	_, told, err := conformance.Check(t, img)
	if want := `at "base.vhd": guest 0x10800 to 0x10fff`; err != nil || !strings.Contains(told, want) {
		t.Errorf("%v, %s, want %s", err, told, want)
	}
}

// TestParentsThatChangedAreDoubtful has a parent that the host says was written to after the image was made.
func TestParentsThatChangedAreDoubtful(t *testing.T) {
	m := conformance.Fixture(t, Format, "child").(*Image)
	if m.head.parentWritten.Year() != 2136 {
		t.Fatalf("time stamp %v", m.head.parentWritten)
	}
	m.head.parentWritten = m.head.parentWritten.AddDate(-130, 0, 0)
	m.Parent = written{m.Parent}
	if _, told, err := conformance.Check(t, m); err != nil || !strings.Contains(told, `doubtful: the parent "./dynamic.vhd" was written to after`) {
		t.Errorf("%v, %q", err, told)
	}
}

type written struct{ image.Image }

func (w written) Identity() image.Identity {
	id, _ := image.IdentityOf(w.Image)
	id.Written = id.Written.AddDate(2020, 0, 0)
	return id
}

func TestCheckIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := image.CheckOf(ctx, conformance.Fixture(t, Format, "dynamic"), image.CheckOptions{Report: func(image.Damage) {}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
