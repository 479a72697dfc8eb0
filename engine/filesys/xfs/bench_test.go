package xfs

import (
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

func BenchmarkWalk(b *testing.B) { conformance.BenchWalk(b, Format) }

func BenchmarkHash(b *testing.B) { conformance.BenchHash(b, Format) }

// BenchmarkCheck checks the whole structure; compare with xfs_repair -n.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		f, ok := conformance.BenchFS(b, Format).(*FS)
		if !ok {
			b.Fatal("not this package's")
		}
		result, _ := checkAll(b, f)
		b.ReportMetric(float64(result.Inodes), "inodes")
	}
}

// BenchmarkManyEntries lists directories of the root, and opens everything in them: the time for each entry is the same in all.
func BenchmarkManyEntries(b *testing.B) {
	f := conformance.BenchFS(b, Format)
	dirs, err := f.ReadDir(f.Root())
	if err != nil {
		b.Fatal(err)
	}
	for _, dir := range dirs {
		st, err := f.Stat(dir.Node)
		if err != nil || !st.IsDir() {
			continue
		}
		b.Run(dir.Name, func(b *testing.B) {
			count := 0
			for b.Loop() {
				count = openAll(b, conformance.BenchFS(b, Format), dir.Node)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(1, count)), "ns/entry")
		})
	}
}

func openAll(b *testing.B, f filesys.FS, dir filesys.Node) int {
	b.Helper()
	entries, err := f.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if n, err := f.Lookup(dir, e.Name); n != e.Node || err != nil {
			b.Fatal(n, err)
		}
		if st, err := f.Stat(e.Node); err == nil && st.IsRegular() {
			if _, err := f.Open(e.Node); err != nil {
				b.Fatal(err)
			}
		}
	}
	return len(entries)
}
