package xfs

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// openBench opens the image that GUESTCTL_BENCH_IMAGE names: a raw file that holds the file system and nothing else.
func openBench(b *testing.B) *FS {
	b.Helper()
	name := os.Getenv("GUESTCTL_BENCH_IMAGE")
	if name == "" {
		b.Skip("GUESTCTL_BENCH_IMAGE is not set")
	}
	r, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	st, err := r.Stat()
	if err != nil {
		b.Fatal(err)
	}
	f, err := Open(r, st.Size())
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// BenchmarkWalk lists every directory and stats every object.
func BenchmarkWalk(b *testing.B) {
	for b.Loop() {
		f := openBench(b)
		count := 0
		if err := conformance.Walk(f, func(string, filesys.Node) error { count++; return nil }); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(count), "objects")
	}
}

// BenchmarkHash hashes the content of every regular file.
func BenchmarkHash(b *testing.B) {
	buffer := make([]byte, 128<<10)
	for b.Loop() {
		f := openBench(b)
		total := int64(0)
		err := conformance.Walk(f, func(_ string, n filesys.Node) error {
			c, err := f.Open(n)
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
