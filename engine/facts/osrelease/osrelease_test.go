package osrelease

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

const bookworm = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`

func debian12(path string) facts.OS {
	return facts.OS{
		ID: "debian", IDLike: []string{}, VersionID: "12", Codename: "bookworm", Family: "debian",
		PrettyName: "Debian GNU/Linux 12 (bookworm)", Source: facts.Source{Path: path, Line: 6, Text: "ID=debian"},
	}
}

func TestOS(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  facts.OS
	}{
		"etc": {factstest.Text(map[string]string{"/etc/os-release": bookworm}), debian12("/etc/os-release")},
		"link from etc to usr": {
			map[string]memfs.File{"/etc/os-release": {Link: "../usr/lib/os-release"}, "/usr/lib/os-release": {Data: bookworm}},
			debian12("/etc/os-release"),
		},
		"usr alone": {factstest.Text(map[string]string{"/usr/lib/os-release": bookworm}), debian12("/usr/lib/os-release")},
		"dangling link in etc": {
			map[string]memfs.File{"/etc/os-release": {Link: "/nowhere"}, "/usr/lib/os-release": {Data: bookworm}},
			debian12("/usr/lib/os-release"),
		},
		"etc hides usr, last assignment wins, quotes and escapes": {
			factstest.Text(map[string]string{
				"/usr/lib/os-release": bookworm,
				"/etc/os-release": "# c\nID=fedora\nID='rocky'\nID_LIKE=\"rhel centos  fedora\"\nVERSION_ID=9.4 # minor\n" +
					"PRETTY_NAME=\"Rocky \\\"Linux\\\" \\$9 \\x\"\nNO LINE\nSUPPORT_END=2032-05-31\n",
			}),
			facts.OS{
				ID: "rocky", IDLike: []string{"rhel", "centos", "fedora"}, VersionID: "9.4", Family: "rhel",
				PrettyName: `Rocky "Linux" $9 \x`, SupportEnd: "2032-05-31", Source: facts.Source{Path: "/etc/os-release", Line: 3, Text: "ID='rocky'"},
			},
		},
		"family by ID_LIKE": {
			factstest.Text(map[string]string{"/etc/os-release": "ID=newdistro\nID_LIKE=\"unknown suse\"\n"}),
			facts.OS{ID: "newdistro", IDLike: []string{"unknown", "suse"}, Family: "suse", Source: facts.Source{Path: "/etc/os-release", Line: 1, Text: "ID=newdistro"}},
		},
		"Debian 9 has no VERSION_CODENAME": {
			factstest.Text(map[string]string{"/etc/os-release": "ID=debian\nVERSION=\"9 (stretch)\"\nVERSION_ID=\"9\"\n"}),
			facts.OS{ID: "debian", IDLike: []string{}, VersionID: "9", Codename: "stretch", Family: "debian", Source: facts.Source{Path: "/etc/os-release", Line: 1, Text: "ID=debian"}},
		},
		"CentOS 6": {
			factstest.Text(map[string]string{"/etc/redhat-release": "CentOS release 6.10 (Final)\n"}),
			facts.OS{
				ID: "centos", IDLike: []string{"rhel", "fedora"}, VersionID: "6.10", Codename: "Final", Family: "rhel", PrettyName: "CentOS release 6.10 (Final)",
				Source: facts.Source{Path: "/etc/redhat-release", Line: 1, Text: "CentOS release 6.10 (Final)"},
			},
		},
		"SLES 11": {
			factstest.Text(map[string]string{"/etc/SuSE-release": "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n"}),
			facts.OS{
				ID: "sles", IDLike: []string{"suse"}, VersionID: "11.4", Family: "suse", PrettyName: "SUSE Linux Enterprise Server 11 (x86_64)",
				Source: facts.Source{Path: "/etc/SuSE-release", Line: 1, Text: "SUSE Linux Enterprise Server 11 (x86_64)"},
			},
		},
		"Ubuntu 10.04 has a debian_version too": {
			factstest.Text(map[string]string{
				"/etc/debian_version": "squeeze/sid\n",
				"/etc/lsb-release":    "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\nDISTRIB_DESCRIPTION=\"Ubuntu 10.04.4 LTS\"\n",
			}),
			facts.OS{
				ID: "ubuntu", IDLike: []string{}, VersionID: "10.04", Codename: "lucid", Family: "debian", PrettyName: "Ubuntu 10.04.4 LTS",
				Source: facts.Source{Path: "/etc/lsb-release", Line: 1, Text: "DISTRIB_ID=Ubuntu"},
			},
		},
		"Debian 6": {
			factstest.Text(map[string]string{"/etc/debian_version": "6.0.10\n"}),
			facts.OS{ID: "debian", IDLike: []string{}, VersionID: "6.0.10", Family: "debian", PrettyName: "Debian GNU/Linux 6.0.10", Source: facts.Source{Path: "/etc/debian_version", Line: 1, Text: "6.0.10"}},
		},
		"Alpine 3.2": {
			factstest.Text(map[string]string{"/etc/alpine-release": "3.2.3\n"}),
			facts.OS{ID: "alpine", IDLike: []string{}, VersionID: "3.2.3", Family: "alpine", PrettyName: "Alpine Linux 3.2.3", Source: facts.Source{Path: "/etc/alpine-release", Line: 1, Text: "3.2.3"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := factstest.Collect[facts.OS](t, factstest.Guest(t, c.files), facts.Request{}, Collector)
			if status.State != facts.OK {
				t.Fatalf("state is %s: %v", status.State, status.Problems)
			}
			if diff := cmp.Diff(c.want, *got); diff != "" {
				t.Error("want -, got +\n" + diff)
			}
		})
	}
}

func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  facts.State
	}{
		"nothing at all":            {nil, facts.Absent},
		"unreadable hides the rest": {map[string]memfs.File{"/etc/os-release": {Data: bookworm, Err: errors.New("bad sector")}, "/usr/lib/os-release": {Data: bookworm}}, facts.Error},
		"without an ID":             {map[string]memfs.File{"/etc/os-release": {Data: "NAME=x\n"}}, facts.Partial},
		"open quote":                {map[string]memfs.File{"/etc/os-release": {Data: "ID=\"debian\n"}}, facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			if _, status := factstest.Collect[facts.OS](t, factstest.Guest(t, c.files), facts.Request{}, Collector); status.State != c.want {
				t.Errorf("state is %s (%v), want %s", status.State, status.Problems, c.want)
			}
		})
	}
}

// program is the start of an ELF file.
func program(class, data byte, machine uint16) memfs.File {
	b := make([]byte, 64)
	copy(b, "\x7fELF")
	b[4], b[5], b[6] = class, data, 1
	b[18], b[19] = byte(machine), byte(machine>>8)
	if data == 2 {
		b[18], b[19] = b[19], b[18]
	}
	return memfs.File{Data: string(b), Mode: 0o755}
}

func TestArchitecture(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
		state facts.State
	}{
		"amd64":                         {map[string]memfs.File{"/usr/lib/systemd/systemd": program(2, 1, 62)}, "x86_64", facts.OK},
		"arm64 by its shell":            {map[string]memfs.File{"/bin/sh": {Link: "dash"}, "/bin/dash": program(2, 1, 183)}, "aarch64", facts.OK},
		"s390x is big-endian":           {map[string]memfs.File{"/sbin/init": program(2, 2, 22)}, "s390x", facts.OK},
		"ppc64le":                       {map[string]memfs.File{"/sbin/init": program(2, 1, 21)}, "ppc64le", facts.OK},
		"i386":                          {map[string]memfs.File{"/sbin/init": program(1, 1, 3)}, "i686", facts.OK},
		"a script is passed over":       {map[string]memfs.File{"/sbin/init": {Data: "#!/bin/sh\nexec /lib/real-init\n"}, "/bin/sh": program(2, 1, 62)}, "x86_64", facts.OK},
		"no program: not known":         {nil, "", facts.OK},
		"unknown machine":               {map[string]memfs.File{"/bin/sh": program(2, 1, 4242)}, "", facts.Partial},
		"shorter than a header":         {map[string]memfs.File{"/bin/sh": {Data: "\x7fELF"}}, "", facts.OK},
		"unreadable init is no silence": {map[string]memfs.File{"/sbin/init": {Data: program(2, 1, 62).Data, Err: errors.New("bad sector")}}, "", facts.Partial},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{"/etc/os-release": {Data: bookworm}}
			for path, f := range c.files {
				files[path] = f
			}
			got, status := factstest.Collect[facts.OS](t, factstest.Guest(t, files), facts.Request{}, Collector)
			if got.Arch != c.want || status.State != c.state {
				t.Errorf("got %q, %s (%v), want %q, %s", got.Arch, status.State, status.Problems, c.want, c.state)
			}
		})
	}
}

func TestInit(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]memfs.File
		want  string
	}{
		"systemd":           {map[string]memfs.File{"/sbin": {Link: "usr/sbin"}, "/usr/sbin/init": {Link: "/lib/systemd/systemd"}, "/lib": {Link: "usr/lib"}, "/usr/lib/systemd/systemd": {}}, "systemd"},
		"Alpine":            {map[string]memfs.File{"/sbin/init": {Link: "/bin/busybox"}, "/bin/busybox": {}, "/sbin/openrc": {}}, "openrc"},
		"BusyBox alone":     {map[string]memfs.File{"/sbin/init": {Link: "/bin/busybox"}, "/bin/busybox": {}}, "busybox"},
		"sysvinit":          {map[string]memfs.File{"/sbin/init": {}, "/etc/inittab": {}}, "sysvinit"},
		"upstart":           {map[string]memfs.File{"/sbin/init": {}, "/etc/inittab": {}, "/etc/init/rc.conf": {}}, ""},
		"none, a container": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]memfs.File{"/etc/os-release": {Data: bookworm}}
			for path, f := range c.files {
				files[path] = f
			}
			if got, _ := factstest.Collect[facts.OS](t, factstest.Guest(t, files), facts.Request{}, Collector); got.Init != c.want {
				t.Errorf("got %q, want %q", got.Init, c.want)
			}
		})
	}
}

func FuzzOSRelease(f *testing.F) {
	f.Add(bookworm)
	f.Add("ID=\"x\\\nID_LIKE='\nVERSION=\"9 (a)\"\n=\n\\\nexport A=\"\\\"\"")
	f.Add("CentOS release 6.10 (Final)\nVERSION = 11\nDISTRIB_ID=x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{"/etc/os-release", "/etc/lsb-release", "/etc/redhat-release", "/etc/SuSE-release", "/etc/debian_version"} {
			got, status := factstest.Collect[facts.OS](t, factstest.Guest(t, factstest.Text(map[string]string{path: text})), facts.Request{}, Collector)
			if got == nil && status.State == facts.OK {
				t.Error("no value and no problem")
			}
		}
	})
}
