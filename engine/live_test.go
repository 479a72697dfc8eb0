package engine

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/memfs"
)

type tree = map[string]memfs.File

// system is the root of an operating system.
func system(name string) tree {
	return tree{"etc/hostname": {Data: name}, "etc/os-release": {}, "home/user/own": {Data: name}, "srv/x": {Data: name}}
}

// part is a volume of a machine: files that are volumes stand in the tree of their parent, too.
type part struct {
	name, label string
	file        string // path of the file that it is
	parent      string
	files       tree // nil for what is not read
	fsType      string
}

// machineOf makes a machine of volumes that were found.
func machineOf(parts []part) *Machine {
	m := &Machine{}
	byName := map[string]*volume.Volume{}
	for _, p := range parts {
		v := Volume{Volume: &volume.Volume{Name: p.name, File: p.file, Label: p.label, Parent: byName[p.parent]}}
		if p.files == nil {
			v.Err = binread.Unsupported("f2fs: not read")
		} else {
			f := memfs.New(p.files)
			f.Desc.Label, f.Desc.Type = p.label, p.fsType
			v.FS = f
		}
		byName[p.name] = v.Volume
		m.Volumes = append(m.Volumes, v)
	}
	return m
}

// of is a file in a medium that is a volume, as discovery names it.
func of(parent, file string, files tree) part {
	return part{name: parent + ":" + file, file: file, parent: parent, files: files, fsType: "squashfs"}
}

func TestLiveSystemsAreTheirLayers(t *testing.T) {
	debian := []part{{name: "p1", files: tree{}}, of("p1", "/live/filesystem.squashfs", system("debian"))}
	persistence := func(conf string, more tree) []part {
		files := tree{"persistence.conf": {Data: conf}}
		maps.Copy(files, more)
		return slices.Concat(debian, []part{{name: "p2", label: "persistence", files: files}})
	}
	casper := func(names ...string) []part {
		parts := []part{{name: "disk", files: tree{}}}
		for _, n := range names {
			parts = append(parts, of("disk", "/casper/"+n, tree{"etc/hostname": {Data: n}, "etc/passwd": {}, "home/a": {}}))
		}
		return parts
	}
	live := "p1:/live/filesystem.squashfs"
	openwrt := system("openwrt")
	openwrt["etc/openwrt_release"] = memfs.File{}
	for name, test := range map[string]struct {
		parts    []part
		root     string            // of the one guest; "" where there is none
		layers   string            // names, the upper first
		contents map[string]string // by path; "-" is not there, "?" is not read
		problem  string            // a part of what is said
		taints   bool
	}{
		"Debian": {
			parts: debian, root: live, layers: live, contents: map[string]string{"/etc/hostname": "debian"},
		},
		"Debian, several by name": {
			parts:    slices.Concat(debian, []part{of("p1", "/live/zz.squashfs", tree{"etc/hostname": {Data: "zz"}})}),
			root:     "p1:/live/zz.squashfs",
			layers:   "p1:/live/zz.squashfs " + live,
			contents: map[string]string{"/etc/hostname": "zz", "/srv/x": "debian"},
		},
		"Debian, in the order of the module": {
			parts: []part{
				{name: "p1", files: tree{"live/filesystem.module": {Data: "zz.squashfs filesystem.squashfs\n"}}},
				of("p1", "/live/filesystem.squashfs", system("debian")), of("p1", "/live/zz.squashfs", system("zz")), of("p1", "/live/aa.squashfs", system("aa")),
			},
			root: live, layers: live + " p1:/live/zz.squashfs", contents: map[string]string{"/etc/hostname": "debian"},
		},
		"Debian, a module that is missing": {
			parts: []part{{name: "p1", files: tree{"live/filesystem.module": {Data: "filesystem.squashfs more.squashfs"}}}, debian[1]},
			root:  live, layers: live, problem: `there is no "more.squashfs"`, taints: true,
		},
		"Debian, a layer that is not read": {
			parts: slices.Concat(debian, []part{of("p1", "/live/zz.squashfs", nil)}),
			root:  live, layers: live, problem: "the layer p1:/live/zz.squashfs is missing: f2fs", taints: true,
		},
		"Debian, no layer is read": {parts: []part{{name: "p1", files: tree{}}, of("p1", "/live/filesystem.squashfs", nil)}},
		"Debian with persistence": {
			parts: persistence("/ union\n", tree{"rw/etc/hostname": {Data: "kept"}, "rw/srv/x": {Mode: filesys.ModeChar}}),
			root:  live, layers: "p2 " + live, contents: map[string]string{"/etc/hostname": "kept", "/srv/x": "-", "/home/user/own": "debian"},
		},
		"Debian with persistence before anything was written": {
			parts: persistence("/ union\n", nil), root: live, layers: live,
		},
		"Debian with persistence without its file": {
			parts: slices.Concat(debian, []part{{name: "p2", label: "persistence", files: tree{"rw/etc/hostname": {Data: "x"}}}}),
			root:  live, layers: live, contents: map[string]string{"/etc/hostname": "debian"},
		},
		"Debian with persistence from another directory": {
			parts: persistence("/ source=mine,union\n", tree{"mine/rw/etc/hostname": {Data: "kept"}}),
			root:  live, layers: "p2 " + live, contents: map[string]string{"/etc/hostname": "kept"},
		},
		"Debian with persistence in a file": {
			parts: slices.Concat(debian, []part{{name: "p3", files: tree{}}, of("p3", "/persistence", tree{"persistence.conf": {Data: "/ union"}, "rw/etc/hostname": {Data: "kept"}})}),
			root:  live, layers: "p3:/persistence " + live, contents: map[string]string{"/etc/hostname": "kept"},
		},
		"Debian with persistence that is not read": {
			parts: slices.Concat(debian, []part{{name: "p2", label: "persistence"}}), root: live, layers: live, problem: "persistence on p2 is not read: f2fs", taints: true,
		},
		"Debian with persistence of directories": {
			parts: persistence("/home\n/srv union\n", tree{"home/eve": {Data: "e"}, "srv/rw/y": {Data: "y"}}),
			root:  live, layers: live, contents: map[string]string{"/home/eve": "e", "/home/user/own": "-", "/srv/x": "debian", "/srv/y": "y", "/etc/hostname": "debian"},
		},
		"Debian with persistence of links": {
			parts: persistence("/srv link\n", tree{"srv/y": {}}),
			root:  live, layers: live, contents: map[string]string{"/srv/x": "?", "/etc/hostname": "debian"}, problem: "links into it are not made",
		},
		"Debian with persistence of a directory that is missing": {
			parts: persistence("/opt\n", tree{"opt/y": {}}), root: live, layers: live, contents: map[string]string{"/opt/y": "?"}, problem: "p2:/opt is not mounted",
		},
		"Debian with a root that is bound": {
			parts: persistence("/\n", tree{"etc/y": {}}), root: live, layers: live, problem: "laid over in a way that is not read", taints: true,
		},
		"Debian with lines that it passes over": {
			parts: persistence("/home source=../x\n", nil), root: live, layers: live, problem: `live systems pass over the source "../x"`,
		},
		"Ubuntu, one": {
			parts: casper("filesystem.squashfs"), root: "disk:/casper/filesystem.squashfs", layers: "disk:/casper/filesystem.squashfs",
		},
		"Ubuntu, by name": {
			parts: casper("filesystem.squashfs", "installer.squashfs", "old.ext2", "server.squashfs"), root: "disk:/casper/installer.squashfs",
			layers: "disk:/casper/installer.squashfs disk:/casper/filesystem.squashfs disk:/casper/old.ext2",
		},
		"Ubuntu, a desktop": {
			parts:  casper("minimal.de.squashfs", "minimal.squashfs", "minimal.standard.fr.squashfs", "minimal.standard.live.squashfs", "minimal.standard.squashfs"),
			root:   "disk:/casper/minimal.standard.live.squashfs",
			layers: "disk:/casper/minimal.standard.live.squashfs disk:/casper/minimal.standard.squashfs disk:/casper/minimal.squashfs",
		},
		"Ubuntu, a server": {
			parts: casper("m.s.i.generic-hwe.squashfs", "m.s.i.generic.squashfs", "m.s.i.squashfs", "m.s.squashfs", "m.squashfs"),
			root:  "disk:/casper/m.s.i.generic.squashfs",
			layers: "disk:/casper/m.s.i.generic.squashfs disk:/casper/m.s.i.squashfs disk:/casper/m.s.squashfs " +
				"disk:/casper/m.squashfs",
		},
		"Ubuntu, as the boot loader says": {
			parts: slices.Concat([]part{{name: "disk", files: tree{"boot/grub/grub.cfg": {Data: "linux /casper/vmlinuz layerfs-path=m.de.squashfs ---\n"}}}},
				casper("m.de.squashfs", "m.live.squashfs", "m.squashfs")[1:]),
			root: "disk:/casper/m.de.squashfs", layers: "disk:/casper/m.de.squashfs disk:/casper/m.squashfs",
		},
		"Ubuntu, a layer that is missing": {
			parts: casper("m.s.live.squashfs", "m.squashfs"), root: "disk:/casper/m.s.live.squashfs",
			layers: "disk:/casper/m.s.live.squashfs disk:/casper/m.squashfs", problem: `the layer "m.s" is missing`, taints: true,
		},
		"Ubuntu, several that can be the uppermost": {
			parts: casper("m.a.squashfs", "m.b.squashfs", "m.squashfs"), root: "disk:/casper/m.a.squashfs",
			layers: "disk:/casper/m.a.squashfs disk:/casper/m.squashfs", problem: "2 layers can be the uppermost", taints: true,
		},
		"Ubuntu with persistence": {
			parts: slices.Concat(casper("filesystem.squashfs"), []part{
				{name: "p2", label: "casper-rw", files: tree{"upper/etc/hostname": {Data: "old"}}},
				{name: "p3", label: "writable", files: tree{"upper/etc/hostname": {Data: "kept"}, "work/x": {}}},
			}),
			root: "disk:/casper/filesystem.squashfs", layers: "p3 disk:/casper/filesystem.squashfs", contents: map[string]string{"/etc/hostname": "kept"},
		},
		"Ubuntu with persistence of an older version": {
			parts: slices.Concat(casper("filesystem.squashfs"), []part{{name: "p2", label: "casper-rw", files: tree{"home/x": {}, "lost+found/y": {}}}}),
			root:  "disk:/casper/filesystem.squashfs", layers: "disk:/casper/filesystem.squashfs", problem: "written by an older version", taints: true,
		},
		"Ubuntu with a home of its own": {
			parts: slices.Concat(casper("filesystem.squashfs"), []part{{name: "p2", label: "home-rw", files: tree{"b": {Data: "b"}}}}),
			root:  "disk:/casper/filesystem.squashfs", layers: "disk:/casper/filesystem.squashfs", contents: map[string]string{"/home/b": "b", "/home/a": "-"},
		},
		"Fedora": {
			parts: []part{{name: "disk", files: tree{}}, of("disk", "/LiveOS/squashfs.img", system("fedora"))},
			root:  "disk:/LiveOS/squashfs.img", layers: "disk:/LiveOS/squashfs.img",
		},
		"Fedora, in a file of the file": {
			parts: []part{
				{name: "disk", files: tree{}},
				of("disk", "/LiveOS/squashfs.img", tree{}),
				{name: "r", file: "/LiveOS/rootfs.img", parent: "disk:/LiveOS/squashfs.img", files: system("fedora"), fsType: "ext4"},
			},
			root: "r", contents: map[string]string{"/etc/hostname": "fedora"},
		},
		"Fedora with what it wrote, in a directory": {
			parts: []part{
				{name: "p1", files: tree{"LiveOS/overlay-L-U/etc/hostname": {Data: "kept"}, "LiveOS/ovlwork/x": {}}}, of("p1", "/LiveOS/squashfs.img", system("fedora")),
			},
			root: "p1:/LiveOS/squashfs.img", layers: "p1 p1:/LiveOS/squashfs.img", contents: map[string]string{"/etc/hostname": "kept"},
		},
		"Fedora with what it wrote, in a file system": {
			parts: []part{
				{name: "p1", files: tree{"LiveOS/overlay-L-U": {}}},
				of("p1", "/LiveOS/overlay-L-U", tree{"overlayfs/etc/hostname": {Data: "kept"}}),
				of("p1", "/LiveOS/squashfs.img", system("fedora")),
			},
			root: "p1:/LiveOS/squashfs.img", layers: "p1:/LiveOS/overlay-L-U p1:/LiveOS/squashfs.img", contents: map[string]string{"/etc/hostname": "kept"},
		},
		"Fedora with what it wrote, as a snapshot": {
			parts: []part{
				{name: "p1", files: tree{"LiveOS/overlay-L-U": {Data: "SnAp"}}},
				of("p1", "/LiveOS/overlay-L-U", nil),
				{name: "r", file: "/LiveOS/rootfs.img", parent: "p1", files: system("fedora"), fsType: "ext4"},
			},
			root: "r", layers: "r", problem: "snapshot of a block device", taints: true,
		},
		"Arch Linux": {
			parts: []part{{name: "disk", files: tree{}}, of("disk", "/arch/x86_64/airootfs.sfs", system("arch"))},
			root:  "disk:/arch/x86_64/airootfs.sfs", layers: "disk:/arch/x86_64/airootfs.sfs",
		},
		"OpenWrt": {
			parts: []part{
				{name: "p2", fsType: "squashfs", files: openwrt},
				{name: "p2:rootfs_data", parent: "p2", label: "rootfs_data", files: tree{"upper/etc/hostname": {Data: "kept"}, "work/work": memfs.Dir()}},
			},
			root: "p2", layers: "p2:rootfs_data p2", contents: map[string]string{"/etc/hostname": "kept", "/srv/x": "openwrt"},
		},
		"OpenWrt that wrote to what is not read": {
			parts: []part{{name: "p2", fsType: "squashfs", files: openwrt}, {name: "p3", label: "rootfs_data"}},
			root:  "p2", layers: "p2", problem: "what the system wrote to p3 is not read: f2fs", taints: true,
		},
		"OpenWrt that wrote nothing": {
			parts: []part{{name: "p2", fsType: "squashfs", files: openwrt}}, root: "p2", contents: map[string]string{"/etc/hostname": "openwrt"},
		},
		"Alpine Linux": {parts: []part{{name: "disk", files: tree{}}, of("disk", "/boot/modloop-lts", tree{"modules/x": {}})}},
	} {
		t.Run(name, func(t *testing.T) {
			m := machineOf(test.parts)
			if err := m.findGuests(t.Context()); err != nil {
				t.Fatal(err)
			}
			if test.root == "" {
				if len(m.Guests) > 0 {
					t.Errorf("a guest on %s, want none", m.Guests[0].Root.Device)
				}
				return
			}
			if len(m.Guests) != 1 || m.Guests[0].Root.Device != test.root || strings.Join(m.Guests[0].Root.Layers, " ") != test.layers {
				t.Fatalf("%d guests, want one on %s of %q: %+v", len(m.Guests), test.root, test.layers, m.roots())
			}
			holds(t, m.Guests[0], test.contents)
			var said []string
			for _, p := range m.Guests[0].Problems {
				said = append(said, p.Message)
			}
			if all := strings.Join(said, "; "); !strings.Contains(all, test.problem) || test.problem == "" && all != "" {
				t.Errorf("problems %q, want %q", all, test.problem)
			}
			_, err := m.Guests[0].Stat("/etc")
			if _, tainted := guest.TaintOf(err); tainted != test.taints {
				t.Errorf("tainted %v, want %v", tainted, test.taints)
			}
		})
	}
}

// holds wants contents of files by path.
func holds(t *testing.T, g *guest.Guest, contents map[string]string) {
	t.Helper()
	for file, want := range contents {
		b, err := g.ReadFile(file, 100)
		got := string(b)
		switch {
		case err != nil && strings.Contains(err.Error(), guest.ErrUnread.Error()):
			got = "?"
		case err != nil:
			got = "-"
		}
		if got != want {
			t.Errorf("%s is %q (%v), want %q", file, got, err, want)
		}
	}
}

func TestLinesOfPersistence(t *testing.T) {
	for line, want := range map[string]custom{
		"/home":                   {"/home", "/home", "bind", 1},
		"/home/ bind":             {"/home", "/home", "bind", 1},
		" /srv\tunion,source=a/b": {"/srv", "/a/b", "union", 1},
		"/ union,source=.":        {"/", "/", "union", 1},
		"/a link,bind":            {"/a", "/a", "bind", 1},
		"# /home":                 {},
		"home":                    {},
		"/lib union":              {},
		"/run/live/x":             {},
		"/a/../etc union":         {},
		"/a source=/etc":          {},
		"/a source=../etc":        {},
		"/a source=b/..":          {},
		"/a union,noexec":         {},
		"/\x00 union":             {"/\x00", "/\x00", "union", 1},
	} {
		var got custom
		if all := parsePersistence(line).all; len(all) > 0 {
			got = all[0]
		}
		if got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
	if c := parsePersistence(strings.Repeat("/a\n", 1000)); len(c.all) != maxCustom || len(c.bad) != 1 {
		t.Errorf("%d lines, %q", len(c.all), c.bad)
	}
}

// TestEveryLayoutFindsItsFiles wants the patterns to be right, and what is no regular file to be left alone.
func TestEveryLayoutFindsItsFiles(t *testing.T) {
	files := tree{"live/a.squashfs": {Data: "x"}, "live/dir.squashfs/x": {}, "live/link.squashfs": {Link: "a.squashfs"}, "LiveOS/overlay-x": {Data: "x"}}
	for _, l := range layouts() {
		for _, pattern := range l.files {
			if _, err := path.Match(pattern, ""); err != nil || !strings.HasPrefix(pattern, "/") {
				t.Errorf("%s: %q: %v", l.name, pattern, err)
			}
		}
	}
	for pattern, want := range map[string]string{
		"/live/*.squashfs": "/live/a.squashfs", "/LiveOS/overlay-*": "/LiveOS/overlay-x", "/*/a.squashfs": "/live/a.squashfs", "/none/*": "", "/live/a.squashfs/*": "",
	} {
		got, err := filesLike(memfs.New(files), pattern)
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", pattern, got, err, want)
		}
	}
}

// FuzzPersistence reads lines: none leads out of the medium or into what live systems do not lay over.
func FuzzPersistence(f *testing.F) {
	f.Add("/ union\n/home bind,source=x\n")
	f.Add("/a/../b link\n# c\n/lib\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := parsePersistence(text)
		for _, one := range c.all {
			if path.Clean(one.target) != one.target || path.Clean(one.source) != one.source || !path.IsAbs(one.target) || !path.IsAbs(one.source) ||
				strings.HasPrefix(one.target, "/lib") {
				t.Errorf("%+v of %q", one, text)
			}
		}
		if len(c.all)+len(c.bad) > maxCustom+1 {
			t.Errorf("%d lines", len(c.all))
		}
	})
}
