package guest_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/memfs"
)

type files = map[string]memfs.File

// volume is a partition with the given number, UUID and files.
func volume(number int, uuid string, content files) guest.Volume {
	f := memfs.New(content)
	f.Desc.UUID = uuid
	return guest.Volume{Device: "p" + string(rune('0'+number)), Number: number, FS: f}
}

// find returns the first guest on the volumes.
func find(t testing.TB, volumes ...guest.Volume) *guest.Guest {
	t.Helper()
	guests, err := guest.Find(context.Background(), volumes)
	if err != nil {
		t.Fatal(err)
	}
	if len(guests) == 0 {
		t.Fatal("found no guest")
	}
	return guests[0]
}

// one returns a guest on one volume, with an empty fstab where files have none.
func one(t testing.TB, content files) *guest.Guest {
	t.Helper()
	if _, ok := content["/etc/fstab"]; !ok {
		content["/etc/fstab"] = memfs.File{}
	}
	return find(t, volume(1, "", content))
}

func TestLinksStayInside(t *testing.T) {
	content := files{
		"/etc/passwd":       {Data: "x"},
		"/abs":              {Link: "/etc/passwd"},
		"/a/b/up":           {Link: "../../etc/passwd"},
		"/a/b/above":        {Link: "../../../../../../etc/passwd"},
		"/a/b/way":          {Link: "/../../a/./b//../../etc"},
		"/lib":              {Link: "usr/lib"},
		"/usr/lib/x":        {Data: "x"},
		"/dots":             {Link: "a/b/.."},
		"/dir":              {Link: "/a"},
		"/dangling":         {Link: "/nowhere/at/all"},
		"/file-as-dir":      {Link: "etc/passwd/x"},
		"/self":             {Link: "self"},
		"/ping":             {Link: "pong"},
		"/pong":             {Link: "/ping"},
		"/empty":            {Mode: filesys.ModeSymlink | 0o777},
		"/usr/lib/absolute": {Link: "/lib/x"},
	}
	// a chain of forty links is followed, of forty-one not
	for i := range 41 {
		next := "/chain" + string(rune('A'+i+1))
		if i == 40 {
			next = "/etc/passwd"
		}
		content["/chain"+string(rune('A'+i))] = memfs.File{Link: next}
	}
	g := one(t, content)
	for path, want := range map[string]string{
		"/abs":                  "/etc/passwd",
		"/a/b/up":               "/etc/passwd",
		"/a/b/above":            "/etc/passwd",
		"/a/b/way/passwd":       "/etc/passwd",
		"/lib/x":                "/usr/lib/x",
		"/lib/absolute":         "/usr/lib/x",
		"/dots":                 "/a",
		"/dir/b":                "/a/b",
		"/dir/b/../..":          "/",
		"/../..":                "/",
		"":                      "/",
		"etc/passwd":            "/etc/passwd",
		"//etc/./passwd":        "/etc/passwd",
		"/chainB":               "/etc/passwd",
		"/a/b/../../etc/passwd": "/etc/passwd",
	} {
		o, err := g.Stat(path)
		if err != nil || o.Path != want {
			t.Errorf("%s is %q, %v, want %s", path, o.Path, err, want)
		}
		if resolved, err := g.Resolve(path); err != nil || resolved != want {
			t.Errorf("%s resolves to %q, %v, want %s", path, resolved, err, want)
		}
	}
	for path, want := range map[string]error{
		"/dangling":     fs.ErrNotExist,
		"/file-as-dir":  fs.ErrNotExist,
		"/etc/passwd/":  fs.ErrNotExist,
		"/etc/passwd/.": fs.ErrNotExist,
		"/none":         fs.ErrNotExist,
		"/lib/../etc":   fs.ErrNotExist, // ".." is that of /usr/lib
		"/self":         binread.ErrLimit,
		"/ping":         binread.ErrLimit,
		"/chainA":       binread.ErrLimit,
		"/empty":        binread.ErrCorrupt,
	} {
		if o, err := g.Stat(path); !errors.Is(err, want) {
			t.Errorf("%s: got %+v, %v, want %v", path, o, err, want)
		}
	}
}

func TestLstatAndReadLinkTakeTheLinkItself(t *testing.T) {
	g := one(t, files{"/l": {Link: "/x/y"}, "/d/l": {Link: "../l"}, "/dd": {Link: "d"}})
	if o, err := g.Lstat("/dd/l"); err != nil || !o.IsSymlink() || o.Path != "/d/l" {
		t.Errorf("got %+v, %v, want the link /d/l", o, err)
	}
	if target, err := g.ReadLink("/dd/l"); err != nil || target != "../l" {
		t.Errorf("got %q, %v, want ../l", target, err)
	}
	if o, err := g.Lstat("/dd/"); err != nil || !o.IsDir() {
		t.Errorf("with a slash behind: got %+v, %v, want the directory", o, err)
	}
}

func TestOnlyRegularFilesAreOpened(t *testing.T) {
	g := one(t, files{
		"/fifo": {Mode: filesys.ModeFIFO | 0o644}, "/dev/sda": {Mode: filesys.ModeBlock | 0o600}, "/sock": {Mode: filesys.ModeSocket | 0o600},
		"/dir": memfs.Dir(), "/to-fifo": {Link: "fifo"}, "/file": {Data: "abc"},
	})
	for _, path := range []string{"/fifo", "/dev/sda", "/sock", "/dir", "/to-fifo"} {
		if f, err := g.Open(path); f != nil || !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: got %v, %v, want a refusal", path, f, err)
		}
		if b, err := g.ReadFile(path, 10); b != nil || err == nil {
			t.Errorf("%s: read %q", path, b)
		}
	}
	if b, err := g.ReadFile("/file", 3); err != nil || string(b) != "abc" {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := g.ReadFile("/file", 2); !errors.Is(err, binread.ErrLimit) {
		t.Errorf("a file over the limit: %v", err)
	}
}

func TestNamesAreBytes(t *testing.T) {
	const odd = "\xff\xfe name\nwith\x1b[31m"
	g := one(t, files{"/dir/" + odd: {Data: "x"}, "/link": {Link: "dir/" + odd}})
	for _, path := range []string{"/dir/" + odd, "/link"} {
		if b, err := g.ReadFile(path, 10); err != nil || string(b) != "x" {
			t.Errorf("%q: got %q, %v", path, b, err)
		}
	}
	if list, err := g.ReadDir("/dir"); err != nil || len(list) != 1 || list[0].Name != odd {
		t.Errorf("got %q, %v", list, err)
	}
}

func TestDamageComesWithTheValue(t *testing.T) {
	sum := binread.Checksum("inode 12")
	g := one(t, files{
		"/inode":       {Data: "x", StatErr: sum},
		"/content":     {Data: "x", Err: sum},
		"/dir":         {Mode: filesys.ModeDir | 0o755, StatErr: sum},
		"/dir/fine":    {Data: "x"},
		"/link":        {Link: "dir/fine", Err: sum},
		"/torn":        {Mode: filesys.ModeDir | 0o755, Err: sum},
		"/torn/listed": {Data: "x"},
		"/gone":        {Data: "x", StatErr: errors.New("bad sector")},
	})
	for _, path := range []string{"/inode", "/content", "/dir/fine", "/link"} {
		if b, err := g.ReadFile(path, 10); string(b) != "x" || !errors.Is(err, binread.ErrChecksum) {
			t.Errorf("%s: got %q, %v, want the value and a checksum error", path, b, err)
		}
	}
	if list, err := g.ReadDir("/torn"); len(list) != 1 || !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("got %v, %v, want one name and a checksum error", list, err)
	}
	for _, path := range []string{"/torn/lost", "/dir/none", "/gone"} {
		o, err := g.Stat(path)
		if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, binread.ErrChecksum) {
			t.Errorf("%s: got %+v, %v, want an error that is neither absence nor comes with a value", path, o, err)
		}
		if _, err := g.ReadDir(path); err == nil {
			t.Errorf("%s: listed", path)
		}
		if _, err := g.Glob(path); err == nil {
			t.Errorf("%s: a pattern over it has no error", path)
		}
		if err := g.Walk(context.Background(), path, func(guest.Object, error) error { return nil }); err == nil && path != "/gone" {
			t.Errorf("%s: walked", path)
		}
	}
}

func TestTaintedFileSystem(t *testing.T) {
	f := memfs.New(files{"/etc/fstab": {}, "/etc/passwd": {Data: "x"}, "/l": {Link: "etc/passwd"}})
	f.Desc.Problems = []filesys.Problem{{Message: "harmless"}, {Message: "journal cannot be replayed", Taints: true}}
	g := find(t, guest.Volume{Device: "p1", FS: f})
	if b, err := g.ReadFile("/l", 10); string(b) != "x" || !errors.Is(err, binread.ErrChecksum) || !strings.Contains(err.Error(), "journal") {
		t.Errorf("got %q, %v, want the value and the reason", b, err)
	}
	if _, err := g.Stat("/none"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absence is believed: %v", err)
	}
	o, err := g.Lstat("/etc/passwd")
	if !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("got %v, want a checksum error", err)
	}
	if f, err := o.Open(); f == nil || !errors.Is(err, binread.ErrChecksum) {
		t.Errorf("object opens without its doubt: %v", err)
	}
	seen := 0
	if err := g.Walk(context.Background(), "/", func(_ guest.Object, err error) error {
		if seen++; !errors.Is(err, binread.ErrChecksum) {
			t.Errorf("walk: %v, want a checksum error", err)
		}
		return nil
	}); err != nil || seen != 5 {
		t.Errorf("walk saw %d objects, %v", seen, err)
	}
}

func TestGlob(t *testing.T) {
	g := one(t, files{
		"/etc/b.conf": {}, "/etc/a.conf": {}, "/etc/.c.conf": {}, "/etc/d/x.conf": {}, "/etc/e": {Link: "d"},
		"/etc/dangling.conf": {Link: "/none"}, "/etc/f.txt": {},
		"/torn": {Mode: filesys.ModeDir | 0o755, Err: binread.Corrupt("block 9")}, "/torn/x.conf": {},
	})
	for pattern, want := range map[string][]string{
		"/etc/*.conf":    {"/etc/.c.conf", "/etc/a.conf", "/etc/b.conf", "/etc/dangling.conf"},
		"/etc/?/x.conf":  {"/etc/d/x.conf", "/etc/e/x.conf"},
		"/etc/[ab].conf": {"/etc/a.conf", "/etc/b.conf"},
		"/etc/a.conf":    {"/etc/a.conf"},
		"/etc/*/none":    nil,
		"/none/*":        nil,
		"/etc/a.conf/*":  nil,
		"/*/fstab":       {"/etc/fstab"},
		"/t*/*.conf":     {"/torn/x.conf"},
	} {
		got, err := g.Glob(pattern)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want -, got +\n%s", pattern, diff)
		}
		if torn := strings.HasPrefix(pattern, "/t") || pattern == "/*/fstab"; (err != nil) != torn {
			t.Errorf("%s: error is %v", pattern, err)
		}
	}
	if _, err := g.Glob("/etc/["); err == nil {
		t.Error("a bad pattern is no error")
	}
}
