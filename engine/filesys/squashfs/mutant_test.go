package squashfs

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// mutated are images with each compressor, and one whose metadata is not packed, where a changed byte is a changed field.
var mutated = [...]string{"plain-blocks", "gzip", "lzma", "lzo", "xz", "lz4", "zstd"} //nolint:gochecknoglobals // a constant

// usedBlocks are the places of what is not content: the superblock, and all from the inodes on.
func usedBlocks(t testing.TB, b []byte) []int64 {
	t.Helper()
	return append([]int64{0}, conformance.UsedBlocks(b, int(openBytes(t, b).super.inodeTable))...)
}

// TestMutantsOnlyFail: there are no checksums, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector learns nothing from one reader")
	}
	for _, name := range []string{"plain-blocks", "gzip"} { // the others differ in what FuzzUnpack is for
		b := committed.Image(t, name)
		conformance.Mutants(t, Format, b, usedBlocks(t, b))
	}
}

// FuzzSquashfs changes bytes of the superblock and of the tables, and asks for everything.
func FuzzSquashfs(f *testing.F) {
	images, used := make([][]byte, len(mutated)), make([][]int64, len(mutated))
	for i, name := range mutated {
		images[i] = committed.Image(f, name)
		used[i] = usedBlocks(f, images[i])
		f.Add(byte(i), []byte{})
		f.Add(byte(i), []byte("\x00\x00\x20\x00\x00\xff\x00\x00\x21\x00\x00\xff")) // the root
		f.Add(byte(i), []byte("\x01\x00\x00\x00\x01\xff\xff"))                     // a header of metadata
		f.Add(byte(i), []byte("\x01\x00\x02\x00\x02\x08\x00\x2a"))                 // the first inode
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(mutated)
		conformance.Mutate(t, Format, images[i], used[i], data)
	})
}

// FuzzUnpack gives each compressor what it did not make, and wants it to keep to its room.
func FuzzUnpack(f *testing.F) {
	for c := compGzip; c <= compZstd; c++ {
		b := committed.Image(f, c.String())
		at := int(openBytes(f, b).super.inodeTable)
		n, _ := stored(b[at:])
		f.Add(uint8(c), uint16(metadataSize), b[at+metadataHeader:at+metadataHeader+int(n)])
		f.Add(uint8(c), uint16(100), b[at+metadataHeader:at+metadataHeader+int(n)])
		f.Add(uint8(c), uint16(metadataSize), b[at:at+100])
		f.Add(uint8(c), uint16(0), []byte{})
	}
	f.Fuzz(func(t *testing.T, kind uint8, room uint16, src []byte) {
		u, err := newUnpacker(compressor(kind%uint8(compZstd)) + 1)
		if err != nil {
			t.Fatal(err)
		}
		guarded := bytes.Repeat([]byte{0xa5}, int(room)+100)
		n, _ := u.unpack(guarded[:room:room], src)
		if n > int(room) || !bytes.Equal(guarded[room:], bytes.Repeat([]byte{0xa5}, 100)) {
			t.Fatalf("%d bytes in room for %d, or bytes behind it changed", n, room)
		}
		if z, ok := u.(zstdUnpacker); ok {
			z.decoder.Close()
		}
	})
}
