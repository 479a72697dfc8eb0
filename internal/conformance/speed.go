package conformance

import (
	"math/rand/v2"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// Sequential reads all of img in pieces of a mebibyte, b.N times.
func Sequential(b *testing.B, img image.Image) {
	buf := make([]byte, 1<<20)
	b.SetBytes(img.Size())
	b.ReportAllocs()
	for b.Loop() {
		for off := int64(0); off < img.Size(); off += int64(len(buf)) {
			if n, err := img.ReadAt(buf, off); n == 0 {
				b.Fatal(err)
			}
		}
	}
}

// Random4K reads img in pieces of 4 KiB at random places.
func Random4K(b *testing.B, img image.Image) {
	b.SetBytes(4096)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		buf := make([]byte, 4096)
		for pb.Next() {
			if _, err := img.ReadAt(buf, rand.Int64N(img.Size()/4096)*4096); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// Speed reads images of testdata from end to end, and at random places.
func Speed(b *testing.B, f image.Format, names ...string) {
	for _, name := range names {
		b.Run("sequential/"+name, func(b *testing.B) { Sequential(b, Fixture(b, f, name)) })
		b.Run("random/"+name, func(b *testing.B) { Random4K(b, Fixture(b, f, name)) })
	}
}
