package exfat

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// TestMutantsOnlyFail: the table and the bitmap have no checksums, so a difference in them cannot always be seen.
func TestMutantsOnlyFail(t *testing.T) {
	for _, name := range []string{"small", "middle", "large"} {
		b := committed.Image(t, name)
		conformance.Mutants(t, Format, b, conformance.UsedBlocks(b, 0))
	}
}

// FuzzExFAT changes an image, its boot sectors and its directories, and asks for everything.
func FuzzExFAT(f *testing.F) {
	b := committed.Image(f, "small")
	used := conformance.UsedBlocks(b, 0)
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x50\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff")) // the layout
	f.Add([]byte("\x00\x00\x6c\x00\x02\x0c\x19\x02"))                     // sizes of sectors and clusters
	f.Add([]byte("\x18\x00\x10\x00\x05\xff\xff\xff\xff\x03\x00"))         // the table
	f.Add([]byte("\x30\x00\x60\x00\x03\x85\xff\x00\x00"))                 // a set of entries
	f.Fuzz(func(t *testing.T, data []byte) { conformance.Mutate(t, Format, b, used, data) })
}
