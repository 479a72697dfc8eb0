package engine_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestHybridDiscsAreReadAsBoth opens a disc that is a disk with partitions too, and disks that only were such a disc before.
func TestHybridDiscsAreReadAsBoth(t *testing.T) {
	disc, err := conformance.ReadFile("filesys/iso9660/testdata/hybrid.iso.zst")
	if err != nil {
		t.Fatal(err)
	}
	// one partition, of Linux
	partitioned := func(start, sectors uint32, size int) []byte {
		b := append(slices.Clone(disc), make([]byte, size-len(disc))...)
		clear(b[512 : 16<<10]) // the GPT
		clear(b[446:510])
		b[446+4] = 0x83
		binary.LittleEndian.PutUint32(b[446+8:], start)
		binary.LittleEndian.PutUint32(b[446+12:], sectors)
		return b
	}
	for name, test := range map[string]struct {
		disk    []byte
		content string
		read    bool
	}{
		"GPT whose first partition begins at 0": {disc, "gpt", true},
		"MBR whose partition begins in front":   {partitioned(64, 4000, len(disc)), "mbr", true},
		"MBR of a disk":                         {partitioned(512, 4096, 4<<20), "mbr", false},
		"MBR whose partition begins at 0":       {partitioned(0, 2048, len(disc)), "iso9660", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disc.iso")
			if err := os.WriteFile(path, test.disk, 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			}()
			v := m.Volumes[0]
			if v.Content != test.content || v.Err != nil || (v.FS != nil) != test.read {
				t.Fatalf("%q, %v, file system %v; want %q, read %v", v.Content, v.Err, v.FS != nil, test.content, test.read)
			}
			if v.Table != nil {
				want := map[bool]string{true: "which is read too", false: "which is not read"}[test.read]
				if all := strings.Join(v.Table.Messages(), "; "); !strings.Contains(all, want) {
					t.Errorf("problems %q, want %q", all, want)
				}
			}
			if !test.read {
				return
			}
			n, err := v.FS.Lookup(v.FS.Root(), "readme.txt")
			if err != nil {
				t.Fatal(err)
			}
			f, err := v.FS.Open(n)
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 7)
			if _, err := f.ReadAt(b, 0); err != nil || !bytes.Equal(b, []byte("line 0\n")) {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}
