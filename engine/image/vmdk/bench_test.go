package vmdk

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/raw"
	"github.com/guestctl/guestctl/internal/conformance"
)

// bigDisk is a disk of 30 MiB of text, as one grain table has it: the grains of the base fixture, one after the other.
func bigDisk(b *testing.B, how string) image.Image {
	b.Helper()
	const grains, grain = 480, 64 << 10
	var text bytes.Buffer
	for i := 0; text.Len() < grains*grain; i++ {
		fmt.Fprintf(&text, "line %d is %x\n", i, rand.Uint32())
	}
	content := text.Bytes()[:grains*grain]
	if how == "raw" {
		img, err := conformance.Open(raw.Format, content, nil)
		if err != nil {
			b.Fatal(err)
		}
		return img
	}
	name := map[string]string{"sparse": "base", "compressed": "streamOptimized"}[how]
	f := read(b, name+".vmdk")
	f.set64(0xc, grains*grain/sectorSize)
	for i := range grains {
		f.setGrain(i, uint32(len(f)/sectorSize))
		part := content[i*grain : (i+1)*grain]
		if how == "compressed" {
			z := deflated(part)
			head := make(file, markerSize)
			head.set64(0, uint64(i*grain/sectorSize))
			head.set32(8, uint32(len(z)))
			part = slices.Concat(head, z)
			part = append(part, make([]byte, -len(part)&(sectorSize-1))...)
		}
		f = append(f, part...)
	}
	img, err := conformance.Open(Format, f, nil)
	if err != nil {
		b.Fatal(err)
	}
	return img
}

func BenchmarkSequential(b *testing.B) {
	for _, how := range []string{"raw", "sparse", "compressed"} {
		b.Run(how, func(b *testing.B) {
			img := bigDisk(b, how)
			b.ResetTimer()
			conformance.Sequential(b, img)
		})
	}
}

func BenchmarkRandom4K(b *testing.B) {
	for _, how := range []string{"raw", "sparse", "compressed"} {
		b.Run(how, func(b *testing.B) {
			img := bigDisk(b, how)
			b.ResetTimer()
			conformance.Random4K(b, img)
		})
	}
}
