package qcow2

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/guestctl/guestctl/engine/image"
)

// bigImage is an image of 32 MiB of text, which compresses to about a quarter, in clusters one after the other.
func bigImage(b *testing.B, how string) image.Image {
	b.Helper()
	const clusters = 512
	file := valid()[:dataAt]
	put(file, 24, 8, clusters*k64)
	if how == "zstd" {
		file = zstdType(file)
	}
	var text bytes.Buffer
	for i := range clusters {
		for text.Len() < k64 {
			fmt.Fprintf(&text, "line %d of cluster %d is %x\n", text.Len(), i, rand.Uint32())
		}
		entry := uint64(len(file))
		switch content := text.Next(k64); how {
		case "data":
			file = append(file, content...)
		case "zlib":
			var z bytes.Buffer
			w, err := flate.NewWriter(&z, 6)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(content); err != nil || w.Close() != nil {
				b.Fatal(err)
			}
			file = append(file, z.Bytes()...)
		case "zstd":
			file = append(file, zstdFrame(content)...)
		}
		if how != "data" {
			entry |= flagCompress | (uint64(len(file)-1)>>9-entry>>9)<<54
		}
		put(file, l2Place+8*i, 8, entry)
	}
	img, err := openBytes(file, image.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return img
}

var kinds = []string{"data", "zlib", "zstd"}

func BenchmarkSequential(b *testing.B) {
	for _, how := range kinds {
		for _, step := range []int{4 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%dK", how, step>>10), func(b *testing.B) {
				img, buf := bigImage(b, how), make([]byte, step)
				b.SetBytes(img.Size())
				b.ReportAllocs()
				for b.Loop() {
					for off := int64(0); off < img.Size(); off += int64(step) {
						if _, err := img.ReadAt(buf, off); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
}

func BenchmarkRandom4K(b *testing.B) {
	for _, how := range kinds {
		b.Run(how, func(b *testing.B) {
			img := bigImage(b, how)
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
		})
	}
}
