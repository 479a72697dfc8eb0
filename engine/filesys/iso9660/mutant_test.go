package iso9660

import (
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// directoryBlocks is how many of the blocks in use are tried: descriptors and directories come first.
const directoryBlocks = 150

// usedBlocks are the places of what holds something.
func usedBlocks(b []byte) []int64 {
	used := conformance.UsedBlocks(b, descriptorAt)
	return used[:min(len(used), directoryBlocks)]
}

// TestMutantsOnlyFail: ISO 9660 keeps no checksums, so a difference cannot always be seen.
func TestMutantsOnlyFail(t *testing.T) {
	for _, name := range []string{"rock-genisoimage", "deep-genisoimage", "plain-joliet", "hybrid"} {
		b := committed.Image(t, name)
		conformance.Mutants(t, Format, b, usedBlocks(b))
	}
}

// FuzzISO changes images of each kind and asks for everything.
func FuzzISO(f *testing.F) {
	var all [][]byte
	for _, name := range []string{"rock-xorriso", "deep-genisoimage", "plain-joliet"} {
		all = append(all, committed.Image(f, name))
	}
	for kind := range byte(3) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x9e\x00\x03\xff\xff\xff\xff"))         // where the root is
		f.Add(kind, []byte("\x08\x00\x00\x00\x00\x21"))                     // length of a record
		f.Add(kind, []byte("\x08\x00\x22\x00\x08\xff\xff\xff\xff\xff\xff")) // a record's numbers
		f.Add(kind, []byte("\x08\x00\x80\x00\x1bCE\x1c\x01\x18\x00\x00\x00\x00\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x80"))
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		b := all[int(kind)%len(all)]
		conformance.Mutate(t, Format, b, usedBlocks(b), data)
	})
}
