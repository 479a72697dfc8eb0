package conformance

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// BenchFS opens the image that GUESTCTL_BENCH_IMAGE names: a raw file that holds the file system and nothing else.
func BenchFS(b *testing.B, f filesys.Format) filesys.FS {
	b.Helper()
	name := os.Getenv("GUESTCTL_BENCH_IMAGE")
	if name == "" {
		b.Skip("GUESTCTL_BENCH_IMAGE is not set")
	}
	r, err := os.Open(name) //nolint:gosec // the person who runs the benchmark names it
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	st, err := r.Stat()
	if err != nil {
		b.Fatal(err)
	}
	fsys, err := f.Open(r, st.Size())
	if err != nil {
		b.Fatal(err)
	}
	return fsys
}

// BenchWalk lists every directory and stats every object.
func BenchWalk(b *testing.B, f filesys.Format) {
	b.Helper()
	for b.Loop() {
		count := 0
		if err := Walk(BenchFS(b, f), func(string, filesys.Node) error { count++; return nil }); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(count), "objects")
	}
}

// BenchHash hashes the content of every regular file.
func BenchHash(b *testing.B, f filesys.Format) {
	b.Helper()
	buffer := make([]byte, 128<<10)
	for b.Loop() {
		fsys := BenchFS(b, f)
		total := int64(0)
		err := Walk(fsys, func(_ string, n filesys.Node) error {
			c, err := fsys.Open(n)
			if err != nil {
				return nil //nolint:nilerr // not a regular file
			}
			h := sha256.New()
			for off := int64(0); off < c.Size(); {
				got, err := c.ReadAt(buffer, off)
				_, _ = h.Write(buffer[:got])
				off += int64(got)
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
			}
			total += c.Size()
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(total)
	}
}
