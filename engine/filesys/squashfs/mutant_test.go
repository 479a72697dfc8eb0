package squashfs

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const mutants = 200

// mutated are images with each compressor, and one whose metadata is not packed, where a changed byte is a changed field.
var mutated = [...]string{"plain-blocks", "gzip", "lzma", "lzo", "xz", "lz4", "zstd"} //nolint:gochecknoglobals // a constant

// patched is an image with some bytes changed: a fuzzer that had to carry the whole image would be slow.
type patched struct {
	image   []byte
	changed map[int64]byte
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := bytes.NewReader(p.image).ReadAt(b, off)
	for at, v := range p.changed {
		if at >= off && at < off+int64(n) {
			b[at-off] = v
		}
	}
	return n, err
}

// walkBounded asks for everything, each node once and not more than some kilobytes of each file.
func walkBounded(t testing.TB, f *FS) {
	seen := map[filesys.Node]bool{}
	queue := []filesys.Node{f.Root()}
	b := make([]byte, 64<<10)
	for len(queue) > 0 && len(seen) < 1000 {
		n := queue[0]
		queue = queue[1:]
		if seen[n] {
			continue
		}
		seen[n] = true
		_, _ = f.Stat(n)
		_, _ = f.Xattrs(n)
		_, _ = f.ReadLink(n)
		if c, _ := f.Open(n); c != nil {
			for _, off := range []int64{0, c.Size() / 2, c.Size() - 1000} {
				_, _ = c.ReadAt(b, off)
			}
			total := int64(0)
			if c.Size() < 1<<30 && c.(filesys.Mapped).Runs(func(r filesys.Run) { total += r.Len }) && total != c.Size() {
				t.Fatalf("node %d: runs of %d bytes, want %d", n, total, c.Size())
			}
		}
		entries, _ := f.ReadDir(n)
		for i, e := range entries {
			queue = append(queue, e.Node)
			if i%16 == 0 {
				if got, err := f.Lookup(n, e.Name); err == nil && got == 0 {
					t.Fatalf("%q of %d is found and is no node", e.Name, n)
				}
			}
		}
	}
}

// place is where a change hits what is not content: the superblock, and all from the inodes on.
func place(s *superblock, at uint32) int64 {
	tables := int64(s.inodeTable)
	if at%8 == 0 {
		return int64(at/8) % superSize
	}
	return tables + int64(at/8)%(s.size-tables)
}

// TestMutantsOnlyFail: there are no checksums, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 2026))
	for _, name := range mutated {
		whole := image(t, name)
		s := openBytes(t, whole).super
		count := mutants / len(mutated)
		if testing.Short() {
			count /= 8
		}
		if name == "plain-blocks" {
			count *= 2
		}
		for range count {
			changed := map[int64]byte{}
			for range 1 + random.IntN(8) {
				changed[place(&s, random.Uint32())] = byte(random.IntN(256))
			}
			if f, err := Open(&patched{whole, changed}, int64(len(whole))); err == nil {
				walkBounded(t, f)
			}
		}
	}
}

// FuzzSquashfs changes bytes of the superblock and of the tables, and asks for everything. Each change is a place of four bytes and a byte.
func FuzzSquashfs(f *testing.F) {
	supers := make([]superblock, len(mutated))
	for i, name := range mutated {
		supers[i] = openBytes(f, image(f, name)).super
		f.Add(byte(i), []byte{})
		f.Add(byte(i), []byte("\x80\x01\x00\x00\xff\x88\x01\x00\x00\xff"))                  // the root
		f.Add(byte(i), []byte("\x01\x00\x00\x00\xff\x09\x00\x00\x00\xff"))                  // a header of metadata
		f.Add(byte(i), []byte("\x11\x00\x00\x00\x08\x19\x00\x00\x00\x00\x89\x00\x00\x00*")) // the first inode
		f.Add(byte(i), []byte("\x60\x00\x00\x00\x0c\x61\x00\x00\x00\x00\xb0\x00\x00\x00\x0c"))
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(mutated)
		whole, changed := image(t, mutated[i]), map[int64]byte{}
		for c := binread.Little(data); c.Len() >= 5 && len(changed) < 64; {
			at := place(&supers[i], c.U32())
			changed[at] = c.U8()
		}
		if opened, err := Open(&patched{whole, changed}, int64(len(whole))); err == nil {
			walkBounded(t, opened)
		}
	})
}

// FuzzUnpack gives each compressor what it did not make, and wants it to keep to its room.
func FuzzUnpack(f *testing.F) {
	for c := compGzip; c <= compZstd; c++ {
		b := image(f, c.String())
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
