package raw

import (
	"bytes"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

func TestContent(t *testing.T) {
	for name, want := range map[string][]byte{
		"odd size":   bytes.Repeat([]byte("0123456789abc"), 40_000),
		"one byte":   []byte("x"),
		"no bytes":   {},
		"only zeros": make([]byte, 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			img, err := Format.Open(bytes.NewReader(want), int64(len(want)), image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			conformance.Image(t, img, want)
		})
	}
}

// holeReader fails when a hole is read.
type holeReader struct {
	*image.File
	t *testing.T
}

func (r holeReader) ReadAt(p []byte, off int64) (int, error) {
	if e, err := r.Extent(off, int64(len(p))); err == nil && len(p) >= minSkip && (e.Zero || e.Len < int64(len(p))) {
		r.t.Errorf("read of %d bytes at %d touches a hole", len(p), off)
	}
	return r.File.ReadAt(p, off)
}

func TestHolesAreSkipped(t *testing.T) {
	file, want := conformance.SparseFile(t)
	img, err := Format.Open(holeReader{file, t}, file.Size(), image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conformance.Image(t, img, want)
}

func TestSnapshotsAreUnsupported(t *testing.T) {
	if _, err := Format.Open(bytes.NewReader(nil), 0, image.Options{Snapshot: "x"}); !errors.Is(err, binread.ErrUnsupported) {
		t.Errorf("error %v, want kind %v", err, binread.ErrUnsupported)
	}
}

func TestEverythingIsRaw(t *testing.T) {
	if ok, err := Format.Probe(bytes.NewReader(nil), 0); !ok || err != nil {
		t.Errorf("probe gives %t, %v, want true", ok, err)
	}
}

func TestATruncatedFileIsCorrupt(t *testing.T) {
	img, err := Format.Open(bytes.NewReader([]byte("short")), 100, image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.ReadAt(make([]byte, 50), 0); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("error %v, want kind %v", err, binread.ErrCorrupt)
	}
}
