package parallels

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

func unpacked(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func openBytes(b []byte) (image.Image, error) {
	return Format.Open(bytes.NewReader(b), int64(len(b)), image.Options{})
}

// old is an image with the first magic number, whose entries count sectors, and with rubbish above the 32 bits of its size.
func old(b []byte) []byte {
	b = bytes.Clone(b)
	copy(b, oldMagic)
	binary.LittleEndian.PutUint32(b[40:], 0xdeadbeef)
	for i := range binary.LittleEndian.Uint32(b[32:]) {
		entry := b[headerSize+4*i:]
		binary.LittleEndian.PutUint32(entry, binary.LittleEndian.Uint32(entry)*128)
	}
	return b
}

// TestContent holds the image against what qemu-img convert reads in it.
func TestContent(t *testing.T) {
	disk, want := unpacked(t, "disk.hdd.gz"), unpacked(t, "disk.raw.gz")
	for name, b := range map[string][]byte{"qemu-img": disk, "the first magic number": old(disk)} {
		t.Run(name, func(t *testing.T) {
			if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
				t.Fatalf("not recognised: %v", err)
			}
			img, err := openBytes(b)
			if err != nil {
				t.Fatal(err)
			}
			conformance.Image(t, img, want)
			if d := img.Description(); d.ClusterSize != 64<<10 || d.Used != 6*64<<10 || len(d.Problems) > 0 {
				t.Errorf("%+v", d)
			}
			c, ok, err := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(d image.Damage) { t.Error(d) }})
			if !ok || err != nil || c.Clusters != 6 {
				t.Errorf("%+v, %v, %v", c, ok, err)
			}
		})
	}
}

func TestDamageIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(b []byte) []byte
		want  image.Checked
	}{
		"not closed":                        {func(b []byte) []byte { binary.LittleEndian.PutUint32(b[44:], inUse); return b }, image.Checked{Clusters: 6, Doubtful: 1}},
		"two places of one cluster":         {func(b []byte) []byte { b[headerSize+4] = 1; return b }, image.Checked{Clusters: 6, Damaged: 1}},
		"a cluster behind the file":         {func(b []byte) []byte { b[headerSize] = 200; return b }, image.Checked{Clusters: 6, Damaged: 1}},
		"a cluster in the table":            {func(b []byte) []byte { b = old(b); b[headerSize] = 0; b[headerSize+1] = 0; b[headerSize] = 1; return b }, image.Checked{Clusters: 6, Damaged: 1}},
		"a file that lost its last cluster": {func(b []byte) []byte { return b[:len(b)-128<<10] }, image.Checked{Clusters: 6, Damaged: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := openBytes(c.spoil(unpacked(t, "disk.hdd.gz")))
			if err != nil {
				t.Fatal(err)
			}
			if got, _, err := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(image.Damage) {}}); err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

func TestHostileHeaders(t *testing.T) {
	put := func(off int, n uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[off:], n); return b }
	}
	for name, c := range map[string]struct {
		spoil func(b []byte) []byte
		kind  error
	}{
		"a version nobody knows":           {put(16, 3), binread.ErrUnsupported},
		"clusters of no sectors":           {put(28, 0), binread.ErrCorrupt},
		"clusters of 2 TiB":                {put(28, 0xffffffff), binread.ErrCorrupt},
		"a disk of no sectors":             {put(36, 0), binread.ErrCorrupt},
		"a disk of 2^63 sectors":           {put(40, 0x80000000), binread.ErrCorrupt},
		"more clusters than the limit":     {put(40, 1), binread.ErrLimit},
		"fewer entries than clusters":      {put(32, 1), binread.ErrCorrupt},
		"a table that is larger than it":   {put(32, 0xffffffff), binread.ErrCorrupt},
		"a table that is cut off":          {func(b []byte) []byte { return b[:headerSize+8] }, binread.ErrCorrupt},
		"a header and no more":             {func(b []byte) []byte { return b[:20] }, binread.ErrCorrupt},
		"one-sector clusters of 1000 KiB":  {put(28, 1), binread.ErrCorrupt},
		"a snapshot that cannot be inside": {func([]byte) []byte { return nil }, binread.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.spoil(unpacked(t, "disk.hdd.gz"))
			img, err := openBytes(b)
			if b == nil {
				img, err = Format.Open(nil, 0, image.Options{Snapshot: "x"})
			}
			if !errors.Is(err, c.kind) {
				t.Errorf("%v, %v, want one of %v", img, err, c.kind)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	disk := unpacked(f, "disk.hdd.gz")
	f.Add(disk[:1024])
	f.Add(old(disk)[:1024])
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := openBytes(b)
		if err != nil {
			return
		}
		for off := int64(0); off < min(img.Size(), 1<<20); off += 65_001 {
			p := make([]byte, 100)
			if n, err := img.ReadAt(p, off); n < 0 || n > len(p) || err == nil && n != len(p) {
				t.Fatalf("%d bytes, %v", n, err)
			}
			if e, err := image.ExtentOf(img, off, 1<<20); err != nil || e.Len < 1 || e.Len > 1<<20 {
				t.Fatalf("%+v, %v", e, err)
			}
		}
		if _, _, err := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(image.Damage) {}}); err != nil {
			t.Fatal(err)
		}
	})
}
