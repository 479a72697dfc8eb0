package image_test

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// mapped is an image in blocks of 64 KiB.
type mapped struct{ image.Mapping }

func (m *mapped) Description() image.Description {
	return m.Above(image.Description{Format: m.Format})
}

// TestMappingsOverFilesWithHoles reads a disk whose blocks are by turns in the file, in a shorter parent, and zeros.
func TestMappingsOverFilesWithHoles(t *testing.T) {
	const block = 64 << 10
	file, content := conformance.SparseFile(t)
	whole := &mapped{image.Mapping{Format: "whole", Bytes: 8 << 20, File: file}}
	whole.Find = func(off, n int64) (image.Run, error) {
		return image.Run{Place: image.Stored, Len: min(n, block-off%block), Host: off}, nil
	}
	t.Run("as it lies", func(t *testing.T) { conformance.Image(t, whole, content) })

	below := bytes.Repeat([]byte("p"), 5<<20+100)
	parent := &mapped{image.Mapping{Format: "parent", Bytes: int64(len(below)), File: bytes.NewReader(below)}}
	parent.Find = func(off, n int64) (image.Run, error) {
		return image.Run{Place: image.Stored, Len: n, Host: off}, nil
	}
	mixed := &mapped{image.Mapping{Format: "mixed", Bytes: 8 << 20, File: file, Parent: parent, ParentName: "parent"}}
	places := []image.Place{image.Stored, image.Stored, image.Below, image.Zeros, image.Stored}
	place := func(i int64) image.Place { return places[i%int64(len(places))] }
	mixed.Find = func(off, n int64) (image.Run, error) {
		return image.Run{Place: place(off / block), Len: min(n, block-off%block), Host: off}, nil
	}
	want := bytes.Clone(content)
	for i := range int64(8<<20) / block {
		part := want[i*block : (i+1)*block]
		if place(i) != image.Stored {
			clear(part)
		}
		if off := i * block; place(i) == image.Below && off < int64(len(below)) {
			copy(part, below[off:])
		}
	}
	t.Run("mixed", func(t *testing.T) { conformance.Image(t, mixed, want) })
	if got := mixed.Description().Backing; len(got) != 1 || got[0] != "parent" {
		t.Errorf("backing %q", got)
	}

	for _, c := range []struct {
		off  int64
		zero bool
		ok   bool
		host int64
	}{
		{35*block + 5, false, true, 35*block + 5}, // in the file
		{3 * block, true, true, 0},                // zeros
		{7 * block, false, false, 0},              // the parent's, which is no file
		{127 * block, true, true, 0},              // behind the end of the parent
		{8 << 20, false, false, 0},                // behind the end of the disk
	} {
		o, ok := image.OriginOf(mixed, c.off, 100)
		if ok != c.ok || o.Zero != c.zero || ok && !o.Zero && (o.Off != c.host || o.Len != 100) {
			t.Errorf("origin at %#x: %+v, %t, want %+v", c.off, o, ok, c)
		}
	}
}
