package vdi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// Places of the image that valid returns.
const (
	mapAt    = 512
	dataAt   = 1024
	blockLen = 64 << 10
	fileEnd  = dataAt + 2*blockLen
)

// valid is a dynamic disk of 256 KiB in blocks of 64 KiB, of which the second and the fourth are there.
func valid() []byte {
	b := make([]byte, fileEnd)
	le := binary.LittleEndian
	copy(b, "<<< Oracle VM VirtualBox Disk Image >>>\n")
	copy(b[signatureAt:], signature)
	for at, v := range map[int]uint32{
		0x44: 0x10001, 0x48: 0x190, 0x4c: uint32(dynamic), 0x154: mapAt, 0x158: dataAt, 0x168: sectorSize, 0x170: 4 * blockLen, 0x178: blockLen,
		0x180: 4, 0x184: 2, 0x188: 1, 0x198: 2, mapAt: blockFree, mapAt + 4: 0, mapAt + 8: blockZero, mapAt + 12: 1,
	} {
		le.PutUint32(b[at:], v)
	}
	copy(b[dataAt:], bytes.Repeat([]byte("d"), 2*blockLen))
	return b
}

type patch func(b []byte)

func set(at int, v uint32) patch {
	return func(b []byte) { binary.LittleEndian.PutUint32(b[at:], v) }
}

func set64(at int, v uint64) patch {
	return func(b []byte) { binary.LittleEndian.PutUint64(b[at:], v) }
}

func all(patches ...patch) patch {
	return func(b []byte) {
		for _, p := range patches {
			p(b)
		}
	}
}

func nothing([]byte) {}

func patched(p patch) []byte {
	b := valid()
	p(b)
	return b
}

var differ = all(set(0x4c, uint32(differencing)), set(0x1a8, 1), set(0x1b8, 2))

var hostile = []struct {
	name  string
	patch patch
	kind  error
	text  string
}{
	{"version 0.1", set(0x44, 1), binread.ErrUnsupported, "version 0.1"},
	{"version 2.0", set(0x44, 0x20000), binread.ErrUnsupported, "version 2.0"},
	{"an undo image", set(0x4c, 3), binread.ErrUnsupported, "image type 3"},
	{"sectors of 4096 bytes", set(0x168, 4096), binread.ErrUnsupported, "sectors of 4096"},
	{"size 0", set64(0x170, 0), binread.ErrCorrupt, "disk of 0x0 bytes"},
	{"size of 2^63", set64(0x170, 1<<63), binread.ErrCorrupt, "disk of 0x8000000000000000"},
	{"size of 2^64-1", set64(0x170, 1<<64-1), binread.ErrCorrupt, "disk of 0xffffffffffffffff"},
	{"size beyond the map", set64(0x170, 4*blockLen+1), binread.ErrCorrupt, "4 blocks of 65536 bytes"},
	{"block size 0", set(0x178, 0), binread.ErrCorrupt, "block size 0"},
	{"block size 3", set(0x178, 3), binread.ErrCorrupt, "block size 3"},
	{"block size no power of two", set(0x178, blockLen+512), binread.ErrCorrupt, "block size 66048"},
	{"bytes before blocks no power of two", set(0x17c, 513), binread.ErrCorrupt, "513 bytes before each block"},
	{"2 GiB before each block", set(0x17c, 1<<31), binread.ErrCorrupt, "guest offset 0x10000: entry of the block map at 0x204: block 0"},
	{"map of 16 GiB", set(0x180, 1<<32-1), binread.ErrCorrupt, "block map of 4294967295 entries"},
	{"map without entries", set(0x180, 0), binread.ErrCorrupt, "0 blocks"},
	{"map outside of the file", set(0x154, 1<<31), binread.ErrCorrupt, "block map of 4 entries at 0x80000000"},
	{"map over the header", set(0x154, 64), binread.ErrCorrupt, "at 0x40"},
	{"map not aligned", set(0x154, mapAt+2), binread.ErrCorrupt, "at 0x202"},
	{"data over the map", set(0x158, mapAt+8), binread.ErrCorrupt, "data at 0x208"},
	{"data outside of the file", set(0x158, 1<<32-1), binread.ErrCorrupt, "guest offset 0x10000"},
	{"block outside of the file", set(mapAt, 1<<31), binread.ErrCorrupt, "guest offset 0x0: entry of the block map at 0x200: block 2147483648"},
	{"block of the highest number", set(mapAt, blockZero-1), binread.ErrCorrupt, "block 4294967293"},
	{"block cut by the end", set(mapAt, 2), binread.ErrCorrupt, "guest offset 0x0"},
	{"parent without a UUID", set(0x4c, uint32(differencing)), binread.ErrCorrupt, "names no parent"},
	{"parent without a rule", differ, binread.ErrRefused, "parent"},
}

func readSome(b []byte) error {
	return conformance.ReadSome(Format, bytes.NewReader(b), int64(len(b)))
}

func TestHostileImages(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) { conformance.Hostile(t, Format, patched(c.patch), c.kind, c.text) })
	}
	if err := readSome(valid()); err != nil {
		t.Errorf("the image without damage: %v", err)
	}
	for n := range headerSize {
		if err := readSome(valid()[:n]); !errors.Is(err, binread.ErrCorrupt) {
			t.Fatalf("cut after %d bytes: %v, want kind %v", n, err, binread.ErrCorrupt)
		}
	}
}

// TestACircleOfParentsEnds has an image that is its own parent, by a link as VirtualBox would name it.
func TestACircleOfParentsEnds(t *testing.T) {
	name := conformance.WriteFile(t, "{00000001-0000-0000-0000-000000000000}.vdi", patched(differ))
	if _, err := conformance.OpenFile(t, Format, name); !errors.Is(err, binread.ErrRefused) {
		t.Errorf("%v, want kind %v", err, binread.ErrRefused)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(valid())
	for _, c := range hostile {
		f.Add(patched(c.patch))
	}
	f.Add(conformance.Unpack(f, "empty.vdi"))
	base := func(string, string) (image.Image, error) { return conformance.Open(Format, valid(), nil) }
	f.Fuzz(func(t *testing.T, b []byte) { conformance.Fuzz(t, Format, b, base) })
}
