package btrfs

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

func BenchmarkWalk(b *testing.B) { conformance.BenchWalk(b, Format) }

func BenchmarkHash(b *testing.B) { conformance.BenchHash(b, Format) }

// BenchmarkCheck checks the whole structure; compare with btrfs check --readonly.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		checked, found := checkAll(b, conformance.BenchFS(b, Format).(*FS))
		if len(found) > 0 {
			b.Fatal(found[0])
		}
		b.ReportMetric(float64(checked.Inodes), "inodes")
	}
}

// BenchmarkContent holds all content against its checksums; compare with btrfs scrub.
func BenchmarkContent(b *testing.B) {
	for b.Loop() {
		v, found := verifyContent(b, conformance.BenchFS(b, Format).(*FS))
		if len(found) > 0 {
			b.Fatal(found[0])
		}
		b.SetBytes(int64(v.Bytes))
	}
}
