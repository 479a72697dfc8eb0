package guest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/hive"
)

const (
	letterPrefix = `\DosDevices\`
	volumePrefix = `\??\`
	maxDrives    = 4096 // names that a guest remembers, most of them of disks long gone
	gptMark      = "DMIO:ID:"
)

// Drive is a letter that a Windows guest remembers.
type Drive struct {
	Letter string // "C:"
	Path   string // where it is in the guest's tree: "/" of the system drive, "/D:" of another; "" of what is no disk
	Device string // of the volume; "" when it is on none of the disks
	Unread string // why it is not there
}

// drive is a name of a volume, in lower case: "d:", or "volume{…}" of a mount point.
type drive struct {
	name string
	at   *mounted
}

// mountDrives gives the volumes the names that MountedDevices has. The system drive is the root, and the others are beside what is in
// it: no name on it can hold a colon.
func (g *Guest) mountDrives(h *hive.Hive, volumes []Volume) error {
	key, err := h.Key("MountedDevices")
	if errors.Is(err, fs.ErrNotExist) {
		g.Drives = []Drive{{Letter: "C:", Path: "/", Device: g.Root.Device}} // as sysprep leaves it: the next start gives letters anew
		g.doubtDrives = true
		return nil
	}
	if err != nil {
		return err
	}
	values, err := key.Values()
	if len(values) > maxDrives {
		return binread.Limit("more than %d names of volumes", maxDrives)
	}
	slices.SortStableFunc(values, func(a, b hive.Value) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	for _, v := range values {
		g.mountDrive(v, volumes)
	}
	if !slices.ContainsFunc(g.Drives, func(d Drive) bool { return d.Path == "/" }) {
		g.Drives = slices.Insert(g.Drives, 0, Drive{Letter: "C:", Path: "/", Device: g.Root.Device})
	}
	return err
}

func (g *Guest) mountDrive(v hive.Value, volumes []Volume) {
	letter, isLetter := strings.CutPrefix(v.Name, letterPrefix)
	name, isVolume := strings.CutPrefix(v.Name, volumePrefix)
	if isLetter {
		name = letter
	} else if !isVolume || !strings.HasPrefix(name, "Volume{") {
		return
	}
	fits := partition(v.Data)
	i := -1
	if fits != nil {
		i = slices.IndexFunc(volumes, fits)
	}
	d := Drive{Letter: name, Path: "/" + name}
	switch {
	case fits == nil: // a disc, a stick: nothing that belongs to the machine
		d.Path = ""
	case i < 0:
		d.Unread = "is on none of these disks, or was not read"
		g.mountNamed(d, &mounted{device: name, unread: "drive " + name + " " + d.Unread}, isLetter)
	case volumes[i].Device == g.Root.Device:
		d.Path, d.Device = "/", g.Root.Device
		g.named = append(g.named, drive{strings.ToLower(name), g.mounts[0]})
		if isLetter {
			g.systemDrive = strings.ToLower(name)
		}
	default:
		d.Device = volumes[i].Device
		g.mountNamed(d, newMounted(volumes[i], 0), isLetter)
	}
	if isLetter {
		g.Drives = append(g.Drives, d)
	}
}

func (g *Guest) mountNamed(d Drive, at *mounted, isLetter bool) {
	g.named = append(g.named, drive{strings.ToLower(d.Letter), at})
	if !isLetter {
		return
	}
	m := Mount{Target: d.Path, Source: "drive " + strings.TrimSuffix(d.Letter, ":"), Device: d.Device, Unread: d.Unread}
	if at.fs != nil {
		m.FSType = at.fs.Description().Type
	}
	g.Mounts, g.mounts = append(g.Mounts, m), append(g.mounts, at)
}

// partition returns the test for the partition that a value of MountedDevices names: a GPT partition by its GUID, or one of an MBR by the
// disk's signature and where it begins. It is nil for what is no partition, such as a disc.
func partition(data []byte) func(Volume) bool {
	c := binread.Little(data)
	switch {
	case len(data) == len(gptMark)+16 && strings.HasPrefix(string(data), gptMark):
		guid := c.At(len(gptMark)).GUID().String()
		return func(v Volume) bool { return strings.EqualFold(v.PartUUID, guid) }
	case len(data) == 12:
		signature, start := fmt.Sprintf("%08x-", c.U32()), c.U64()
		return func(v Volume) bool {
			return strings.HasPrefix(strings.ToLower(v.PartUUID), signature) && start <= 1<<62 && v.Start == int64(start)
		}
	}
	return nil
}

// beside returns the volume that a name in the root stands for, beside what is in it.
func (g *Guest) beside(dir place, name string) (*mounted, bool) {
	if g.System != Windows || dir.at != g.mounts[0] || dir.node != g.mounts[0].root || !strings.HasSuffix(name, ":") && !strings.HasSuffix(name, "}") {
		return nil, false
	}
	name = strings.ToLower(name)
	i := slices.IndexFunc(g.named, func(d drive) bool { return d.name == name })
	if i < 0 {
		return nil, false
	}
	return g.named[i].at, true
}

// inDoubt reports whether a volume may be called so that is not known under the name.
func (g *Guest) inDoubt(name string) bool {
	return g.System == Windows && (g.doubtDrives && strings.HasSuffix(name, ":") || strings.HasPrefix(strings.ToLower(name), "volume{"))
}

// letters are the drives that stand beside what is in a directory: those of the guest's root.
func (g *Guest) letters(dir place) []Drive {
	if g.System != Windows || dir.at != g.mounts[0] || dir.node != g.mounts[0].root {
		return nil
	}
	var beside []Drive
	for _, d := range g.Drives {
		if d.Path != "" && d.Path != "/" {
			beside = append(beside, d)
		}
	}
	return beside
}
