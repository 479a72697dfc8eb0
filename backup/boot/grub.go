package boot

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/binread"
)

const maxList = 1 << 20 // bytes of moddep.lst, command.lst and modules

// grubFS are the modules of GRUB that read a file system.
var grubFS = map[string]string{
	"ext2": "ext2", "ext3": "ext2", "ext4": "ext2", "xfs": "xfs", "btrfs": "btrfs", "vfat": "fat", "fat": "fat", "jfs": "jfs", "f2fs": "f2fs", "zfs": "zfs",
}

// loader looks at GRUB's core image and at the modules that it loads.
func (p *prover) loader(v *verdict) {
	p.platform, p.loaderKind = "i386-pc", grubLoader
	for _, dir := range []string{"/boot/grub", "/boot/grub2"} {
		if _, err := p.Stat(dir + "/i386-pc"); err == nil {
			p.grubDir = dir
			break
		}
	}
	if p.grubDir == "" {
		v.fail("/boot/grub/i386-pc", "does not exist: GRUB finds none of its modules")
		v.repair("install the boot loader: grub-install DISK")
		return
	}
	image, err := readCore(p.disk, p.disk.Size, p.start)
	if err != nil {
		v.fail("", "core image at sector %d: %v", p.start, err)
		return
	}
	decompressor := p.sameCore(v, image)
	if decompressor == 0 {
		v.unknown("", "the core image is not unpacked: neither core.img nor lzma_decompress.img is in the guest")
		return
	}
	c, err := unpackCore(image, decompressor)
	if err != nil {
		p.broken(v, image, "core image at sector %d: %v", p.start, err)
		return
	}
	v.holds("the core image of %d bytes at sector %d has %d modules and looks in %s", len(image), p.start, len(c.modules), c.prefix)
	p.reach(v, c)
	p.loadable(v, c)
}

// broken says that the core image is damaged, unless GRUB may repair it.
func (p *prover) broken(v *verdict, image []byte, format string, args ...any) {
	if redundant(image) {
		v.unknown("", format+"; GRUB may repair it by its Reed-Solomon codes", args...)
		return
	}
	v.fail("", format, args...)
	v.repair("install the boot loader: grub-install DISK")
}

// sameCore holds the core image against core.img in the guest, and returns the size of the decompressor, or 0.
func (p *prover) sameCore(v *verdict, image []byte) int {
	installed := p.grubDir + "/i386-pc/core.img"
	file, err := p.ReadFile(installed, maxCore)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			v.unread(installed, err)
		}
		b, err := p.ReadFile("/usr/lib/grub/i386-pc/lzma_decompress.img", maxImage)
		if err != nil {
			return 0
		}
		return len(b)
	}
	c := binread.Little(file)
	packed := int64(c.At(compressedAt).U32())
	if len(file) < redundancyAt+0x10 || packed > int64(len(file)-redundancyAt) {
		v.unknown(installed, "is no core image")
		return 0
	}
	if len(image) < len(file) {
		v.fail(installed, "has %d bytes, and what boot code loads has %d", len(file), len(image))
		return 0
	}
	a, b := slices.Clone(image[:len(file)]), file
	for _, w := range []span{{0x14c, sector}, {redundancyAt, redundancyAt + 0xc}} { // blocks; Reed-Solomon codes and boot device
		copy(a[w.from:w.to], b[w.from:w.to])
	}
	for i := range a {
		if a[i] != b[i] {
			p.broken(v, image, "the core image differs from %s in sector %d of it", installed, i/sector)
			break
		}
	}
	return len(file) - sector - int(packed)
}

// reach tells whether the core image can read the file system with GRUB's configuration.
func (p *prover) reach(v *verdict, c *core) {
	home, err := p.Stat(p.grubDir)
	if err != nil {
		v.unread(p.grubDir, err)
		return
	}
	at := p.volume(home.Device)
	if module := grubFS[at.Content]; module == "" {
		v.unknown("", "whether GRUB reads a file system of type %q is not known", at.Content)
	} else {
		p.embedded(v, c, module)
		p.readByGRUB(v, at)
	}
	p.reachedByGRUB(v, c, at)
	p.embedded(v, c, "biosdisk")
	p.prefixed(v, c, at)
}

func (p *prover) embedded(v *verdict, c *core, module string) {
	if _, ok := c.modules[module]; !ok {
		v.fail("", "the core image has no module %s, without which it reads nothing of %s", module, p.grubDir)
		v.repair("install the boot loader: grub-install DISK")
	}
}

// prefixed tells whether the core image looks for its configuration where that is: on a partition by its number, or what its own
// configuration searches.
func (p *prover) prefixed(v *verdict, c *core, at engine.Volume) {
	device, dir := "", c.prefix
	if rest, ok := strings.CutPrefix(dir, "("); ok {
		device, dir, _ = strings.Cut(rest, ")")
	}
	if below := strings.Trim(dir, "/"); below == "" || !strings.HasSuffix(p.grubDir, "/"+below) && !strings.HasSuffix("/"+below, p.grubDir) {
		v.fail(p.grubDir, "the core image looks in %s", c.prefix)
	}
	for line := range strings.SplitSeq(c.config, "\n") {
		w := strings.Fields(line)
		if len(w) < 2 || w[0] != "search.fs_uuid" {
			continue
		}
		if !strings.EqualFold(w[1], at.FS.Description().UUID) {
			v.fail(p.grubDir, "the core image looks for the file system %s, and %s is %s", w[1], at.Name, at.FS.Description().UUID)
		}
		return
	}
	if len(p.layers(at)) > 0 {
		p.logicalPrefix(v, device, at)
		return
	}
	_, part, _ := strings.Cut(device, ",")
	if part == "" {
		v.note("the core image finds its configuration by %q", c.prefix)
		return
	}
	n, err := strconv.Atoi(strings.TrimLeft(part, "abcdefghijklmnopqrstuvwxyz"))
	if err != nil || n != at.Number || at.Parent != p.disk.Volume {
		v.fail(p.grubDir, "the core image looks on partition %s, and the configuration is on %s", part, at.Name)
		v.repair("install the boot loader: grub-install DISK")
	}
}

// loadable looks at the modules that a menu entry for Linux needs: normal, linux, and what they need.
func (p *prover) loadable(v *verdict, c *core) {
	dir := p.grubDir + "/" + p.platform + "/"
	depends, err := p.ReadFile(dir+"moddep.lst", maxList)
	if err != nil {
		v.unread(dir+"moddep.lst", err)
		return
	}
	if commands, err := p.ReadFile(dir+"command.lst", maxList); err != nil {
		v.unread(dir+"command.lst", err)
	} else if _, ok := c.modules["linux"]; !ok && !bytes.Contains(append([]byte{'\n'}, commands...), []byte("\nlinux: linux\n")) {
		v.fail(dir+"command.lst", "does not name the module of the command linux")
	}
	needs := map[string][]string{}
	for line := range strings.SplitSeq(string(depends), "\n") {
		name, list, _ := strings.Cut(line, ":")
		needs[name] = strings.Fields(list)
	}
	queue, seen := []string{"normal", "linux"}, map[string]bool{}
	for len(queue) > 0 && len(seen) < maxModules {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		queue = append(queue, needs[name]...)
		p.module(v, c, name)
	}
	v.holds("%d modules of GRUB are as its package has them", len(seen))
}

// module holds a module against the package's, or the core image's of the same name: modules of another version do not load.
func (p *prover) module(v *verdict, c *core, name string) {
	installed := p.grubDir + "/" + p.platform + "/" + path.Base(name) + ".mod"
	got, err := p.ReadFile(installed, maxList)
	inCore, isInCore := c.modules[name]
	switch {
	case err != nil && isInCore && errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		v.unread(installed, err)
		v.repair("install the boot loader: grub-install DISK")
	case isInCore && !bytes.Equal(got, inCore):
		v.fail(installed, "is another than in the core image: a core image does not start modules of another version")
	case isInCore:
	default:
		p.asPackaged(v, installed, got)
	}
}

func (p *prover) asPackaged(v *verdict, installed string, got []byte) {
	shipped := "/usr/lib/grub/" + p.platform + "/" + path.Base(installed)
	want, err := p.ReadFile(shipped, maxList)
	switch {
	case err == nil && bytes.Equal(got, want):
	case moduleName(got) != strings.TrimSuffix(path.Base(installed), ".mod"):
		v.fail(installed, "is no module of GRUB of this name")
		v.repair("install the boot loader: grub-install DISK")
	case errors.Is(err, fs.ErrNotExist):
		v.unknown(installed, "nothing vouches for it: %s does not exist", shipped)
	case err != nil:
		v.unread(shipped, err)
	default:
		v.unknown(installed, "differs from %s: damaged, or installed by another version", shipped)
		v.repair("install the boot loader: grub-install DISK")
	}
}

// volume is the volume of that name; the zero Volume where there is none.
func (p *prover) volume(name string) engine.Volume {
	for _, v := range p.machine.Volumes {
		if v.Name == name {
			return v
		}
	}
	return engine.Volume{}
}
