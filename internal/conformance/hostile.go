package conformance

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// maxHostile is how many bytes reading a hostile image may allocate, beside those of its content.
const maxHostile = 12 << 20

// ReadSome opens a container without siblings, and reads up to 4 MiB of its disk.
func ReadSome(f image.Format, r io.ReaderAt, size int64) error {
	img, err := f.Open(r, size, image.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = img.Close() }() // there is nothing to close in it
	_, err = img.ReadAt(make([]byte, min(img.Size(), 4<<20)), 0)
	return err
}

// Hostile reads a container and wants an error of that kind with that text, without much memory. A kind of nil is no error.
func Hostile(t *testing.T, f image.Format, b []byte, kind error, text string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := ReadSome(f, bytes.NewReader(b), int64(len(b)))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > maxHostile {
		t.Errorf("%d bytes were allocated", used)
	}
	switch {
	case kind == nil && err == nil:
	case !errors.Is(err, kind) || !strings.Contains(err.Error(), text) || !strings.HasPrefix(err.Error(), f.Name+": "):
		t.Errorf("error %v, want kind %v with %q", err, kind, text)
	}
}

// Damaged checks a container, and wants that text among what is told, and as many things damaged, doubtful and leaked. Without a text
// nothing must be told.
func Damaged(t *testing.T, img image.Image, want image.Checked, text string) {
	t.Helper()
	got, told, err := Check(t, img)
	if err != nil || !strings.Contains(told, text) || text == "" && told != "" {
		t.Errorf("%v, told %q, want %q", err, told, text)
	}
	if got.Damaged != want.Damaged || got.Doubtful != want.Doubtful || got.Leaks != want.Leaks {
		t.Errorf("%d damaged, %d doubtful, %d leaks, want %d, %d, %d:\n%s", got.Damaged, got.Doubtful, got.Leaks, want.Damaged, want.Doubtful, want.Leaks, told)
	}
}

// Parents writes the files into a directory, "images/disk" for each of names with what child makes of it, and wants opening that to
// give an error of the kind, or none.
func Parents(t *testing.T, f image.Format, files map[string][]byte, child func(name string) []byte, names map[string]error) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "images", "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		write(name, b)
	}
	for name, want := range names {
		write("images/disk", child(name))
		img, err := OpenFile(t, f, filepath.Join(dir, "images", "disk"))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v, want kind %v", name, err, want)
		}
		if err == nil {
			if err := img.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// Sparse is a file of zeros but for its start.
type Sparse struct {
	Start []byte
	Size  int64
}

// ReadAt implements io.ReaderAt.
func (s Sparse) ReadAt(p []byte, off int64) (int, error) {
	n := int(image.Clip(s.Size, off, int64(len(p))))
	clear(p[:n])
	if off < int64(len(s.Start)) {
		copy(p[:n], s.Start[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
