package boot

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/finding"
)

func partNumber(v engine.Volume) string { return strconv.Itoa(v.Number) }

// kernelName are the kernel's names for disks and partitions, which depend on the machine: sda1, vdb, nvme0n1p2, mmcblk0p1.
var kernelName = regexp.MustCompile(`^/dev/(?:(?:[shv]|xv)d([a-z])|nvme(\d+)n1|mmcblk(\d+))p?(\d*)$`)

// buildOnly are devices that only the machine has that made the image.
var buildOnly = regexp.MustCompile(`^/dev/(?:loop\d+(?:p\d+)?|nbd\d+(?:p\d+)?|mapper/loop\d+(?:p\d+)?)$`)

// source is what a name of a file system came to.
type source struct {
	found []engine.Volume
	// doubt says why it is not known whether there is such a file system; "" when it is.
	doubt string
	// moves is set when another machine may call another device so.
	moves bool
}

// resolve finds the volumes of this machine that name means: a tag of fstab(5) and root=, or a device.
func (p *prover) resolve(name string) source {
	device := name
	if by, rest, ok := strings.Cut(strings.TrimPrefix(name, "/dev/disk/by-"), "/"); ok && strings.HasPrefix(name, "/dev/disk/by-") {
		name = strings.ToUpper(by) + "=" + rest
	}
	tag, value, tagged := strings.Cut(name, "=")
	value = strings.Trim(value, `"'`)
	named := func(v engine.Volume) bool { return slices.Contains(v.Devices, device) }
	var fits func(engine.Volume) bool
	inside := false // asks for what a file system says, which is known of those that are read only
	moves := false
	switch m := kernelName.FindStringSubmatch(name); {
	case tagged && value == "":
		return source{}
	case tagged && tag == "UUID":
		inside = true
		fits = func(v engine.Volume) bool { return v.FS != nil && strings.EqualFold(v.FS.Description().UUID, value) }
	case tagged && tag == "LABEL":
		inside = true
		fits = func(v engine.Volume) bool { return v.FS != nil && v.FS.Description().Label == value }
	case tagged && tag == "PARTUUID":
		fits = func(v engine.Volume) bool { return v.UUID != "" && v.Number > 0 && strings.EqualFold(v.UUID, value) }
	case tagged && tag == "PARTLABEL":
		fits = func(v engine.Volume) bool { return v.Number > 0 && v.Label == value }
	case m != nil:
		moves = true
		disk, number := p.diskNamed(m[1], m[2]+m[3]), m[4]
		fits = func(v engine.Volume) bool {
			return disk != nil && (number == "" && v.Volume == disk.Volume || v.Parent == disk.Volume && partNumber(v) == number)
		}
	case slices.ContainsFunc(p.machine.Volumes, named):
		fits = named
	default:
		return source{doubt: "whether the guest has " + name + " is not known"}
	}
	s := source{moves: moves, found: slices.DeleteFunc(slices.Clone(p.machine.Volumes), func(v engine.Volume) bool { return !fits(v) })}
	if len(s.found) == 0 && inside {
		s.doubt = p.unreadVolumes()
	}
	return s
}

// diskNamed is the disk that the kernel would call so, when it finds them in our order.
func (p *prover) diskNamed(letter, digits string) *engine.Volume {
	n := -1
	if letter != "" {
		n = int(letter[0] - 'a')
	} else if d, err := strconv.Atoi(digits); err == nil {
		n = d
	}
	if n < 0 || n >= len(p.machine.Disks) {
		return nil
	}
	return &p.machine.Volumes[n]
}

// unreadVolumes says which volumes may have any UUID and label, since they were not read; "" when there are none.
func (p *prover) unreadVolumes() string {
	var names []string
	for _, v := range p.machine.Volumes {
		if v.FS == nil && v.Table == nil && v.Set == "" && (v.Content != "" || v.Err != nil) {
			names = append(names, v.Name+" ("+v.Content+")")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "it may be on " + strings.Join(names, ", ") + ", which is not read"
}

// root looks at root= of the kernel.
func (p *prover) root(v *verdict) {
	a, ok := p.entry.Arg("root")
	at := location(p.entry.Source)
	if a.Source != nil {
		at = location(*a.Source)
	}
	p.proof.Root = a.Value
	v.place(at)
	if !ok || a.Value == "" {
		v.unknownAt(at, "no root= is given to the kernel: what the initrd takes is not known")
		return
	}
	p.mountsRoot(v, at, "root="+a.Value, a.Value)
	kind := p.Root.FS.Description().Type
	if a, ok := p.entry.Arg("rootfstype"); ok && !slices.ContainsFunc(strings.Split(a.Value, ","), func(t string) bool { return sameKind(t, kind) }) {
		v.failAt(at, "rootfstype=%s, and the root file system is %s", a.Value, kind)
	}
	if a, ok := p.entry.Arg("rootflags"); ok {
		v.optioned(at, "rootflags="+a.Value, kind, strings.Split(a.Value, ","))
	}
	p.mountable(v)
	p.writable(v)
	p.mountPoints(v)
}

// mountPoints looks for the directories without which no init gets far. Copies of a running system often lack them.
func (p *prover) mountPoints(v *verdict) {
	for _, dir := range []string{"/dev", "/proc", "/sys", "/run"} {
		o, err := p.Stat(dir)
		switch {
		case err != nil:
			v.unread(dir, err)
			v.repair("mkdir %s", dir)
		case !o.IsDir():
			v.fail(dir, "is no directory")
		}
	}
}

// mountsRoot tells whether name is the file system of the guest's root.
func (p *prover) mountsRoot(v *verdict, at finding.Location, what, name string) {
	s := p.resolve(name)
	switch {
	case buildOnly.MatchString(name):
		v.failAt(at, "%s is a device of the machine that made the image", what)
		v.repair("name it by its UUID: UUID=%s", p.Root.FS.Description().UUID)
	case len(s.found) > 1:
		v.unknownAt(at, "%s: %d volumes are called so, and which is taken is chance", what, len(s.found))
	case len(s.found) == 1 && s.found[0].Name == p.Root.Device:
		v.holds("%s is %s", what, p.Root.Device)
		if s.moves {
			v.note("%s holds on a machine that calls its disks so: other disk controllers have other names", what)
		}
	case len(s.found) == 1:
		v.failAt(at, "%s is %s, and the root of this guest is on %s", what, s.found[0].Name, p.Root.Device)
		v.repair("name it by its UUID: UUID=%s", p.Root.FS.Description().UUID)
	case s.doubt != "":
		v.unknownAt(at, "%s: %s", what, s.doubt)
	default:
		v.failAt(at, "%s is on none of the disks", what)
		v.repair("name it by its UUID: UUID=%s", p.Root.FS.Description().UUID)
	}
}

// mountable tells whether a kernel would mount the root file system.
func (p *prover) mountable(v *verdict) {
	at, d := p.volume(p.Root.Device), p.Root.FS.Description()
	p.partitionsBelow(v, at)
	if at.Volume != nil && d.Size > at.Size {
		v.fail("", "the file system on %s has %d bytes, and its volume %d: a kernel does not mount it", at.Name, d.Size, at.Size)
	}
	for _, problem := range d.Problems { // a boot checks it first, and may stop there
		v.unknown("", "%s: %s", p.Root.Device, problem.Message)
	}
}
