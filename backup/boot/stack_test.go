package boot

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/memfs"
)

// onLogical is a prover of a guest whose root is a logical volume on a partition and a second disk, and files of it.
func onLogical(t *testing.T, kind string, problems []volume.Problem, files map[string]memfs.File) *prover {
	t.Helper()
	all := map[string]memfs.File{"/etc/os-release": {Data: "ID=debian\n"}, "/etc/fstab": {Data: "/dev/mapper/vg-root / ext4 defaults 0 1\n"}}
	maps.Copy(all, files)
	f := memfs.New(all)
	f.Desc.Type = "ext4"
	disk1 := &volume.Volume{Name: "disk1", Size: 1 << 20}
	disk2 := &volume.Volume{Name: "disk2", Size: 1 << 20}
	part := &volume.Volume{Name: "disk1p1", Number: 1, Parent: disk1}
	root := &volume.Volume{
		ReaderAt: strings.NewReader(""), Name: "vg/root", Kind: kind, Parent: part, Members: []*volume.Volume{part, disk2},
		Devices: []string{"/dev/vg/root", "/dev/mapper/vg-root", "/dev/disk/by-id/dm-name-vg-root"},
	}
	m := &engine.Machine{Volumes: []engine.Volume{
		{Volume: disk1, Content: "gpt", Table: &volume.Table{Volumes: []*volume.Volume{part}}},
		{Volume: disk2, Content: "lvm", Set: "vg"},
		{Volume: part, Content: "lvm", Set: "vg", Table: &volume.Table{Name: "vg", Volumes: []*volume.Volume{root}, Problems: problems}},
		{Volume: root, Content: "ext4", FS: f},
	}}
	guests, err := guest.Find(context.Background(), []guest.Volume{{Device: "vg/root", Disk: -1, FS: f, Devices: root.Devices}})
	if err != nil || len(guests) != 1 {
		t.Fatalf("%d guests, %v", len(guests), err)
	}
	return &prover{ctx: context.Background(), machine: m, Guest: guests[0], proof: &Proof{Initrds: []string{"/initrd.img"}}, release: "6.1"}
}

// activating is an initrd of initramfs-tools that activates volume groups.
func activating() *initrd {
	i := newInitrd()
	for name, b := range map[string]string{
		"sbin/lvm": "program", "lib/udev/rules.d/55-dm.rules": "SYMLINK+=\"mapper/x\"", "lib/udev/rules.d/56-lvm.rules": "LVM",
		"lib/udev/rules.d/60-persistent-storage.rules": "blkid", "lib/udev/rules.d/69-lvm.rules": "lvm vgchange -aay", "etc/lvm/lvm.conf": "# none\n",
	} {
		i.files[name], i.sizes[name] = []byte(b), int64(len(b))
	}
	return i
}

func TestWhatARootLiesOn(t *testing.T) {
	p := onLogical(t, "LVM linear", nil, nil)
	var names []string
	for _, l := range p.layers(p.volume("vg/root")) {
		names = append(names, l.Name)
	}
	if d := cmp.Diff([]string{"vg/root"}, names); d != "" || len(p.layers(p.volume("disk1p1"))) > 0 || len(p.layers(p.volume("disk2"))) > 0 {
		t.Errorf("(-want +got)\n%s", d)
	}
	for _, name := range []string{"/dev/mapper/vg-root", "/dev/vg/root", "/dev/disk/by-id/dm-name-vg-root"} {
		if s := p.resolve(name); len(s.found) != 1 || s.found[0].Name != "vg/root" || s.doubt != "" {
			t.Errorf("%s: %v, %q", name, s.found, s.doubt)
		}
	}
	for _, name := range []string{"/dev/mapper/vg-other", "/dev/disk/by-id/dm-name-vg-other", "/dev/vg"} {
		if s := p.resolve(name); len(s.found) > 0 || s.doubt == "" && !strings.Contains(name, "by-id") {
			t.Errorf("%s: %v, %q", name, s.found, s.doubt)
		}
	}
	for kind, want := range map[string][]string{
		"LVM linear": {"dm_mod"}, "LVM raid1": {"dm_mod", "dm_raid"}, "LVM thin": {"dm_mod", "dm_thin_pool"}, "LVM thin snapshot of x": {"dm_mod", "dm_thin_pool"},
		"LVM mirror": {"dm_mod", "dm_mirror"}, "LVM snapshot of mirror": {"dm_mod", "dm_snapshot"},
	} {
		if got := mapperModules(engine.Volume{Volume: &volume.Volume{Kind: kind}}); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
}

func TestAnInitrdHasToActivateTheRoot(t *testing.T) {
	conf := map[string]memfs.File{"/etc/lvm/lvm.conf": {Data: "# none\n"}}
	for name, c := range map[string]struct {
		kind     string
		problems []volume.Problem
		files    map[string]memfs.File
		edit     func(i *initrd)
		other    bool // not of initramfs-tools
		bad      string
		doubt    string
	}{
		"whole":                      {},
		"no program":                 {edit: func(i *initrd) { delete(i.files, "sbin/lvm") }, bad: "has no /sbin/lvm"},
		"no rules":                   {edit: func(i *initrd) { delete(i.sizes, "lib/udev/rules.d/69-lvm.rules") }, doubt: "has no 69-lvm.rules"},
		"rules without the activity": {edit: func(i *initrd) { i.files["lib/udev/rules.d/69-lvm.rules"] = []byte("# nothing") }, doubt: `does not say "vgchange -aay"`},
		"of something else":          {other: true, doubt: "whether this initrd activates it is not looked at"},
		"on an array":                {kind: "RAID 1", doubt: "what puts that together is not looked at"},
		"not activated":              {kind: "LVM thin snapshot of x, not activated", bad: "not activated by itself", doubt: "has no thin_check"},
		"thin without its check":     {kind: "LVM thin", doubt: "has no thin_check"},
		"incomplete":                 {problems: []volume.Problem{volume.Problemf(volume.Missing, "pv1 is missing")}, doubt: "whether vg/root is activated is not known: pv1 is missing"},
		"one copy of the metadata":   {problems: []volume.Problem{volume.Problemf(volume.Unprotected, "damaged")}},
		"other configuration":        {edit: func(i *initrd) { i.sizes["etc/lvm/lvm.conf"]++ }, doubt: "/etc/lvm/lvm.conf is not the one of the guest"},
		"no configuration":           {files: map[string]memfs.File{}, edit: func(i *initrd) { delete(i.files, "etc/lvm/lvm.conf"); delete(i.sizes, "etc/lvm/lvm.conf") }},
		"a filter of disks": {
			files: map[string]memfs.File{"/etc/lvm/lvm.conf": {Data: "devices {\n\tfilter = []\n}"}},
			edit: func(i *initrd) {
				i.files["etc/lvm/lvm.conf"], i.sizes["etc/lvm/lvm.conf"] = []byte("devices {\n\tfilter = []\n}"), 24
			},
			doubt: "line 2 sets filter",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.kind == "" {
				c.kind = "LVM linear"
			}
			if c.files == nil {
				c.files = conf
			}
			p, i, v := onLogical(t, c.kind, c.problems, c.files), activating(), &verdict{}
			if c.edit != nil {
				c.edit(i)
			}
			p.assembled(v, i, newClosure(i), !c.other, func(string, error) {})
			if bad := strings.Join(v.bad, "\n"); (c.bad == "") != (bad == "") || !strings.Contains(bad, c.bad) {
				t.Errorf("fails %q, want %q", bad, c.bad)
			}
			if doubt := strings.Join(v.doubts, "\n"); (c.doubt == "") != (doubt == "") || !strings.Contains(doubt, c.doubt) {
				t.Errorf("doubts %q, want %q", doubt, c.doubt)
			}
		})
	}
}

func TestWhatIsMountedLaterHasToBeActivated(t *testing.T) {
	p := onLogical(t, "LVM linear", nil, nil)
	if doubt := p.brought(p.volume("vg/root")); !strings.Contains(doubt, "/sbin/lvm") {
		t.Errorf("%q", doubt)
	}
	p = onLogical(t, "LVM linear", nil, map[string]memfs.File{"/sbin/lvm": {Data: "x"}, "/lib/udev/rules.d/69-lvm.rules": {Data: "x"}})
	if doubt := p.brought(p.volume("vg/root")); doubt != "" {
		t.Errorf("%q", doubt)
	}
	p = onLogical(t, "LVM linear", []volume.Problem{volume.Problemf(volume.Ambiguous, "exported")}, map[string]memfs.File{"/sbin/lvm": {Data: "x"}, "/lib/udev/rules.d/69-lvm.rules": {Data: "x"}})
	if doubt := p.brought(p.volume("vg/root")); !strings.Contains(doubt, "exported") {
		t.Errorf("%q", doubt)
	}
	if doubt := p.brought(p.volume("disk1p1")); doubt != "" {
		t.Errorf("of a partition: %q", doubt)
	}
}

func TestGRUBHasToReachALogicalVolume(t *testing.T) {
	id := "lvmid/vg-id/lv-id"
	for name, c := range map[string]struct {
		kind    string
		modules []string
		device  string
		bad     string
		doubt   string
	}{
		"whole":          {modules: []string{"lvm", "diskfilter", "part_gpt"}, device: id},
		"by its name":    {modules: []string{"lvm", "diskfilter", "part_gpt"}, device: "lvm/vg-root"},
		"no lvm":         {modules: []string{"diskfilter", "part_gpt"}, device: id, bad: "no module lvm"},
		"no table":       {modules: []string{"lvm", "diskfilter"}, device: id, bad: "no module part_gpt"},
		"another volume": {modules: []string{"lvm", "diskfilter", "part_gpt"}, device: "lvmid/vg-id/other", bad: "the configuration is on vg/root: " + id},
		"on a partition": {modules: []string{"lvm", "diskfilter", "part_gpt"}, device: ",gpt2", doubt: `looks on ",gpt2"`},
		"thin":           {kind: "LVM thin", modules: []string{"lvm", "diskfilter", "part_gpt"}, device: id, doubt: "whether GRUB reads vg/root (LVM thin) is not known"},
		"array":          {kind: "RAID 1", modules: []string{"lvm", "diskfilter", "part_gpt"}, device: id, doubt: "whether GRUB reads vg/root (RAID 1) is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.kind == "" {
				c.kind = "LVM linear"
			}
			p, v := onLogical(t, c.kind, nil, nil), &verdict{}
			at := p.volume("vg/root")
			at.UUID, p.groupOf(at).UUID = "lv-id", "vg-id"
			image := &core{modules: map[string][]byte{}}
			for _, m := range c.modules {
				image.modules[m] = nil
			}
			p.reachedByGRUB(v, image, at)
			p.logicalPrefix(v, c.device, at)
			if bad := strings.Join(v.bad, "\n"); (c.bad == "") != (bad == "") || !strings.Contains(bad, c.bad) {
				t.Errorf("fails %q, want %q", bad, c.bad)
			}
			if doubt := strings.Join(v.doubts, "\n"); (c.doubt == "") != (doubt == "") || !strings.Contains(doubt, c.doubt) {
				t.Errorf("doubts %q, want %q", doubt, c.doubt)
			}
		})
	}
}
