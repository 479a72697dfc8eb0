package boot

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
)

// The kinds of programs that firmware starts, on the way to a kernel.
const (
	shimLoader     = "shim"
	fallbackLoader = "the fallback of shim"
	grubLoader     = "GRUB"
	systemdLoader  = "systemd-boot"
	unifiedLoader  = "a unified kernel image"
)

const maxStages = 8 // programs that start one another

// efiProgram is a program of UEFI on an EFI system partition.
type efiProgram struct {
	*peFile

	on   medium
	name string // its path there
	kind string // "" of none that is known
}

func (e *efiProgram) path() string { return e.on.path(e.name) }

// uefi looks at what firmware starts that knows nothing of the disk: the program on the removable path of an EFI system partition (UEFI
// 2.10, section 3.5.1.1), and what that starts, up to the boot loader. The variables of the firmware are no part of a backup.
func (p *prover) uefi(v *verdict) {
	v.absent = true
	suffix := suffixes[p.programs()]
	if suffix == "" {
		v.unknown("", "what firmware starts on a machine for %s is not known", p.programs())
		return
	}
	on, name := p.startedFile(v, suffix)
	if name == "" {
		return
	}
	p.foundFirmware(uefi)
	var stages []string
	for len(stages) < maxStages {
		e := p.efiProgram(v, on, name)
		if e == nil {
			return
		}
		stages = append(stages, e.path())
		switch e.kind {
		case shimLoader:
			name = secondStage(e, suffix)
		case fallbackLoader:
			name = p.fallback(v, e, suffix)
		case "":
			v.unknown(e.path(), "is of no known loader")
			return
		default:
			p.efi, v.absent = e, false
			v.holds("%s, which is %s", strings.Join(stages, " starts "), e.kind)
			return
		}
		if name == "" {
			return
		}
	}
	v.fail(on.path(name), "is started by what it starts itself")
}

// startedFile returns the program that is started first, and what it is on; "" where there is none.
func (p *prover) startedFile(v *verdict, suffix string) (on medium, name string) {
	parts := p.systemPartitions()
	if len(parts) == 0 {
		v.fail("", "no disk has an EFI system partition")
		v.repair("make one, and install the boot loader on it: grub-install --efi-directory=/boot/efi --force-extra-removable")
		return medium{}, ""
	}
	name = removable + "/BOOT" + strings.ToUpper(suffix) + ".EFI"
	var readable []medium
	for _, part := range parts {
		m := p.medium(part)
		if !p.firmwareReads(v, m) {
			continue
		}
		readable = append(readable, m)
		if m.exists(name) {
			p.startsFrom(v, m)
			return m, name
		}
	}
	if len(readable) == 0 {
		return medium{}, ""
	}
	return p.vendorFile(v, readable, name, suffix)
}

// startsFrom looks at the partition and its disk.
func (p *prover) startsFrom(v *verdict, m medium) {
	if !isESP(m.Volume) {
		v.unknown("", "%s has what an EFI system partition has, and is of the type %q: not every firmware looks there", m.Name, m.Kind)
		v.repair("give the partition its type: sgdisk --typecode=NUMBER:ef00 DISK")
	}
	p.firstSector(v, m)
	for _, problem := range m.FS.Description().Problems {
		if problem.Taints {
			v.unknown("", "%s: %s", m.Name, problem.Message)
		} else { // such as a machine that ran when it was copied
			v.note("%s: %s", m.Name, problem.Message)
		}
	}
	if m.Parent == nil {
		return
	}
	p.espDisk = p.volume(m.Parent.Name)
	p.partitioned(v, p.espDisk)
}

// firstSector looks at the boot sector, without which firmware sees no FAT; the copy that Linux has is of no use to it.
func (p *prover) firstSector(v *verdict, m medium) {
	b, err := binread.ReadAt(m, 0, sector, sector)
	switch {
	case err != nil:
		v.unknown("", "boot sector of %s: %v", m.Name, err)
	case b[510] != 0x55 || b[511] != 0xaa:
		v.fail("", "boot sector of %s ends in %x, want 55aa: firmware sees no FAT", m.Name, b[510:])
	}
}

// firmwareReads tells whether firmware reads the file system on the partition.
func (p *prover) firmwareReads(v *verdict, m medium) bool {
	switch {
	case m.FS != nil && m.FS.Description().Type == "vfat":
		return true
	case m.FS != nil:
		v.fail("", "%s is the EFI system partition and holds %s, and firmware reads FAT only", m.Name, m.FS.Description().Type)
	case m.Err != nil && isCorrupt(m.Err):
		v.fail("", "%s is the EFI system partition, and its file system is damaged: %v", m.Name, m.Err)
	case m.Content == "" && m.Err == nil:
		v.fail("", "%s is the EFI system partition and holds no file system", m.Name)
	default:
		v.unknown("", "%s is the EFI system partition and is not read (%s): %v", m.Name, m.Content, m.Err)
	}
	v.repair("restore the partition, or make it again: mkfs.vfat, then grub-install --efi-directory=/boot/efi --force-extra-removable")
	return false
}

// vendorFile looks for a program that only a variable of the firmware starts, which was on the machine and is in no backup.
func (p *prover) vendorFile(v *verdict, on []medium, missing, suffix string) (medium, string) {
	for _, m := range on {
		dirs, err := m.list("/EFI")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			v.unknown(m.path("/EFI"), "not read: %v", err)
			return medium{}, ""
		}
		for _, dir := range dirs {
			for _, base := range []string{"shim", "grub", "systemd-boot"} {
				name := path.Join("/EFI", dir, base+suffix+".efi")
				if !m.exists(name) {
					continue
				}
				v.unknown(m.path(missing), "does not exist: only firmware with an entry for %s starts the disk, and a restored machine has none", m.path(name))
				v.repair("install the boot loader there, too: grub-install --force-extra-removable")
				p.startsFrom(v, m)
				return m, name
			}
		}
	}
	v.fail(on[0].path(missing), "does not exist, nor does any other boot loader")
	v.repair("install the boot loader: grub-install --efi-directory=/boot/efi --force-extra-removable")
	return medium{}, ""
}

// efiProgram reads a program that is started, and tells whether firmware would. It returns nil where it would not.
func (p *prover) efiProgram(v *verdict, on medium, name string) *efiProgram {
	e := &efiProgram{on: on, name: name}
	b, err := on.read(name, maxLoader)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.fail(e.path(), "does not exist")
	case isCorrupt(err):
		v.fail(e.path(), "%v", err)
	case err != nil:
		v.unknown(e.path(), "not read: %v", err)
	}
	if err != nil {
		v.repair("install the boot loader again: grub-install")
		return nil
	}
	if e.peFile, err = readPE(b); err == nil && !e.runsOn(p.programs()) {
		err = errors.New("is for another machine than the programs of the guest, which are for " + p.programs().String())
	}
	if err != nil {
		v.fail(e.path(), "%v", err)
		v.repair("install the boot loader again: grub-install")
		return nil
	}
	e.kind = kindOf(e)
	p.vouched(v, e)
	return e
}

// kindOf tells a program by what only it has.
func kindOf(e *efiProgram) string {
	base := strings.ToLower(path.Base(e.name))
	switch {
	case e.section(".linux") != nil:
		return unifiedLoader
	case bytes.Contains(e.content, []byte("#### LoaderInfo: systemd-boot")):
		return systemdLoader
	case e.section("mods") != nil:
		return grubLoader
	case e.section(".vendor_cert") != nil:
		return shimLoader
	case strings.HasPrefix(base, "fb") && bytes.Contains(e.content, utf16("\\EFI\\")):
		return fallbackLoader
	}
	return ""
}

func utf16(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

// originals are where packages keep what is copied to an EFI system partition; and what grub-install made of it.
var originals = []string{
	"/usr/lib/shim/*.efi.signed", "/usr/lib/shim/*.efi", "/usr/lib/grub/*-signed/*.efi.signed", "/usr/lib/grub/*/monolithic/*.efi",
	"/usr/lib/systemd/boot/efi/*.efi", "/usr/lib/systemd/boot/efi/*.efi.signed", "/boot/grub/*-efi/core.efi", "/boot/grub2/*-efi/core.efi",
}

// vouched tells whether a program is what somebody made: by its signatures, by the guest's packages, or by what it was copied from.
func (p *prover) vouched(v *verdict, e *efiProgram) {
	signed, err := e.signed()
	switch {
	case isCorrupt(err):
		v.fail(e.path(), "%v", err)
		v.repair("install the boot loader again: grub-install")
		return
	case err != nil:
		v.unknown(e.path(), "%v", err)
		return
	case signed:
		return
	}
	v.note("%s is not signed: firmware with Secure Boot does not start it", e.path())
	if e.kind == unifiedLoader {
		return // its parts are looked at
	}
	if p.copied(e.content) || p.packaged(v, e.path(), e.content) {
		return
	}
	v.unknown(e.path(), "nothing vouches for it: it is not signed, and the guest has no copy of it")
}

// copied reports whether the guest has a file with that content where the originals of boot loaders are.
func (p *prover) copied(content []byte) bool {
	for _, pattern := range originals {
		names, err := p.Glob(pattern)
		if err != nil {
			continue // a directory that is not there has no original
		}
		for _, name := range names {
			o, err := p.Stat(name)
			if err != nil || o.Size != int64(len(content)) {
				continue
			}
			if b, err := o.ReadAll(maxLoader); err == nil && bytes.Equal(b, content) {
				return true
			}
		}
	}
	return false
}
