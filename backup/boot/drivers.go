package boot

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

const maxDep = 16 << 20 // bytes of modules.dep and modules.builtin

// driver is a way to a disk: all of its modules are needed.
type driver struct {
	name    string
	modules []string
}

var (
	virtioBlk  = driver{"virtio_blk", []string{"virtio_blk", "virtio_pci"}}
	virtioSCSI = driver{"virtio_scsi", []string{"virtio_scsi", "virtio_pci", "sd_mod"}}
	nvme       = driver{"nvme", []string{"nvme"}}
	pvscsi     = driver{"vmw_pvscsi", []string{"vmw_pvscsi", "sd_mod"}}
	mptspi     = driver{"mptspi", []string{"mptspi", "sd_mod"}}
	mptsas     = driver{"mptsas", []string{"mptsas", "sd_mod"}}
	ahci       = driver{"ahci", []string{"ahci", "sd_mod"}}
	piix       = driver{"ata_piix", []string{"ata_piix", "sd_mod"}}
	storvsc    = driver{"hv_storvsc", []string{"hv_storvsc", "sd_mod"}}
	xenBlk     = driver{"xen_blkfront", []string{"xen_blkfront"}}
)

// targets are the drivers of which a guest needs one, by what it would run on.
var targets = map[string][]driver{
	"kvm":    {virtioBlk, virtioSCSI},
	"vmware": {pvscsi, mptspi, mptsas, ahci, nvme},
	"hyperv": {storvsc},
	"aws":    {nvme, xenBlk},
	"azure":  {storvsc},
	"gcp":    {virtioSCSI, nvme},
}

// any is what is looked for where no target is named.
var anyDisk = []driver{virtioBlk, virtioSCSI, nvme, pvscsi, mptspi, mptsas, ahci, piix, storvsc, xenBlk}

// Targets are what a guest can be proven to have the drivers for, sorted.
func Targets() []string { return slices.Sorted(maps.Keys(targets)) }

// fsModules are the modules of file systems whose name is another.
var fsModules = map[string]string{"ext2": "ext4", "ext3": "ext4", "fat": "vfat", "ntfs": "ntfs3"}

// drivers looks for the modules of the root file system and of a disk, in the initrd or built into the kernel.
func (p *prover) drivers(v *verdict, i *initrd) {
	have, others := i.modules(p.release)
	where := strings.Join(p.proof.Initrds, ", ")
	if len(have) == 0 && len(others) > 0 {
		v.fail(where, "has modules of %s, and the kernel is %s", strings.Join(others, ", "), p.release)
		v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
		return
	}
	k := &linked{have: have, files: i.files, release: p.release, builtin: map[string]bool{}, needs: map[string][]string{}, denied: denied(p.entry)}
	if !p.readLinked(v, k) {
		return
	}
	kind := p.Root.FS.Description().Type
	if other, ok := fsModules[kind]; ok {
		kind = other
	}
	if lacks := k.lacks(kind); lacks != "" {
		v.fail(where, "the root file system is %s, and the module %s is neither in it nor built into the kernel", kind, lacks)
		v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
	}
	p.mapped(v, k, where)
	p.disks(v, k, where)
	if k.loads {
		p.loadsModules(v, i, where)
	}
}

// loadsModules tells whether the initrd can load the modules that it needs.
func (p *prover) loadsModules(v *verdict, i *initrd, where string) {
	_, _, _, first := i.open("/sbin/modprobe")
	_, _, _, second := i.open("/usr/sbin/modprobe")
	if first != nil && second != nil {
		v.fail(where, "has modules to load, and no modprobe")
	}
	for _, dir := range []string{"lib/modules/", "usr/lib/modules/"} {
		if i.sizes[dir+p.release+"/modules.dep"] > 0 {
			return
		}
	}
	v.fail(where, "has modules to load, and no list of what they need: modules.dep of %s", p.release)
	v.repair("make the initrd again: update-initramfs -u -k %s, or dracut --force", p.release)
}

// disks looks for a driver of the disks of the target.
func (p *prover) disks(v *verdict, k *linked, where string) {
	wanted := anyDisk
	if p.opts.Target != "" {
		wanted = targets[p.opts.Target]
	}
	var lacks []string
	for _, d := range anyDisk {
		lack := ""
		for _, m := range d.modules {
			if lack == "" {
				lack = k.lacks(m)
			}
		}
		switch {
		case lack == "":
			p.proof.Drivers = append(p.proof.Drivers, d.name)
		case slices.ContainsFunc(wanted, func(w driver) bool { return w.name == d.name }):
			lacks = append(lacks, d.name)
		}
	}
	if len(lacks) < len(wanted) {
		v.holds("drivers of disks: %s", strings.Join(p.proof.Drivers, ", "))
		return
	}
	on := "any disk"
	if p.opts.Target != "" {
		on = "the disks of " + p.opts.Target
	}
	v.fail(where, "has no driver of %s, nor has the kernel: want one of %s", on, strings.Join(lacks, ", "))
	v.repair("add the driver to the initrd, in /etc/initramfs-tools/modules or by dracut --add-drivers, and make it again")
}

// linked are the modules that a kernel finds: built in, or in the initrd.
type linked struct {
	have    map[string]string // by name: the file in the initrd
	files   map[string][]byte
	release string
	builtin map[string]bool
	needs   map[string][]string // modules.dep, by name
	denied  map[string]string   // by name: the argument of the kernel that keeps it out
	loads   bool                // a module of the initrd is needed
}

// readLinked reads what depmod(8) and the build of the kernel wrote. It returns false where that is not there.
func (p *prover) readLinked(v *verdict, k *linked) bool {
	dir := "/lib/modules/" + p.release + "/"
	builtin, err := p.ReadFile(dir+"modules.builtin", maxDep)
	if err != nil {
		v.unread(dir+"modules.builtin", err)
		return false
	}
	for line := range strings.SplitSeq(string(builtin), "\n") {
		if name, ok := moduleOf(line); ok {
			k.builtin[name] = true
		}
	}
	dep, err := p.ReadFile(dir+"modules.dep", maxDep)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.unread(dir+"modules.dep", err)
		return false
	}
	for line := range strings.SplitSeq(string(dep), "\n") {
		file, list, _ := strings.Cut(line, ":")
		name, ok := moduleOf(file)
		if !ok {
			continue
		}
		for _, need := range strings.Fields(list) {
			if n, ok := moduleOf(need); ok {
				k.needs[name] = append(k.needs[name], n)
			}
		}
	}
	return true
}

// lacks returns the first module that name needs and that is nowhere, or "".
func (k *linked) lacks(name string) string {
	for _, m := range append(k.needs[name], name) {
		if k.builtin[m] {
			continue
		}
		file, ok := k.have[m]
		if !ok || k.denied[m] != "" || !isModuleFile(file, k.files[file]) {
			return m
		}
		k.loads = true
	}
	return ""
}

// isModuleFile tells a module by how it begins.
func isModuleFile(file string, content []byte) bool {
	magic := "\x7fELF"
	switch {
	case strings.HasSuffix(file, ".xz"):
		magic = "\xfd7zXZ\x00"
	case strings.HasSuffix(file, ".zst"):
		magic = "\x28\xb5\x2f\xfd"
	case strings.HasSuffix(file, ".gz"):
		magic = "\x1f\x8b"
	}
	return bytes.HasPrefix(content, []byte(magic))
}
