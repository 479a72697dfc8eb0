package conformance

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// Committed are images of file systems below testdata. The zero value is ready; with the race detector it takes longer than most tests to
// uncompress one, so that each is kept.
type Committed struct {
	Format filesys.Format
	Suffix string // of an image's name: ".img.zst"

	images sync.Map
}

// Image returns the bytes of an image. They are shared: who changes them clones them first.
func (c *Committed) Image(t testing.TB, name string) []byte {
	t.Helper()
	kept, _ := c.images.Load(name)
	if b, ok := kept.([]byte); ok {
		return b
	}
	b, err := ReadFile(filepath.Join("testdata", name+c.Suffix))
	if err != nil {
		t.Fatal(err)
	}
	c.images.Store(name, b)
	return b
}

// Truths tests each of the images that has a truth, as FS does, and that it is recognised and nothing is wrong with it.
func (c *Committed) Truths(t *testing.T) {
	t.Helper()
	truths, err := filepath.Glob("testdata/*.jsonl.gz")
	if err != nil || len(truths) == 0 {
		t.Fatal(err, "no truth in testdata")
	}
	for _, path := range truths {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl.gz")
		t.Run(name, func(t *testing.T) {
			truth, err := ReadTruth(path)
			if err != nil {
				t.Fatal(err)
			}
			b := c.Image(t, name)
			r, size := bytes.NewReader(b), int64(len(b))
			if ok, err := c.Format.Probe(r, size); !ok || err != nil {
				t.Errorf("probe: %v, %v, want yes", ok, err)
			}
			f, err := c.Format.Open(r, size)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range f.Description().Problems {
				t.Error(p.Message)
			}
			FS(t, f, truth)
		})
	}
}

// Find returns the node of a path, which has no slash in front.
func Find(t testing.TB, fsys filesys.FS, path string) filesys.Node {
	t.Helper()
	n := fsys.Root()
	for name := range strings.SplitSeq(path, "/") {
		next, err := fsys.Lookup(n, name)
		if err != nil {
			t.Fatalf("%q of %q: %v", name, path, err)
		}
		n = next
	}
	return n
}

// WalkAll describes everything in a file system, and returns all that cannot be read.
func WalkAll(fsys filesys.FS) error {
	return Walk(fsys, func(_ string, n filesys.Node) error {
		_, err := Describe(fsys, n)
		return err
	})
}
