package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// Places of the image that valid returns.
const (
	headerAt = 512
	tableAt  = headerAt + headerSize
	nameAt   = tableAt + 512
	blockAt  = nameAt + 512
	blockLen = 64 << 10
	lastAt   = blockAt + 512 + blockLen
)

// sum writes the checksum of the structure at off, which has it at in.
func sum(b []byte, off, in int) {
	n := footerSize
	if in == 36 {
		n = headerSize
	}
	binary.BigEndian.PutUint32(b[off+in:], checksum(b[off:off+n], in))
}

func put(b []byte, off, n int, v uint64) {
	for i := range n {
		b[off+i] = byte(v >> (8 * (n - 1 - i)))
	}
}

// patch changes a valid image; its checksums are made right afterwards.
type patch func(b []byte)

func all(patches ...patch) patch {
	return func(b []byte) {
		for _, p := range patches {
			p(b)
		}
	}
}

// foot changes both footers, head the header, and at the table or what lies behind.
func foot(off, n int, v uint64) patch {
	return func(b []byte) { put(b, off, n, v); put(b, lastAt+off, n, v) }
}

func head(off, n int, v uint64) patch { return func(b []byte) { put(b, headerAt+off, n, v) } }
func at(off, n int, v uint64) patch   { return func(b []byte) { put(b, off, n, v) } }

// differ makes it a differencing image whose parent Windows knows by the name.
func differ(name string) patch {
	var text []byte
	for _, c := range name {
		text = binary.LittleEndian.AppendUint16(text, uint16(c))
	}
	return all(foot(60, 4, uint64(differencing)), func(b []byte) {
		copy(b[headerAt+576:], "W2ru")
		put(b, headerAt+576+8, 4, uint64(len(text)))
		put(b, headerAt+576+16, 8, nameAt)
		copy(b[nameAt:], text)
	})
}

// valid is a dynamic disk of 256 KiB in blocks of 64 KiB, of which the second is there.
func valid() []byte {
	b := make([]byte, lastAt+footerSize)
	copy(b, cookie)
	put(b, 8, 4, 2)
	put(b, 12, 4, version1)
	put(b, 16, 8, headerAt)
	copy(b[28:], "win ")
	put(b, 48, 8, 4*blockLen)
	put(b, 60, 4, uint64(dynamic))
	copy(b[68:], "an id of 16 byte")
	copy(b[lastAt:], b[:footerSize])
	copy(b[headerAt:], headerCookie)
	put(b, headerAt+16, 8, tableAt)
	put(b, headerAt+24, 4, version1)
	put(b, headerAt+28, 4, 4)
	put(b, headerAt+32, 4, blockLen)
	copy(b[headerAt+40:], "an id of 16 byte")
	for i := range 128 {
		put(b, tableAt+4*i, 4, unused)
	}
	put(b, tableAt+4, 4, blockAt/512)
	copy(b[blockAt:], bytes.Repeat([]byte{0xff}, blockLen/512/8))
	copy(b[blockAt+512:], bytes.Repeat([]byte("d"), blockLen))
	return b
}

func patched(p patch) []byte {
	b := valid()
	p(b)
	sum(b, 0, 64)
	sum(b, lastAt, 64)
	sum(b, headerAt, 36)
	return b
}

func nothing([]byte) {}

var hostile = []struct {
	name  string
	patch patch
	kind  error
	text  string
}{
	{"version 2", foot(12, 4, 0x20000), binread.ErrUnsupported, "version 2.0"},
	{"disk type 1", foot(60, 4, 1), binread.ErrUnsupported, "disk type 1"},
	{"disk type 5", foot(60, 4, 5), binread.ErrUnsupported, "disk type 5"},
	{"size 0", foot(48, 8, 0), binread.ErrCorrupt, "disk of 0x0 bytes"},
	{"size of 2^63", foot(48, 8, 1<<63), binread.ErrCorrupt, "disk of 0x8000000000000000 bytes"},
	{"size of 2^64-1", foot(48, 8, 1<<64-1), binread.ErrCorrupt, "0xffffffffffffffff"},
	{"size beyond the table", foot(48, 8, 4*blockLen+512), binread.ErrCorrupt, "4 blocks of 65536 bytes"},
	{"fixed, and longer than its file", foot(60, 4, uint64(fixed)), binread.ErrCorrupt, "fixed disk of 262144 bytes"},
	{"fixed, and shorter than its file", all(foot(60, 4, uint64(fixed)), foot(48, 8, 512)), binread.ErrCorrupt, "fixed disk of 512 bytes"},
	{"header outside of the file", foot(16, 8, 1<<40), binread.ErrCorrupt, "header at 0x10000000000"},
	{"header at a negative offset", foot(16, 8, 1<<63), binread.ErrCorrupt, "header at 0x8000000000000000"},
	{"header cut by the end", foot(16, 8, lastAt), binread.ErrCorrupt, "header at"},
	{"header that is none", foot(16, 8, blockAt), binread.ErrCorrupt, `want "cxsparse"`},
	{"header version 2", head(24, 4, 0x20000), binread.ErrUnsupported, "version 2.0"},
	{"block size 0", head(32, 4, 0), binread.ErrCorrupt, "block size 0"},
	{"block size 256", head(32, 4, 256), binread.ErrCorrupt, "block size 256"},
	{"block size no power of two", head(32, 4, blockLen+512), binread.ErrCorrupt, "block size 66048"},
	{"table of 16 GiB", head(28, 4, 1<<32-1), binread.ErrCorrupt, "table of 4294967295 entries"},
	{"table outside of the file", head(16, 8, 1<<40), binread.ErrCorrupt, "at 0x10000000000"},
	{"table at a negative offset", head(16, 8, 1<<63+512), binread.ErrCorrupt, "block allocation table"},
	{"table without entries", head(28, 4, 0), binread.ErrCorrupt, "0 blocks"},
	{"table not aligned", head(16, 8, tableAt+2), binread.ErrCorrupt, "block allocation table"},
	{"block outside of the file", at(tableAt+8, 4, 1<<31), binread.ErrCorrupt, "guest offset 0x20000: entry of the block allocation table"},
	{"block at the very end", at(tableAt+8, 4, lastAt/512), binread.ErrCorrupt, "block at"},
	{"block cut by the end", at(tableAt+8, 4, lastAt/512-1), binread.ErrCorrupt, "guest offset 0x20200"},
	{"block of 2 GiB", all(head(32, 4, 1<<31), foot(48, 8, 1<<31), at(tableAt, 4, blockAt/512)), binread.ErrCorrupt, "block at"},
	{"parent without a name", foot(60, 4, uint64(differencing)), binread.ErrCorrupt, "names no parent"},
	{"parent of the host", differ("/etc/passwd"), binread.ErrRefused, `"passwd"`},
	{"parent above", differ(`..\..\disk.vhd`), binread.ErrRefused, `"../../disk.vhd"`},
	{"parent name of 4 GiB", all(differ("a"), head(576+8, 4, 1<<32-1)), binread.ErrLimit, "parent locator"},
	{"parent name outside of the file", all(differ("a"), head(576+16, 8, 1<<62)), binread.ErrCorrupt, "parent locator"},
	{"parent name at a negative offset", all(differ("a"), head(576+16, 8, 1<<63)), binread.ErrCorrupt, "parent locator"},
}

func readSome(b []byte) error {
	return conformance.ReadSome(Format, bytes.NewReader(b), int64(len(b)))
}

func TestHostileImages(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) { conformance.Hostile(t, Format, patched(c.patch), c.kind, c.text) })
	}
	if err := readSome(patched(nothing)); err != nil {
		t.Errorf("the image without damage: %v", err)
	}
	b := patched(nothing)
	b[headerAt+100]++
	if err := readSome(b); !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("header damaged: %v, want kind %v", err, binread.ErrChecksum)
	}
}

func TestHugeBlocksTakeNoMemory(t *testing.T) {
	b := patched(all(head(32, 4, 1<<31), foot(48, 8, 4<<31), at(tableAt, 4, unused), at(tableAt+4, 4, unused)))
	img, err := conformance.Open(Format, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := image.ExtentOf(img, 0, img.Size()); err != nil || !e.Zero || e.Len != 4<<31 {
		t.Errorf("extent %+v, %v", e, err)
	}
}

// TestParentsAreOpenedByTheRule has parents of the host, above, and in a circle.
func TestParentsAreOpenedByTheRule(t *testing.T) {
	conformance.Parents(t, Format, map[string][]byte{
		"secret.vhd":         patched(nothing),
		"images/base.vhd":    patched(nothing),
		"images/other.vhd":   patched(foot(68, 4, 0)),
		"images/circle.vhd":  patched(differ("disk")),
		"images/not-vhd.vhd": []byte("root:x:0:0"),
	}, func(name string) []byte { return patched(differ(name)) }, map[string]error{
		`C:\elsewhere\base.vhd`:    nil,
		`.\base.vhd`:               nil,
		`..\..\elsewhere\base.vhd`: nil, // the last part of it is beside the image
		`..\secret.vhd`:            binread.ErrRefused,
		`/etc/passwd`:              os.ErrNotExist, // beside the image, where it is looked for
		`disk`:                     binread.ErrRefused,
		`circle.vhd`:               binread.ErrRefused,
		`directory`:                binread.ErrRefused,
		`other.vhd`:                binread.ErrCorrupt,
		`not-vhd.vhd`:              binread.ErrCorrupt,
		`gone.vhd`:                 os.ErrNotExist,
	})
}

func FuzzOpen(f *testing.F) {
	f.Add(patched(nothing))
	for _, c := range hostile {
		f.Add(patched(c.patch))
	}
	f.Add(patched(all(differ("base"), at(blockAt, 4, 0x0ff0aa55))))
	f.Add(conformance.Unpack(f, "empty.vhd"))
	base := func(string, string) (image.Image, error) { return conformance.Open(Format, patched(nothing), nil) }
	f.Fuzz(func(t *testing.T, b []byte) {
		conformance.Fuzz(t, Format, b, base)
		if len(b) == lastAt+footerSize { // most changes are not worth a look but for right checksums
			sum(b, 0, 64)
			sum(b, lastAt, 64)
			sum(b, headerAt, 36)
			conformance.Fuzz(t, Format, b, base)
		}
	})
}
