package scan

import (
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// TestPrivilegedFilesHaveTheirPackage tells a file of a package, one of no package, and one of which that is not known.
func TestPrivilegedFilesHaveTheirPackage(t *testing.T) {
	guest := func(list memfs.File) map[string]memfs.File {
		return map[string]memfs.File{
			"/etc/passwd": {Data: "root:x:0:0::/root:/bin/sh\n"}, "/etc/group": {Data: "root:x:0:\n"},
			"/usr/bin/passwd": {Mode: 0o104755}, "/usr/bin/backdoor": {Mode: 0o104755}, "/usr/bin/ls": {},
			"/var/lib/dpkg/status":           {Data: "Package: passwd\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"},
			"/var/lib/dpkg/info/passwd.list": list,
		}
	}
	no := "not known"
	for name, c := range map[string]struct {
		list memfs.File
		want map[string]string
	}{
		"owned and not": {memfs.File{Data: "/usr/bin/passwd\n"}, map[string]string{"/usr/bin/passwd": "passwd", "/usr/bin/backdoor": ""}},
		"list missing":  {memfs.Dir(), map[string]string{"/usr/bin/passwd": no, "/usr/bin/backdoor": no}},
	} {
		t.Run(name, func(t *testing.T) {
			found, _ := factstest.Collect[facts.Scan](t, factstest.Guest(t, guest(c.list)), facts.Request{}, Collector)
			if found == nil || len(found.SUID) != 2 {
				t.Fatalf("found %+v", found)
			}
			for _, e := range found.SUID {
				got := no
				if e.Package != nil {
					got = *e.Package
				}
				if got != c.want[e.Path] {
					t.Errorf("%s: %q, want %q", e.Path, got, c.want[e.Path])
				}
			}
		})
	}
}
