package conformance

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
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
	// Shared is the file of testdata with the truth of all images without one of their own, or "": then only those with one are tested.
	Shared string
	// Short are the images that are enough for a short test; all where there are none.
	Short []string

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

// Open opens an image of these bytes, and fails the test where that cannot be.
func (c *Committed) Open(t testing.TB, b []byte) filesys.FS {
	t.Helper()
	f, err := c.Format.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Truths tests each of the images that has a truth, as FS does, and that it is recognised and nothing is wrong with it.
func (c *Committed) Truths(t *testing.T) {
	t.Helper()
	for _, name := range c.names(t) {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && len(c.Short) > 0 && !slices.Contains(c.Short, name) {
				t.Skip("the race detector learns nothing more from it")
			}
			truth, err := ReadTruth("testdata/" + name + ".jsonl.gz")
			if errors.Is(err, fs.ErrNotExist) {
				truth, err = ReadTruth("testdata/" + c.Shared)
			}
			if err != nil {
				t.Fatal(err)
			}
			b := c.Image(t, name)
			if ok, err := c.Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
				t.Errorf("probe: %v, %v, want yes", ok, err)
			}
			f := c.Open(t, b)
			for _, p := range f.Description().Problems {
				t.Error(p.Message)
			}
			FS(t, f, truth)
		})
	}
}

// names are the images that have a truth.
func (c *Committed) names(t *testing.T) (names []string) {
	t.Helper()
	suffix := c.Suffix
	if c.Shared == "" {
		suffix = ".jsonl.gz"
	}
	paths, err := filepath.Glob("testdata/*" + suffix)
	if err != nil || len(paths) == 0 {
		t.Fatal(err, "no truth in testdata")
	}
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), suffix))
	}
	return names
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
