package compressed_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/compressed"
	"github.com/guestctl/guestctl/internal/conformance"
)

// disk is what testdata/make.sh compressed.
func disk(tb testing.TB) []byte {
	tb.Helper()
	var b bytes.Buffer
	seq := func(from, to, step int) {
		for i := from; i != to+step; i += step {
			b.WriteString(strconv.Itoa(i) + "\n")
		}
	}
	seq(1, 6000, 1)
	b.Write(make([]byte, 140_000))
	seq(6000, 1, -1)
	b.Write(make([]byte, 131_072))
	n := b.Len()
	seq(1, 10_000, 1)
	b.Truncate(n + 30_301)
	want, err := os.ReadFile("testdata/sha256")
	if err != nil {
		tb.Fatal(err)
	}
	if sum := sha256.Sum256(b.Bytes()); hex.EncodeToString(sum[:]) != strings.TrimSpace(string(want)) {
		tb.Fatal("the disk of this test is not that of testdata/make.sh")
	}
	return b.Bytes()
}

// open opens a file by its magic number.
func open(b []byte, opts image.Options) (image.Image, error) {
	for _, f := range []image.Format{compressed.Gzip, compressed.XZ, compressed.Zstd} {
		r := bytes.NewReader(b)
		if ok, err := f.Probe(r, r.Size()); ok || err != nil {
			if err != nil {
				return nil, err
			}
			return f.Open(r, r.Size(), opts)
		}
	}
	return nil, binread.Unsupported("nothing that is known")
}

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func samples(tb testing.TB) []string {
	tb.Helper()
	var names []string
	for _, pattern := range []string{"*.gz", "*.xz", "*.zst"} {
		paths, err := filepath.Glob("testdata/" + pattern)
		if err != nil || len(paths) == 0 {
			tb.Fatal("no samples", err)
		}
		for _, p := range paths {
			names = append(names, filepath.Base(p))
		}
	}
	return names
}

// TestContent holds what the real tools wrote against what they were given, read in any order.
func TestContent(t *testing.T) {
	want := disk(t)
	for _, name := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			img, err := open(read(t, name), image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			conformance.Image(t, img, want)
			d := img.Description()
			if wrapped := map[string]string{".gz": "gzip", ".xz": "xz", ".zst": "zstd"}[filepath.Ext(name)]; strings.Join(d.Within, " ") != wrapped || d.Format != "raw" {
				t.Errorf("%+v, want raw in %s", d, wrapped)
			}
			if err := img.Close(); err != nil {
				t.Fatal(err)
			}
			left, err := os.ReadDir(os.TempDir())
			if err != nil || len(left) > 0 {
				t.Errorf("what was unpacked is still there: %v, %v", left, err)
			}
		})
	}
}

// TestTheEndFirst reads the last bytes of each sample before any other.
func TestTheEndFirst(t *testing.T) {
	want := disk(t)
	for _, name := range samples(t) {
		img, err := open(read(t, name), image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for off := len(want) - 100; off >= 0; off -= 7919 {
			b := make([]byte, 100)
			if _, err := img.ReadAt(b, int64(off)); err != nil || !bytes.Equal(b, want[off:off+100]) {
				t.Errorf("%s at %d: %q, %v", name, off, b, err)
				break
			}
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestHolesTakeNoRoom wants zeros to be holes, and the spool to have no more than the rest.
func TestHolesTakeNoRoom(t *testing.T) {
	for _, name := range samples(t) {
		img, err := open(read(t, name), image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		zeros := int64(0)
		for off := int64(0); off < img.Size(); {
			e, err := image.ExtentOf(img, off, img.Size()-off)
			if err != nil || e.Len < 1 {
				t.Fatalf("%s: extent at %d: %+v, %v", name, off, e, err)
			}
			if e.Zero {
				zeros += e.Len
			}
			off += e.Len
		}
		if zeros < 64<<10 {
			t.Errorf("%s: %d bytes of holes, want at least a chunk", name, zeros)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestRoomIsTakenBeforeItIsUsed opens with as much room as is needed, and with a byte less.
func TestRoomIsTakenBeforeItIsUsed(t *testing.T) {
	size := int64(len(disk(t)))
	for _, name := range samples(t) {
		img, err := open(read(t, name), image.Options{Room: &image.Room{Most: size}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
		img, err = open(read(t, name), image.Options{Room: &image.Room{Most: size - 1}})
		if !errors.Is(err, binread.ErrLimit) || !strings.Contains(binread.HintOf(err), "--max-unpacked") {
			t.Errorf("%s: %v, %v, want a limit with a hint", name, img, err)
		}
	}
}

var errInterrupted = errors.New("interrupted")

func TestUnpackingIsInterrupted(t *testing.T) {
	for _, name := range samples(t) {
		stop := false
		room := &image.Room{Interrupted: func() error {
			if stop {
				return errInterrupted
			}
			return nil
		}}
		img, err := open(read(t, name), image.Options{Room: room})
		if err != nil {
			t.Fatal(err)
		}
		stop = true
		_, err = img.ReadAt(make([]byte, img.Size()), 0)
		whole := strings.HasSuffix(name, ".gz") || strings.HasPrefix(name, "unsized") // was unpacked when it was opened
		if name != "frames.zst" && name != "pzstd.zst" && whole == errors.Is(err, errInterrupted) {
			t.Errorf("%s: %v", name, err)
		}
		stop = false
		if _, err := img.ReadAt(make([]byte, img.Size()), 0); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

func checked(t *testing.T, img image.Image) (image.Checked, []image.Damage) {
	t.Helper()
	var found []image.Damage
	c, ok, err := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(d image.Damage) { found = append(found, d) }})
	if err != nil && !errors.Is(err, binread.ErrUnsupported) || !ok {
		t.Errorf("check: %v, %v", ok, err)
	}
	return c, found
}

// TestDamageIsFound flips bits, and cuts off streams: what is wrong is found when a stream is opened, or by its check.
func TestDamageIsFound(t *testing.T) {
	want := disk(t)
	for _, name := range samples(t) {
		if name == "unchecked.xz" || name == "unsized.zst" {
			continue // nothing in them tells
		}
		whole := read(t, name)
		damaged := map[string][]byte{}
		for i := 1; i < 8; i++ {
			b := bytes.Clone(whole)
			b[len(b)*i/8] ^= 1
			damaged["bit "+strconv.Itoa(len(b)*i/8)] = b
			damaged["cut off at "+strconv.Itoa(len(b)*i/8)] = whole[:len(b)*i/8]
		}
		damaged["cut off before the last byte"] = whole[:len(whole)-1]
		for what, b := range damaged {
			img, err := open(b, image.Options{})
			if err != nil {
				if !errors.Is(err, binread.ErrCorrupt) && !errors.Is(err, binread.ErrChecksum) {
					t.Errorf("%s, %s: %v, want it to be damaged", name, what, err)
				}
				continue
			}
			c, found := checked(t, img)
			if img.Size() == int64(len(want)) && (c.Damaged == 0 || len(found) != c.Damaged) {
				got := make([]byte, len(want))
				_, err := img.ReadAt(got, 0)
				t.Errorf("%s, %s: %+v, damage %v; equal %v, %v", name, what, c, found, bytes.Equal(got, want), err)
			}
			if img.Size() < int64(len(want)) && !strings.HasPrefix(what, "cut off") {
				t.Errorf("%s, %s: %d bytes", name, what, img.Size())
			}
			if err := img.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
