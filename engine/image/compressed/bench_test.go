package compressed_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
)

// BenchmarkUnpack reads 256 MiB of text and holes, whole and for the first time, from what the real tools made of it.
func BenchmarkUnpack(b *testing.B) {
	disk := filepath.Join(b.TempDir(), "disk")
	line := strings.Repeat("The quick brown fox jumps over the lazy dog, and ", 1<<17)
	f, err := os.Create(disk)
	if err != nil {
		b.Fatal(err)
	}
	const size = 256 << 20
	for off := int64(0); off < size; off += 16 << 20 {
		if _, err := f.WriteAt([]byte(line), off); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for name, command := range map[string]string{"gzip": "gzip -1c", "zstd": "zstd -qc", "xz blocks": "xz -0c --block-size=16MiB"} {
		b.Run(name, func(b *testing.B) {
			packed := pack(b, command, disk)
			b.SetBytes(size)
			buf := make([]byte, 1<<20)
			for b.Loop() {
				img, err := open(packed, image.Options{})
				if err != nil {
					b.Fatal(err)
				}
				for off := int64(0); off < size; off += int64(len(buf)) {
					if _, err := img.ReadAt(buf, off); err != nil {
						b.Fatal(err)
					}
				}
				if err := img.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+" again, 4 KiB at random", func(b *testing.B) {
			packed := pack(b, command, disk)
			img, err := open(packed, image.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer img.Close()
			if _, err := img.ReadAt(make([]byte, size), 0); err != nil {
				b.Fatal(err)
			}
			buf := make([]byte, 4096)
			off := int64(0)
			for b.Loop() {
				off = (off*6364136223846793005 + 1442695040888963407) & (size - 4096)
				if _, err := img.ReadAt(buf, off); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// pack compresses a file with a tool, if it is there.
func pack(b *testing.B, command, path string) []byte {
	b.Helper()
	args := append(strings.Fields(command), path)
	packed, err := exec.CommandContext(b.Context(), args[0], args[1:]...).Output()
	if err != nil {
		b.Skip(err)
	}
	return packed
}
