package boot

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/memfs"
)

// bare is a disk of a test.
type bare struct{ *strings.Reader }

func (bare) Close() error                   { return nil }
func (bare) Description() image.Description { return image.Description{Format: "raw"} }

const (
	someUUID = "0b5e55ed-0000-4000-8000-000000000001"
	bootUUID = "0b5e55ed-0000-4000-8000-000000000002"
)

// layout is a machine with one disk: a root on p2, and what more there is.
type layout struct {
	sector string // the first
	table  string
	root   map[string]memfs.File
	boot   map[string]memfs.File // on p1, where there is one
	more   []engine.Volume
}

func (l layout) prove(t *testing.T) *Proof {
	t.Helper()
	disk := bare{strings.NewReader(l.sector + strings.Repeat("\x00", 64*sector-len(l.sector)))}
	whole := &volume.Volume{ReaderAt: disk, Name: "disk", Size: disk.Size()}
	m := &engine.Machine{Disks: []engine.Disk{{Name: "disk", Image: disk}}, Volumes: []engine.Volume{{Volume: whole, Content: l.table, Table: &volume.Table{}}}}
	var found []guest.Volume
	add := func(name, uuid string, number int, files map[string]memfs.File) {
		if files == nil {
			return
		}
		f := memfs.New(files)
		f.Desc.Type, f.Desc.UUID, f.Desc.Free = "xfs", uuid, 1<<30
		v := &volume.Volume{ReaderAt: strings.NewReader(""), Name: name, Number: number, Parent: whole}
		m.Volumes = append(m.Volumes, engine.Volume{Volume: v, Content: "xfs", FS: f})
		found = append(found, guest.Volume{Device: name, Number: number, FS: f})
	}
	add("p1", bootUUID, 1, l.boot)
	add("p2", someUUID, 2, l.root)
	for _, v := range l.more {
		v.Parent = whole
		m.Volumes = append(m.Volumes, v)
		if v.FS != nil {
			found = append(found, guest.Volume{Device: v.Name, Number: v.Number, FS: v.FS})
		}
	}
	guests, err := guest.Find(context.Background(), found)
	if len(guests) == 0 {
		t.Fatal(err)
	}
	g := guests[len(guests)-1]
	doc, err := facts.Collect(context.Background(), g, facts.Request{Domains: Domains()}, engine.Collectors(), 20_000)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prove(context.Background(), m, g, doc, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Status == finding.Pass {
		t.Error("a guest without programs is called bootable")
	}
	return p
}

func (p *Proof) link(id string) Link {
	return p.Links[slices.IndexFunc(p.Links, func(l Link) bool { return l.ID == prefix+id })]
}

// fedora is a root as Red Hat's distributions have it, with /boot on a file system of its own.
func fedora() (root, boot map[string]memfs.File) {
	root = map[string]memfs.File{
		"/etc/os-release": {Data: "ID=fedora\n"},
		"/etc/fstab":      {Data: "UUID=" + someUUID + " / xfs defaults 0 0\nUUID=" + bootUUID + " /boot xfs defaults 0 0\n"},
		"/boot":           memfs.Dir(),
		"/dev":            memfs.Dir(),
		"/proc":           memfs.Dir(),
		"/run":            memfs.Dir(),
		"/sys":            memfs.Dir(),
		"/etc/passwd":     {Data: "root:x:0:0:root:/root:/bin/bash\n"},
	}
	boot = map[string]memfs.File{
		"/grub2/grub.cfg":                  {Data: "load_env\nset default=\"${saved_entry}\"\nblscfg\n"},
		"/grub2/grubenv":                   {Data: "# GRUB Environment Block\nsaved_entry=id-6.1.0-x\nkernelopts=root=UUID=" + someUUID + " ro\n"},
		"/loader/entries/id-6.1.0-x.conf":  {Data: "title Fedora\nlinux /vmlinuz-6.1.0-x\ninitrd /initramfs-6.1.0-x.img $tuned_initrd\noptions $kernelopts\n"},
		"/vmlinuz-6.1.0-x":                 {Data: string(image6())},
		"/initramfs-6.1.0-x.img":           {Data: "070701"},
		"/loader/entries/id-0-rescue.conf": {Data: "title Rescue\nlinux /vmlinuz-0-rescue\noptions $kernelopts\n"},
		"/grub2/i386-pc/linux.mod":         {},
	}
	return root, boot
}

func image6() []byte { return bzImageOf("\x1f\x8bpayload") }

func TestEntriesOfTheSpecificationOnABootPartition(t *testing.T) {
	root, boot := fedora()
	p := layout{table: "mbr", root: root, boot: boot}.prove(t)
	for id, want := range map[string]finding.Status{"firmware": finding.Fail, "config": finding.Pass, "kernel": finding.Pass, "root": finding.Pass, "fstab": finding.Pass, "initrd": finding.Fail} {
		if l := p.link(id); l.Status != want {
			t.Errorf("%s is %s: %s", l.ID, l.Status, l.Actual)
		}
	}
	if p.Release != "6.1.0-x" || p.Kernel != "/boot/vmlinuz-6.1.0-x" || !slices.Equal(p.Initrds, []string{"/boot/initramfs-6.1.0-x.img"}) {
		t.Errorf("%+v", p)
	}
}

func TestTheKernelOptionsOfGrubenvCount(t *testing.T) {
	root, boot := fedora()
	boot["/grub2/grubenv"] = memfs.File{Data: strings.ReplaceAll(boot["/grub2/grubenv"].Data, "UUID="+someUUID, "/dev/mapper/loop0p1")}
	if l := (layout{table: "mbr", root: root, boot: boot}.prove(t)).link("root"); l.Status != finding.Fail || l.Where[0].Path != "/boot/grub2/grubenv" || l.Fix == "" {
		t.Errorf("%+v", l)
	}
}

func TestABootPartitionThatIsNotThere(t *testing.T) {
	root, _ := fedora()
	p := layout{table: "mbr", root: root}.prove(t)
	if l := p.link("fstab"); l.Status != finding.Fail || l.Where[0].Line != 2 {
		t.Errorf("%+v", l)
	}
	if l := p.link("config"); l.Status == finding.Pass {
		t.Errorf("%+v", l)
	}
}

func TestFirmware(t *testing.T) {
	const code = "\xfa\x31\xc0"
	signed := func(text string) string {
		return code + text + strings.Repeat("\x00", 510-len(code)-len(text)) + "\x55\xaa"
	}
	part := func(content string, active bool) engine.Volume {
		r := strings.NewReader(content + strings.Repeat("\x00", 4*sector-len(content)))
		return engine.Volume{Volume: &volume.Volume{ReaderAt: io.ReaderAt(r), Name: "p3", Number: 3, Size: r.Size(), Active: active}}
	}
	for name, c := range map[string]struct {
		sector string
		more   []engine.Volume
		want   finding.Status
		says   string
	}{
		"nothing":                           {"", nil, finding.Fail, "no disk has boot code"},
		"code of nobody":                    {signed("hello"), nil, finding.Unknown, "no known loader"},
		"code without the signature":        {code, nil, finding.Fail, "want 55aa"},
		"no active partition":               {signed("Missing operating system."), []engine.Volume{part(signed("SYSLINUX"), false)}, finding.Fail, "0 partitions are active"},
		"active and empty":                  {signed("Missing operating system."), []engine.Volume{part("", true)}, finding.Fail, "has no boot sector"},
		"SYSLINUX":                          {signed("Missing operating system."), []engine.Volume{part(signed("SYSLINUX"), true)}, finding.Unknown, "SYSLINUX"},
		"active with the code of nobody":    {signed("Missing operating system."), []engine.Volume{part(signed("x"), true)}, finding.Unknown, "not known"},
		"GRUB with nothing to hold against": {signed(string(grubWords)), nil, finding.Fail, "loads sector 0"},
	} {
		t.Run(name, func(t *testing.T) {
			root, boot := fedora()
			p := layout{sector: c.sector, table: "mbr", root: root, boot: boot, more: c.more}.prove(t)
			if l := p.link("firmware"); l.Status != c.want || !strings.Contains(l.Actual, c.says) {
				t.Errorf("%s: %s", l.Status, l.Actual)
			}
			if l := p.link("loader"); l.Status != finding.Unknown || !strings.Contains(l.Actual, "not looked at") {
				t.Errorf("loader is %s: %s", l.Status, l.Actual)
			}
		})
	}
}

func TestAnUnreadFileSystemMayBeTheOne(t *testing.T) {
	root, boot := fedora()
	root["/etc/fstab"] = memfs.File{Data: root["/etc/fstab"].Data + "UUID=AAAA-BBBB /boot/efi vfat defaults 0 0\n"}
	esp := engine.Volume{Volume: &volume.Volume{ReaderAt: strings.NewReader(""), Name: "p3", Number: 3, Kind: "EFI System"}, Content: "FAT"}
	if l := (layout{table: "gpt", root: root, boot: boot, more: []engine.Volume{esp}}.prove(t)).link("fstab"); l.Status != finding.Unknown || !strings.Contains(l.Actual, "p3 (FAT)") {
		t.Errorf("%+v", l)
	}
	if l := (layout{table: "gpt", root: root, boot: boot}.prove(t)).link("fstab"); l.Status != finding.Fail {
		t.Errorf("%+v", l)
	}
}

func TestNothingIsProvenWithoutFacts(t *testing.T) {
	root, _ := fedora()
	f := memfs.New(root)
	guests, err := guest.Find(context.Background(), []guest.Volume{{Device: "p2", Number: 2, FS: f}})
	if err != nil || len(guests) != 1 {
		t.Fatal(err)
	}
	p, err := Prove(context.Background(), &engine.Machine{}, guests[0], &facts.Document{}, Options{})
	if err != nil || p.Status == finding.Pass {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, id := range []string{"config", "kernel", "initrd", "root", "modules", "fstab"} {
		if l := p.link(id); l.Status != finding.Unknown {
			t.Errorf("%s is %s: %s", id, l.Status, l.Actual)
		}
	}
	if got := p.Findings(); len(got) != len(p.Links) || got[0].ID != "backup.boot/firmware" || got[0].Fingerprint == "" {
		t.Errorf("%+v", got)
	}
	if _, err := Prove(context.Background(), &engine.Machine{}, guests[0], &facts.Document{}, Options{Target: "toaster"}); err == nil || !strings.Contains(err.Error(), "aws, azure, gcp, hyperv, kvm, vmware") {
		t.Error(err)
	}
}

func TestSELinuxWithoutAPolicy(t *testing.T) {
	source := &facts.Source{Path: "/etc/selinux/config", Line: 1}
	for name, c := range map[string]struct {
		mode   string
		policy *facts.Source
		want   bool
	}{
		"enforcing, and no policy":  {"enforcing", nil, false},
		"permissive, and no policy": {"permissive", nil, true},
		"enforcing a policy":        {"enforcing", source, true},
	} {
		doc := &facts.Document{Facts: map[string]any{
			"selinux": &facts.SELinux{Config: &facts.Value[string]{Value: c.mode, Source: source}, Policy: c.policy},
		}}
		v := &verdict{}
		if (&prover{doc: doc}).policed(v); v.ok() != c.want {
			t.Errorf("%s: %q", name, v.doubts)
		}
	}
}
