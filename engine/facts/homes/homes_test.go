package homes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/groups"
	"github.com/guestctl/guestctl/engine/facts/logindefs"
	"github.com/guestctl/guestctl/engine/facts/nsswitch"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/shells"
	"github.com/guestctl/guestctl/engine/facts/users"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const (
	root = "root:x:0:0::/root:/bin/sh\n"
	bob  = "bob:x:1000:1000::/home/bob:/bin/sh\n"
)

func collectIn(t testing.TB, files map[string]memfs.File) (facts.Homes, facts.Status) {
	t.Helper()
	all := map[string]memfs.File{"/etc/passwd": {Data: root + bob}, "/etc/group": {Data: "root:x:0:\nbob:x:1000:\n"}, "/etc/shadow": {}}
	for name, f := range files {
		all[name] = f
	}
	got, status := factstest.Collect[facts.Homes](t, factstest.Guest(t, all), facts.Request{}, osrelease.Collector,
		nsswitch.Collector, shells.Collector, logindefs.Collector, groups.Collector, users.Collector, Collector)
	if got == nil {
		return nil, status
	}
	return *got, status
}

func names(h facts.Home) string {
	var all []string
	for _, e := range h.Entries {
		all = append(all, e.Name)
	}
	return strings.Join(all, " ")
}

func TestWhoseHomes(t *testing.T) {
	for name, c := range map[string]struct{ passwd, want string }{
		"root and people":                   {root + bob, "root:/root bob:/home/bob"},
		"a service without a shell":         {root + "www:x:33:33::/var/www:/usr/sbin/nologin\n", "root:/root"},
		"a service with a shell":            {root + "pg:x:99:99::/var/pg:/bin/bash\n", "root:/root pg:/var/pg"},
		"root without a shell":              {"root:x:0:0::/root:/usr/sbin/nologin\n", "root:/root"},
		"a second account of uid 0":         {root + "toor:x:0:0::/toor:/bin/false\n", "root:/root toor:/toor"},
		"one home of two":                   {root + "toor:x:0:0::/root/:/bin/sh\n" + bob + "eve:x:1001:1001::/home/./bob:/bin/sh\n", "root:/root bob:/home/bob"},
		"no home, and one that is relative": {"root:x:0:0:::/bin/sh\na:x:1000:1000::home:/bin/sh\n", "root: a:home"},
		"the root directory":                {"root:x:0:0::/:/bin/sh\n", "root:/"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, map[string]memfs.File{"/etc/passwd": {Data: c.passwd}})
			var all []string
			for _, h := range got {
				all = append(all, h.User+":"+h.Path)
			}
			if d := cmp.Diff(c.want, strings.Join(all, " ")); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
		})
	}
}

func TestEntries(t *testing.T) {
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"dot files only":                 {[]string{".bashrc", "notes", ".netrc", "dir/.hidden"}, ".bashrc .netrc"},
		"SSH, whatever the name":         {[]string{".ssh/id_rsa", ".ssh/odd name", ".ssh/deep/er"}, ".ssh .ssh/deep .ssh/id_rsa .ssh/odd name"},
		"clouds":                         {[]string{".aws/credentials", ".aws/config", ".aws/cli/cache", ".azure/token.json", ".config/gcloud/a.json", ".config/gcloud/access_tokens.db", ".config/gcloud/logs/x"}, ".aws .aws/config .aws/credentials .azure .azure/token.json .config .config/gcloud/a.json .config/gcloud/access_tokens.db"},
		"containers":                     {[]string{".docker/config.json", ".docker/contexts/x", ".kube/config", ".kube/cache", ".config/containers/auth.json"}, ".config .config/containers/auth.json .docker .docker/config.json .kube .kube/config"},
		"tools":                          {[]string{".config/git/credentials", ".config/git/config", ".config/rclone/rclone.conf", ".terraform.d/credentials.tfrc.json", ".terraform.d/plugins"}, ".config .config/git/credentials .config/rclone/rclone.conf .terraform.d .terraform.d/credentials.tfrc.json"},
		"packages":                       {[]string{".m2/settings.xml", ".m2/repository/x", ".gem/credentials", ".cargo/credentials.toml", ".cargo/bin/x"}, ".cargo .cargo/credentials.toml .gem .gem/credentials .m2 .m2/settings.xml"},
		"keys, a forge and a history":    {[]string{".gnupg/private-keys-v1.d/a.key", ".config/gh/hosts.yml", ".local/share/fish/fish_history"}, ".config .config/gh/hosts.yml .gnupg .gnupg/private-keys-v1.d/a.key .local .local/share/fish/fish_history"},
		"a file in place of a directory": {[]string{".ssh", ".config", ".aws"}, ".aws .config .ssh"},
		"nothing":                        {[]string{"x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{}
			for _, f := range c.files {
				files["/home/bob/"+f] = memfs.File{Data: "VerySecret", UID: 1000, GID: 1000, Mode: 0o600}
			}
			got, status := collectIn(t, files)
			if d := cmp.Diff(c.want, names(got[1])); d != "" || status.State != facts.OK {
				t.Errorf("%s %v; want -, got +\n%s", status.State, status.Problems, d)
			}
			for _, name := range status.Files {
				if strings.HasPrefix(name, "/home/") {
					t.Errorf("%s was read", name)
				}
			}
		})
	}
}

func TestDescription(t *testing.T) {
	dir := memfs.Dir()
	dir.Mode, dir.UID, dir.GID = dir.Mode&^0o077, 1000, 7
	got, _ := collectIn(t, map[string]memfs.File{
		"/home/bob": {Link: "/srv/bob"}, "/srv/bob": dir, "/srv/bob/.netrc": {Data: "x", Mode: 0o640, UID: 1000, GID: 1000},
		"/srv/bob/.profile": {Link: "/etc/passwd"},
	})
	yes, uid := true, uint32(1000)
	want := facts.Home{
		User: "bob", UID: 1000, Path: "/home/bob", Exists: &yes, Mode: "0700", OwnerUID: &uid, Owner: "bob",
		Entries: []facts.HomeFile{
			{Name: ".netrc", Inode: facts.Inode{Path: "/home/bob/.netrc", Type: "file", Mode: "0640", UID: 1000, GID: 1000, Owner: "bob", Group: "bob", Size: 1}},
			{Name: ".profile", Link: "/etc/passwd", Inode: facts.Inode{Path: "/home/bob/.profile", Type: "symlink", Mode: "0777", Owner: "root", Group: "root", Size: 11}},
		},
	}
	if d := cmp.Diff(want, got[1]); d != "" {
		t.Error(d)
	}
}

// TestHomesThatAreNotThere tells a home that is missing from one that is not known.
func TestHomesThatAreNotThere(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
		state facts.State
	}{
		"missing":                  {nil, "false", facts.OK},
		"a file":                   {map[string]memfs.File{"/home/bob": {}}, "false", facts.OK},
		"below a file":             {map[string]memfs.File{"/home": {}}, "false", facts.OK},
		"on a missing volume":      {map[string]memfs.File{"/etc/fstab": {Data: "LABEL=home /home ext4 defaults 0 2\n"}}, "null", facts.OK},
		"a link to itself":         {map[string]memfs.File{"/home/bob": {Link: "bob"}}, "null", facts.Partial},
		"cannot be read":           {map[string]memfs.File{"/home/bob": {StatErr: binread.Corrupt("inode 5")}}, "null", facts.Partial},
		"cannot be listed":         {map[string]memfs.File{"/home/bob": {Mode: memfs.Dir().Mode, Err: errors.New("bad sector")}}, "true", facts.Partial},
		"an entry is damaged":      {map[string]memfs.File{"/home/bob/.netrc": {StatErr: binread.Corrupt("inode 5")}}, "true", facts.Partial},
		"a link cannot be read":    {map[string]memfs.File{"/home/bob/.netrc": {Link: "x", Err: errors.New("bad sector")}}, "true", facts.Partial},
		".ssh leads to itself":     {map[string]memfs.File{"/home/bob/.ssh": {Link: ".ssh"}}, "true", facts.Partial},
		".ssh on a missing volume": {map[string]memfs.File{"/etc/fstab": {Data: "LABEL=x /mnt ext4 defaults 0 2\n"}, "/mnt": memfs.Dir(), "/home/bob/.ssh": {Link: "/mnt/ssh"}}, "true", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			h, exists := got[1], "null"
			if h.Exists != nil {
				exists = strconv.FormatBool(*h.Exists)
			}
			if exists != c.want || status.State != c.state {
				t.Errorf("exists %s, %s %v; want %s, %s", exists, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}

func TestHomesAreBounded(t *testing.T) {
	many := map[string]memfs.File{}
	for i := range maxEntries + 9 {
		many[fmt.Sprintf("/home/bob/.%d", i)] = memfs.File{}
	}
	links := map[string]memfs.File{}
	var passwd strings.Builder
	for i := range maxHomes + 9 {
		fmt.Fprintf(&passwd, "u%d:x:%d:1000::/h/%d:/bin/sh\n", i, 1000+i, i)
		links[fmt.Sprintf("/h/%d", i)] = memfs.File{Link: "/srv"}
	}
	for i := range 99 { // so that the last home is cut
		links[fmt.Sprintf("/srv/.%d", i)] = memfs.File{}
	}
	links["/etc/passwd"] = memfs.File{Data: passwd.String()}
	for name, c := range map[string]struct {
		files map[string]memfs.File
		most  int
	}{"entries": {many, maxEntries}, "homes and entries": {links, maxAll}} {
		t.Run(name, func(t *testing.T) {
			got, status := collectIn(t, c.files)
			n := 0
			for _, h := range got {
				n += len(h.Entries)
			}
			if status.State != facts.Partial || n != c.most || len(got) > maxHomes {
				t.Errorf("%s, %d entries in %d homes, want %d", status.State, n, len(got), c.most)
			}
		})
	}
}

// TestWithoutAccounts wants no answer where nobody's home is known.
func TestWithoutAccounts(t *testing.T) {
	if got, status := collectIn(t, map[string]memfs.File{"/etc/passwd": memfs.Dir()}); got != nil || status.State != facts.Error {
		t.Errorf("%s: %+v", status.State, got)
	}
}
