package engine_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/internal/conformance"
)

// spreadDisks writes the devices of a set of engine/filesys/btrfs into files with holes.
func spreadDisks(t *testing.T, name string) (files []string) {
	t.Helper()
	packed, err := conformance.ReadFile("filesys/btrfs/testdata/sets/" + name + ".tar.zst")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, filepath.Base(h.Name)))
		writeSparse(t, files[len(files)-1], r, h.Size)
	}
}

func writeSparse(t *testing.T, name string, r io.Reader, size int64) {
	t.Helper()
	f, err := os.Create(name)
	if err == nil {
		err = f.Truncate(size)
	}
	piece, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	for off := int64(0); off < size && err == nil; off += int64(len(piece)) {
		if _, err = io.ReadFull(r, piece); err == nil && !bytes.Equal(piece, zeros) {
			_, err = f.WriteAt(piece, off)
		}
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAFileSystemOnSeveralDisks(t *testing.T) {
	disks := spreadDisks(t, "raid10")
	m, err := engine.Open(t.Context(), disks, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	uuid := m.Volumes[0].Set
	want := []string{"disk1 | btrfs | " + uuid + " | ", "disk2 | btrfs | " + uuid + " | ", "disk3 | btrfs | " + uuid + " | ", "disk4 | btrfs | " + uuid + " | "}
	if d := cmp.Diff(want, volumesOf(t, disks)); d != "" || len(uuid) != 36 {
		t.Errorf("(-want +got)\n%s", d)
	}
	for i, v := range m.Volumes {
		if (v.FS != nil) != (i == 0) {
			t.Errorf("%s: file system %v, want one on the first disk alone", v.Name, v.FS)
		}
	}
	if d := m.Volumes[0].FS.Description(); len(d.Problems) > 0 {
		t.Error(d.Problems)
	}
}

func TestAFileSystemWithoutOneOfItsDisks(t *testing.T) {
	disks := spreadDisks(t, "raid1")
	m, err := engine.Open(t.Context(), disks[1:], engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	want := []string{"device 1 is on none of the disks: what has no copy elsewhere gives errors"}
	var got []string
	for _, p := range m.Volumes[0].FS.Description().Problems {
		got = append(got, p.Message)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestACopyOfADiskIsNotTakenForAnother(t *testing.T) {
	disks := spreadDisks(t, "raid1")
	for _, got := range volumesOf(t, append(disks, disks[0])) {
		if !strings.Contains(got, "are both device 1 of file system") {
			t.Errorf("%s, want that one is a copy", got)
		}
	}
}
