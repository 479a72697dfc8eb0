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

// walk returns what a walk sees: paths in order, with "!" behind those that come with an error.
func walk(t *testing.T, g *guest.Guest, root string, stop map[string]error) ([]string, error) {
	t.Helper()
	var seen []string
	err := g.Walk(context.Background(), root, func(o guest.Object, err error) error {
		mark := ""
		if err != nil {
			mark = "!"
		}
		if seen = append(seen, o.Path+mark); len(seen) > 10_000 {
			return fs.SkipAll
		}
		return stop[o.Path]
	})
	return seen, err
}

func TestWalk(t *testing.T) {
	tree := files{
		"/a/2": {}, "/a/10": {}, "/a/B": {}, "/a/b/x": {}, "/a/l": {Link: "b"}, "/c": {}, "/etc/fstab": {},
	}
	for name, c := range map[string]struct {
		root string
		stop map[string]error
		want string
	}{
		"in the order of bytes, links not followed": {"/", nil, "/ /a /a/10 /a/2 /a/B /a/b /a/b/x /a/l /c /etc /etc/fstab"},
		"one directory":          {"/a/b", nil, "/a/b /a/b/x"},
		"one file":               {"/c", nil, "/c"},
		"a link is itself":       {"/a/l", nil, "/a/l"},
		"SkipDir on a directory": {"/", map[string]error{"/a": fs.SkipDir}, "/ /a /c /etc /etc/fstab"},
		"SkipDir on a file skips the rest beside": {"/", map[string]error{"/a/2": fs.SkipDir}, "/ /a /a/10 /a/2 /c /etc /etc/fstab"},
		"SkipAll": {"/", map[string]error{"/a/B": fs.SkipAll}, "/ /a /a/10 /a/2 /a/B"},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := walk(t, one(t, tree), c.root, c.stop)
			if diff := cmp.Diff(strings.Fields(c.want), seen); diff != "" || err != nil {
				t.Errorf("%v; want -, got +\n%s", err, diff)
			}
		})
	}
	stop := errors.New("enough")
	if _, err := walk(t, one(t, tree), "/", map[string]error{"/a/b/x": stop}); !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of the visit", err)
	}
	if _, err := walk(t, one(t, tree), "/none", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want that it does not exist", err)
	}
}

func TestWalkFollowsMounts(t *testing.T) {
	g := find(t,
		volume(1, "", files{"/etc/fstab": {Data: "UUID=two /m ext4\nUUID=gone /n ext4\n"}, "/m/hidden": {}, "/n/hidden": {}}),
		volume(2, "two", files{"/x": {}}),
	)
	seen, err := walk(t, g, "/", nil)
	if diff := cmp.Diff([]string{"/", "/etc", "/etc/fstab", "/m", "/m/x", "/n!"}, seen); diff != "" || err != nil {
		t.Errorf("%v; want -, got +\n%s", err, diff)
	}
}

func TestWalkReportsDamage(t *testing.T) {
	g := one(t, files{
		"/a":      {StatErr: errors.New("bad sector")},
		"/b":      {StatErr: binread.Checksum("inode 12")},
		"/torn":   {Mode: filesys.ModeDir | 0o755, Err: binread.Corrupt("block 9")},
		"/torn/x": {},
		"/z":      {},
	})
	seen, err := walk(t, g, "/", nil)
	if diff := cmp.Diff([]string{"/", "/a!", "/b!", "/etc", "/etc/fstab", "/torn", "/torn!", "/torn/x", "/z"}, seen); diff != "" || err != nil {
		t.Errorf("%v; want -, got +\n%s", err, diff)
	}
}

func TestWalkOfDirectoriesInThemselves(t *testing.T) {
	g := one(t, files{"/a/b/x": {}, "/a/b/up": {Same: "/a"}, "/a/root": {Same: "/"}})
	seen, err := walk(t, g, "/a", nil)
	if diff := cmp.Diff([]string{"/a", "/a/b", "/a/b/up", "/a/b/up!", "/a/b/x", "/a/root", "/a/root/a", "/a/root/a!", "/a/root/etc", "/a/root/etc/fstab"}, seen); diff != "" || err != nil {
		t.Errorf("%v; want -, got +\n%s", err, diff)
	}
	// each directory twice in the one above it: 2^40 paths
	double := files{}
	path := ""
	for range 40 {
		double[path+"/l/x"] = memfs.File{}
		double[path+"/r"] = memfs.File{Same: path + "/l"}
		path += "/l"
	}
	if seen, err = walk(t, one(t, double), "/", nil); err != nil || len(seen) > 300 {
		t.Errorf("walk saw %d objects, %v", len(seen), err)
	}
}

func TestWalkIsNotDeeperThanItsLimit(t *testing.T) {
	g := one(t, files{"/" + strings.Repeat("d/", 600) + "x": {}})
	seen, err := walk(t, g, "/", nil)
	if err != nil || len(seen) > 600 || !strings.HasSuffix(seen[len(seen)-3], "!") {
		t.Errorf("walk saw %d objects, %v, the last %s", len(seen), err, seen[len(seen)-3])
	}
}

func TestWalkStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	err := one(t, files{"/a/x": {}}).Walk(ctx, "/", func(guest.Object, error) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestBareVolume(t *testing.T) {
	g := guest.Bare(volume(1, "", files{"/etc/fstab": {Data: "UUID=x /a ext4\n"}, "/a/x": {}}))
	if o, err := g.Stat("/a/x"); err != nil || o.Device != "p1" || len(g.Mounts) != 1 {
		t.Errorf("got %+v, %v", o, err)
	}
}

func FuzzFstab(f *testing.F) {
	f.Add("UUID=two /data ext4 defaults 0 2\n/data /srv none bind 0 0\n/dev/sdb2 /a\\040b auto noauto,x-systemd.automount\n")
	f.Add("LABEL=\"x\" /data/../.. \nPARTUUID= /\n/dev/disk/by-label/\\x20 /data\nswap none swap\n/ / none bind\n/data /data/on-it none rbind\n")
	f.Fuzz(func(t *testing.T, text string) {
		g := withFstab(t, text, volume(2, "two", files{"/on-it": {}, "/sub/x": {}}))
		if len(g.Mounts) > 257 || len(g.Problems) > 2000 {
			t.Errorf("%d mounts, %d problems", len(g.Mounts), len(g.Problems))
		}
		if o, err := g.Stat("/etc"); err == nil && !o.IsDir() {
			t.Errorf("/etc is %+v", o)
		}
		n := 0
		_ = g.Walk(context.Background(), "/", func(guest.Object, error) error {
			if n++; n > 100_000 {
				return fs.SkipAll
			}
			return nil
		})
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("/a/../l/x", "../../etc", "a/./b//../..")
	f.Add("l", "l", "/l/l/l")
	f.Add("//", "", "\xff/\x00")
	f.Fuzz(func(t *testing.T, path, first, second string) {
		g := one(t, files{
			"/l": {Link: first, Mode: filesys.ModeSymlink | 0o777}, "/a/l": {Link: second, Mode: filesys.ModeSymlink | 0o777},
			"/a/b/c": {Data: "x"},
		})
		o, err := g.Stat(path)
		if err != nil {
			return
		}
		if !strings.HasPrefix(o.Path, "/") || strings.Contains(o.Path, "//") || strings.Contains(o.Path+"/", "/../") {
			t.Errorf("%q resolves to %q", path, o.Path)
		}
		if again, err := g.Resolve(o.Path); err != nil || again != o.Path {
			t.Errorf("%q resolves to %q, which resolves to %q, %v", path, o.Path, again, err)
		}
	})
}
