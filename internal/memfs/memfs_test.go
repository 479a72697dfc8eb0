package memfs

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

var _ filesys.FS = (*FS)(nil)

func lookup(t *testing.T, f *FS, names ...string) filesys.Node {
	t.Helper()
	n := f.Root()
	for _, name := range names {
		var err error
		if n, err = f.Lookup(n, name); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestParentsAreMadeAndKeepTheirProperties(t *testing.T) {
	f := New(map[string]File{
		"/a/b/c": {Data: "x"},
		"a":      {Mode: filesys.ModeDir | 0o700},
		"/a/up":  {Same: "/a"},
		"/l":     {Link: "a"},
	})
	st, err := f.Stat(lookup(t, f, "a"))
	if err != nil || st.Mode != filesys.ModeDir|0o700 {
		t.Errorf("a has mode %o, %v, want 040700", st.Mode, err)
	}
	if got, want := lookup(t, f, "a", "up"), lookup(t, f, "a"); got != want {
		t.Errorf("a/up is node %d, want that of a, %d", got, want)
	}
	if target, err := f.ReadLink(lookup(t, f, "l")); target != "a" || err != nil {
		t.Errorf("l leads to %q, %v, want a", target, err)
	}
	file, err := f.Open(lookup(t, f, "a", "b", "c"))
	if err != nil || file.Size() != 1 {
		t.Errorf("c: %v", err)
	}
}

func TestInjectedDamage(t *testing.T) {
	broken := errors.New("sector unreadable")
	f := New(map[string]File{
		"/gone":    {StatErr: broken},
		"/bad":     {Data: "x", Err: broken},
		"/doubted": {Data: "x", Err: binread.Checksum("inode 12")},
		"/dir":     {Mode: filesys.ModeDir | 0o755, Err: binread.Corrupt("block 9")},
		"/dir/x":   {},
	})
	if _, err := f.Stat(lookup(t, f, "gone")); !errors.Is(err, broken) {
		t.Errorf("stat of gone: %v", err)
	}
	file, err := f.Open(lookup(t, f, "bad"))
	if err != nil {
		t.Fatal(err)
	}
	if err := binread.Fill(file, make([]byte, 1), 0); !errors.Is(err, broken) {
		t.Errorf("content of bad: %v", err)
	}
	if file, err = f.Open(lookup(t, f, "doubted")); file == nil || !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("doubted: %v, %v, want a file and a checksum error", file, err)
	}
	list, err := f.ReadDir(lookup(t, f, "dir"))
	if len(list) != 1 || !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("dir lists %v, %v, want x and an error", list, err)
	}
	if n, err := f.Lookup(lookup(t, f, "dir"), "y"); n != 0 || !errors.Is(err, binread.ErrCorrupt) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("dir/y is %d, %v, want a corrupt error", n, err)
	}
}
