package guest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// withFstab returns a guest whose fstab is text, with a second volume that holds /on-it.
func withFstab(t testing.TB, text string, second guest.Volume) *guest.Guest {
	t.Helper()
	return find(t, volume(1, "root-uuid", files{
		"/etc/fstab": {Data: text}, "/data/left": {Data: "under the mount point"}, "/a b/x": {}, "/srv/deep/x": {}, "/to-srv": {Link: "srv"}, "/to-data": {Link: "data/on-it"},
	}), second)
}

func TestSourcesOfFstab(t *testing.T) {
	second := volume(2, "1C0F-FEE0", files{"/on-it": {Data: "x"}})
	second.FS.(*memfs.FS).Desc.Label = "my disk"
	second.PartUUID, second.PartLabel, second.Disk = "aaaa-bbbb", "part", 1
	for _, source := range []string{
		"UUID=1c0f-fee0", "UUID=\"1C0F-FEE0\"", `LABEL=my\040disk`, "PARTUUID=AAAA-BBBB", "PARTLABEL=part",
		"/dev/sdb2", "/dev/vdb2", "/dev/xvdb2", "/dev/nvme1n1p2", "/dev/mmcblk1p2", "/dev/p2",
		"/dev/disk/by-uuid/1C0F-FEE0", `/dev/disk/by-label/my\x20disk`, "/dev/disk/by-partuuid/aaaa-bbbb",
	} {
		t.Run(source, func(t *testing.T) {
			g := withFstab(t, "# c\n"+source+" /data auto defaults 0 2\n", second)
			if len(g.Problems) > 0 {
				t.Errorf("problems: %v", g.Problems)
			}
			for _, path := range []string{"/data/on-it", "/to-data", "/data/../data/on-it"} {
				if o, err := g.Stat(path); err != nil || o.Device != "p2" || o.Path != "/data/on-it" {
					t.Errorf("%s: got %+v, %v", path, o, err)
				}
			}
			if _, err := g.Stat("/data/left"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("what the mount hides is seen: %v", err)
			}
			if o, err := g.Stat("/data/.."); err != nil || o.Path != "/" || o.Device != "p1" {
				t.Errorf("the way up: got %+v, %v", o, err)
			}
			if m := g.Mounts[1]; m.Line != 2 || m.Target != "/data" || m.Device != "p2" || m.Unread != "" {
				t.Errorf("mount is %+v", m)
			}
		})
	}
}

func TestWhatIsNotMountedIsUnread(t *testing.T) {
	for name, line := range map[string]string{
		"unknown UUID":             "UUID=77c1 /data ext4 defaults 0 2",
		"empty UUID":               "UUID= /data ext4 defaults 0 2",
		"empty label":              "LABEL= /data ext4 defaults 0 2",
		"unknown disk":             "/dev/sdz9 /data ext4 defaults 0 2",
		"LVM":                      "/dev/mapper/rl-data /data xfs defaults 0 0",
		"NFS":                      "server:/export /data nfs _netdev 0 0",
		"unknown UUID, nofail":     "UUID=77c1 /data ext4 nofail 0 2",
		"automount":                "UUID=77c1 /data ext4 noauto,x-systemd.automount 0 2",
		"bind of something unread": "UUID=77c1 /srv ext4 defaults 0 2\n/srv/x /data none bind 0 0",
		"bind of nothing":          "/nothing /data none bind 0 0",
		"overlay":                  "overlay /data overlay lowerdir=/a 0 0",
	} {
		t.Run(name, func(t *testing.T) {
			g := withFstab(t, line+"\n", volume(2, "", files{"/on-it": {}}))
			for _, path := range []string{"/data", "/data/left", "/data/none", "/to-data"} {
				if _, err := g.Stat(path); !errors.Is(err, guest.ErrUnread) || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: %v, want that it was not read", path, err)
				}
			}
			if _, err := g.Glob("/data/*"); !errors.Is(err, guest.ErrUnread) {
				t.Errorf("pattern: %v, want that it was not read", err)
			}
			seen := false
			_ = g.Walk(context.Background(), "/", func(o guest.Object, err error) error {
				seen = seen || o.Path == "/data" && errors.Is(err, guest.ErrUnread)
				return nil
			})
			if !seen {
				t.Error("a walk does not say that /data was not read")
			}
			if m := g.Mounts[len(g.Mounts)-1]; m.Target != "/data" || m.Unread == "" {
				t.Errorf("mount is %+v, want the reason", m)
			}
		})
	}
}

func TestLinesThatMountNothing(t *testing.T) {
	for name, line := range map[string]string{
		"comment":         "#UUID=77c1 /data ext4 defaults 0 2",
		"noauto":          "UUID=77c1 /data ext4 noauto 0 2",
		"swap":            "UUID=77c1 none swap sw 0 0",
		"tmpfs":           "tmpfs /data tmpfs size=1G 0 0",
		"the root itself": "UUID=77c1 / ext4 defaults 0 1",
		"relative":        "UUID=77c1 data ext4 defaults 0 1",
	} {
		t.Run(name, func(t *testing.T) {
			g := withFstab(t, line+"\n", volume(2, "", files{"/on-it": {}}))
			if o, err := g.Stat("/data/left"); err != nil || o.Device != "p1" || len(g.Mounts) != 1 || len(g.Problems) != 0 {
				t.Errorf("got %+v, %v, mounts %+v, problems %v", o, err, g.Mounts, g.Problems)
			}
		})
	}
}

func TestMounts(t *testing.T) {
	second := volume(2, "two", files{"/on-it": {Data: "x"}, "/sub/y": {Data: "y"}})
	for name, c := range map[string]struct {
		fstab string
		paths map[string]string // by path, the device it is on
	}{
		"octal escapes and tabs":       {"UUID=two\t/a\\040b\text4", map[string]string{"/a b/on-it": "p2"}},
		"slash behind the mount point": {"UUID=two /data/ ext4", map[string]string{"/data/on-it": "p2"}},
		"two fields are enough":        {"UUID=two /data", map[string]string{"/data/on-it": "p2"}},
		"line ends of Windows":         {"UUID=two /data\r\n", map[string]string{"/data/on-it": "p2"}},
		"parent first, in any order":   {"UUID=root-uuid /data/sub ext4\nUUID=two /data ext4", map[string]string{"/data/on-it": "p2", "/data/sub/etc": "p1"}},
		"through a link":               {"UUID=two /to-srv/deep ext4", map[string]string{"/srv/deep/on-it": "p2"}},
		"bind":                         {"UUID=two /data ext4\n/data/sub /srv/deep none bind 0 0", map[string]string{"/srv/deep/y": "p2", "/data/on-it": "p2"}},
		"bind of a file system's type": {"UUID=two /data ext4\n/data/sub /srv/deep ext4 rw,rbind 0 0", map[string]string{"/srv/deep/y": "p2"}},
		"later line on top":            {"UUID=root-uuid /data ext4\nUUID=two /data ext4", map[string]string{"/data/on-it": "p2"}},
		"last line without its end":    {"UUID=two /data ext4 defaults", map[string]string{"/data/on-it": "p2"}},
		"automount":                    {"UUID=two /data ext4 noauto,x-systemd.automount", map[string]string{"/data/on-it": "p2"}},
		"no-break space in a name":     {"UUID=two /data\u00a0 ext4", map[string]string{"/data/left": "p1"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := withFstab(t, c.fstab, second)
			for path, device := range c.paths {
				if o, err := g.Stat(path); err != nil || o.Device != device {
					t.Errorf("%s: got %+v, %v, want it on %s (mounts %+v)", path, o, err, device, g.Mounts)
				}
			}
		})
	}
}

// A directory that fstab mounts on and that is missing is made at boot: what is below it may exist.
func TestMissingMountPoint(t *testing.T) {
	g := withFstab(t, "UUID=two /new/point ext4\n", volume(2, "two", files{"/on-it": {}}))
	for path, want := range map[string]error{"/new/point/x": guest.ErrUnread, "/new": guest.ErrUnread, "/newer": fs.ErrNotExist} {
		if _, err := g.Stat(path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if len(g.Problems) != 1 || g.Problems[0].Line != 1 {
		t.Errorf("problems: %v, want one about line 1", g.Problems)
	}
}

func TestSeveralFileSystemsOfOneName(t *testing.T) {
	g := find(t, volume(1, "", files{"/etc/fstab": {Data: "\nUUID=two /data ext4\n"}, "/data/x": {}}), volume(2, "two", nil), volume(3, "two", nil))
	if len(g.Problems) != 1 || g.Problems[0].Line != 2 || g.Mounts[1].Device != "p2" {
		t.Errorf("problems %v, mounts %+v, want a word about both", g.Problems, g.Mounts)
	}
}

func TestFstabThatCannotBeReadLeavesAbsenceInDoubt(t *testing.T) {
	many := strings.Builder{}
	for i := range 300 {
		fmt.Fprintf(&many, "UUID=x%d /m%d ext4\n", i, i)
	}
	for name, fstab := range map[string]memfs.File{
		"bad sector":       {Data: "x", Err: errors.New("bad sector")},
		"too many entries": {Data: many.String()},
		"too big":          {Data: strings.Repeat("#\n", 1<<20)},
		"a directory":      memfs.Dir(),
	} {
		t.Run(name, func(t *testing.T) {
			g := find(t, volume(1, "", files{"/etc/fstab": fstab, "/etc/passwd": {}}))
			if len(g.Problems) == 0 {
				t.Error("no problem")
			}
			if _, err := g.Stat("/etc/passwd"); err != nil {
				t.Errorf("what is there: %v", err)
			}
			if _, err := g.Stat("/opt/x"); !errors.Is(err, guest.ErrUnread) {
				t.Errorf("what is not there: %v, want that it may be elsewhere", err)
			}
		})
	}
}

func TestLineOfOneFieldIsAProblem(t *testing.T) {
	g := withFstab(t, "UUID=two /data ext4\n/dev/sda1\n", volume(2, "two", files{"/on-it": {}}))
	if diff := cmp.Diff([]guest.Problem{{Path: "/etc/fstab", Line: 2, Message: "line has one field, want a source and a mount point"}}, g.Problems); diff != "" {
		t.Error("want -, got +\n" + diff)
	}
}

func TestFind(t *testing.T) {
	debian := volume(1, "", files{"/etc/os-release": {Data: "ID=debian"}})
	usr := volume(2, "", files{"/lib/os-release": {}, "/bin/sh": {}})
	linked := volume(3, "", files{"/etc/os-release": {Link: "../usr/lib/os-release"}})
	data := volume(4, "", files{"/etc/hosts": {}})
	named := volume(5, "", files{"/etc": {Data: "a file"}, "/sbin": {Data: "a file"}})
	broken := volume(6, "", files{"/etc": {Mode: filesys.ModeDir | 0o755, StatErr: errors.New("bad sector")}})
	torn := volume(7, "", files{"/etc": {Mode: filesys.ModeDir | 0o755, Err: binread.Corrupt("block 9")}})
	guests, err := guest.Find(context.Background(), []guest.Volume{debian, usr, linked, data, named, broken, torn})
	var devices []string
	for _, g := range guests {
		devices = append(devices, g.Root.Device)
	}
	if diff := cmp.Diff([]string{"p1", "p3"}, devices); diff != "" {
		t.Error("want -, got +\n" + diff)
	}
	if err == nil || !strings.Contains(err.Error(), "p6: ") || !strings.Contains(err.Error(), "p7: ") {
		t.Errorf("error is %v, want one about p6 and p7", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := guest.Find(ctx, []guest.Volume{debian}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
