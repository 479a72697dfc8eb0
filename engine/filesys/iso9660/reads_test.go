package iso9660

import (
	"bytes"
	"io"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// TestOpeningFilesReadsTheirDirectoryOnce: each of 3000 entries is found and opened without going through the others.
func TestOpeningFilesReadsTheirDirectoryOnce(t *testing.T) {
	for _, name := range []string{"many", "joliet"} {
		b := committed.Image(t, name)
		r := &counted{ReaderAt: bytes.NewReader(b)}
		f, err := Open(r, int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		dir := conformance.Find(t, f, "dir")
		entries, err := f.ReadDir(dir)
		if err != nil || len(entries) != 3000 {
			t.Fatalf("%d entries, %v, want 3000", len(entries), err)
		}
		for _, e := range entries {
			n, err := f.Lookup(dir, e.Name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Stat(n); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Open(n); err != nil {
				t.Fatal(err)
			}
		}
		if limit := 2 * int64(len(entries)) * 256; r.n > limit {
			t.Errorf("%s: %d bytes were read, want at most %d", name, r.n, limit)
		}
	}
}
