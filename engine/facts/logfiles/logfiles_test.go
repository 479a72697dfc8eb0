package logfiles

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func collectIn(t testing.TB, files map[string]memfs.File) (*facts.LogFiles, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.LogFiles](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

func paths(l *facts.LogFiles) string {
	if l == nil {
		return "nothing"
	}
	var all []string
	for _, f := range l.Files {
		all = append(all, strings.TrimPrefix(f.Path, "/var/log/")+" "+f.Type+" "+f.Mode)
	}
	return strings.Join(all, ", ")
}

func TestLogFiles(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"in the order of paths":    {map[string]memfs.File{"/var/log/a/x": {}, "/var/log/a.b": {}, "/var/log/a-b": {}}, "a dir 0755, a-b file 0644, a.b file 0644, a/x file 0644"},
		"modes":                    {map[string]memfs.File{"/var/log/btmp": {Mode: 0o660}, "/var/log/journal": {Mode: filesys.ModeDir | 0o2755}}, "btmp file 0660, journal dir 2755"},
		"links are not followed":   {map[string]memfs.File{"/var/log/out": {Link: "/etc"}, "/etc/x": {}}, "out symlink 0777"},
		"what is no file":          {map[string]memfs.File{"/var/log/pipe": {Mode: filesys.ModeFIFO | 0o622}, "/var/log/sock": {Mode: filesys.ModeSocket | 0o666}}, "pipe fifo 0622, sock socket 0666"},
		"nothing in it":            {map[string]memfs.File{"/var/log": memfs.Dir()}, ""},
		"/var/log is a link":       {map[string]memfs.File{"/var/log": {Link: "/srv/logs"}, "/srv/logs/x": {}, "/srv/other": {}}, "x file 0644"},
		"/var is a link":           {map[string]memfs.File{"/var": {Link: "data"}, "/data/log/x": {}}, "x file 0644"},
		"a name that is not UTF-8": {map[string]memfs.File{"/var/log/\xff\n": {}}, "\xff\n file 0644"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			if d := cmp.Diff(c.want, paths(got)); d != "" || status.State != facts.OK || !got.Complete || got.Truncated || got.Seen != len(got.Files) {
				t.Errorf("%s %v %+v; want -, got +\n%s", status.State, status.Problems, got, d)
			}
		})
	}
}

func TestOwnersOfLogs(t *testing.T) {
	got, _ := collectIn(t, map[string]memfs.File{
		"/etc/passwd": {Data: "syslog:x:104:110::/:/bin/false\n"}, "/etc/group": {Data: "adm:x:4:\n"},
		"/var/log/auth.log": {Data: "abc", UID: 104, GID: 4, Mode: 0o640},
	})
	want := []facts.Inode{{Path: "/var/log/auth.log", Type: "file", Mode: "0640", UID: 104, GID: 4, Owner: "syslog", Group: "adm", Size: 3}}
	if d := cmp.Diff(want, got.Files); d != "" {
		t.Error(d)
	}
}

func TestHostileLogs(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxFiles + 9 {
		many[fmt.Sprintf("/var/log/%06d", i)] = memfs.File{}
	}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		state facts.State
		seen  int
	}{
		"no /var/log":                  {nil, facts.Absent, -1},
		"a file in its place":          {map[string]memfs.File{"/var/log": {}}, facts.Error, -1},
		"a link to itself":             {map[string]memfs.File{"/var/log": {Link: "log"}}, facts.Error, -1},
		"on a missing volume":          {map[string]memfs.File{"/etc/fstab": {Data: "LABEL=log /var/log ext4 defaults 0 2\n"}}, facts.Error, -1},
		"a part on a missing volume":   {map[string]memfs.File{"/etc/fstab": {Data: "LABEL=log /var/log/audit ext4 defaults 0 2\n"}, "/var/log/audit": memfs.Dir(), "/var/log/x": {}}, facts.Partial, 1},
		"an inode that cannot be read": {map[string]memfs.File{"/var/log/a": {StatErr: binread.Corrupt("inode 9")}, "/var/log/b": {}}, facts.Partial, 1},
		"a directory that cannot be":   {map[string]memfs.File{"/var/log/a": {Mode: memfs.Dir().Mode, Err: errors.New("bad sector")}, "/var/log/b": {}}, facts.Partial, 2},
		"a directory inside of itself": {map[string]memfs.File{"/var/log/a": memfs.Dir(), "/var/log/a/b": {Same: "/var/log/a"}}, facts.Partial, 2},
		"too many":                     {many, facts.Partial, maxFiles + 9},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			seen, complete := -1, false
			if got != nil {
				seen, complete = got.Seen, got.Complete
				if len(got.Files) > maxFiles || got.Truncated != (seen > maxFiles) {
					t.Errorf("%d files, truncated is %v", len(got.Files), got.Truncated)
				}
			}
			if status.State != c.state || seen != c.seen || complete {
				t.Errorf("%s %v, %d seen, complete is %v; want %s, %d", status.State, status.Problems, seen, complete, c.state, c.seen)
			}
		})
	}
}
