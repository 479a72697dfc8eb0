package ext4

import (
	"os"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

func openBench(b *testing.B) *FS {
	b.Helper()
	return conformance.BenchFS(b, Format).(*FS)
}

func BenchmarkWalk(b *testing.B) { conformance.BenchWalk(b, Format) }

func BenchmarkHash(b *testing.B) { conformance.BenchHash(b, Format) }

// BenchmarkE2fsck is what BenchmarkCheck is compared with.
func BenchmarkE2fsck(b *testing.B) {
	openBench(b)
	need(b, "e2fsck")
	l := &lab{b, os.Getenv("GUESTCTL_BENCH_IMAGE")}
	for b.Loop() {
		if out, code := l.fsck(); code != 0 {
			b.Fatal(out)
		}
	}
}

// BenchmarkCheck checks the whole structure; compare with e2fsck -fn.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		found, checked := checkAll(b, openBench(b))
		if len(found) > 0 {
			b.Fatal(found[0])
		}
		b.ReportMetric(float64(checked.Inodes), "inodes")
	}
}
