package qcow2

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

// openOnHost opens a file of the host as the program does, with the formats this test needs.
func openOnHost(t *testing.T, path string) (image.Image, error) {
	t.Helper()
	f, err := image.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func(r io.ReaderAt, size int64, format string, sibling image.Sibling) (image.Image, error) {
		if format == "raw" {
			b, err := binread.ReadAt(r, 0, size, 16<<20)
			return rawImage{bytes.NewReader(b)}, err
		}
		return Format.Open(r, size, image.Options{Sibling: sibling})
	}
	img, err := open(f, f.Size(), "", image.Dirs{Open: open}.Sibling(f))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return image.WithFile(img, f), nil
}

func TestChainsOfFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"chain.qcow2", "middle.qcow2", "base.img", "outside.qcow2", "outside.data"} {
		if err := os.WriteFile(filepath.Join(dir, name), unpack(t, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"chain", "outside"} {
		t.Run(name, func(t *testing.T) {
			img, err := openOnHost(t, filepath.Join(dir, name+".qcow2"))
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			conformance.Image(t, img, truth(t, name))
		})
	}
}

func TestChainsThatLeaveTheDirectoryAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "images", "disk.qcow2")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../secret", filepath.Join(filepath.Dir(path), "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/etc/passwd", "../secret", "file:../secret", "link", filepath.Join(dir, "secret"), "disk.qcow2", "./disk.qcow2"} {
		b := patches(backingName(name), extension(extensionBackingFormat, 3, "raw"))(valid())
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openOnHost(t, path); !errors.Is(err, binread.ErrRefused) || !strings.Contains(err.Error(), "backing file") {
			t.Errorf("%s: %v, want kind %v", name, err, binread.ErrRefused)
		}
	}
}

// TestMutants damages the metadata of real images: what opens must read, or say why not, without a panic.
func TestMutants(t *testing.T) {
	for _, name := range []string{"c4096", "zlib4096", "extended", "snapshots"} {
		whole := unpack(t, name+".qcow2")
		refused := 0
		for seed := range uint64(50) {
			rnd := rand.New(rand.NewPCG(seed, 0))
			b := bytes.Clone(whole)
			for range 1 + rnd.IntN(6) {
				at := rnd.IntN(min(len(b), 400<<10))
				if rnd.IntN(2) == 0 {
					at = rnd.IntN(120)
				}
				b[at] ^= 1 << rnd.IntN(8)
			}
			if err := readSome(b, image.Options{Sibling: siblings(t)}); err != nil {
				refused++
				if !strings.HasPrefix(err.Error(), "qcow2: ") {
					t.Errorf("%s, seed %d: error %q, want it to start with qcow2", name, seed, err)
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: none of 50 mutants is refused, want some", name)
		}
	}
}
