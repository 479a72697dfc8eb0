package globs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestGlobs(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/cron.d/a": {}, "/etc/cron.d/b.sh": {}, "/etc/cron.d/.hidden": {},
		"/bad": {Mode: memfs.Dir().Mode, Err: binread.Corrupt("block 9")}, "/bad/x": {},
	})
	patterns := []string{"/etc/cron.d/*", "/etc/cron.*/b*", "/none/*", "/bad/*", "/etc/["}
	got, status := factstest.Collect[facts.Globs](t, g, facts.Request{Globs: patterns}, Collector)
	if status.State != facts.OK {
		t.Errorf("state is %s, want ok: an error is that of one pattern", status.State)
	}
	for pattern, want := range map[string][]string{
		"/etc/cron.d/*":  {"/etc/cron.d/.hidden", "/etc/cron.d/a", "/etc/cron.d/b.sh"},
		"/etc/cron.*/b*": {"/etc/cron.d/b.sh"},
		"/none/*":        {},
		"/bad/*":         {"/bad/x"},
		"/etc/[":         {},
	} {
		if diff := cmp.Diff(want, (*got)[pattern].Paths); diff != "" {
			t.Errorf("%s: want -, got +\n%s", pattern, diff)
		}
		if damaged := pattern == "/bad/*" || pattern == "/etc/["; ((*got)[pattern].Error != "") != damaged {
			t.Errorf("%s: error is %q", pattern, (*got)[pattern].Error)
		}
	}
}

// TestFilesOfAGlob wants what lstat(2) says, in the order of the paths.
func TestFilesOfAGlob(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/passwd": {Data: "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/:/bin/sh\n"}, "/etc/group": {Data: "root:x:0:\nshadow:x:42:\n"},
		"/d/a": {Data: "xy", Mode: 0o4755}, "/d/b": {Mode: 0o640, UID: 1000, GID: 42}, "/d/c": memfs.Dir(), "/d/d": {Link: "/d/a"},
		"/d/e": {Link: "nowhere", UID: 7}, "/d/f": {Mode: filesys.ModeFIFO | 0o622}, "/d/g": {Mode: filesys.ModeChar | 0o600},
		"/d/h": {Mode: filesys.ModeSocket | 0o777}, "/link": {Link: "d"},
	})
	file := func(path, typ, mode string, size int64) facts.GlobFile {
		return facts.GlobFile{Inode: facts.Inode{Path: path, Type: typ, Mode: mode, Owner: "root", Group: "root", Size: size}}
	}
	want := []facts.GlobFile{
		file("/d/a", "file", "4755", 2), file("/d/b", "file", "0640", 0), file("/d/c", "dir", "0755", 0), file("/d/d", "symlink", "0777", 4),
		file("/d/e", "symlink", "0777", 7), file("/d/f", "fifo", "0622", 0), file("/d/g", "char", "0600", 0), file("/d/h", "socket", "0777", 0),
	}
	want[1].UID, want[1].GID, want[1].Owner, want[1].Group = 1000, 42, "bob", "shadow"
	want[3].Link, want[4].Link = "/d/a", "nowhere"
	want[4].UID, want[4].Owner = 7, ""
	got, status := factstest.Collect[facts.Globs](t, g, facts.Request{Globs: []string{"/d/*", "/link/a"}}, Collector)
	if diff := cmp.Diff(want, (*got)["/d/*"].Files); diff != "" || status.State != facts.OK {
		t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, diff)
	}
	if diff := cmp.Diff([]facts.GlobFile{file("/link/a", "file", "4755", 2)}, (*got)["/link/a"].Files); diff != "" {
		t.Errorf("through a link: want -, got +\n%s", diff)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		file memfs.File
		want []string
	}{
		"inode":              {memfs.File{StatErr: binread.Corrupt("inode 9")}, []string{"/d/a"}},
		"inode not to trust": {memfs.File{StatErr: binread.ErrChecksum}, []string{"/d/a", "/d/b"}},
		"target of a link":   {memfs.File{Link: "x", Err: binread.Corrupt("block 3")}, []string{"/d/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Guest(t, map[string]memfs.File{"/d/a": {}, "/d/b": c.file})
			all, _ := factstest.Collect[facts.Globs](t, g, facts.Request{Globs: []string{"/d/*"}}, Collector)
			got := (*all)["/d/*"]
			var paths []string
			for _, f := range got.Files {
				paths = append(paths, f.Path)
			}
			if diff := cmp.Diff(c.want, paths); diff != "" || got.Error == "" || len(got.Paths) != 2 {
				t.Errorf("paths %v, error %q; want -, got +\n%s", got.Paths, got.Error, diff)
			}
		})
	}
}
