package guest_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// rooted is a partition with subvolumes. Each directory of a root that is not among the files is made.
func rooted(content files, roots ...filesys.Root) guest.Volume {
	for _, r := range roots {
		if r.Name != "" {
			content[r.Name+"/.made"] = memfs.File{}
		}
	}
	f := memfs.NewRooted(content, roots...)
	f.Desc.UUID = "btrfs"
	return guest.Volume{Device: "p2", Number: 2, FS: f}
}

// five is the top of a Btrfs, which is the default one unless another is.
func five(isDefault bool) filesys.Root { return filesys.Root{ID: 5, Default: isDefault} }

// ofArch is the layout of the image arch in testdata/roots.
func ofArch(fstab string) guest.Volume {
	return rooted(
		files{"@/etc/fstab": {Data: fstab}, "@/etc/passwd": {}, "@/mnt/x": {}, "@/link": {Link: "../@logs"}, "@logs/file": {}, "@home/file": {}},
		five(true), filesys.Root{ID: 256, Name: "@"}, filesys.Root{ID: 257, Name: "@home"}, filesys.Root{ID: 258, Name: "@logs"},
		filesys.Root{ID: 259, Name: "@/srv/nested"},
	)
}

// The numbers are those of the subvolumes that Linux 6.18 mounted from the image arch with these options; 0 is one that it refused.
func TestOptionsMountTheSubvolumeThatTheKernelMounts(t *testing.T) {
	for options, want := range map[string]uint64{
		"subvol=@": 256, "subvol=/@": 256, "subvolid=256": 256, "subvolid=0x100": 256, "subvolid=0": 5, "subvolid=5": 5, "subvol=/": 5,
		"subvol=../../@logs": 258, "subvol=@/../@logs": 258, "subvolid=258,subvol=@logs": 258, "subvol=@,subvol=@logs": 258,
		"subvol=@/srv/nested": 259, "subvol=@/link": 258,
		"subvolid=257,subvol=@logs": 0, "subvol=@gone": 0, "subvolid=4711": 0, "subvolid=many": 0, "subvolid=": 0, "subvol=@/mnt": 0, "subvol=": 0,
	} {
		tree, named, err := ofArch("").Subvolume(strings.Split("rw,"+options, ","))
		if tree.ID != want && err == nil || !named || (err == nil) != (want != 0) {
			t.Errorf("%s: subvolume %d, %v, %v, want %d", options, tree.ID, named, err, want)
		}
	}
	if _, named, err := ofArch("").Subvolume([]string{"rw"}); named || err != nil {
		t.Errorf("no option: named %v, %v", named, err)
	}
}

func TestSubvolumesAreMounted(t *testing.T) {
	g := find(t, ofArch("UUID=btrfs / btrfs subvol=@ 0 0\nUUID=btrfs /mnt btrfs subvol=@home 0 0\nUUID=btrfs /srv btrfs subvol=@gone 0 0\n"))
	if o, err := g.Stat("/mnt/file"); err != nil || o.Device != "p2" {
		t.Errorf("/mnt/file: %+v, %v", o, err)
	}
	if _, err := g.Stat("/srv/nested/file"); !errors.Is(err, guest.ErrUnread) {
		t.Errorf("below a subvolume that is not there: %v, want %v", err, guest.ErrUnread)
	}
	if len(g.Problems) != 1 || g.Problems[0].Line != 3 || !strings.Contains(g.Problems[0].Message, "there is no subvolume @gone") {
		t.Errorf("problems %+v", g.Problems)
	}
	if g.Mounts[0].Subvolume != "@" || g.Mounts[1].Subvolume != "@home" {
		t.Errorf("mounts %+v", g.Mounts)
	}
}

func TestSystemAmongSubvolumes(t *testing.T) {
	system := func(name, fstab string) files {
		return files{name + "/etc/passwd": {}, name + "/etc/fstab": {Data: fstab}}
	}
	both := func(all ...files) files {
		sum := files{}
		for _, f := range all {
			for k, v := range f {
				sum[k] = v
			}
		}
		return sum
	}
	a, b := filesys.Root{ID: 256, Name: "a"}, filesys.Root{ID: 257, Name: "b"}
	asDefault := func(r filesys.Root) filesys.Root { r.Default = true; return r }
	snapshot := func(r filesys.Root, readOnly bool) filesys.Root { r.Parent, r.ReadOnly = "x", readOnly; return r }
	for name, test := range map[string]struct {
		volume guest.Volume
		want   []string
	}{
		"the default one, whatever the others say": {rooted(both(system("a", "x / btrfs subvol=a"), system("b", "")), five(false), a, asDefault(b)), []string{"p2 b"}},
		"the one that mounts itself":               {rooted(both(system("a", "x / btrfs subvol=b"), system("b", "x / btrfs subvol=b")), five(true), a, b), []string{"p2 b"}},
		"the one that mounts itself by number":     {rooted(both(system("a", ""), system("b", "x / btrfs subvolid=257")), five(true), a, b), []string{"p2 b"}},
		"the one that is no snapshot":              {rooted(both(system("a", ""), system("b", "")), five(true), snapshot(a, false), b), []string{"p2 b"}},
		"a snapshot that can be written to":        {rooted(both(system("a", ""), system("b", "")), five(true), snapshot(a, false), snapshot(b, true)), []string{"p2 a"}},
		"snapshots alone":                          {rooted(both(system("a", ""), system("b", "")), five(true), snapshot(a, true), snapshot(b, true)), nil},
		"two that do not tell":                     {rooted(both(system("a", ""), system("b", "")), five(true), a, b), []string{"p2:a a", "p2:b b"}},
		"the top":                                  {rooted(system("", ""), five(true), a, b), []string{"p2 "}},
		"no root at all":                           {rooted(files{}, five(true), a, b), nil},
	} {
		guests, err := guest.Find(context.Background(), []guest.Volume{test.volume})
		var got []string
		for _, g := range guests {
			got = append(got, g.Name+" "+g.Tree.Name)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
}

// listed walks a guest, and names what is not entered.
func listed(t *testing.T, g *guest.Guest, root string, skip ...string) []string {
	t.Helper()
	var got []string
	err := g.Walk(context.Background(), root, func(o guest.Object, err error) error {
		if err != nil {
			t.Error(err)
		}
		if o.Apart != "" {
			got = append(got, o.Path+" ("+o.Apart+")")
		} else if o.IsRegular() && !strings.HasSuffix(o.Path, ".made") {
			got = append(got, o.Path)
		}
		if slices.Contains(skip, o.Path) {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

func TestWalkEntersNoSubvolumeTwice(t *testing.T) {
	kept := filesys.Root{ID: 300, Name: "@/.snapshots/1/snapshot", Parent: "x", ReadOnly: true}
	v := rooted(
		files{
			"@/etc/fstab": {Data: "UUID=btrfs / btrfs subvol=@\nUUID=btrfs /home btrfs subvol=@home\nUUID=btrfs /a/top btrfs subvol=/\nUUID=btrfs /z btrfs subvol=@home\n"},
			"@/home":      memfs.Dir(), "@/a/top": memfs.Dir(), "@/z": memfs.Dir(), "@home/letter": {}, "@/srv/layer/file": {}, kept.Name + "/etc/old": {},
		},
		five(true), filesys.Root{ID: 256, Name: "@"}, filesys.Root{ID: 257, Name: "@home"}, kept,
		filesys.Root{ID: 301, Name: "@/srv/layer", Parent: "y", ReadOnly: true},
	)
	g := find(t, v)
	for name, test := range map[string]struct {
		root string
		skip []string
		want []string
	}{
		"from the root": {root: "/", want: []string{
			"/.snapshots/1/snapshot (snapshots)", "/a/top/@ (mounted elsewhere)", "/a/top/@home (mounted elsewhere)", "/etc/fstab", "/home/letter",
			"/srv/layer/file", "/z (mounted elsewhere)",
		}},
		"what is mounted is skipped by who walks": {root: "/", skip: []string{"/home", "/z"}, want: []string{
			"/.snapshots/1/snapshot (snapshots)", "/a/top/@ (mounted elsewhere)", "/a/top/@home (mounted elsewhere)", "/etc/fstab",
			"/srv/layer/file", "/z (mounted elsewhere)", "/a/top/@home/letter",
		}},
		"from the snapshots": {root: "/.snapshots", want: []string{"/.snapshots/1/snapshot/etc/old"}},
		"from the top": {root: "/a/top", want: []string{
			"/a/top/@/.snapshots/1/snapshot/etc/old", "/a/top/@/etc/fstab", "/a/top/@/srv/layer/file", "/a/top/@home/letter",
		}},
	} {
		if diff := cmp.Diff(test.want, listed(t, g, test.root, test.skip...)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestOthersAreWhatDoesNotBoot(t *testing.T) {
	info := `<?xml version="1.0"?><snapshot><type>pre</type><num>2</num><date>2025-10-01 09:00:00</date><description>zypp &lt;x&gt;</description><userdata><key>type</key></userdata></snapshot>`
	bomb := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><snapshot><type>&b;</type></snapshot>`
	v := rooted(
		files{
			"@/etc/passwd": {}, ".snapshots/2/snapshot/etc/passwd": {}, ".snapshots/2/info.xml": {Data: info},
			".snapshots/3/snapshot/etc/passwd": {}, ".snapshots/3/info.xml": {Data: bomb},
			".snapshots/4/snapshot/etc/passwd": {}, ".snapshots/4/info.xml": {Data: strings.Repeat("<snapshot>", 6000)},
			".snapshots/5/snapshot/etc/passwd": {}, ".snapshots/5/info.xml": {Data: strings.Repeat(" ", 70<<10)},
			"timeshift-btrfs/snapshots/d/@/etc/passwd": {}, "timeshift-btrfs/snapshots/d/info.json": {Data: `{"created":"1759312801","tags":"daily ","comments":"x"}`},
			"timeshift-btrfs/snapshots/e/@/etc/passwd": {}, "timeshift-btrfs/snapshots/e/info.json": {Data: `{"created":`},
			"timeshift/snapshots/f/localhost/etc/passwd": {}, "timeshift/snapshots/f/info.json": {Data: `{"created":"1759312802"}`},
			"timeshift/snapshots/g/localhost": {Link: "/@"},
			"@home/x":                         {},
		},
		five(true), filesys.Root{ID: 256, Name: "@"}, filesys.Root{ID: 257, Name: "@home"},
		filesys.Root{ID: 258, Name: ".snapshots/2/snapshot", Parent: "p", ReadOnly: true}, filesys.Root{ID: 259, Name: ".snapshots/3/snapshot", Parent: "p", ReadOnly: true},
		filesys.Root{ID: 260, Name: ".snapshots/4/snapshot", Parent: "p", ReadOnly: true}, filesys.Root{ID: 261, Name: ".snapshots/5/snapshot", Parent: "p", ReadOnly: true},
		filesys.Root{ID: 262, Name: "timeshift-btrfs/snapshots/d/@", Parent: "p"}, filesys.Root{ID: 263, Name: "timeshift-btrfs/snapshots/e/@", Parent: "p"},
	)
	systems, err := guest.Find(context.Background(), []guest.Volume{v})
	if err != nil || len(systems) != 1 || systems[0].Tree.Name != "@" {
		t.Fatalf("%v, %v", systems, err)
	}
	others, err := guest.Others(context.Background(), []guest.Volume{v}, systems)
	if err != nil {
		t.Error(err)
	}
	var got []string
	for _, o := range others {
		got = append(got, strings.Join([]string{o.Name(), o.Tree.Kind, o.Tree.Made.By, o.Tree.Made.Type, o.Tree.Made.Description}, "|"))
	}
	want := []string{
		"p2:.snapshots/3/snapshot|snapshot|snapper||info.xml: XML syntax error on line 1: invalid character entity &b;",
		"p2:.snapshots/4/snapshot|snapshot|snapper||info.xml: elements more than 8 deep",
		"p2:.snapshots/5/snapshot|snapshot|||",
		"p2:timeshift-btrfs/snapshots/e/@|snapshot|timeshift||info.json: unexpected end of JSON input",
		"p2:.snapshots/2/snapshot|snapshot|snapper|pre|zypp <x>",
		"p2:timeshift-btrfs/snapshots/d/@|snapshot|timeshift|daily|x",
		"p2:timeshift/snapshots/f/localhost|copy|timeshift||",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
