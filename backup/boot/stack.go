package boot

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/volume"
)

// layers are the volumes from v down to what a kernel finds by itself: disks, and partitions of disks. They have to be put together
// before v is there.
func (p *prover) layers(v engine.Volume) []engine.Volume {
	queue, all := []engine.Volume{v}, []engine.Volume{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if at.Volume == nil || at.Parent == nil || at.Number > 0 && at.Parent.Parent == nil {
			continue
		}
		if slices.ContainsFunc(all, func(seen engine.Volume) bool { return seen.Volume == at.Volume }) {
			continue
		}
		all = append(all, at)
		for _, below := range append([]*volume.Volume{at.Parent}, at.Members...) {
			queue = append(queue, p.volume(below.Name))
		}
	}
	return all
}

// disksBelow are the disks whose partitions a volume is or lies on.
func (p *prover) disksBelow(at engine.Volume) (all []engine.Volume) {
	for _, l := range append(p.layers(at), at) {
		if l.Volume == nil {
			continue
		}
		for _, below := range append([]*volume.Volume{l.Volume, l.Parent}, l.Members...) {
			if below == nil || below.Parent == nil || below.Parent.Parent != nil || below.Number == 0 {
				continue
			}
			disk := p.volume(below.Parent.Name)
			if !slices.ContainsFunc(all, func(seen engine.Volume) bool { return seen.Volume == disk.Volume }) {
				all = append(all, disk)
			}
		}
	}
	return all
}

// reachedByGRUB tells whether a core image has the modules for what a volume lies on. GRUB reads simple logical volumes (grub-core/disk/lvm.c).
func (p *prover) reachedByGRUB(v *verdict, c *core, at engine.Volume) {
	for _, disk := range p.disksBelow(at) {
		if table := map[string]string{"gpt": "part_gpt", "mbr": "part_msdos"}[disk.Content]; table != "" {
			p.embedded(v, c, table)
		}
	}
	for _, l := range p.layers(at) {
		switch kind := strings.TrimPrefix(l.Kind, "LVM "); {
		case isLogical(l) && (kind == "linear" || kind == "striped"):
			p.embedded(v, c, "diskfilter")
			p.embedded(v, c, "lvm")
		default:
			v.unknown("", "whether GRUB reads %s (%s) is not known", l.Name, l.Kind)
		}
		if g := p.groupOf(l); g != nil {
			for _, problem := range g.Problems {
				if problem.Meaning != volume.Cosmetic {
					v.unknown("", "whether GRUB reads %s is not known: %s", l.Name, problem.Message)
				}
			}
		}
	}
}

// logicalPrefix tells whether the core image looks on the logical volume that has the configuration: by the UUIDs of group and volume, or
// by their names.
func (p *prover) logicalPrefix(v *verdict, device string, at engine.Volume) {
	g := p.groupOf(at)
	wanted := []string{}
	if g != nil {
		wanted = append(wanted, "lvmid/"+g.UUID+"/"+at.UUID)
	}
	for _, d := range at.Devices {
		if name, ok := strings.CutPrefix(d, "/dev/mapper/"); ok {
			wanted = append(wanted, "lvm/"+name)
		}
	}
	switch {
	case slices.Contains(wanted, device):
	case strings.HasPrefix(device, "lvm"):
		v.fail(p.grubDir, "the core image looks on %s, and the configuration is on %s: %s", device, at.Name, strings.Join(wanted, ", "))
		v.repair("install the boot loader: grub-install DISK")
	default:
		v.unknown(p.grubDir, "the core image looks on %q, and the configuration is on %s", device, at.Name)
	}
}

// partitionsBelow tells whether the partitions are found that a volume lies on.
func (p *prover) partitionsBelow(v *verdict, at engine.Volume) {
	for _, disk := range p.disksBelow(at) {
		if disk.Volume != p.disk.Volume && disk.Volume != p.espDisk.Volume {
			p.partitioned(v, disk)
		}
	}
}

// isLogical tells a logical volume of LVM.
func isLogical(v engine.Volume) bool { return strings.HasPrefix(v.Kind, "LVM ") }

// groupOf is what is known of the group of a logical volume.
func (p *prover) groupOf(v engine.Volume) *volume.Table {
	for _, other := range p.machine.Volumes {
		if other.Table != nil && slices.Contains(other.Table.Volumes, v.Volume) {
			return other.Table
		}
	}
	return nil
}

// mapperModules are the modules of the kernel that map a logical volume.
func mapperModules(v engine.Volume) []string {
	modules := []string{"dm_mod"}
	for word, module := range map[string]string{"mirror": "dm_mirror", "raid": "dm_raid", "thin": "dm_thin_pool"} {
		if strings.HasPrefix(v.Kind, "LVM "+word) {
			modules = append(modules, module)
		}
	}
	if strings.HasPrefix(v.Kind, "LVM snapshot") {
		modules = append(modules, "dm_snapshot")
	}
	return modules
}

// assembled tells whether an initrd puts together what the root file system lies on. That is proven for LVM in an initrd of
// initramfs-tools whose udev activates groups; what others do is not looked at.
func (p *prover) assembled(v *verdict, i *initrd, c *closure, tools bool, tell func(string, error)) {
	where := strings.Join(p.proof.Initrds, ", ")
	for _, l := range p.layers(p.volume(p.Root.Device)) {
		switch {
		case !isLogical(l):
			v.unknown(where, "the root file system lies on %s (%s), and what puts that together is not looked at", l.Name, l.Kind)
		case !tools:
			v.unknown(where, "the root file system lies on %s (%s), and whether this initrd activates it is not looked at", l.Name, l.Kind)
		default:
			p.activated(v, i, c, l, tell)
		}
	}
}

// activated tells whether udev activates a logical volume in an initrd of initramfs-tools (lvm2, 69-lvm.rules).
func (p *prover) activated(v *verdict, i *initrd, c *closure, l engine.Volume, tell func(string, error)) {
	where := strings.Join(p.proof.Initrds, ", ")
	p.wholeGroup(v, l)
	if i.finds("/sbin/lvm") == "" {
		v.fail(where, "has no /sbin/lvm, and the root file system lies on %s (%s)", l.Name, l.Kind)
		v.repair("install lvm2, and make the initrd again: update-initramfs -u -k %s", p.release)
		return
	}
	c.add(i.finds("/sbin/lvm"), tell)
	for _, rule := range []struct{ name, has string }{
		{"55-dm.rules", "mapper/"}, {"56-lvm.rules", "LVM"}, {"60-persistent-storage.rules", "blkid"}, {"69-lvm.rules", "vgchange -aay"},
	} {
		if file := i.rule(rule.name); file == "" {
			v.unknown(where, "has no %s, by which udev activates %s: whether something else does is not known", rule.name, l.Name)
		} else if !bytes.Contains(i.files[file], []byte(rule.has)) && i.sizes[file] <= keptOfOther {
			v.unknown(where, "%s does not say %q: whether %s is activated is not known", file, rule.has, l.Name)
		}
	}
	p.configured(v, i, where)
	if strings.HasPrefix(l.Kind, "LVM thin") && i.finds("/usr/sbin/thin_check") == "" && i.finds("/sbin/thin_check") == "" {
		v.unknown(where, "has no thin_check, which LVM runs before it activates a thin pool")
	}
}

// rule is the file of a set of rules of udev; "" is none.
func (i *initrd) rule(name string) string {
	for _, dir := range []string{"etc/", "run/", "usr/lib/", "lib/"} {
		if file := dir + "udev/rules.d/" + name; i.sizes[file] > 0 {
			return file
		}
	}
	return ""
}

// wholeGroup tells whether LVM activates a volume by itself.
func (p *prover) wholeGroup(v *verdict, l engine.Volume) {
	if strings.HasSuffix(l.Kind, "not activated") {
		v.fail("", "%s is marked as one that is not activated by itself", l.Name)
		v.repair("lvchange --setactivationskip n --setautoactivation y %s", l.Name)
	}
	g := p.groupOf(l)
	if g == nil {
		v.unknown("", "the group of %s is not known", l.Name)
		return
	}
	for _, problem := range g.Problems {
		if problem.Meaning != volume.Cosmetic && problem.Meaning != volume.Unprotected {
			v.unknown("", "whether %s is activated is not known: %s", l.Name, problem.Message)
		}
	}
}

// choosing are the settings of lvm.conf(5) that keep volumes or disks out.
var choosing = []string{
	"filter", "global_filter", "types", "scan", "use_devicesfile", "volume_list", "auto_activation_volume_list", "activation_mode", "event_activation", "system_id_source", "scan_lvs",
}

// configured reads lvm.conf as the guest has it: initrds get a copy.
func (p *prover) configured(v *verdict, i *initrd, where string) {
	for _, name := range []string{"lvm.conf", "lvmlocal.conf"} {
		file := "/etc/lvm/" + name
		b, err := p.ReadFile(file, maxConf)
		size, there := i.sizes[file[1:]]
		switch {
		case err != nil && !there:
			continue
		case err != nil || !there || size != int64(len(b)) || !bytes.HasPrefix(b, i.files[file[1:]]):
			v.unknown(where, "%s is not the one of the guest", file)
			continue
		}
		for n, line := range strings.Split(string(b), "\n") {
			key, _, ok := strings.Cut(line, "=")
			if key = path.Base(strings.TrimSpace(key)); ok && slices.Contains(choosing, key) {
				v.unknown(file, "line %d sets %s: which disks and volumes LVM takes is not known", n+1, key)
			}
		}
	}
}

// mapped looks for the modules that map what the root file system lies on.
func (p *prover) mapped(v *verdict, k *linked, where string) {
	for _, l := range p.layers(p.volume(p.Root.Device)) {
		if !isLogical(l) {
			continue
		}
		for _, m := range mapperModules(l) {
			if lacks := k.lacks(m); lacks != "" {
				v.fail(where, "the root file system lies on %s (%s), and the module %s is neither in it nor built into the kernel", l.Name, l.Kind, lacks)
				v.repair("install lvm2, and make the initrd again: update-initramfs -u -k %s", p.release)
			}
		}
	}
}

// brought tells whether the booted guest puts together what a file system of fstab lies on; "" when it does.
func (p *prover) brought(at engine.Volume) string {
	for _, l := range p.layers(at) {
		if !isLogical(l) {
			return fmt.Sprintf("what puts %s (%s) together is not looked at", l.Name, l.Kind)
		}
		for _, file := range []string{"/sbin/lvm", "/lib/udev/rules.d/69-lvm.rules"} {
			if _, err := p.Stat(file); err != nil {
				return fmt.Sprintf("whether %s is activated is not known: %s: %v", l.Name, file, err)
			}
		}
		doubt := &verdict{}
		p.wholeGroup(doubt, l)
		if !doubt.ok() {
			return strings.Join(append(doubt.bad, doubt.doubts...), "; ")
		}
	}
	return ""
}
