package xfs

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

var committed = conformance.Committed{Format: Format, Suffix: ".img.zst"}

// image returns the bytes of an image of testdata. They are shared.
func image(t testing.TB, name string) []byte {
	t.Helper()
	return committed.Image(t, name)
}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestImagesHoldWhatTheKernelSays(t *testing.T) {
	truths, err := filepath.Glob("testdata/*.jsonl.gz")
	if err != nil || len(truths) == 0 {
		t.Fatal(err, "no truth in testdata")
	}
	for _, path := range truths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "default" && name != "v4" {
				t.Skip("the race detector learns nothing more from the others")
			}
			truth, err := conformance.ReadTruth(path)
			if err != nil {
				t.Fatal(err)
			}
			b := image(t, name)
			if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
				t.Errorf("probe: %v, %v, want yes", ok, err)
			}
			f := openBytes(t, b)
			for _, p := range f.Description().Problems {
				t.Error(p.Message)
			}
			conformance.FS(t, f, truth)
		})
	}
}
