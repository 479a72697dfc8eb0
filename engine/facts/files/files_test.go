package files

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	passwd = "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\n+nis:x:7:7::/:\n#off:x:8:8\nnobody:x::\nsys:x:3:3::/:\n"
	group  = "root:x:0:\nshadow:x:42:\n"
)

func collectFrom(t *testing.T, more map[string]memfs.File, want map[string]facts.FileRequest) (facts.Files, facts.Status) {
	t.Helper()
	files := map[string]memfs.File{"/etc/passwd": {Data: passwd}, "/etc/group": {Data: group}}
	for path, f := range more {
		files[path] = f
	}
	got, status := factstest.Collect[facts.Files](t, factstest.Guest(t, files), facts.Request{Files: want}, Collector)
	if got == nil {
		t.Fatalf("got nothing: %+v", status)
	}
	return *got, status
}

func TestFiles(t *testing.T) {
	g := map[string]memfs.File{
		"/etc/shadow":     {Data: "x", Mode: 0o640, GID: 42},
		"/usr/bin/passwd": {Data: "elf", Mode: 0o4755},
		"/bin":            {Link: "usr/bin"},
		"/tmp":            {Mode: filesys.ModeDir | 0o1777},
		"/etc/dangling":   {Link: "/nowhere"},
		"/etc/sh":         {Link: "/etc/shadow"},
		"/loop":           {Link: "loop"},
		"/run/fifo":       {Mode: filesys.ModeFIFO | 0o600, UID: 3, GID: 7},
		"/dev/sda":        {Mode: filesys.ModeBlock | 0o660, UID: 3_000_000_000},
		"/acl":            {Xattrs: map[string][]byte{"system.posix_acl_access": {2, 0, 0, 0}}},
		"/xattr":          {Xattrs: map[string][]byte{"security.selinux": []byte("x")}},
	}
	for path, want := range map[string]facts.File{
		"/etc/shadow":       {Exists: true, Type: "file", Resolved: "/etc/shadow", Mode: "0640", GID: 42, Owner: "root", Group: "shadow", Size: 1},
		"/bin/passwd":       {Exists: true, Type: "file", Resolved: "/usr/bin/passwd", Mode: "4755", Owner: "root", Group: "root", Size: 3},
		"/bin":              {Exists: true, Type: "dir", Link: "usr/bin", Resolved: "/usr/bin", Mode: "0755", Owner: "root", Group: "root"},
		"/tmp":              {Exists: true, Type: "dir", Resolved: "/tmp", Mode: "1777", Owner: "root", Group: "root"},
		"/etc/dangling":     {Type: "symlink", Link: "/nowhere"},
		"/etc/sh":           {Exists: true, Type: "file", Link: "/etc/shadow", Resolved: "/etc/shadow", Mode: "0640", GID: 42, Owner: "root", Group: "shadow", Size: 1},
		"/missing":          {},
		"/etc/shadow/below": {},
		"/run/fifo":         {Exists: true, Type: "fifo", Resolved: "/run/fifo", Mode: "0600", UID: 3, GID: 7, Owner: "sys"},
		"/dev/sda":          {Exists: true, Type: "block", Resolved: "/dev/sda", Mode: "0660", UID: 3_000_000_000, Group: "root"},
		"/acl":              {Exists: true, Type: "file", Resolved: "/acl", Mode: "0644", Owner: "root", Group: "root", ACL: true},
		"/xattr":            {Exists: true, Type: "file", Resolved: "/xattr", Mode: "0644", Owner: "root", Group: "root"},
	} {
		t.Run(path, func(t *testing.T) {
			all, status := collectFrom(t, g, map[string]facts.FileRequest{path: {}})
			if diff := cmp.Diff(want, *all[path]); diff != "" || status.State != facts.OK {
				t.Errorf("%s (%v); want -, got +\n%s", status.State, status.Problems, diff)
			}
		})
	}
	if all, _ := collectFrom(t, g, map[string]facts.FileRequest{"/loop": {}}); all["/loop"].Exists || all["/loop"].Error == "" {
		t.Errorf("loop: got %+v, want an error", all["/loop"])
	}
}

// The digests are those of sha256sum, sha512sum, b2sum, sha1sum and md5sum.
func TestDigests(t *testing.T) {
	request := facts.FileRequest{Digests: []string{"sha256", "sha512", "blake2b", "sha1", "md5"}}
	all, _ := collectFrom(t, map[string]memfs.File{
		"/abc": {Data: "abc"}, "/empty": {}, "/long": {Data: strings.Repeat("guestctl", 400_000)}, "/dir/x": {},
	}, map[string]facts.FileRequest{"/abc": request, "/empty": {Digests: []string{"md5"}}, "/long": {Digests: []string{"sha1"}}, "/dir": request})
	if diff := cmp.Diff(map[string]string{
		"sha256":  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"sha512":  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"blake2b": "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
		"sha1":    "a9993e364706816aba3e25717850c26c9cd0d89d",
		"md5":     "900150983cd24fb0d6963f7d28e17f72",
	}, all["/abc"].Digests); diff != "" {
		t.Error("want -, got +\n" + diff)
	}
	if got := all["/empty"].Digests["md5"]; got != "d41d8cd98f00b204e9800998ecf8427e" {
		t.Errorf("digest of the empty file is %s", got)
	}
	if got := all["/long"].Digests["sha1"]; got != "cdf5d4d325d035a4fa2c09559d5a4a4a729b083e" {
		t.Errorf("digest of 3.2 MB is %s", got)
	}
	if f := all["/dir"]; f.Digests != nil || f.Error != "" || f.Type != "dir" {
		t.Errorf("directory: got %+v", f)
	}
}

func TestContent(t *testing.T) {
	const path = "/etc/ssh/sshd_config"
	all, _ := collectFrom(t, map[string]memfs.File{path: {Data: "# c\nPort 22\n\nPermitRootLogin no\n"}}, map[string]facts.FileRequest{
		path: {Content: []string{`^PermitRootLogin\s+no$`, `^Port`, `c\nPort`, `yes`, `(?i)port`}},
	})
	if diff := cmp.Diff(map[string]facts.Match{
		`^PermitRootLogin\s+no$`: {Found: true, Line: 4}, `^Port`: {Found: true, Line: 2}, `c\nPort`: {Found: true, Line: 1},
		`yes`: {}, `(?i)port`: {Found: true, Line: 2},
	}, all[path].Content); diff != "" {
		t.Error("want -, got +\n" + diff)
	}
}

func TestWhatCannotBeReadIsAnErrorOfThePath(t *testing.T) {
	broken := errors.New("bad sector")
	sum := facts.FileRequest{Digests: []string{"sha256"}}
	for name, c := range map[string]struct {
		file   memfs.File
		want   facts.FileRequest
		exists bool
	}{
		"inode":             {memfs.File{StatErr: broken}, sum, false},
		"inode, checksum":   {memfs.File{Data: "x", StatErr: binread.Checksum("inode 12")}, sum, true},
		"attributes":        {memfs.File{Data: "x", Err: broken}, sum, false},
		"content, checksum": {memfs.File{Data: "x", Err: binread.Checksum("extent block 3")}, sum, true},
		"link":              {memfs.File{Link: "y", Err: broken}, sum, false},
		"unknown digest":    {memfs.File{Data: "x"}, facts.FileRequest{Digests: []string{"crc32"}}, true},
		"bad expression":    {memfs.File{Data: "x"}, facts.FileRequest{Content: []string{"("}}, true},
		"too big to match":  {memfs.File{Data: strings.Repeat("x", maxContent+1)}, facts.FileRequest{Content: []string{"x"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			all, status := collectFrom(t, map[string]memfs.File{"/x": c.file, "/fine": {Data: "y"}}, map[string]facts.FileRequest{"/x": c.want, "/fine": sum})
			if f := all["/x"]; f.Error == "" || f.Exists != c.exists {
				t.Errorf("got %+v, want an error, exists %v", f, c.exists)
			}
			if f := all["/fine"]; f.Error != "" || f.Digests["sha256"] == "" || status.State != facts.OK {
				t.Errorf("the file beside it: %+v, %s", f, status.State)
			}
		})
	}
}

func TestPathOnAVolumeThatWasNotRead(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/fstab": {Data: "UUID=77c1 /data ext4 defaults 0 2\n"}, "/data/left-behind": {Data: "x"}, "/link": {Link: "data/x"},
	})
	request := facts.Request{Files: map[string]facts.FileRequest{"/data/left-behind": {}, "/data/missing": {}, "/link": {}}}
	got, _ := factstest.Collect[facts.Files](t, g, request, Collector)
	for path := range request.Files {
		if f := (*got)[path]; f.Exists || !strings.Contains(f.Error, guest.ErrUnread.Error()) {
			t.Errorf("%s: got %+v, want an error", path, f)
		}
	}
}

func TestUnreadablePasswdMakesOwnersUnknown(t *testing.T) {
	_, status := collectFrom(t, map[string]memfs.File{"/etc/passwd": {Data: passwd, Err: errors.New("bad sector")}, "/x": {}}, map[string]facts.FileRequest{"/x": {}})
	if status.State != facts.Partial {
		t.Errorf("state is %s, want partial", status.State)
	}
}

func TestDigestStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g := factstest.Guest(t, map[string]memfs.File{"/x": {Data: "x"}})
	f, err := g.Open("/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := digest(ctx, f, []string{"sha256"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
