package image

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenFileRefusesWhatIsNoImage(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty"), "")
	write(t, filepath.Join(dir, "unreadable"), "x")
	if err := os.Chmod(filepath.Join(dir, "unreadable"), 0); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for name, want := range map[string]struct {
		kind error
		text string
	}{
		"":           {binread.ErrUnsupported, "is a directory"},
		"absent":     {fs.ErrNotExist, "no such file"},
		"empty":      {binread.ErrCorrupt, "is empty"},
		"empty/x":    {nil, "not a directory"},
		"pipe":       {binread.ErrUnsupported, "is a pipe"},
		"socket":     {binread.ErrUnsupported, "is a socket"},
		"/dev/null":  {binread.ErrUnsupported, "is a character device"},
		"unreadable": {fs.ErrPermission, "permission denied"},
	} {
		path := filepath.Join(dir, name)
		switch {
		case strings.HasPrefix(name, "/dev"):
			path = name
		case name == "unreadable" && os.Geteuid() == 0:
			continue
		}
		f, err := OpenFile(path)
		switch {
		case err == nil:
			t.Errorf("%q: opens, with %d bytes, want an error", name, f.Size())
		case want.kind != nil && (!errors.Is(err, want.kind) || binread.HintOf(err) == ""):
			t.Errorf("%q: %v (hint %q), want kind %v and a hint", name, err, binread.HintOf(err), want.kind)
		case !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want.text) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%q: %v, want one line with the path and %q", name, err, want.text)
		}
	}
}

func TestOpenFileFollowsALink(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "disk"), "content")
	if err := os.Symlink("disk", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(filepath.Join(dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 7)
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != "content" || f.Size() != 7 {
		t.Errorf("link has %q, %v, size %d, want content", b, err, f.Size())
	}
}

func TestExtentsOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	const mib = 1 << 20
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{2 * mib, 5 * mib} {
		if _, err := f.WriteAt(make([]byte, mib), off); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Truncate(8*mib), f.Close()); err != nil {
		t.Fatal(err)
	}
	img, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if e, err := img.Extent(0, 8*mib); err != nil || !e.Zero {
		t.Skipf("the file system of %s does not tell holes from data: %+v, %v", path, e, err)
	}
	for _, c := range []struct {
		off, n int64
		want   Extent
	}{
		{0, 8 * mib, Extent{0, 2 * mib, true}},
		{mib, 8 * mib, Extent{mib, mib, true}},
		{mib, 5, Extent{mib, 5, true}},
		{2 * mib, 8 * mib, Extent{2 * mib, mib, false}},
		{2*mib + 7, 8 * mib, Extent{2*mib + 7, mib - 7, false}},
		{6 * mib, 8 * mib, Extent{6 * mib, 2 * mib, true}},
		{8*mib - 1, 8 * mib, Extent{8*mib - 1, 1, true}},
		{8 * mib, 1, Extent{8 * mib, 0, false}},
		{9 * mib, 1, Extent{9 * mib, 0, false}},
	} {
		if got, err := img.Extent(c.off, c.n); err != nil || got != c.want {
			t.Errorf("extent of %d bytes at %d is %+v, %v, want %+v", c.n, c.off, got, err, c.want)
		}
	}
}
