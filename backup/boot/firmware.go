package boot

import (
	"bytes"
	"slices"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
)

const (
	sector = 512 // bytes, as the BIOS counts
	// codeSize is the part of the first sector that holds code: behind it are the disk's signature and the partitions.
	codeSize = 440
	maxImage = 64 << 10 // bytes of a boot.img, diskboot.img or lzma_decompress.img
)

// grubWords are the messages in GRUB's boot.img (grub-core/boot/i386/pc/boot.S).
var grubWords = []byte("GRUB \x00Geom\x00Hard Disk\x00Read\x00 Error\r\n\x00")

// firmware looks at what a BIOS runs: the first sector of the first disk that has code there.
func (p *prover) firmware(v *verdict) {
	p.attached(v)
	at, code := p.bootDisk(v)
	if code == nil {
		v.absent = true
		return
	}
	p.foundFirmware(bios)
	p.disk = p.machine.Volumes[at]
	if at > 0 {
		v.note("the first disk has no boot code: the firmware has to be told to start %s", p.disk.Name)
	}
	p.partitioned(v, p.disk)
	switch {
	case bytes.Contains(code, grubWords):
		p.bootImage(v, code)
	case bytes.Contains(bytes.ToLower(code), []byte("missing operating system")):
		v.absent = true
		p.active(v)
	default:
		v.absent = true
		v.unknown("", "%s: the boot code of the first sector is of no known loader", p.disk.Name)
	}
}

// attached tells whether a hypervisor takes the images as they are: QEMU writes to none that is marked as damaged.
func (p *prover) attached(v *verdict) {
	for i, d := range p.machine.Disks {
		for _, problem := range d.Image.Description().Problems {
			v.unknown("", "%s: %s", p.machine.Volumes[i].Name, problem)
			v.repair("qemu-img check -r all IMAGE")
		}
	}
}

// bootDisk returns the first disk with boot code and its first sector, or nil.
func (p *prover) bootDisk(v *verdict) (int, []byte) {
	for i := range p.machine.Disks {
		name := p.machine.Volumes[i].Name
		b, err := binread.ReadAt(p.machine.Disks[i], 0, sector, sector)
		switch {
		case err != nil:
			v.unknown("", "%s: first sector: %v", name, err)
		case isZero(b[:codeSize]):
		case b[510] != 0x55 || b[511] != 0xaa:
			v.fail("", "%s: the first sector ends in %x, want 55aa: a BIOS does not start it", name, b[510:])
		default:
			return i, b
		}
	}
	switch {
	case !v.ok():
	case len(p.systemPartitions()) > 0:
		v.fail("", "no disk has boot code for a BIOS in its first sector")
		v.repair("install the boot loader: grub-install DISK")
	default:
		v.fail("", "no disk has boot code in its first sector, nor an EFI system partition")
		v.repair("install the boot loader: grub-install DISK")
	}
	return 0, nil
}

// bootImage holds GRUB's boot.img in the first sector against the guest's own, and finds the core image that it loads.
func (p *prover) bootImage(v *verdict, code []byte) {
	c := binread.Little(code)
	start := c.At(0x5c).U64() // kernel_sector
	if drive := code[0x64]; drive != 0xff {
		v.note("GRUB loads the rest from drive %#x, whatever the BIOS started", drive)
	}
	p.sameCode(v, "boot.img", code, []span{{0x03, 0x5a}, {0x5c, 0x68}, {codeSize, sector}})
	n := p.disk.Size / sector
	if start == 0 || start >= uint64(n) {
		v.fail("", "boot.img loads sector %d of %d", start, n)
		v.absent = true
		return
	}
	p.start = int64(start)
	first, err := binread.ReadAt(p.disk, p.start*sector, sector, sector)
	switch {
	case err != nil:
		v.unknown("", "sector %d, with which the core image begins: %v", start, err)
	case isZero(first):
		v.fail("", "sector %d, with which the core image begins, is empty", start)
		v.repair("install the boot loader: grub-install DISK")
	default:
		p.sameCode(v, "diskboot.img", first, []span{{0x14c, sector}})
		p.placed(v)
	}
	v.absent = err != nil || isZero(first)
	v.holds("GRUB's boot.img in the first sector of %s loads sector %d", p.disk.Name, start)
}

// placed tells whether the core image lies where nothing else does: a BIOS boot partition, or the gap before the first partition.
func (p *prover) placed(v *verdict) {
	off := p.start * sector
	for _, part := range p.parts() {
		if off < part.Offset || off-part.Offset >= part.Size {
			continue
		}
		if part.Kind == "BIOS boot" {
			return
		}
		v.note("the core image is a file on %s, found by its blocks: an update of the file breaks it", part.Name)
		return
	}
	if p.disk.Content == "gpt" {
		v.note("the core image is in no BIOS boot partition")
	}
}

// parts are the partitions of the disk that starts.
func (p *prover) parts() []engine.Volume {
	return slices.DeleteFunc(slices.Clone(p.machine.Volumes), func(v engine.Volume) bool {
		return v.Parent == nil || v.Parent != p.disk.Volume
	})
}

// active looks at the partition that simple boot code starts. Its loader is not followed.
func (p *prover) active(v *verdict) {
	parts := slices.DeleteFunc(p.parts(), func(v engine.Volume) bool { return !v.Active })
	if len(parts) != 1 {
		v.fail("", "%s: %d partitions are active, and the boot code of the first sector wants one", p.disk.Name, len(parts))
		v.repair("mark the partition with the boot loader active: sfdisk --activate DISK NUMBER")
		return
	}
	b, err := binread.ReadAt(parts[0], 0, sector, sector)
	switch {
	case err != nil:
		v.unknown("", "boot sector of %s: %v", parts[0].Name, err)
	case isZero(b[:codeSize]) || b[510] != 0x55 || b[511] != 0xaa:
		v.fail("", "%s is active and has no boot sector", parts[0].Name)
	case bytes.Contains(b, []byte("SYSLINUX")) || bytes.Contains(b, []byte("EXTLINUX")):
		v.unknown("", "%s has the boot sector of SYSLINUX, whose loader is not followed", parts[0].Name)
	default:
		v.unknown("", "the loader in the boot sector of %s is not known", parts[0].Name)
	}
}

// span is a part of a sector: from, and before to.
type span struct{ from, to int }

// sameCode holds a sector against an image of GRUB in the guest, but for what grub-install writes into it.
func (p *prover) sameCode(v *verdict, name string, got []byte, written []span) {
	image, path, err := p.grubImage(name)
	if err != nil {
		v.unknown(path, "nothing to hold the boot code against: %v", err)
		return
	}
	a, b := slices.Clone(got), slices.Clone(image)
	if len(b) != len(a) {
		v.unknown(path, "has %d bytes, want %d", len(b), len(a))
		return
	}
	for _, w := range written {
		clear(a[w.from:w.to])
		clear(b[w.from:w.to])
	}
	if !bytes.Equal(a, b) {
		v.fail(path, "the code on the disk differs from it")
		v.repair("install the boot loader: grub-install DISK")
	}
}

// grubImage reads an image of GRUB for a BIOS: as it was installed, or else as the package has it.
func (p *prover) grubImage(name string) (b []byte, path string, err error) {
	for _, dir := range []string{"/boot/grub/i386-pc/", "/boot/grub2/i386-pc/", "/usr/lib/grub/i386-pc/"} {
		path = dir + name
		if b, err = p.ReadFile(path, maxImage); err == nil {
			return b, path, nil
		}
	}
	return nil, path, err
}

func isZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
