package boot_test

import (
	"compress/gzip"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/shipped"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/finding"
)

const (
	release   = "6.1.0-56-cloud-amd64"
	vmlinuz   = "/boot/vmlinuz-" + release
	initrdImg = "/boot/initrd.img-" + release
	grubCfg   = "/boot/grub/grub.cfg"
	grubMod   = "/boot/grub/i386-pc/"
	modules   = "/usr/lib/modules/" + release + "/"
	libc      = "/usr/lib/x86_64-linux-gnu/libc.so.6"
	systemd   = "/usr/lib/systemd/systemd"
	units     = "/etc/systemd/system/"
	rootUUID  = "1c0ffee0-0000-4000-8000-000000000012"
	otherUUID = "deadbeef-0000-4000-8000-000000000012"
	firstLine = "UUID=" + rootUUID + " / ext4 errors=remount-ro 0 1\n"
	coreStart = 2048 * 512
)

// damage is one way in which the real disk is spoilt.
type damage struct {
	link   string
	status finding.Status
	files  map[string]change
	// edits change what a file has.
	edits   map[string]func(string) string
	patches []patch
	desc    func(*filesys.Description)
	opts    boot.Options
	esp     espDamage
}

func replace(old, with string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, with) }
}

func cut(part int) func(string) string { return func(s string) string { return s[:len(s)/part] } }

func zero(s string) string { return strings.Repeat("\x00", len(s)) }

func flip(at func(n int) int) func(string) string {
	return func(s string) string {
		b := []byte(s)
		b[at(len(b))] ^= 0x40
		return string(b)
	}
}

func middle(n int) int { return n / 2 }

// unpacked changes what an initrd unpacks to; the kernel takes one that is not compressed, too.
func unpacked(edit func(string) string) func(string) string {
	return func(s string) string {
		r, err := gzip.NewReader(strings.NewReader(s))
		if err != nil {
			return err.Error()
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return err.Error()
		}
		return edit(string(b))
	}
}

var gone = change{gone: true}

func file(path string, c change) map[string]change { return map[string]change{path: c} }

func edit(path string, f func(string) string) map[string]func(string) string {
	return map[string]func(string) string{path: f}
}

func zeros(at int64, n int) []patch { return []patch{{at, strings.Repeat("\x00", n)}} }

// plain is the initrd as it unpacks, which a kernel takes as well.
func plain(t *testing.T, g *guest.Guest) string {
	t.Helper()
	b, err := g.ReadFile(initrdImg, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return unpacked(func(s string) string { return s })(string(b))
}

// changes are the files and edits together.
func changes(t *testing.T, d damage, read func(path string) ([]byte, error)) map[string]change {
	t.Helper()
	files := map[string]change{}
	for path, c := range d.files {
		files[path] = c
	}
	for path, edit := range d.edits {
		b, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		c := change{data: edit(string(b))}
		if c.data == string(b) {
			c.mode = 0o644
		}
		files[path] = c
	}
	return files
}

// spoil returns the machine and guest with the damage.
func spoil(t *testing.T, m *engine.Machine, initrd string, d damage) (*engine.Machine, *guest.Guest) {
	t.Helper()
	g := m.Guests[0]
	files := changes(t, d, func(path string) ([]byte, error) { return g.ReadFile(path, 1<<30) })
	if d.link != "initrd" { // what is not compressed takes less time
		files[initrdImg] = change{data: initrd}
	}
	fsys := withChanges(t, g.Root.FS, files)
	if d.desc != nil {
		d.desc(&fsys.desc)
	}
	root := g.Root
	root.FS = fsys
	found := []guest.Volume{root}
	spoilt := &engine.Machine{Disks: []engine.Disk{{Name: "disk", Image: disk{m.Disks[0].Image, d.patches}}}}
	for _, v := range m.Volumes {
		copied := *v.Volume
		v.Volume = &copied
		switch {
		case v.Parent == nil:
			v.ReaderAt = spoilt.Disks[0]
		case v.Name == root.Device:
			v.Parent, v.FS = spoilt.Volumes[0].Volume, fsys
		default:
			v.ReaderAt, v.Parent = volume.Section(spoilt.Volumes[0].Volume, v.Offset, v.Size), spoilt.Volumes[0].Volume
			d.esp.spoil(t, d, &v, g.Root.FS)
			if v.FS != nil {
				found = append(found, guest.Volume{Device: v.Name, Number: v.Number, PartUUID: v.UUID, PartLabel: v.Label, FS: v.FS})
			}
		}
		spoilt.Volumes = append(spoilt.Volumes, v)
	}
	guests, err := guest.Find(context.Background(), found)
	if len(guests) != 1 {
		t.Fatal(err)
	}
	return spoilt, guests[0]
}

func TestNothingThatDoesNotBootIsCalledBootable(t *testing.T) {
	judge(t, openReal(t, "debian12.raw"), damages)
}

// judge holds the verdicts on the disk with each damage against what it has to be.
func judge(t *testing.T, m *engine.Machine, damages map[string]damage) {
	t.Helper()
	index, err := shipped.Load(context.Background(), m.Guests[0])
	if err != nil {
		t.Fatal(err)
	}
	initrd := plain(t, m.Guests[0])
	for name, d := range damages {
		t.Run(name, func(t *testing.T) {
			d.opts.Packages = index
			spoilt, g := spoil(t, m, initrd, d)
			p := prove(t, spoilt, g, d.opts)
			want, seen := d.status, false
			if want == "" {
				want = fail
			}
			for _, l := range p.Links {
				if l.ID != "backup.boot/"+d.link {
					continue
				}
				seen = true
				if l.Status != want && (want != "not pass" || l.Status == pass) {
					t.Errorf("%s is %s (%s), want %s", l.ID, l.Status, l.Actual, want)
				}
			}
			if !seen {
				t.Errorf("the chain has no link %s", d.link)
			}
			if bootable := p.Status == pass; bootable != (want == pass) {
				t.Errorf("the proof is %s", p.Status)
			}
		})
	}
}

// TestTheUndamagedDiskThroughTheSameWay shows that the changes, and not the way they are made, are what fails.
func TestTheUndamagedDiskThroughTheSameWay(t *testing.T) {
	m := openReal(t, "debian12.raw")
	spoilt, g := spoil(t, m, plain(t, m.Guests[0]), damage{})
	p := prove(t, spoilt, g, boot.Options{Target: "kvm"})
	for _, l := range p.Links {
		if l.Status != pass {
			t.Errorf("%s is %s: %s", l.ID, l.Status, l.Actual)
		}
	}
	if p.Root != "UUID="+rootUUID {
		t.Errorf("root is %s", p.Root)
	}
}
