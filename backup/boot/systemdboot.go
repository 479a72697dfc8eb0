package boot

import (
	"bytes"
	"debug/pe"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// systemdBoot looks at the configuration of systemd-boot (loader.conf(5)), which reads no file system but FAT.
func (p *prover) systemdBoot(v *verdict) {
	const conf = "/loader/loader.conf"
	p.loaderKind = systemdLoader
	on := p.efi.on
	b, err := on.read(conf, maxConf)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case isCorrupt(err):
		v.fail(on.path(conf), "%v", err)
	case err != nil:
		v.unknown(on.path(conf), "not read: %v", err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		if w := strings.Fields(line); len(w) > 1 && w[0] == "timeout" && w[1] == "menu-force" {
			v.failAt(finding.Location{Path: on.path(conf), Line: n}, "the menu waits for a user without an end")
			v.repair("set a timeout in seconds")
		}
	}
	v.holds("%s takes its entries from %s, and from an extended boot partition beside it", p.efi.path(), on.Name)
}

// systemdReads tells whether systemd-boot finds the entry and its kernel: on the EFI system partition or the extended boot partition of
// the same disk, and both on the same.
func (p *prover) systemdReads(v *verdict) {
	file := p.entry.Source.Path
	o, err := p.Stat(file)
	if err != nil {
		v.unread(file, err)
		return
	}
	at := p.volume(o.Device)
	if at.Name != p.efi.on.Name && (!isBootPartition(at) || !sameDisk(at, p.efi.on.Volume)) {
		v.fail(file, "is on %s, which systemd-boot does not read", o.Device)
		return
	}
	if at.FS != nil && at.FS.Description().Type != "vfat" {
		v.unknown(file, "is on a file system of type %s, which firmware may not read", at.FS.Description().Type)
	}
	if strings.Contains(path.Base(file), "+") {
		v.unknown(file, "counts its boots: whether it is still tried is not looked at")
	}
	for _, name := range append([]string{p.entry.Kernel}, p.proof.Initrds...) {
		if o, err := p.Stat(name); err == nil && o.Device != at.Name { // the links of the kernel and the initrd tell what is not there
			v.fail(file, "names %s, which is on %s: systemd-boot looks on %s", name, o.Device, at.Name)
		}
	}
}

// unified makes the entry of a unified kernel image (UAPI.5) that firmware starts itself.
func (p *prover) unified(v *verdict) {
	e := p.efi
	line := strings.TrimRight(string(e.section(".cmdline")), "\x00\n ")
	entry := &facts.BootEntry{Title: path.Base(e.name), Kernel: e.path(), Source: facts.Source{Path: e.path()}, Args: []facts.BootArg{}}
	for _, word := range strings.Fields(line) {
		key, value, _ := strings.Cut(word, "=")
		entry.Args = append(entry.Args, facts.BootArg{Key: key, Value: value})
	}
	if strings.ContainsAny(line, `"`) {
		v.unknown(e.path(), "its arguments have quotes, which are not looked at: %.200q", line)
	}
	p.loaderKind, p.unifiedEntry = unifiedLoader, entry
	v.holds("%s is kernel, initrd and arguments in one", e.path())
}

// initrdOf is how the initrd in a unified kernel image is called.
func initrdOf(image string) string { return image + ":.initrd" }

// unpackUnified takes the kernel and the initrd out of a unified kernel image.
func (p *prover) unpackUnified(v *verdict, name string, b []byte) (kernel []byte) {
	f, err := readPE(b)
	if err != nil || f.section(".linux") == nil {
		return b
	}
	p.unifiedImage = f
	p.proof.Initrds = []string{}
	if f.section(".initrd") != nil {
		p.proof.Initrds = append(p.proof.Initrds, initrdOf(name))
	}
	signed, err := f.signed()
	switch {
	case isCorrupt(err):
		v.fail(name, "%v", err)
	case err != nil:
		v.unknown(name, "%v", err)
	case !signed && !p.stubbed(f):
		v.unknown(name, "is not signed, and nothing vouches for its stub: the guest has no copy of it")
	}
	return f.section(".linux")
}

// stubbed reports whether the code of a unified kernel image is the stub that the guest has.
func (p *prover) stubbed(f *peFile) bool {
	b, err := p.ReadFile("/usr/lib/systemd/boot/efi/linux"+suffixes[p.programs()]+".efi.stub", maxImage<<4)
	if err != nil {
		return false
	}
	stub, err := readPE(b)
	if err != nil {
		return false
	}
	for _, s := range stub.sections {
		if s.Name != ".reloc" && !bytes.Equal(stub.section(s.Name), f.section(s.Name)) {
			return false
		}
	}
	return slices.ContainsFunc(stub.sections, func(s *pe.Section) bool { return s.Name == ".text" })
}
