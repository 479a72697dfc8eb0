package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// Unpack returns a file of testdata, which is stored compressed.
func Unpack(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := ReadFile(filepath.Join("testdata", name+".gz"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Truth returns the content of the image called name: testdata/SHA256SUMS has its digest, and a file that the digest names has it.
func Truth(tb testing.TB, name string) []byte {
	tb.Helper()
	sums, err := os.ReadFile("testdata/SHA256SUMS")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(sums)) {
		digest, of, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if of != name {
			continue
		}
		b := Unpack(tb, digest[:12]+".raw")
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != digest {
			tb.Fatalf("truth of %s has digest %x, want %s", name, sum, digest)
		}
		return b
	}
	tb.Fatalf("no truth of %s", name)
	return nil
}

// Siblings opens the files of testdata by the name that an image has for them.
func Siblings(tb testing.TB, f image.Format) image.Sibling {
	return func(name, format string) (image.Image, error) {
		if _, err := os.Stat(filepath.Join("testdata", name+".gz")); err != nil {
			return nil, err
		}
		if format != f.Name {
			tb.Errorf("%s is opened as %q, want %q", name, format, f.Name)
		}
		return Open(f, Unpack(tb, name), Siblings(tb, f))
	}
}

// Open opens the bytes of a container.
func Open(f image.Format, b []byte, sibling image.Sibling) (image.Image, error) {
	return f.Open(bytes.NewReader(b), int64(len(b)), image.Options{Sibling: sibling})
}

// Part reads 256 KiB at off in one piece and in small ones, and compares them with each other and with the extents. What cannot be
// read is left out: it is for fuzzing.
func Part(t *testing.T, img image.Image, off int64) {
	t.Helper()
	whole := make([]byte, image.Clip(img.Size(), off, 256<<10))
	n, err := img.ReadAt(whole, off)
	if n < len(whole) && err == nil {
		t.Fatalf("read of %d bytes at %#x gives %d and no error", len(whole), off, n)
	}
	part := make([]byte, 5000)
	for i := 0; i < n; i += len(part) {
		part = part[:min(len(part), n-i)]
		if got, err := img.ReadAt(part, off+int64(i)); got < len(part) || !bytes.Equal(part, whole[i:i+got]) {
			t.Fatalf("read of %d bytes at %#x gives %d, %v, and differs from a longer read", len(part), off+int64(i), got, err)
		}
	}
	for i := int64(0); i < int64(n); {
		e, err := image.ExtentOf(img, off+i, int64(n)-i)
		if err != nil || e.Len <= 0 || e.Len > int64(n)-i {
			t.Fatalf("extent at %#x of %d bytes is %+v, %v", off+i, int64(n)-i, e, err)
		}
		if b := whole[i : i+e.Len]; e.Zero && bytes.Count(b, []byte{0}) != len(b) {
			t.Fatalf("extent %+v is said to be zero and is not", e)
		}
		i += e.Len
	}
}

// Check returns what a check of img tells, one line for each damage, and wants the counts to be of what is told.
func Check(tb testing.TB, img image.Image) (image.Checked, string, error) {
	tb.Helper()
	var told []string
	counted := image.Checked{}
	c, ok, err := image.CheckOf(tb.Context(), img, image.CheckOptions{Report: func(d image.Damage) {
		counted.Add(d)
		told = append(told, string(d.Harm)+": "+d.Problem+" at "+d.Place())
		if d.Units < 1 || d.Problem == "" {
			tb.Errorf("damage %+v says too little", d)
		}
	}})
	if !ok {
		tb.Fatal("the image is no Checker")
	}
	if err == nil && (c.Damaged != counted.Damaged || c.Doubtful != counted.Doubtful || c.Leaks != counted.Leaks) {
		tb.Errorf("counted %+v, told %+v", c, counted)
	}
	return c, strings.Join(told, "\n"), err
}

// Fuzz opens b, if it can be opened, reads at its start, middle and end, and checks it.
func Fuzz(t *testing.T, f image.Format, b []byte, sibling image.Sibling) {
	t.Helper()
	if ok, err := f.Probe(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Errorf("probe: %t, %v", ok, err)
	}
	img, err := Open(f, b, sibling)
	if err != nil {
		return
	}
	defer func() { _ = img.Close() }() // of what a fuzzer made
	for _, off := range []int64{0, img.Size() / 2, img.Size() - 70_000} {
		Part(t, img, max(0, off))
	}
	_, _, _ = Check(t, img)
}

// OpenFile opens a file of the host as the program does, with one format.
func OpenFile(tb testing.TB, f image.Format, path string) (image.Image, error) {
	tb.Helper()
	file, err := image.OpenFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	open := func(r io.ReaderAt, size int64, _ string, sibling image.Sibling) (image.Image, error) {
		return f.Open(r, size, image.Options{Sibling: sibling})
	}
	img, err := open(file, file.Size(), "", image.Dirs{Open: open}.Sibling(file))
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return image.WithFile(img, file), nil
}

// Fixture opens an image of testdata, whose file is called as its format.
func Fixture(tb testing.TB, f image.Format, name string) image.Image {
	tb.Helper()
	img, err := Open(f, Unpack(tb, name+"."+f.Name), Siblings(tb, f))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := img.Close(); err != nil {
			tb.Error(err)
		}
	})
	return img
}

// Contents holds images of testdata against their truth.
func Contents(t *testing.T, f image.Format, names []string) {
	t.Helper()
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Image(t, Fixture(t, f, name), Truth(t, name))
		})
	}
}

// SparseFile is a file of the host of 8 MiB, with data at 2 MiB and at 6 MiB and holes elsewhere, and its content.
func SparseFile(t *testing.T) (*image.File, []byte) {
	t.Helper()
	want := make([]byte, 8<<20)
	copy(want[2<<20:], bytes.Repeat([]byte("d"), 1<<20))
	copy(want[6<<20:], "d")
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := f.WriteAt(want[2<<20:3<<20], 2<<20)
	_, err2 := f.WriteAt(want[6<<20:6<<20+1], 6<<20)
	if err := errors.Join(err1, err2, f.Truncate(8<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := image.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file, want
}
