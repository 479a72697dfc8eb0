package erofs

import (
	"bytes"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// mutated are images of each layout, index and codec.
var mutated = [...]string{
	"tiny-plain", "tiny-chunks", "tiny-legacy", "tiny-lz4", "tiny-lzma", "tiny-deflate", "tiny-zstd", "tiny-metabox",
} //nolint:gochecknoglobals // a constant

// usedBlocks are the places of what holds something.
func usedBlocks(b []byte) []int64 { return conformance.UsedBlocks(b, superOff) }

// TestMutantsOnlyFail: only the superblock has a checksum, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector learns nothing from one reader")
	}
	for _, name := range mutated {
		if name == "tiny-lzma" {
			continue // it takes as long as all others, which differ from it in what FuzzUnpack is for
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := committed.Image(t, name)
			conformance.Mutants(t, Format, b, usedBlocks(b))
		})
	}
}

// FuzzErofs changes images of each kind and asks for everything.
func FuzzErofs(f *testing.F) {
	images, used := make([][]byte, len(mutated)), make([][]int64, len(mutated))
	for i, name := range mutated {
		images[i] = committed.Image(f, name)
		used[i] = usedBlocks(images[i])
		f.Add(byte(i), []byte{})
		f.Add(byte(i), []byte("\x00\x00\x50\x00\x03\xff\x01\x00\x00"))                 // features
		f.Add(byte(i), []byte("\x00\x00\x0c\x00\x00\x09"))                             // the size of blocks
		f.Add(byte(i), []byte("\x00\x00\x80\x00\x04\x03\x00\x40\x00\xed"))             // an inode
		f.Add(byte(i), []byte("\x00\x00\x80\x01\x07\xff\xff\xff\xff\x20\x00\xff\x0f")) // the header of an index
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(mutated)
		conformance.Mutate(t, Format, images[i], used[i], data)
	})
}

// FuzzUnpack gives each codec what it did not make, and wants it to keep to its room.
func FuzzUnpack(f *testing.F) {
	for _, name := range []string{"lz4", "lzma", "deflate", "zstd"} {
		g := openBytes(f, committed.Image(f, name))
		c, err := g.Open(conformance.Find(f, g, "packed/text of 5000"))
		if err != nil {
			f.Fatal(err)
		}
		e, err := c.(*packed).extentAt(0)
		if err != nil {
			f.Fatal(err)
		}
		src := make([]byte, e.cluster.stored)
		if err := g.fill(src, &e.cluster, 0); err != nil {
			f.Fatal(err)
		}
		src = bytes.TrimLeft(src, "\x00")
		for _, partial := range []bool{false, true} {
			f.Add(uint8(e.cluster.codec), uint16(e.length), partial, src)
			f.Add(uint8(e.cluster.codec), uint16(100), partial, src)
			f.Add(uint8(e.cluster.codec), uint16(e.length), partial, src[:len(src)/2])
			f.Add(uint8(e.cluster.codec), uint16(1), partial, []byte{1})
		}
	}
	var u unpacker
	f.Fuzz(func(t *testing.T, kind uint8, room uint16, partial bool, src []byte) {
		guarded := bytes.Repeat([]byte{0xa5}, int(room)+100)
		_ = u.unpack(guarded[:room:room], bytes.Clone(src), &cluster{codec: codec(kind % uint8(codecs)), partial: partial}, !partial)
		if !bytes.Equal(guarded[room:], bytes.Repeat([]byte{0xa5}, 100)) {
			t.Fatal("bytes behind the room changed")
		}
	})
}
