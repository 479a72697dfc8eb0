package files

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestPackage asks for the owner of a file of a package by way of a merged directory, of one of no package, and of one
// when the lists cannot be read; and does not ask.
func TestPackage(t *testing.T) {
	guest := func(list memfs.File) map[string]memfs.File {
		return map[string]memfs.File{
			"/etc/passwd": {}, "/etc/group": {}, "/bin": {Link: "usr/bin"}, "/usr/bin/ls": {}, "/usr/bin/mine": {},
			"/var/lib/dpkg/status":              {Data: "Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\nVersion: 9\n"},
			"/var/lib/dpkg/info/coreutils.list": list,
		}
	}
	good := memfs.File{Data: "/bin/ls\n"}
	for name, c := range map[string]struct {
		list memfs.File
		path string
		ask  bool
		want string
	}{
		"of a package":          {good, "/bin/ls", true, "coreutils"},
		"of none":               {good, "/usr/bin/mine", true, ""},
		"lists cannot be read":  {memfs.Dir(), "/usr/bin/mine", true, "nil"},
		"nobody asked":          {good, "/bin/ls", false, "nil"},
		"there is no such file": {good, "/bin/no", true, "nil"},
	} {
		t.Run(name, func(t *testing.T) {
			req := facts.Request{Files: map[string]facts.FileRequest{c.path: {Package: c.ask}}}
			all, _ := factstest.Collect[facts.Files](t, factstest.Guest(t, guest(c.list)), req, Collector)
			got := "nil"
			if p := (*all)[c.path].Package; p != nil {
				got = *p
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
