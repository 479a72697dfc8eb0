package engine_test

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/image"
)

// benchDisk opens the disk that GUESTCTL_DISK names, as testdata/bench-images.sh has it.
func benchDisk(b *testing.B) image.Image {
	b.Helper()
	name := os.Getenv("GUESTCTL_DISK")
	if name == "" {
		b.Skip("GUESTCTL_DISK names no disk")
	}
	m, err := engine.Open(b.Context(), []string{name}, engine.Options{MaxUnpacked: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = m.Close() })
	return m.Disks[0].Image
}

// BenchmarkDiskSequential reads all that a disk holds, as a copy does: without its holes.
func BenchmarkDiskSequential(b *testing.B) {
	disk := benchDisk(b)
	p := make([]byte, 2<<20)
	for b.Loop() {
		for off := int64(0); off < disk.Size(); {
			e, err := image.ExtentOf(disk, off, disk.Size()-off)
			if err != nil {
				b.Fatal(err)
			}
			for end := off + e.Len; off < end; {
				n := min(int64(len(p)), end-off)
				if !e.Zero {
					if _, err := disk.ReadAt(p[:n], off); err != nil {
						b.Fatal(err)
					}
				}
				off += n
			}
		}
	}
}

// BenchmarkDiskRandom reads pieces of 4 KiB here and there.
func BenchmarkDiskRandom(b *testing.B) {
	disk := benchDisk(b)
	r := rand.New(rand.NewPCG(1, 2))
	p := make([]byte, 4096)
	for b.Loop() {
		if _, err := disk.ReadAt(p, r.Int64N(disk.Size()/4096-1)*4096); err != nil {
			b.Fatal(err)
		}
	}
}
