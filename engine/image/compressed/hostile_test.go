package compressed_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

func gz(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.CopyN(w, zeros{}, int64(n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// xzOf is a stream with an index of one's own: blocks are bytes that no decoder has to like.
func xzOf(blocks int, index []byte, backward int64) []byte {
	flags := []byte{0, 1}
	b := binary.LittleEndian.AppendUint32(append([]byte("\xfd7zXZ\x00"), flags...), crc32.ChecksumIEEE(flags))
	b = append(b, make([]byte, blocks)...)
	for len(index)%4 != 0 {
		index = append(index, 0)
	}
	index = binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(index))
	if backward == 0 {
		backward = int64(len(index))
	}
	end := append(binary.LittleEndian.AppendUint32(nil, uint32(backward/4-1)), flags...)
	b = append(b, index...)
	return append(append(binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(end)), end...), "YZ"...)
}

func number(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func frame(descriptor byte, rest ...byte) []byte {
	return append([]byte{0x28, 0xb5, 0x2f, 0xfd, descriptor}, rest...)
}

func TestHostileStreams(t *testing.T) {
	record := func(unpadded, size uint64) []byte {
		return bytes.Join([][]byte{{0, 1}, number(unpadded), number(size)}, nil)
	}
	content := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	last := []byte{1, 0, 0} // a block of no bytes
	for name, c := range map[string]struct {
		b    []byte
		kind error
	}{
		"gzip: a bomb of zeros":                          {gz(t, 70<<20), binread.ErrLimit},
		"gzip: a name without end":                       {append([]byte("\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"), strings.Repeat("n", 4096)...), binread.ErrCorrupt},
		"gzip: something else behind it":                 {append(gz(t, 100), "something else"...), binread.ErrCorrupt},
		"gzip: a header and no more":                     {[]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), binread.ErrCorrupt},
		"xz: a block of 2^62 bytes":                      {xzOf(8, record(8, 1<<62), 0), binread.ErrLimit},
		"xz: a block that is larger than the file":       {xzOf(8, record(1<<40, 8), 0), binread.ErrCorrupt},
		"xz: a block of 2^63-1 bytes in the file":        {xzOf(8, record(1<<63-1, 8), 0), binread.ErrCorrupt},
		"xz: a number of ten bytes":                      {xzOf(8, append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 12)...), 0), binread.ErrCorrupt},
		"xz: more blocks than the index has bytes":       {xzOf(8, append([]byte{0}, number(1<<40)...), 0), binread.ErrCorrupt},
		"xz: an index that is larger than the file":      {xzOf(8, record(8, 8), 1<<20), binread.ErrCorrupt},
		"xz: an index of 4 GiB":                          {xzOf(8, record(8, 8), 4<<30), binread.ErrLimit},
		"xz: an index that does not begin with 0":        {xzOf(8, bytes.Join([][]byte{{7, 1}, number(8), number(8)}, nil), 0), binread.ErrCorrupt},
		"xz: bytes between the blocks and the header":    {append(bytes.Repeat([]byte("\xfd7zXZ\x00junk"), 2), xzOf(8, record(8, 8), 0)...), binread.ErrCorrupt},
		"xz: more zeros behind it than the limit":        {append(xzOf(8, record(8, 8), 0), make([]byte, 1<<20+8)...), binread.ErrLimit},
		"xz: a magic number and no more":                 {[]byte("\xfd7zXZ\x00"), binread.ErrCorrupt},
		"xz: more streams than the limit":                {bytes.Repeat(xzOf(0, []byte{0, 0}, 0), 10_001), binread.ErrLimit},
		"zstd: a content of 2^62 bytes":                  {append(frame(0xe0, content(1<<62)...), last...), binread.ErrLimit},
		"zstd: a content of 2^64-1 bytes":                {append(frame(0xe0, content(1<<64-1)...), last...), binread.ErrCorrupt},
		"zstd: a window of 2 GiB":                        {append(frame(0x00, 21<<3), last...), binread.ErrLimit},
		"zstd: a dictionary":                             {append(frame(0x21, 7, 0), last...), binread.ErrUnsupported},
		"zstd: a block that is larger than the file":     {frame(0x20, 9, 0xf1, 0xff, 0xff), binread.ErrCorrupt},
		"zstd: a block of a type that is reserved":       {frame(0x20, 0, 7, 0, 0), binread.ErrCorrupt},
		"zstd: a frame without a last block":             {frame(0x20, 0, 0, 0, 0), binread.ErrCorrupt},
		"zstd: a header that is cut off":                 {frame(0xe0, 1, 2, 3), binread.ErrCorrupt},
		"zstd: a checksum that is cut off":               {append(frame(0x24, 0), last...), binread.ErrCorrupt},
		"zstd: something else behind it":                 {append(append(frame(0x20, 0), last...), "something else"...), binread.ErrCorrupt},
		"zstd: a skipped frame that is larger than it":   {append(append(frame(0x20, 0), last...), 0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0xff), binread.ErrCorrupt},
		"zstd: one byte repeated to more than the limit": {append(frame(0x00, 0x48), bytes.Repeat([]byte{2, 0, 0x10, 0}, 600)...), binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := open(c.b, image.Options{Room: &image.Room{Most: 64 << 20}})
			if !errors.Is(err, c.kind) {
				t.Errorf("%v, error %v, want one of %v", img, err, c.kind)
			}
		})
	}
}

// TestSizesThatLie opens frames and blocks whose content has another size than they say.
func TestSizesThatLie(t *testing.T) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	honest := w.EncodeAll(bytes.Repeat([]byte("0123456789abcdef"), 1000), nil)
	if honest[4]>>6 != 1 { // a size of two bytes, less 256
		t.Fatalf("descriptor %#x", honest[4])
	}
	at := 5
	if honest[4]>>5&1 == 0 {
		at++ // behind the window
	}
	for name, size := range map[string]uint16{"less": 15_000, "more": 17_000} {
		b := bytes.Clone(honest)
		binary.LittleEndian.PutUint16(b[at:], size-256)
		img, err := open(b, image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if img.Size() != int64(size) {
			t.Errorf("%s: %d bytes", name, img.Size())
		}
		if n, err := img.ReadAt(make([]byte, size), 0); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v, want damage", name, n, err)
		}
		if c, found := checked(t, img); c.Damaged != 1 {
			t.Errorf("%s: %+v %v", name, c, found)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAnIndexThatLies opens a stream of xz whose index says that its block has fewer bytes than it has, or more.
func TestAnIndexThatLies(t *testing.T) {
	whole := read(t, "one.xz")
	footer := len(whole) - 12
	start := footer - 4*(int(binary.LittleEndian.Uint32(whole[footer+4:]))+1)
	at := start + 2 // behind 0 and the count, 1
	_, n := binary.Uvarint(whole[at:])
	at += n
	size, n := binary.Uvarint(whole[at:])
	for _, lie := range []uint64{size - 10, size + 10} {
		b := bytes.Clone(whole)
		if binary.PutUvarint(b[at:], lie) != n {
			t.Fatalf("%d bytes for %d", n, lie)
		}
		binary.LittleEndian.PutUint32(b[footer-4:], crc32.ChecksumIEEE(b[start:footer-4]))
		img, err := open(b, image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := img.ReadAt(make([]byte, lie), 0); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%d bytes in place of %d: read %d, %v, want damage", lie, size, n, err)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAFullDirectoryIsSaid unpacks into a directory that is not there.
func TestAFullDirectoryIsSaid(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	if img, err := open(gz(t, 100), image.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, %v", img, err)
	}
}

// FuzzOpen wants an answer to anything, within its room.
func FuzzOpen(f *testing.F) {
	for _, name := range samples(f) {
		if b := read(f, name); len(b) < 8<<10 {
			f.Add(b)
		}
	}
	f.Add(xzOf(8, []byte{0, 1, 8, 8}, 0))
	f.Add(append(frame(0x20, 0), 1, 0, 0))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 20
		img, err := open(b, image.Options{Room: &image.Room{Most: most}})
		if err != nil {
			return
		}
		defer img.Close()
		if img.Size() < 0 || img.Size() > most {
			t.Fatalf("%d bytes, more than the room", img.Size())
		}
		got := make([]byte, img.Size())
		n, err := img.ReadAt(got, 0)
		if err == nil && n != len(got) {
			t.Fatalf("%d of %d bytes without an error", n, len(got))
		}
		_, _, cerr := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(d image.Damage) {
			if err == nil {
				t.Fatalf("all of it was read, and %s", d.Problem)
			}
		}})
		if cerr != nil && !errors.Is(cerr, binread.ErrUnsupported) {
			t.Fatal(cerr)
		}
	})
}
