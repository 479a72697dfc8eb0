package conformance

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// crowd is how many files the directory "crowd" of a crowded image has, as testdata/crowd/crowd.py writes them.
const crowd = 50_000

// Crowd tests a file system with a directory of 50,000 files: each is listed, found by its name and opened, and holds what it should.
func Crowd(t *testing.T, f filesys.Format, b []byte) {
	t.Helper()
	if testing.Short() {
		t.Skip("the race detector learns nothing from many names")
	}
	fsys, err := f.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	dir := Find(t, fsys, "crowd")
	entries, err := fsys.ReadDir(dir)
	if err != nil || len(entries) != crowd {
		t.Fatalf("%d entries, %v, want %d", len(entries), err, crowd)
	}
	for i, e := range entries {
		want := crowdName(i)
		n, err := fsys.Lookup(dir, want)
		if e.Name != want || n != e.Node || err != nil {
			t.Fatalf("entry %d is %q of node %d, and found as %d, %v, want %q", i, e.Name, e.Node, n, err, want)
		}
		content, err := readCrowded(fsys, n)
		if i%500 != 0 {
			want = ""
		}
		if content != want || err != nil {
			t.Fatalf("%q holds %q, %v, want %q", e.Name, content, err, want)
		}
	}
	if _, err := fsys.Lookup(dir, crowdName(crowd)); err == nil {
		t.Error("a name is found that is not there")
	}
}

func crowdName(i int) string { return fmt.Sprintf("f%05d", i) }

func readCrowded(fsys filesys.FS, n filesys.Node) (string, error) {
	f, err := fsys.Open(n)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	return string(b), err
}

// BenchCrowd finds each of 50,000 files by name and opens it: in twice the time of half as many, where a directory is read once.
func BenchCrowd(b *testing.B, f filesys.Format, image []byte) {
	b.Helper()
	for b.Loop() {
		fsys, err := f.Open(bytes.NewReader(image), int64(len(image)))
		if err != nil {
			b.Fatal(err)
		}
		dir := Find(b, fsys, "crowd")
		for i := range crowd {
			n, err := fsys.Lookup(dir, crowdName(i))
			if err == nil {
				_, err = readCrowded(fsys, n)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/crowd, "µs/file")
}
