package vdi

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

var fixtures = []string{"dynamic", "odd", "fixed", "empty", "child", "grandchild", "stale", "extra", "large"}

// TestContent holds images against what qemu-img reads of them, and those that it cannot read against what their maker wrote.
func TestContent(t *testing.T) { conformance.Contents(t, Format, fixtures) }

func TestDescription(t *testing.T) {
	base := conformance.Fixture(t, Format, "child").Description().Backing[0]
	child := conformance.Fixture(t, Format, "grandchild").Description().Backing[0]
	for name, want := range map[string]image.Description{
		"fixed":      {Version: "1.1", ClusterSize: 1 << 20},
		"extra":      {Version: "1.1", ClusterSize: 4096},
		"large":      {Version: "1.0", ClusterSize: 8 << 20},
		"grandchild": {Version: "1.1", ClusterSize: 64 << 10, Backing: []string{child, base}},
	} {
		want.Format, want.Used = "vdi", int64(len(conformance.Unpack(t, name+".vdi")))
		if diff := cmp.Diff(want, conformance.Fixture(t, Format, name).Description()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAParentThatWasWrittenToIsSaid(t *testing.T) {
	img := conformance.Fixture(t, Format, "stale")
	const text = "the parent was written to after this image was made"
	if problems := img.Description().Problems; len(problems) != 1 || !strings.Contains(problems[0], text) {
		t.Errorf("problems %q, want %q", problems, text)
	}
	if got, told, err := conformance.Check(t, img); err != nil || got.Damaged != 1 || !strings.Contains(told, text) {
		t.Errorf("check: %v, %q", err, told)
	}
}

// TestAParentIsNamedByItsUUID has no file of that name, and another disk under it.
func TestAParentIsNamedByItsUUID(t *testing.T) {
	_, err := conformance.Open(Format, conformance.Unpack(t, "child.vdi"), func(string, string) (image.Image, error) { return nil, fs.ErrNotExist })
	name := filepath.Base(conformance.Fixture(t, Format, "child").Description().Backing[0])
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(binread.HintOf(err), name) {
		t.Errorf("%v, hint %q, want one with %s", err, binread.HintOf(err), name)
	}
	_, err = conformance.Open(Format, conformance.Unpack(t, "child.vdi"), func(string, string) (image.Image, error) {
		return conformance.Open(Format, conformance.Unpack(t, "fixed.vdi"), nil)
	})
	if !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), "it is another disk") {
		t.Errorf("%v, want kind %v", err, binread.ErrCorrupt)
	}
	if _, err = conformance.Open(Format, conformance.Unpack(t, "child.vdi"), nil); !errors.Is(err, binread.ErrRefused) {
		t.Errorf("%v, want kind %v", err, binread.ErrRefused)
	}
}

func TestHolesAreFound(t *testing.T) {
	img := conformance.Fixture(t, Format, "extra")
	want := []image.Extent{
		{Off: 0, Len: 7 * 4096, Zero: true},
		{Off: 7 * 4096, Len: 3 * 4096},
		{Off: 10 * 4096, Len: 10 * 4096, Zero: true},
		{Off: 20 * 4096, Len: 3 * 4096},
	}
	for _, want := range want {
		for got := want.Off; got < want.Off+want.Len; { // data may be told in pieces
			e, err := image.ExtentOf(img, got, want.Off+want.Len-got)
			if err != nil || e.Zero != want.Zero || e.Len <= 0 {
				t.Fatalf("extent at %#x: %+v, %v, want %+v", got, e, err, want)
			}
			got += e.Len
		}
	}
}
