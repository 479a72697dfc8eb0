package boot

import (
	"bytes"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine"
)

// memdiskScript is what the menu of Debian's and Ubuntu's signed GRUB is found by (debian/build-efi-images of grub2): the file grub.cfg of
// the disk in its memory, which is not unpacked here.
var memdiskScript = []string{"source $prefix/grub.cfg", "source $cmdpath/grub.cfg"}

// uefiLoader looks at the boot loader that firmware comes to, and at how it finds its menu.
func (p *prover) uefiLoader(v *verdict) {
	switch p.efi.kind {
	case grubLoader:
		p.uefiGRUB(v)
	case systemdLoader:
		p.systemdBoot(v)
	case unifiedLoader:
		p.unified(v)
	}
}

// uefiGRUB reads GRUB's modules and configuration out of its program (include/grub/kernel.h, util/grub-mkimage.c).
func (p *prover) uefiGRUB(v *verdict) {
	p.platform = map[bool]string{true: "arm64-efi", false: "x86_64-efi"}[suffixes[p.programs()] == "aa64"]
	mods := p.efi.section("mods")
	if !p.efi.wide || len(mods) == 0 {
		v.unknown(p.efi.path(), "the modules of a GRUB with 32 bits are not read")
		return
	}
	c := objects(mods, wideInfo)
	if c == nil {
		v.fail(p.efi.path(), "has no list of modules")
		v.repair("install the boot loader again: grub-install")
		return
	}
	at, dir, ok := p.uefiMenu(v, c)
	if !ok {
		return
	}
	if p.grubDir != "" && p.grubDir != dir {
		v.unknown(dir, "is the menu for UEFI, and %s the one for a BIOS: look at one of them with --firmware", p.grubDir)
		return
	}
	p.grubDir, p.loaderKind = dir, grubLoader
	v.holds("%s with %d modules comes to the menu %s/grub.cfg", p.efi.path(), len(c.modules), dir)
	if module := grubFS[at.Content]; module == "" {
		v.unknown("", "whether GRUB reads a file system of type %q is not known", at.Content)
	} else {
		p.embedded(v, c, module)
		p.readByGRUB(v, at)
	}
	p.reachedByGRUB(v, c, at)
	p.startsLinux(v, c)
}

// startsLinux looks at what the menu needs: most programs for UEFI have it all, and load modules only where they lack one.
func (p *prover) startsLinux(v *verdict, c *core) {
	_, normal := c.modules["normal"]
	_, linux := c.modules["linux"]
	if normal && linux {
		return
	}
	p.loadable(v, c)
}

// uefiMenu follows the program to its menu: the volume that has it, and the directory in the guest.
func (p *prover) uefiMenu(v *verdict, c *core) (engine.Volume, string, bool) {
	s := &grubStub{prover: p, v: v, vars: map[string]string{
		"root": p.efi.on.Name, "cmdpath": "(" + p.efi.on.Name + ")" + path.Dir(p.efi.name),
	}}
	s.vars["prefix"] = c.prefix
	if strings.HasPrefix(c.prefix, "/") {
		s.vars["prefix"] = "(" + s.vars["root"] + ")" + c.prefix
	} else if rest, ok := strings.CutPrefix(c.prefix, "(,"); ok { // a partition of the disk that GRUB was started from
		part, dir, _ := strings.Cut(rest, ")")
		s.vars["prefix"] = "(" + s.partition(p.efi.on.Parent, part) + ")" + dir
	}
	found := false
	switch {
	case strings.TrimSpace(c.config) == "normal (memdisk)/grub.cfg":
		found = s.memdisk(c)
	case c.config != "":
		found = s.run(p.efi.path(), c.config)
	}
	if !found && s.v.ok() && !s.stopped {
		found = s.follow("$prefix/grub.cfg")
	}
	if !found {
		if s.v.ok() {
			v.fail(p.efi.path(), "comes to no menu")
		}
		return engine.Volume{}, "", false
	}
	return p.menuInGuest(v, s)
}

// menuInGuest finds the menu in the guest, which is where the facts about it come from.
func (p *prover) menuInGuest(v *verdict, s *grubStub) (engine.Volume, string, bool) {
	for _, m := range p.Mounts {
		if m.Device != s.at.Name || m.Unread != "" {
			continue
		}
		full := path.Join(m.Target, s.menu)
		if o, err := p.Stat(full); err == nil && o.Device == s.at.Name && path.Base(full) == "grub.cfg" {
			return s.at.Volume, path.Dir(full), true
		}
	}
	v.unknown(s.at.path(s.menu), "is the menu, and the guest has no grub.cfg there: the file system is not mounted")
	return engine.Volume{}, "", false
}

// memdisk runs what the script in the disk in memory does.
func (s *grubStub) memdisk(c *core) bool {
	for _, line := range memdiskScript {
		if !bytes.Contains(c.memdisk, []byte(line)) {
			s.v.unknown(s.efi.path(), "its own configuration is not known")
			return false
		}
	}
	for _, name := range []string{"$prefix/" + s.platform + "/grub.cfg", "$prefix/grub.cfg", "$cmdpath/grub.cfg"} {
		if at, file, ok := s.locate(s.expand(name)); ok && at.exists(file) {
			return s.follow(name)
		}
	}
	s.v.fail(s.efi.on.path(path.Dir(s.efi.name)+"/grub.cfg"), "does not exist, nor does %s: GRUB stops at its prompt", strings.TrimPrefix(s.vars["prefix"]+"/grub.cfg", "("+s.efi.on.Name+")"))
	s.v.repair("install the boot loader again: grub-install")
	return false
}
