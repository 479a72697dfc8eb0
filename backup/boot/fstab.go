package boot

import (
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/finding"
)

// remote are file systems for which a boot to a login does not wait.
var remote = []string{"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "fuse.sshfs", "ncpfs", "afs"}

// virtual are file systems that need no disk.
var virtual = []string{
	"proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "configfs", "efivarfs", "bpf",
	"mqueue", "hugetlbfs", "ramfs", "autofs", "binfmt_misc", "rpc_pipefs", "fusectl", "overlay", "swap", "none",
}

// fstab looks at everything that systemd mounts before it starts the services (systemd-fstab-generator(8)).
func (p *prover) fstab(v *verdict) {
	mounts := factsOf[facts.Mounts](p, v, "mounts")
	if mounts == nil {
		return
	}
	rooted := false
	for _, m := range *mounts {
		if m.Source == nil || m.Origin != "fstab" && m.Origin != "unit" || m.Hidden != "" {
			continue
		}
		rooted = rooted || m.Target == "/"
		p.mount(v, m)
	}
	if !rooted {
		p.withoutRoot(v)
	}
}

// mount looks at the source of one mount.
func (p *prover) mount(v *verdict, m facts.Mount) {
	at := location(*m.Source)
	what := m.Target + " of " + m.Device
	switch {
	case m.Target == "/":
		p.mountsRoot(v, at, what, m.Device)
		v.optioned(at, what, p.Root.FS.Description().Type, m.Options)
		if m.ReadOnly {
			v.unknownAt(at, "%s is mounted read-only: whether the services stand that is not known", what)
		}
		return
	case !m.Auto || m.Automount || slices.Contains(m.Options, "nofail"):
		return
	case p.isFile(m):
		v.failAt(at, "%s is to be mounted on what is no directory: the boot ends in emergency mode", what)
		return
	case slices.Contains(remote, m.FSType) || slices.Contains(m.Options, "_netdev"):
		v.note("%s is on the network: not looked at", what)
		return
	case m.Bind:
		p.bound(v, at, m)
		return
	case slices.Contains(virtual, m.FSType):
		v.optioned(at, what, m.FSType, m.Options)
		return
	}
	v.optioned(at, what, m.FSType, m.Options)
	s := p.resolve(m.Device)
	switch {
	case buildOnly.MatchString(m.Device):
		v.failAt(at, "%s is a device of the machine that made the image", what)
	case len(s.found) > 1:
		v.unknownAt(at, "%s: %d volumes are called so", what, len(s.found))
	case len(s.found) == 1:
		v.holds("%s is %s", what, s.found[0].Name)
		if x := s.found[0]; x.FS == nil {
			v.unknownAt(at, "%s: what is on %s is not read", what, x.Name)
		} else if kind := x.FS.Description().Type; !sameKind(m.FSType, kind) {
			v.failAt(at, "%s is to be mounted as %s, and is %s", what, m.FSType, kind)
		}
		if doubt := p.brought(s.found[0]); doubt != "" {
			v.unknownAt(at, "%s: %s", what, doubt)
		}
		if s.moves {
			v.note("%s holds on a machine that calls its disks so", what)
		}
	case s.doubt != "":
		v.unknownAt(at, "%s: %s", what, s.doubt)
	default:
		v.failAt(at, "%s is on none of the disks: the boot ends in emergency mode", what)
		v.repair("take the line out, or give it the option nofail")
	}
}

// sameKind reports whether a kernel mounts a file system as the type that fstab has.
func sameKind(wanted, kind string) bool {
	ext := []string{"ext2", "ext3", "ext4"}
	return wanted == "auto" || wanted == kind || slices.Contains(ext, wanted) && slices.Contains(ext, kind)
}

// isFile reports whether something other than a directory is where a file system is to be mounted.
func (p *prover) isFile(m facts.Mount) bool {
	o, err := p.Stat(m.Target)
	return err == nil && !o.IsDir() && !m.Bind
}

func (p *prover) bound(v *verdict, at finding.Location, m facts.Mount) {
	if _, err := p.Stat(m.Device); err != nil {
		v.failAt(at, "%s is bound to %s: %v", m.Target, m.Device, err)
		return
	}
	v.holds("%s is bound to %s", m.Target, m.Device)
}

// withoutRoot is for an fstab that does not name the root: it stays as the kernel or the initrd mounted it.
func (p *prover) withoutRoot(v *verdict) {
	const fstab = "/etc/fstab"
	if p.entry == nil {
		v.unknown(fstab, "does not name the root, and what the kernel is told is not known")
		return
	}
	_, rw := p.entry.Arg("rw")
	_, ro := p.entry.Arg("ro")
	switch {
	case rw && !ro:
		v.holds("the kernel mounts the root writable, and fstab names no other")
	case ro:
		v.fail(fstab, "does not name the root, which the kernel is told to mount read-only: it stays so")
		v.repair("name the root: %s", strings.Join([]string{"UUID=" + p.Root.FS.Description().UUID, "/", p.Root.FS.Description().Type, "defaults 0 1"}, " "))
	default:
		v.unknown(fstab, "does not name the root, and whether the initrd mounts it writable is not known")
	}
}
