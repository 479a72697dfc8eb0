package boot_test

import (
	"strings"
	"testing"

	"github.com/guestctl/guestctl/backup/boot"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/finding"
)

const (
	espAt     = 1 << 20 // of the EFI system partition on debian12-uefi.qcow2
	efiDebian = "/EFI/debian/"
	efiBoot   = "/EFI/BOOT/"
	stub      = efiDebian + "grub.cfg"
)

// espDamage is what is spoilt of the EFI system partition.
type espDamage struct {
	files map[string]change
	edits map[string]func(string) string
	desc  func(*filesys.Description)
	kind  string // its type instead
	// copies puts one file in the place of another; root is such of the guest's root.
	copies, root map[string]string
}

// spoil changes the volume of the EFI system partition. What is patched is opened again, as the engine does.
func (d espDamage) spoil(t *testing.T, whole damage, v *engine.Volume, root filesys.FS) {
	t.Helper()
	if v.FS == nil {
		return
	}
	if len(whole.patches) > 0 {
		*v = reopened(*v)
	}
	if d.kind != "" {
		v.Kind = d.kind
	}
	if v.FS == nil {
		return
	}
	original := v.FS
	read := func(path string) ([]byte, error) { return readFrom(original, path) }
	files := changes(t, damage{files: d.files, edits: d.edits}, read)
	for to, from := range d.copies {
		b, err := read(from)
		if err != nil {
			t.Fatal(err)
		}
		files[to] = change{data: string(b)}
	}
	for to, from := range d.root {
		b, err := readFrom(root, from)
		if err != nil {
			t.Fatal(err)
		}
		files[to] = change{data: string(b)}
	}
	changed := withChanges(t, original, files)
	if d.desc != nil {
		d.desc(&changed.desc)
	}
	v.FS = changed
}

// reopened is the volume as the engine finds it.
func reopened(v engine.Volume) engine.Volume {
	v.Content, v.FS, v.Err = "", nil, nil
	for _, f := range engine.FileSystems() {
		if ok, err := f.Probe(v, v.Size); !ok || err != nil {
			continue
		}
		v.Content = f.Name
		v.FS, v.Err = f.Open(v, v.Size)
		return v
	}
	return v
}

func readFrom(f filesys.FS, path string) ([]byte, error) {
	n := f.Root()
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		next, err := f.Lookup(n, name)
		if err != nil {
			return nil, err
		}
		n = next
	}
	file, err := f.Open(n)
	if err != nil {
		return nil, err
	}
	b := make([]byte, file.Size())
	_, err = file.ReadAt(b, 0)
	if int64(len(b)) == file.Size() {
		err = nil
	}
	return b, err
}

// TestTheRealDiskForUEFIBoots agrees with a boot of debian12-uefi.qcow2 in QEMU 7.2 (q35, OVMF 2022.11, new variables, virtio, emulation),
// which came to a login: firmware, fbx64.efi, shim, GRUB, Linux.
func TestTheRealDiskForUEFIBoots(t *testing.T) {
	m := openReal(t, "debian12-uefi.qcow2")
	p := prove(t, m, m.Guests[0], boot.Options{Target: "kvm"})
	if p.Status != finding.Pass || p.Firmware != "uefi" || p.Kernel != vmlinuz {
		t.Errorf("%s, %q, %s", p.Status, p.Firmware, p.Kernel)
	}
	for _, l := range p.Links {
		if l.Status != pass {
			t.Errorf("%s is %s: %s", l.ID, l.Status, l.Actual)
		}
	}
	if p := prove(t, m, m.Guests[0], boot.Options{Firmware: "bios"}); p.Status != fail || p.Links[0].ID != "backup.boot/firmware" {
		t.Errorf("for a BIOS it is %s: %+v", p.Status, p.Links[0])
	}
}

func TestNothingThatUEFIDoesNotStartIsCalledBootable(t *testing.T) {
	judge(t, openReal(t, "debian12-uefi.qcow2"), uefiDamages)
}
