package btrfs

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// TestLogTreesAreReplayed compares with what the kernel says once it has replayed them itself.
func TestLogTreesAreReplayed(t *testing.T) {
	truths, err := filepath.Glob("testdata/crashed/*.jsonl.gz")
	if err != nil || len(truths) == 0 {
		t.Fatal(err, "no truth in testdata/crashed")
	}
	for _, path := range truths {
		name := "crashed/" + strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
		t.Run(name, func(t *testing.T) {
			truth, err := conformance.ReadTruth(path)
			if err != nil {
				t.Fatal(err)
			}
			f := openBytes(t, image(t, name))
			d := f.Description()
			if len(d.Problems) > 0 || !slices.Contains(d.Features, "needs_recovery") {
				t.Errorf("problems %v, features %v, want that the log tree is replayed", d.Problems, d.Features)
			}
			conformance.FS(t, f, truth)
		})
	}
}

// TestALogTreeThatIsDamagedTaints: nothing of it is shown, and it is said.
func TestALogTreeThatIsDamagedTaints(t *testing.T) {
	b := bytes.Clone(image(t, "log"))
	f := openBytes(t, b)
	at, err := f.places(f.super.logRoot.block)
	if err != nil {
		t.Fatal(err)
	}
	b[at.copies[0].off+at.off+300] ^= 1
	p := openBytes(t, b).Description().Problems
	if len(p) != 1 || !p[0].Taints || !strings.Contains(p[0].Message, "the newest changes are missing") {
		t.Errorf("problems %+v, want that the log tree cannot be replayed", p)
	}
}
