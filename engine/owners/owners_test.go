package owners

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

func load(t testing.TB, files map[string]memfs.File) *Index {
	t.Helper()
	x, err := Load(t.Context(), factstest.Guest(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func tree(t testing.TB, name string) map[string]memfs.File {
	t.Helper()
	a, err := txtar.ParseFile("../facts/packages/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]memfs.File{}
	for _, f := range a.Files {
		files[f.Name] = memfs.File{Data: string(f.Data)}
	}
	return files
}

func rpmDatabase(t testing.TB) string {
	t.Helper()
	return factstest.Unpack(t, "../rpmdb/testdata/sqlite.db.zst")
}

func TestOwners(t *testing.T) {
	usr := func(files map[string]memfs.File) map[string]memfs.File {
		all := map[string]memfs.File{"/bin": {Link: "usr/bin"}, "/lib": {Link: "/usr/lib"}, "/usr/bin/x": {}, "/usr/lib/x": {}}
		maps.Copy(all, files)
		return all
	}
	info := dpkgInfo + "/"
	for name, c := range map[string]struct {
		files   map[string]memfs.File
		manager string
		owners  map[string]string
	}{
		"merged usr, listed before the merge": {
			usr(map[string]memfs.File{info + "coreutils.list": {Data: "/.\n/bin\n/bin/ls\n"}}), "dpkg",
			map[string]string{"/usr/bin/ls": "coreutils", "/bin": "coreutils", "/usr/bin/cat": "", "/": "", "/bin/ls": ""},
		},
		"an architecture in the list's name": {
			usr(map[string]memfs.File{info + "libc6:amd64.list": {Data: "/lib/libc.so.6\n"}}), "dpkg", map[string]string{"/usr/lib/libc.so.6": "libc6"},
		},
		"a diversion moves the file of others": {
			usr(map[string]memfs.File{
				info + "dash.list": {Data: "/usr/bin/sh\n"}, info + "mksh.list": {Data: "/usr/bin/sh\n"},
				diversions: {Data: "/usr/bin/sh\n/usr/bin/sh.distrib\ndash\n"},
			}), "dpkg", map[string]string{"/usr/bin/sh": "dash", "/usr/bin/sh.distrib": "mksh"},
		},
		"a local diversion": {
			usr(map[string]memfs.File{info + "dash.list": {Data: "/usr/bin/sh\n"}, diversions: {Data: "/usr/bin/sh\n/usr/bin/sh.old\n:\n"}}), "dpkg",
			map[string]string{"/usr/bin/sh": "", "/usr/bin/sh.old": "dash"},
		},
		"distroless": {
			map[string]memfs.File{dpkgParts + "/libssl3.md5sums": {Data: "0123  usr/lib/libssl.so.3\n"}, dpkgParts + "/libssl3": {Data: "Package: libssl3\n"}},
			"dpkg",
			map[string]string{"/usr/lib/libssl.so.3": "libssl3"},
		},
		"rpm": {
			usr(map[string]memfs.File{"/var/lib/rpm/rpmdb.sqlite": {Data: rpmDatabase(t)}}), "rpm",
			map[string]string{"/usr/bin/alpha": "alpha", "/etc/alpha.state": "alpha", "/usr/lib/kernel-70": "kernel", "/lib/kernel-70": ""},
		},
		"apk": {
			tree(t, "alpine.txtar"), "apk",
			map[string]string{"/bin/busybox": "busybox", "/bin": "busybox", "/etc/securetty": "busybox", "/lib/libcrypto.so.3": "libcrypto3", "/bin/other": ""},
		},
		"pacman": {
			tree(t, "arch.txtar"), "pacman",
			map[string]string{"/usr/bin/ldd": "glibc", "/etc/ld.so.conf": "glibc", "/usr/lib/modules/6.10.3-arch1-2/vmlinuz": "linux", "/BACKUP": ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := load(t, c.files)
			if !slices.Equal(x.Managers, []string{c.manager}) || len(x.Problems) > 0 {
				t.Errorf("managers %v, problems %v", x.Managers, x.Problems)
			}
			for path, want := range c.owners {
				if got := x.Owner(path); got != want {
					t.Errorf("%s is of %q, want %q", path, got, want)
				}
			}
		})
	}
}

func TestOwnerOfFollowsLinks(t *testing.T) {
	x := load(t, map[string]memfs.File{
		"/bin": {Link: "usr/bin"}, "/usr/bin/gawk": {}, "/usr/bin/awk": {Link: "gawk"}, "/usr/bin/nawk": {Link: "/bin/gawk"},
		dpkgInfo + "/gawk.list": {Data: "/usr/bin/gawk\n"}, dpkgInfo + "/links.list": {Data: "/usr/bin/nawk\n"},
	})
	for path, want := range map[string]string{"/bin/gawk": "gawk", "/bin/awk": "gawk", "/bin/nawk": "links", "/bin/none": ""} {
		if got := x.OwnerOf(path); got != want {
			t.Errorf("%s is of %q, want %q", path, got, want)
		}
	}
}

func TestSharedPathsHaveSeveralOwners(t *testing.T) {
	x := load(t, map[string]memfs.File{dpkgInfo + "/a.list": {Data: "/etc\n/etc/a\n"}, dpkgInfo + "/b.list": {Data: "/etc\n"}, dpkgInfo + "/c.list": {Data: "/etc\n"}})
	if got := x.Owners("/etc"); !slices.Equal(got, []string{"a", "b", "c"}) || x.Owner("/etc") != "a" {
		t.Errorf("/etc is of %v", got)
	}
	if got := x.Owners("/etc/a"); !slices.Equal(got, []string{"a"}) || x.Owners("/x") != nil {
		t.Errorf("/etc/a is of %v", got)
	}
}

func TestDamagedListsAreProblems(t *testing.T) {
	broken := errors.New("bad sector")
	for name, files := range map[string]map[string]memfs.File{
		"a list that is cut":       {dpkgInfo + "/a.list": {Data: "/etc\n/et"}},
		"a list that is unread":    {dpkgInfo + "/a.list": {Data: "/etc\n", Err: broken}},
		"a list in doubt":          {dpkgInfo + "/a.list": {Data: "/etc\n", Err: binread.Checksum("extent")}},
		"a list that is a folder":  {dpkgInfo + "/a.list": memfs.Dir()},
		"lists in a broken folder": {dpkgInfo: {Mode: memfs.Dir().Mode, Err: binread.Corrupt("block 9")}, dpkgInfo + "/a.list": {Data: "/etc\n"}},
		"diversions unread":        {dpkgInfo + "/a.list": {Data: "/etc\n"}, diversions: {Err: broken, Data: "x"}},
		"rpm cut in half":          {"/var/lib/rpm/rpmdb.sqlite": {Data: rpmDatabase(t)[:50_000]}},
		"apk unread":               {"/lib/apk/db/installed": {Data: "P:a\n", Err: broken}},
		"pacman without its list":  {pacmanLocal + "/a-1-1/desc": {}},
	} {
		if x := load(t, files); len(x.Problems) == 0 {
			t.Errorf("%s: no problem", name)
		}
	}
	if x := load(t, nil); len(x.Managers) != 0 || x.Len() != 0 || len(x.Problems) != 0 {
		t.Errorf("no manager: %+v", x)
	}
}

func TestPathsOnAVolumeThatWasNotReadAreKept(t *testing.T) {
	x := load(t, map[string]memfs.File{
		"/etc/fstab": {Data: "LABEL=log /var/log ext4 defaults 0 0\n"}, "/var/log": memfs.Dir(), dpkgInfo + "/apt.list": {Data: "/var/log/apt\n"},
	})
	if x.Owner("/var/log/apt") != "apt" || x.Owner("/var/apt") != "" {
		t.Errorf("owners %v", x.owners)
	}
}

func FuzzLists(f *testing.F) {
	f.Add("/.\n/bin\n/bin/ls\n", "/bin/ls\n/bin/ls.real\n:\n", "P:a\nF:bin\nR:x\n\n", "%FILES%\nusr/bin/ldd\n")
	f.Add("/../../etc\n//\n/\x00\n", ":\n", "R:x\nF:\nP:\nF:..\nR:..\n", "%FILES%\n..\n")
	f.Fuzz(func(t *testing.T, list, diverted, apk, pacman string) {
		x := load(t, map[string]memfs.File{
			dpkgInfo + "/a.list": {Data: list}, diversions: {Data: diverted}, "/lib/apk/db/installed": {Data: apk},
			pacmanLocal + "/p-1-1/files": {Data: pacman}, "/bin": {Link: "usr/bin"}, "/usr/bin/ls": {},
		})
		for path := range x.owners {
			if !strings.HasPrefix(path, "/") || strings.Contains(path, "/../") {
				t.Errorf("%q is no path", path)
			}
		}
	})
}
