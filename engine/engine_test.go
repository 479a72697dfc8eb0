package engine_test

import (
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
)

const images = "../testdata/images/"

func open(t *testing.T, path string) *engine.Machine {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// write makes an image file of the test's own bytes.
func write(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(images + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, b)
}

// TestWhatADiskHolds names the content of every volume and the roots of the operating systems.
func TestWhatADiskHolds(t *testing.T) {
	for path, want := range map[string]string{
		images + "debian12-small.qcow2":      "disk=gpt p1= p2=ext4 p3=ext4 p4=ext4 | p2",
		images + "mbr-logical.qcow2":         "disk=mbr p1= p5=ext4 p6= | p5",
		images + "gpt-damaged-primary.qcow2": "disk=gpt p1= p2=ext4 p3=ext4 p4=ext4 | p2",
		unpack(t, "bare-ext4.img.gz"):        "disk=ext4 | disk",
		unpack(t, "no-os.img.gz"):            "disk=ext4 |",
	} {
		m := open(t, path)
		var got strings.Builder
		for _, v := range m.Volumes {
			got.WriteString(v.Name + "=" + v.Content + " ")
			if v.Err != nil {
				t.Errorf("%s: %s: %v", path, v.Name, v.Err)
			}
		}
		got.WriteString("|")
		for _, g := range m.Guests {
			got.WriteString(" " + g.Root.Device)
		}
		if d := cmp.Diff(want, got.String()); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

// TestSignaturesAreNamed wants everything that is recognised and not read to say so, by name and kind.
func TestSignaturesAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		off   int
		magic string
		kind  error
	}{
		"BitLocker": {3, "-FVE-FS-", binread.ErrEncrypted},
		"F2FS":      {1024, "\x10\x20\xf5\xf2", binread.ErrUnsupported},
		"ReFS":      {3, "ReFS\x00\x00\x00\x00", binread.ErrUnsupported},
		"swap":      {4086, "SWAPSPACE2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := make([]byte, 1<<20)
			copy(b[c.off:], c.magic)
			m := open(t, write(t, b))
			v := m.Volumes[0]
			if v.Content != name || !errors.Is(v.Err, c.kind) || (v.Err == nil) != (c.kind == nil) {
				t.Errorf("got %q, %v; want %q of kind %v", v.Content, v.Err, name, c.kind)
			}
			_, err := m.Select(t.Context(), "auto")
			if err == nil || !strings.Contains(err.Error(), name) || binread.HintOf(err) == "" || c.kind != nil && !errors.Is(err, c.kind) {
				t.Errorf("Select: %v, hint %q", err, binread.HintOf(err))
			}
		})
	}
}

// TestADecoyTableIsSaid puts a partition table into the boot sector of a bare file system.
func TestADecoyTableIsSaid(t *testing.T) {
	path := unpack(t, "bare-ext4.img.gz")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[446+4] = 0x83
	binary.LittleEndian.PutUint32(b[446+8:], 2048)
	binary.LittleEndian.PutUint32(b[446+12:], 2048)
	copy(b[510:], "\x55\xaa")
	m := open(t, write(t, b))
	disk := m.Volumes[0]
	if disk.Content != "mbr" || len(disk.Table.Problems) != 1 || !strings.Contains(disk.Table.Problems[0].Message, "ext4") {
		t.Errorf("got %s with %v, want that the file system is said", disk.Content, disk.Table)
	}
}

// TestNestingEnds opens a disk in which every partition holds a partition table.
func TestNestingEnds(t *testing.T) {
	const sectors = 64
	b := make([]byte, sectors*512)
	for i := range sectors - 1 {
		entry := b[i*512+446:]
		entry[4] = 0x83
		binary.LittleEndian.PutUint32(entry[8:], 1)
		binary.LittleEndian.PutUint32(entry[12:], uint32(sectors-1-i))
		copy(b[i*512+510:], "\x55\xaa")
	}
	m := open(t, write(t, b))
	if len(m.Volumes) != 9 || len(m.Problems) != 1 {
		t.Errorf("%d volumes and problems %q, want 9 and one", len(m.Volumes), m.Problems)
	}
}

func TestSelect(t *testing.T) {
	two := open(t, images+"two-os.qcow2")
	if len(two.Guests) != 2 {
		t.Fatalf("%d guests, want 2", len(two.Guests))
	}
	first, second := two.Guests[0].Root.Device, two.Guests[1].Root.Device
	one := open(t, images+"debian12-small.qcow2")
	none := open(t, unpack(t, "no-os.img.gz"))
	for name, c := range map[string]struct {
		m    *engine.Machine
		root string
		want string // roots, or the error
		view string // root, or the error
	}{
		"the only one":           {one, "auto", "p2", "p2"},
		"the only one by name":   {one, "p2", "p2", "p2"},
		"all of one":             {one, "all", "p2", "p2"},
		"one of two":             {two, second, second, second},
		"two without a choice":   {two, "auto", "error", "error"},
		"all of two":             {two, "all", first + " " + second, "error"},
		"no such device":         {two, "p9", "error", "error"},
		"a volume without an OS": {one, "p3", "error", "p3"},
		"no OS at all":           {none, "auto", "error", "disk"},
	} {
		got, view := "error", "error"
		if guests, err := c.m.Select(t.Context(), c.root); err == nil {
			var roots []string
			for _, g := range guests {
				roots = append(roots, g.Root.Device)
			}
			got = strings.Join(roots, " ")
		} else if binread.HintOf(err) == "" {
			t.Errorf("%s: %v has no hint", name, err)
		}
		if g, err := c.m.View(t.Context(), c.root); err == nil {
			view = g.Root.Device
		}
		if got != c.want || view != c.view {
			t.Errorf("%s: selected %s and viewed %s, want %s and %s", name, got, view, c.want, c.view)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := engine.Open(t.Context(), []string{"missing.img"}, engine.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no file", err)
	}
	if _, err := engine.Open(t.Context(), []string{unpack(t, "encrypted.qcow2.gz")}, engine.Options{}); !errors.Is(err, binread.ErrEncrypted) || binread.HintOf(err) == "" {
		t.Errorf("got %v, want that it is encrypted, and a hint", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Open(ctx, []string{images + "two-os.qcow2"}, engine.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
