package btrfs

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// images holds what was uncompressed: with the race detector that takes longer than most tests.
var images sync.Map

// image returns the bytes of an image of testdata. They are shared: who changes them clones them first.
func image(t testing.TB, name string) []byte {
	t.Helper()
	if b, ok := images.Load(name); ok {
		return b.([]byte)
	}
	b, err := conformance.ReadFile(filepath.Join("testdata", name+".img.zst"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(name, "crashed/") { // which few tests need
		images.Store(name, b)
	}
	return b
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
			if testing.Short() && name != "zstd" && name != "lzo" {
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
