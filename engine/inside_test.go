package engine_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// openLive opens a live image of testdata.
func openLive(t *testing.T, name string) *engine.Machine {
	t.Helper()
	b, err := conformance.ReadFile("../testdata/live/" + name + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
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

// TestFilesThatAreVolumes wants each once, also of a disc with several views, and where they lie, where that can be known.
func TestFilesThatAreVolumes(t *testing.T) {
	for name, test := range map[string]struct {
		names []string
		lies  []bool // on the disk, of each
	}{
		"debian.iso": {[]string{"disk", "p1", "disk:/live/filesystem.squashfs"}, []bool{true, true, true}},
		"stick.img":  {[]string{"disk", "p1", "p2", "p1:/live/filesystem.squashfs"}, []bool{true, true, true, true}},
		"fedora.iso": {
			[]string{"disk", "disk:/LiveOS/squashfs.img", "disk:/LiveOS/squashfs.img:/LiveOS/rootfs.img"}, []bool{true, true, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := openLive(t, name)
			var names []string
			for _, v := range m.Volumes {
				names = append(names, v.Name)
			}
			if !slices.Equal(names, test.names) {
				t.Fatalf("%q, want %q", names, test.names)
			}
			for i, v := range m.Volumes {
				checkPlaces(t, m, v, test.lies[i])
			}
		})
	}
}

// checkPlaces holds the bytes of a volume against those of the disk where they are said to lie.
func checkPlaces(t *testing.T, m *engine.Machine, v engine.Volume, lies bool) {
	t.Helper()
	for _, off := range []int64{0, v.Size / 3, v.Size - 100} {
		p, ok := v.Bottom(off, 100)
		if ok != lies {
			t.Errorf("%s at %d lies somewhere: %v, want %v", v.Name, off, ok, lies)
		}
		if !ok {
			continue
		}
		got, want := make([]byte, p.Len), make([]byte, p.Len)
		if err := binread.Fill(v, got, off); err != nil {
			t.Error(err)
		}
		if err := binread.Fill(m.Disks[0], want, p.Off); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s at %d is not what lies at %d of the disk: %v", v.Name, off, p.Off, err)
		}
	}
}

// TestLiveSystemsHoldTheirTree holds the layers of real images against the same tree on ext4, which is the file in the disc of Fedora.
func TestLiveSystemsHoldTheirTree(t *testing.T) {
	describe := func(name string) map[string]string {
		m := openLive(t, name)
		if len(m.Guests) != 1 {
			t.Fatalf("%s: %d guests, want one", name, len(m.Guests))
		}
		all := map[string]string{}
		fsys := m.Guests[0].Root.FS
		err := conformance.Walk(fsys, func(path string, n filesys.Node) error {
			o, err := conformance.Describe(fsys, n)
			if o.Type != "dir" {
				all[path] = o.Mode + o.ModTime + o.SHA256 + o.Target + o.Device + o.Xattrs["security.capability"]
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return all
	}
	want := describe("fedora.iso")
	for name, other := range map[string][]string{
		"arch.iso":   nil,
		"debian.iso": nil,
		"ubuntu.iso": {"/etc/hostname", "/etc/issue", "/etc/live", "/etc/motd", "/etc/standard"},
		"stick.img":  {"/etc/hostname", "/etc/motd", "/usr/share/zoneinfo/Europe/Berlin", "/usr/share/zoneinfo/Kept/Berlin"}, // renamed
	} {
		got := describe(name)
		var differ []string
		for path := range want {
			if got[path] != want[path] {
				differ = append(differ, path)
			}
		}
		for path := range got {
			if want[path] == "" {
				differ = append(differ, path)
			}
		}
		if slices.Sort(differ); !slices.Equal(differ, other) {
			t.Errorf("%s: %q differ, want %q", name, differ, other)
		}
	}
}
