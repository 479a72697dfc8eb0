package boot

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

const maxConfig = 4 << 20 // bytes of a configuration

// endless is the line of GRUB's menu that waits for a user.
var endless = regexp.MustCompile(`^\s*set\s+timeout=["']?-`)

// config looks at what an unattended boot starts.
func (p *prover) config(v *verdict) {
	v.absent = true
	if p.grubDir != "" {
		if _, err := p.Stat(p.grubDir + "/grub.cfg"); err != nil {
			v.unread(p.grubDir+"/grub.cfg", err)
			v.repair("write the menu: grub-mkconfig -o %s/grub.cfg", p.grubDir)
			return
		}
	}
	if p.unifiedEntry != nil {
		p.unifiedConfig(v)
		return
	}
	b := factsOf[facts.Boot](p, v, "boot")
	if b == nil {
		return
	}
	e, ok := b.DefaultEntry()
	switch {
	case b.Loader == "none":
		v.fail("/boot", "there is no boot menu: %s", b.Why)
		return
	case !ok && len(b.Entries) == 0:
		v.fail("/boot", "the boot menu starts no kernel: %s", b.Why)
		return
	case !ok:
		v.unknown("/boot", "what an unattended boot starts is not known: %s", b.Why)
		return
	case p.grubDir != "" && p.loaderKind != grubLoader:
		v.unknown(p.grubDir+"/grub.cfg", "is the menu for a BIOS, and firmware of UEFI starts %s: look at one of them with --firmware", p.loaderKind)
		return
	case p.grubDir != "" && b.Loader != "grub2" || p.loaderKind == systemdLoader && b.Loader != "systemd-boot":
		v.unknown(e.Source.Path, "the boot loader is %s, and the menu that was found is of %s", p.loaderKind, b.Loader)
		return
	case p.efi != nil && p.grubDir != "" && !p.sameFile(b.GRUB.Config, p.grubDir+"/grub.cfg"):
		v.unknown(b.GRUB.Config, "is the menu that was read, and GRUB reads %s/grub.cfg", p.grubDir)
		return
	}
	p.entry, v.absent = e, false
	p.proof.Entry, p.proof.Kernel = e.Title, e.Kernel
	if b.GRUB != nil && len(b.GRUB.Superusers) > 0 && !e.Unrestricted {
		v.failAt(location(e.Source), "the default entry asks for a password")
	}
	if e.Kind == "recovery" {
		v.note("the default entry %q is for repairs", e.Title)
	}
	p.stopsIn(v)
	p.arguments(v)
	p.menuEntry(v)
	if p.loaderKind == systemdLoader {
		p.systemdReads(v)
	}
	v.holds("%q by %s", e.Title, b.Why)
	v.place(location(e.Source))
}

// stopsIn looks for arguments with which the initrd does not go on by itself.
func (p *prover) stopsIn(v *verdict) {
	for _, key := range []string{"break", "rd.break"} {
		if _, ok := p.entry.Arg(key); ok {
			v.failAt(location(p.entry.Source), "the argument %s stops the boot in the initrd", key)
		}
	}
}

// unifiedConfig is for a unified kernel image that firmware starts without a menu.
func (p *prover) unifiedConfig(v *verdict) {
	if p.grubDir != "" {
		v.unknown(p.grubDir+"/grub.cfg", "is the menu for a BIOS, and firmware of UEFI starts %s: look at one of them with --firmware", unifiedLoader)
		return
	}
	p.entry, v.absent = p.unifiedEntry, false
	p.proof.Entry, p.proof.Kernel, p.proof.Initrds = p.entry.Title, p.entry.Kernel, []string{}
	p.stopsIn(v)
	v.holds("%s has its arguments in it", p.entry.Kernel)
	v.place(location(p.entry.Source))
}

// sameFile reports whether two paths lead to one file.
func (p *prover) sameFile(a, b string) bool {
	x, errX := p.Resolve(a)
	y, errY := p.Resolve(b)
	return errX == nil && errY == nil && x == y
}

func location(s facts.Source) finding.Location {
	return finding.Location{Path: s.Path, Line: s.Line, Text: s.Text}
}

// menuEntry reads the commands around the kernel's, which the facts do not keep: where GRUB looks for it, and the initrds.
func (p *prover) menuEntry(v *verdict) {
	p.proof.Initrds = []string{}
	if p.entry.Initrd != "" {
		p.proof.Initrds = append(p.proof.Initrds, p.entry.Initrd)
	}
	if strings.EqualFold(path.Ext(p.entry.Source.Path), ".efi") {
		return // a unified kernel image
	}
	text, err := p.ReadFile(p.entry.Source.Path, maxConfig)
	if err != nil {
		v.unread(p.entry.Source.Path, err)
		return
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if endless.MatchString(line) {
			v.failAt(finding.Location{Path: p.entry.Source.Path, Line: i + 1}, "the menu waits for a user without an end")
			v.repair("set GRUB_TIMEOUT in /etc/default/grub, and write the menu: grub-mkconfig -o %s/grub.cfg", p.grubDir)
		}
	}
	from, to := p.block(lines)
	var search, hint string
	var initrds []string
	for _, line := range lines[from:to] {
		w := strings.Fields(strings.ReplaceAll(line, "'", ""))
		switch {
		case len(w) < 2:
		case w[0] == "search" && slices.Contains(w, "--fs-uuid"):
			search = w[len(w)-1]
		case w[0] == "set" && strings.HasPrefix(w[1], "root="):
			hint = strings.Trim(strings.TrimPrefix(w[1], "root="), `"()`)
		case strings.HasPrefix(w[0], "initrd"):
			initrds = append(initrds, w[1:]...)
		}
	}
	if len(initrds) > 1 {
		p.proof.Initrds = initrds[:0]
		for _, name := range initrds {
			if !strings.HasPrefix(name, "$") { // of tuned: empty where nothing sets it
				p.proof.Initrds = append(p.proof.Initrds, p.besideKernel(name))
			}
		}
	}
	p.searched(v, search, hint)
}

// block is the part of the configuration that the default entry is: of GRUB from menuentry to the next, of others all.
func (p *prover) block(lines []string) (from, to int) {
	if path.Ext(p.entry.Source.Path) != ".cfg" {
		return 0, len(lines)
	}
	starts := func(line string) bool {
		line = strings.TrimSpace(line)
		return strings.HasPrefix(line, "menuentry ") || strings.HasPrefix(line, "submenu ")
	}
	at := min(max(p.entry.Source.Line-1, 0), len(lines))
	for from = at; from > 0 && (from == len(lines) || !starts(lines[from])); {
		from--
	}
	for to = at; to < len(lines) && !starts(lines[to]); {
		to++
	}
	return from, max(from, to)
}

// besideKernel is where the guest has what a loader calls name, which is on the file system of the kernel.
func (p *prover) besideKernel(name string) string {
	for _, dir := range []string{"", "/boot", "/boot/efi", "/efi"} {
		if full := path.Join("/", dir, name); p.exists(full) {
			return full
		}
	}
	return name
}

func (p *prover) exists(path string) bool {
	_, err := p.Stat(path)
	return err == nil
}

// searched tells whether GRUB looks for the kernel on the file system that has it: by search, or else on the partition in root.
func (p *prover) searched(v *verdict, search, hint string) {
	o, err := p.Stat(p.entry.Kernel)
	if err == nil && len(p.layers(p.volume(o.Device))) > 0 {
		if menu, err := p.Stat(p.grubDir); err != nil || menu.Device != o.Device {
			v.unknown("", "whether GRUB reads %s, where the kernel is, is not known", o.Device)
		}
	}
	if err != nil || search == "" {
		return // the link of the kernel says so; or the core image's root counts
	}
	if at := p.volume(o.Device); at.FS != nil && strings.EqualFold(at.FS.Description().UUID, search) {
		return
	}
	_, part, _ := strings.Cut(hint, ",")
	found := slices.ContainsFunc(p.machine.Volumes, func(x engine.Volume) bool {
		return x.FS != nil && strings.EqualFold(x.FS.Description().UUID, search)
	})
	at := p.volume(o.Device)
	if !found && part != "" && strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyz") == partNumber(at) {
		v.note("GRUB finds no file system %s, says so, and takes partition %s, which has the kernel", search, part)
		return
	}
	v.failAt(location(p.entry.Source), "GRUB looks for the kernel on the file system %s, and it is on %s", search, o.Device)
	v.repair("write the menu: grub-mkconfig -o %s/grub.cfg", p.grubDir)
}
