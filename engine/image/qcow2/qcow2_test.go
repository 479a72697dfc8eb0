package qcow2

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// unpack returns a file of testdata, which is stored compressed.
func unpack(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".gz"))
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

// truth returns what qemu-img convert made of an image.
func truth(tb testing.TB, name string) []byte {
	tb.Helper()
	sums, err := os.ReadFile("testdata/SHA256SUMS")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(sums)) {
		digest, of, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if of != name {
			continue
		}
		b := unpack(tb, digest[:12]+".raw")
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != digest {
			tb.Fatalf("truth of %s has digest %x, want %s", name, sum, digest)
		}
		return b
	}
	tb.Fatalf("no truth of %s", name)
	return nil
}

// rawImage stands for the raw format, which is not this package's.
type rawImage struct{ *bytes.Reader }

func (rawImage) Close() error                   { return nil }
func (rawImage) Description() image.Description { return image.Description{Format: "raw", Used: -1} }

// siblings opens the files of testdata by the name an image has for them.
func siblings(tb testing.TB) image.Sibling {
	return func(name, format string) (image.Image, error) {
		switch _, err := os.Stat(filepath.Join("testdata", name+".gz")); {
		case err != nil:
			return nil, err
		case format == "raw":
			return rawImage{bytes.NewReader(unpack(tb, name))}, nil
		}
		return openBytes(unpack(tb, name), image.Options{Sibling: siblings(tb)})
	}
}

func openBytes(b []byte, opts image.Options) (image.Image, error) {
	return Format.Open(bytes.NewReader(b), int64(len(b)), opts)
}

func openFixture(tb testing.TB, name, snapshot string) image.Image {
	tb.Helper()
	img, err := openBytes(unpack(tb, name+".qcow2"), image.Options{Sibling: siblings(tb), Snapshot: snapshot})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := img.Close(); err != nil {
			tb.Error(err)
		}
	})
	return img
}

func TestContentIsWhatQEMUReads(t *testing.T) {
	for _, name := range []string{
		"c512", "c4096", "c65536", "c2097152", "v2", "zlib", "zlib4096", "zstd", "zstd2m", "middle", "chain", "snapshots",
		"extended", "extended16k", "outside", "outside-raw", "preallocated", "dirty",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.Image(t, openFixture(t, name, ""), truth(t, name))
		})
	}
}

func TestSnapshotsAreSelectedByIDAndName(t *testing.T) {
	for snapshot, name := range map[string]string{
		"1": "snapshots-first", "first": "snapshots-first", "2": "snapshots-second", "second one": "snapshots-second",
	} {
		t.Run(snapshot, func(t *testing.T) {
			conformance.Image(t, openFixture(t, "snapshots", snapshot), truth(t, name))
		})
	}
	want := []image.Snapshot{{ID: "1", Name: "first", Size: 2 << 20}, {ID: "2", Name: "second one", Size: 3 << 20}}
	if diff := cmp.Diff(want, openFixture(t, "snapshots", "").Description().Snapshots); diff != "" {
		t.Errorf("snapshots (-want +got):\n%s", diff)
	}
	_, err := openBytes(unpack(t, "snapshots.qcow2"), image.Options{Snapshot: "third"})
	if want := `"first" (id "1"), "second one" (id "2")`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("unknown snapshot gives %v, want an error with %s", err, want)
	}
	if _, err := openBytes(unpack(t, "v2.qcow2"), image.Options{Snapshot: "first"}); err == nil {
		t.Error("a snapshot of an image without snapshots opens, want an error")
	}
}

func TestSnapshotTableAtTheEndOfTheFile(t *testing.T) {
	want := []image.Snapshot{{ID: "1", Name: "monday", Size: 1 << 20}}
	if diff := cmp.Diff(want, openFixture(t, "snapshot-at-end", "monday").Description().Snapshots); diff != "" {
		t.Errorf("snapshots (-want +got):\n%s", diff)
	}
}

func TestDescription(t *testing.T) {
	for _, c := range []struct {
		name string
		want image.Description
	}{
		{"v2", image.Description{Version: "2", ClusterSize: 65536, Compression: "zlib"}},
		{"c512", image.Description{Version: "3", ClusterSize: 512, Compression: "zlib"}},
		{"zstd2m", image.Description{Version: "3", ClusterSize: 2 << 20, Compression: "zstd"}},
		{"chain", image.Description{
			Version: "3", ClusterSize: 65536, Compression: "zlib",
			Backing: []string{"middle.qcow2", "base.img"},
		}},
		{"dirty", image.Description{
			Version: "3", ClusterSize: 65536, Compression: "zlib",
			Problems: []string{"the dirty bit is set: the image was not closed and its reference counts may be wrong"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Format, c.want.Used = "qcow2", int64(len(unpack(t, c.name+".qcow2")))
			if diff := cmp.Diff(c.want, openFixture(t, c.name, "").Description()); diff != "" {
				t.Errorf("description (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsedCountsTheDataFile(t *testing.T) {
	want := int64(len(unpack(t, "outside.qcow2")) + len(unpack(t, "outside.data")))
	if got := openFixture(t, "outside", "").Description().Used; got != want {
		t.Errorf("used %d, want %d", got, want)
	}
}

func TestEncryptedIsSaid(t *testing.T) {
	for name, want := range map[string]string{"aes": "(AES)", "luks": "(LUKS)"} {
		_, err := openBytes(unpack(t, name+".qcow2"), image.Options{})
		if !errors.Is(err, binread.ErrEncrypted) || !strings.Contains(err.Error(), want) || binread.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q), want kind %v with %s and a hint", name, err, binread.HintOf(err), binread.ErrEncrypted, want)
		}
	}
}

func TestHolesAreFound(t *testing.T) {
	for _, c := range []struct {
		name string
		want []image.Extent
	}{
		{"c65536", []image.Extent{ // rounded to clusters
			{Off: 0, Len: 64 << 10, Zero: true},
			{Off: 64 << 10, Len: 384 << 10},
			{Off: 448 << 10, Len: 45<<16 - 448<<10, Zero: true},
			{Off: 45 << 16, Len: 1 << 16},
		}},
		{"outside", []image.Extent{{Off: 0, Len: 64 << 10}, {Off: 64 << 10, Len: 448 << 10, Zero: true}, {Off: 512 << 10, Len: 64 << 10}}},
		{"extended16k", []image.Extent{{Off: 0, Len: 1024, Zero: true}, {Off: 1024, Len: 1024}}},
	} {
		img := openFixture(t, c.name, "")
		var got []image.Extent
		for off := int64(0); len(got) < len(c.want); {
			e, err := img.(image.Extenter).Extent(off, img.Size())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
			off += e.Len
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: extents (-want +got):\n%s", c.name, diff)
		}
	}
}

// countingReader counts reads and remembers the longest.
type countingReader struct {
	io.ReaderAt
	mu      sync.Mutex
	offsets []int64
	longest int
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	r.offsets = append(r.offsets, off)
	r.longest = max(r.longest, len(p))
	r.mu.Unlock()
	return r.ReaderAt.ReadAt(p, off)
}

func countReads(t *testing.T, name string) (image.Image, *countingReader) {
	t.Helper()
	b := unpack(t, name)
	r := &countingReader{ReaderAt: bytes.NewReader(b)}
	img, err := Format.Open(r, int64(len(b)), image.Options{Sibling: siblings(t)})
	if err != nil {
		t.Fatal(err)
	}
	r.offsets = nil
	return img, r
}

func TestCompressedClustersAreReadOnce(t *testing.T) {
	for _, name := range []string{"zlib4096.qcow2", "zstd.qcow2"} {
		img, r := countReads(t, name)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := io.Copy(io.Discard, io.NewSectionReader(img, 0, img.Size())); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(r.offsets)
		if all := len(r.offsets); all != len(slices.Compact(r.offsets)) {
			t.Errorf("%s: %d reads, some of them of the same place, want each place once", name, all)
		}
	}
}

func TestDataClustersAreReadTogether(t *testing.T) {
	img, r := countReads(t, "c4096.qcow2")
	buf := make([]byte, 200<<10)
	if _, err := img.ReadAt(buf, 150<<10); err != nil {
		t.Fatal(err)
	}
	if len(r.offsets) != 3 || r.longest != len(buf) {
		t.Errorf("%d reads, the longest of %d bytes, want 2 of tables and 1 of %d bytes", len(r.offsets), r.longest, len(buf))
	}
	r.offsets = nil
	for range 10 {
		if _, err := img.ReadAt(buf[:4096], 200<<10); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.offsets) != 10 {
		t.Errorf("10 reads of 4 KiB make %d reads, want 10", len(r.offsets))
	}
}
