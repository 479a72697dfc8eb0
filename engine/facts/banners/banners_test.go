package banners

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/facts/osrelease"
	"github.com/guestctl/guestctl/engine/facts/packages"
	"github.com/guestctl/guestctl/engine/facts/sshd"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func TestBanners(t *testing.T) {
	debian := memfs.File{Data: "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"}
	for name, c := range map[string]struct {
		files   map[string]memfs.File
		path    string
		escapes []string
		names   bool
		state   facts.State
	}{
		"Debian's own":       {map[string]memfs.File{"/etc/issue": {Data: "Debian GNU/Linux 12 \\n \\l\n"}}, "/etc/issue", nil, true, facts.OK},
		"escapes":            {map[string]memfs.File{"/etc/issue": {Data: `\S \r on \m, \r \d`}}, "/etc/issue", []string{`\S`, `\m`, `\r`}, false, facts.OK},
		"escaped backslash":  {map[string]memfs.File{"/etc/issue": {Data: `a\\r`}}, "/etc/issue", nil, false, facts.OK},
		"not as a word":      {map[string]memfs.File{"/etc/motd": {Data: "debianish"}}, "/etc/motd", nil, false, facts.OK},
		"in issue.d":         {map[string]memfs.File{"/etc/issue.d/10.issue": {Data: "DEBIAN \\v"}}, "/etc/issue.d/10.issue", []string{`\v`}, true, facts.OK},
		"sshd's banner":      {map[string]memfs.File{"/etc/ssh/sshd_config": {Data: "Banner /etc/b"}, "/usr/sbin/sshd": {}, "/etc/b": {Data: "debian"}}, "/etc/b", nil, true, facts.Partial},
		"none":               {nil, "", nil, false, facts.Absent},
		"dangling link":      {map[string]memfs.File{"/etc/motd": {Link: "/run/motd"}}, "", nil, false, facts.Absent},
		"link":               {map[string]memfs.File{"/etc/issue": {Link: "../usr/lib/issue"}, "/usr/lib/issue": {Data: "x"}}, "/etc/issue", nil, false, facts.OK},
		"a FIFO":             {map[string]memfs.File{"/etc/issue": {Mode: 0o010644}}, "", nil, false, facts.Partial},
		"a directory":        {map[string]memfs.File{"/etc/issue": memfs.Dir()}, "", nil, false, facts.Partial},
		"cannot be read":     {map[string]memfs.File{"/etc/issue": {Data: "x", Err: errors.New("bad sector")}}, "", nil, false, facts.Partial},
		"more than 1 MB":     {map[string]memfs.File{"/etc/issue": {Data: strings.Repeat("x", maxBanner+1)}}, "", nil, false, facts.Partial},
		"NUL, and not UTF-8": {map[string]memfs.File{"/etc/issue": {Data: "\x00\xff\\m"}}, "/etc/issue", []string{`\m`}, false, facts.OK},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{"/etc/os-release": debian}
			for path, f := range c.files {
				files[path] = f
			}
			got, status := factstest.Collect[facts.Banners](t, factstest.Guest(t, files), facts.Request{},
				osrelease.Collector, packages.Collector, sshd.Collector, Collector)
			if status.State != c.state {
				t.Fatalf("state %s %v, want %s", status.State, status.Problems, c.state)
			}
			if c.path == "" {
				return
			}
			b := (*got)[c.path]
			if b == nil || !slices.Equal(b.OSEscapes, c.escapes) || b.NamesOS != c.names || b.Link != c.files[c.path].Link {
				t.Errorf("got %+v", b)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{"/etc/motd": {Data: "hello\n"}})
	got, _ := factstest.Collect[facts.Banners](t, g, facts.Request{}, osrelease.Collector, packages.Collector, sshd.Collector, Collector)
	// printf 'hello\n' | sha256sum
	if b := (*got)["/etc/motd"]; b.SHA256 != "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" || b.Size != 6 {
		t.Errorf("got %+v", b)
	}
}
