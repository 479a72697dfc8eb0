package scan

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/capability"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const netRaw = "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// accounts are the owners every test knows.
func accounts(files map[string]memfs.File) map[string]memfs.File {
	files["/etc/passwd"] = memfs.File{Data: "root:x:0:0::/root:/bin/sh\n+::::::\n#bob:x:7:7::/:\nbad:x:many:1::/:\n"}
	files["/etc/group"] = memfs.File{Data: "root:x:0:\nadm:x:4:\n"}
	return files
}

func collectScan(t *testing.T, files map[string]memfs.File) (*facts.Scan, facts.Status) {
	t.Helper()
	return factstest.Collect[facts.Scan](t, factstest.Guest(t, files), facts.Request{}, Collector)
}

// found lists what the scan told, by the key of the list.
func found(s *facts.Scan) map[string]string {
	all := map[string]string{}
	for key, list := range map[string][]facts.ScanEntry{
		"world_writable_files": s.WorldWritableFiles, "world_writable_dirs": s.WorldWritableDirs, "unowned": s.Unowned,
		"ungrouped": s.Ungrouped, "suid": s.SUID, "sgid": s.SGID,
	} {
		for _, e := range list {
			sticky := ""
			if e.Sticky {
				sticky = " sticky"
			}
			all[key] = strings.TrimSpace(all[key] + " " + e.Path + " " + e.Mode + sticky)
		}
	}
	for _, c := range s.Capabilities {
		all["capabilities"] += c.Path + " " + c.Capabilities
	}
	for _, a := range s.ACLs {
		all["acls"] += a.Path + " " + a.Access + " " + a.Default
	}
	return all
}

func TestFound(t *testing.T) {
	dir := func(mode uint32) memfs.File { return memfs.File{Mode: filesys.ModeDir | mode} }
	acl := map[string][]byte{facts.ACLAttr: []byte("\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff")}
	for name, c := range map[string]struct {
		path string
		file memfs.File
		want map[string]string
	}{
		"ordinary file":                      {"/a", memfs.File{}, nil},
		"world-writable file":                {"/a", memfs.File{Mode: 0o666}, map[string]string{"world_writable_files": "/a 0666"}},
		"world-writable device":              {"/a", memfs.File{Mode: filesys.ModeChar | 0o666}, map[string]string{"world_writable_files": "/a 0666"}},
		"the mode of a link means nothing":   {"/a", memfs.File{Link: "b"}, nil},
		"sticky directory is told as one":    {"/a", dir(0o1777), map[string]string{"world_writable_dirs": "/a 1777 sticky"}},
		"world-writable directory":           {"/a", dir(0o777), map[string]string{"world_writable_dirs": "/a 0777"}},
		"sticky file is no sticky directory": {"/a", memfs.File{Mode: 0o1666}, map[string]string{"world_writable_files": "/a 1666"}},
		"setuid":                             {"/a", memfs.File{Mode: 0o4755}, map[string]string{"suid": "/a 4755"}},
		"setuid and setgid":                  {"/a", memfs.File{Mode: 0o6755}, map[string]string{"suid": "/a 6755", "sgid": "/a 6755"}},
		"setgid directory is no program":     {"/a", dir(0o2755), nil},
		"unowned":                            {"/a", memfs.File{UID: 7}, map[string]string{"unowned": "/a 0644"}},
		"ungrouped link":                     {"/a", memfs.File{Link: "b", GID: 9}, map[string]string{"ungrouped": "/a 0777"}},
		"largest number":                     {"/a", memfs.File{UID: 4294967295}, map[string]string{"unowned": "/a 0644"}},
		"capabilities": {
			"/a",
			memfs.File{Mode: 0o755, Xattrs: map[string][]byte{capability.Attr: []byte(netRaw)}},
			map[string]string{"capabilities": "/a cap_net_raw=ep"},
		},
		"access list":         {"/a", memfs.File{Xattrs: acl}, map[string]string{"acls": "/a user::rw- "}},
		"runtime directory":   {"/run/a", memfs.File{Mode: 0o666}, nil},
		"container layer":     {"/var/lib/docker/overlay2/x/diff/bin/su", memfs.File{Mode: 0o4755}, nil},
		"container of a user": {"/home/bob/.local/share/containers/bin/su", memfs.File{Mode: 0o4755}, nil},
		"snapshot":            {"/.snapshots/1/snapshot/bin/su", memfs.File{Mode: 0o4755}, nil},
		"a deep directory of that name is no snapshot": {"/srv/x/.snapshots/su", memfs.File{Mode: 0o4755}, map[string]string{"suid": "/srv/x/.snapshots/su 4755"}},
		"a name that is not UTF-8":                     {"/\xff", memfs.File{Mode: 0o4755}, map[string]string{"suid": "/\xff 4755"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectScan(t, accounts(map[string]memfs.File{c.path: c.file}))
			if status.State != facts.OK || !got.Complete {
				t.Fatal(status, got.Complete)
			}
			want := c.want
			if want == nil {
				want = map[string]string{}
			}
			if diff := cmp.Diff(want, found(got)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSkippedTreesAreNamed(t *testing.T) {
	got, _ := collectScan(t, accounts(map[string]memfs.File{"/proc/x": {}, "/var/lib/docker/x": {}, "/home/.snapshots/x": {}}))
	want := []facts.SkippedTree{{Path: "/home/.snapshots", Reason: "snapshots"}, {Path: "/proc", Reason: "runtime"}, {Path: "/var/lib/docker", Reason: "containers"}}
	if diff := cmp.Diff(want, got.Skipped); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
}

func TestListsAreCutAndCounted(t *testing.T) {
	files := map[string]memfs.File{}
	for i := range maxList + 5 {
		files[fmt.Sprintf("/srv/%04d", i)] = memfs.File{Mode: 0o666}
	}
	got, _ := collectScan(t, accounts(files))
	if len(got.WorldWritableFiles) != maxList || got.Counts["world_writable_files"] != maxList+5 || !got.Truncated || !got.Complete {
		t.Errorf("%d of %d told, truncated %v", len(got.WorldWritableFiles), got.Counts["world_writable_files"], got.Truncated)
	}
}

func TestWhatCannotBeReadIsAProblem(t *testing.T) {
	bad := errors.New("sector 9 cannot be read")
	for name, files := range map[string]map[string]memfs.File{
		"an inode":            {"/a": {StatErr: bad}},
		"a directory":         {"/a": {Mode: filesys.ModeDir | 0o755, Err: bad}},
		"attributes":          {"/a": {Data: "x", Err: bad}},
		"capabilities":        {"/a": {Mode: 0o755, Xattrs: map[string][]byte{capability.Attr: []byte("short")}}},
		"an access list":      {"/a": {Xattrs: map[string][]byte{facts.ACLAttr: []byte("short")}}},
		"a disk that is away": {"/etc/fstab": {Data: "UUID=0 /srv ext4 defaults\n"}, "/srv/x": {}},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectScan(t, accounts(files))
			if status.State != facts.Partial || got.Complete {
				t.Errorf("%s, complete %v, want partial", status.State, got.Complete)
			}
		})
	}
}

func TestNoPasswdIsNotEverybodyUnknown(t *testing.T) {
	got, status := collectScan(t, map[string]memfs.File{"/a": {UID: 7}})
	if status.State != facts.Partial || len(got.Unowned) != 0 {
		t.Errorf("%s, unowned %v, want partial and none", status.State, got.Unowned)
	}
}
