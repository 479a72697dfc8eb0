package vhd

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

var fixtures = []string{
	"dynamic", "dynamic-size", "fixed", "fixed-size", "empty", "child", "grandchild", "over-fixed", "by-name", "partial", "virtual-pc",
	"virtual-pc-511", "hyper-v", "virtualbox",
}

// TestContent holds images against what qemu-img reads of them, and those that it cannot read against what their maker wrote.
func TestContent(t *testing.T) { conformance.Contents(t, Format, fixtures) }

func TestImagesAreRecognised(t *testing.T) {
	for _, name := range fixtures {
		b := conformance.Unpack(t, name+".vhd")
		if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
	raw := make([]byte, 1<<20)
	copy(raw[len(raw)-512:], cookie)
	for name, b := range map[string][]byte{
		"a disk with the magic number in its last sector": raw,
		"no bytes":    {},
		"a few bytes": []byte("conecti"),
		"zeros":       make([]byte, 4096),
	} {
		if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); ok || err != nil {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
}

func TestDescription(t *testing.T) {
	sizes := `the footer has a disk of 1048576 bytes, and a geometry of 1044480: by its creator "vpc " the disk has 1044480`
	for name, want := range map[string]image.Description{
		"dynamic":    {ClusterSize: 2 << 20},
		"fixed":      {},
		"virtual-pc": {Problems: []string{sizes}},
		"grandchild": {ClusterSize: 4096, Backing: []string{"child.vhd", "./dynamic.vhd"}},
	} {
		want.Format, want.Version, want.Used = "vhd", "1.0", int64(len(conformance.Unpack(t, name+".vhd")))
		if diff := cmp.Diff(want, conformance.Fixture(t, Format, name).Description()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestHolesAreFound(t *testing.T) {
	for name, want := range map[string][]image.Extent{
		"partial": {
			{Off: 0, Len: 3 * 512, Zero: true},
			{Off: 3 * 512, Len: 60 * 512},
			{Off: 63 * 512, Len: (4097 - 63) * 512, Zero: true},
			{Off: 4097 * 512, Len: 900 * 512},
			{Off: 4997 * 512, Len: 3<<20 - 4997*512, Zero: true},
		},
		"empty": {{Off: 0, Len: int64(len(conformance.Truth(t, "empty"))), Zero: true}},
	} {
		img := conformance.Fixture(t, Format, name)
		var got []image.Extent
		for off := int64(0); off < img.Size(); {
			e, err := image.ExtentOf(img, off, img.Size())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
			off += e.Len
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: extents (-want +got):\n%s", name, diff)
		}
	}
}

// TestOneFooterIsEnough damages one of the two footers of a dynamic disk, and both.
func TestOneFooterIsEnough(t *testing.T) {
	whole, want := conformance.Unpack(t, "dynamic.vhd"), conformance.Truth(t, "dynamic")
	last := len(whole) - footerSize
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		text   string
	}{
		{"footer damaged", func(b []byte) []byte { b[last+50]++; return b }, "checksum"},
		{"footer zeroed", func(b []byte) []byte { clear(b[last:]); return b }, "its copy at the start of the file is used"},
		{"footer cut off", func(b []byte) []byte { return b[:last] }, "its copy at the start of the file is used"},
		{"copy damaged", func(b []byte) []byte { b[50]++; return b }, "copy of the footer: footer at 0x0: checksum"},
		{"copy of another disk", func(b []byte) []byte { b[70]++; sum(b, 0, 64); return b }, "differ"},
		{"saved state", func(b []byte) []byte { b[84], b[last+84] = 1, 1; sum(b, 0, 64); sum(b, last, 64); return b }, "saved state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := conformance.Open(Format, c.damage(bytes.Clone(whole)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if problems := img.Description().Problems; len(problems) != 1 || !strings.Contains(problems[0], c.text) {
				t.Errorf("problems %q, want %q", problems, c.text)
			}
			if _, told, err := conformance.Check(t, img); err != nil || !strings.Contains(told, "doubtful: ") || !strings.Contains(told, c.text) {
				t.Errorf("check: %q, %v", told, err)
			}
			got := make([]byte, len(want))
			if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
				t.Errorf("content differs, or %v", err)
			}
		})
	}
	whole[50]++
	whole[last+50]++
	if _, err := conformance.Open(Format, whole, nil); !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("both damaged: %v, want kind %v", err, binread.ErrChecksum)
	}
}

// TestAGuestCannotMakeItsRawDiskAVHD writes to the last sector of a raw disk what a guest could.
func TestAGuestCannotMakeItsRawDiskAVHD(t *testing.T) {
	for _, name := range []string{"dynamic", "fixed"} {
		donor := conformance.Unpack(t, name+".vhd")
		disk := bytes.Repeat([]byte("raw "), 1<<20)
		copy(disk[len(disk)-footerSize:], donor[len(donor)-footerSize:])
		img, err := conformance.Open(Format, disk, nil)
		if !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(binread.HintOf(err), "raw") {
			t.Errorf("%s: %v, %v, hint %q, want kind %v and how to read it as a raw disk", name, img, err, binread.HintOf(err), binread.ErrCorrupt)
		}
	}
}

// TestAGeometryHidesNoMoreThanACylinder has a footer whose creator goes by the geometry, and one of a sector.
func TestAGeometryHidesNoMoreThanACylinder(t *testing.T) {
	b := patched(all(foot(28, 4, 0x76706320), foot(56, 4, 0x00010101)))
	img, err := conformance.Open(Format, b, nil)
	if err != nil || img.Size() != 4*blockLen || len(img.Description().Problems) != 0 {
		t.Errorf("%+v, %v, want a disk of %d bytes", img, err, 4*blockLen)
	}
}
