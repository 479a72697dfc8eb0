package engine

import (
	"context"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/volume"
)

// InspectionSchema names the version of an Inspection as JSON.
const InspectionSchema = "guestctl.inspection/1"

// Inspection says what an image is: its container, its volumes as a tree, and its operating systems.
type Inspection struct {
	Schema  string            `json:"schema"`
	Image   string            `json:"image"`
	Disk    InspectedDisk     `json:"disk"`  // the first
	Disks   []InspectedDisk   `json:"disks"` // all, in the order of the machine
	Volumes []InspectedVolume `json:"volumes"`
	Systems []InspectedSystem `json:"systems"`
	// Roots are those on file systems that no system boots from.
	Roots []InspectedRoot `json:"roots,omitempty"`
	// Machines are the descriptions that named disks.
	Machines []InspectedMachine `json:"machines,omitempty"`
	Problems []string           `json:"problems"`
}

// InspectedDisk is the container of a disk.
type InspectedDisk struct {
	Device      string              `json:"device"` // of the volume that it is: "disk", "disk2"
	Image       string              `json:"image"`
	Part        string              `json:"part,omitempty"`   // the disk's name in the description or archive that the image is
	Parts       int                 `json:"parts,omitempty"`  // files that the image was split into
	Within      []string            `json:"within,omitempty"` // what it was compressed with as a whole, the outermost first
	Format      string              `json:"format"`
	Version     string              `json:"version,omitempty"`
	Size        int64               `json:"size"` // of the virtual disk, in bytes
	Used        int64               `json:"used"` // bytes the container holds; -1 when not known
	ClusterSize int64               `json:"cluster_size,omitempty"`
	Compression string              `json:"compression,omitempty"`
	Backing     []string            `json:"backing"`
	Snapshots   []InspectedSnapshot `json:"snapshots"`
	Problems    []string            `json:"problems"`
}

// InspectedMachine is what a description says of the machine.
type InspectedMachine struct {
	Format      string   `json:"format"` // "ova", "ovf", "libvirt"
	Name        string   `json:"name"`
	Manifest    string   `json:"manifest,omitempty"`    // the file with the digests of the others
	Certificate string   `json:"certificate,omitempty"` // the file with a signature, which is not verified
	Notes       []string `json:"notes"`                 // what was left out
}

// InspectedSnapshot is an internal snapshot of a disk.
type InspectedSnapshot struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size int64  `json:"size"` // of the virtual disk at that time, in bytes
}

// InspectedVolume is a disk, a partition, or what is inside one.
type InspectedVolume struct {
	Name     string   `json:"name"`
	Parent   string   `json:"parent,omitempty"`
	File     string   `json:"file,omitempty"` // path in the parent of the file that it is
	Size     int64    `json:"size"`           // bytes
	Offset   int64    `json:"offset"`         // in the parent, in bytes
	Kind     string   `json:"kind,omitempty"`
	PartUUID string   `json:"partuuid,omitempty"`
	Label    string   `json:"partlabel,omitempty"`
	Active   bool     `json:"active,omitempty"`
	Content  string   `json:"content,omitempty"` // "gpt", "ext4", "LUKS"
	UUID     string   `json:"uuid,omitempty"`    // of the table or file system
	FSLabel  string   `json:"label,omitempty"`
	Free     *int64   `json:"free,omitempty"` // bytes
	Features []string `json:"features,omitempty"`
	Set      string   `json:"set,omitempty"`     // the volume group or array that it is a member of, or the UUID of the file system that lies on it and others
	Members  []string `json:"members,omitempty"` // what it lies on where that is more than its parent
	Devices  []string `json:"devices,omitempty"` // paths by which a running guest knows it
	Mounts   []string `json:"mounts,omitempty"`  // where it is mounted; with "ROOT:" before it where there are several systems
	Error    string   `json:"error,omitempty"`   // why the content could not be read
	Problems []string `json:"problems,omitempty"`
}

// InspectedSystem is an operating system, with what it mounts.
type InspectedSystem struct {
	Root     string           `json:"root"`             // device; of one of several systems on it, with its path
	Path     string           `json:"path,omitempty"`   // from the top of its file system, where that holds several roots
	Layers   []string         `json:"layers,omitempty"` // volumes that the root lays over each other, the upper first
	OS       *facts.OS        `json:"os" jsonschema:"nullable"`
	Hostname string           `json:"hostname,omitempty"`
	Mounts   []InspectedMount `json:"mounts"`
	Problems []string         `json:"problems,omitempty"`
	Others   []InspectedRoot  `json:"others,omitempty"` // roots on its device that do not boot, the oldest first
}

// InspectedMount is one mount of an operating system.
type InspectedMount struct {
	Target string `json:"target"`
	Source string `json:"source"`
	Device string `json:"device,omitempty"`
	FSType string `json:"fstype"`
	// Subvolume is the path from the top of the file system to what is mounted.
	Subvolume string `json:"subvolume,omitempty"`
	Error     string `json:"error,omitempty"` // why it is not mounted
}

// Inspect describes the machine's disks and what was found on them.
func (m *Machine) Inspect(ctx context.Context, now time.Time) (*Inspection, error) {
	var disks []InspectedDisk
	for i, d := range m.Disks {
		disks = append(disks, inspectDisk(m.Volumes[i].Name, d))
	}
	in := &Inspection{
		Schema: InspectionSchema, Image: m.Disks[0].Name, Disk: disks[0], Disks: disks,
		Volumes: []InspectedVolume{}, Systems: []InspectedSystem{}, Problems: m.Problems,
	}
	for _, a := range m.Appliances {
		one := InspectedMachine{Format: a.Format, Name: a.Name, Notes: append([]string{}, a.Notes...)}
		if a.Package != nil {
			one.Manifest, one.Certificate = a.Package.Manifest, a.Package.Certificate
		}
		in.Machines = append(in.Machines, one)
	}
	for _, v := range m.Volumes {
		in.Volumes = append(in.Volumes, inspectVolume(v))
	}
	for _, g := range m.Guests {
		doc, err := m.Facts(ctx, g, facts.Request{Domains: []string{"os", "hostname"}}, now)
		if err != nil {
			return nil, err
		}
		s := InspectedSystem{Root: g.Name, Path: g.Tree.Name, Layers: g.Root.Layers}
		s.OS, _ = facts.Get[facts.OS](doc, "os")
		if h, ok := facts.Get[facts.Hostname](doc, "hostname"); ok {
			s.Hostname = h.Value
		}
		for _, mt := range g.Mounts {
			s.Mounts = append(s.Mounts, InspectedMount{mt.Target, mt.Source, mt.Device, mt.FSType, mt.Subvolume, mt.Unread})
		}
		for _, p := range g.Problems {
			s.Problems = append(s.Problems, p.Path+": "+p.Message)
		}
		in.Systems = append(in.Systems, s)
	}
	in.addMounts()
	return in, in.addRoots(ctx, m)
}

// addMounts tells of each volume where it is mounted.
func (in *Inspection) addMounts() {
	at := map[string]int{}
	for i, v := range in.Volumes {
		at[v.Name] = i
	}
	for _, s := range in.Systems {
		of := ""
		if len(in.Systems) > 1 {
			of = s.Root + ":"
		}
		for _, layer := range s.Layers {
			if layer != s.Root {
				in.Volumes[at[layer]].Mounts = append(in.Volumes[at[layer]].Mounts, of+"/")
			}
		}
		for _, m := range s.Mounts {
			if i, ok := at[m.Device]; ok && m.Error == "" {
				in.Volumes[i].Mounts = append(in.Volumes[i].Mounts, of+m.Target)
			}
		}
	}
}

func inspectDisk(device string, opened Disk) InspectedDisk {
	d := opened.Description()
	disk := InspectedDisk{
		Device: device, Image: opened.Name, Part: opened.Part, Parts: opened.Parts, Within: d.Within,
		Format: d.Format, Version: d.Version, Size: opened.Size(), Used: d.Used, ClusterSize: d.ClusterSize, Compression: d.Compression,
		Backing: d.Backing, Snapshots: []InspectedSnapshot{}, Problems: d.Problems,
	}
	for _, s := range d.Snapshots {
		disk.Snapshots = append(disk.Snapshots, InspectedSnapshot(s))
	}
	return disk
}

func inspectVolume(v Volume) InspectedVolume {
	in := InspectedVolume{
		Name: v.Name, Parent: nameOf(v.Parent), Size: v.Size, Offset: v.Offset, Kind: v.Kind, Label: v.Label,
		File: v.File, Active: v.Active, Content: v.Content, Set: v.Set, Devices: v.Devices,
	}
	if v.Number > 0 {
		in.PartUUID = v.UUID
	}
	for _, m := range v.Members {
		in.Members = append(in.Members, m.Name)
	}
	if v.Err != nil {
		in.Error = v.Err.Error()
	}
	if v.Table != nil {
		in.UUID, in.Problems = v.Table.UUID, v.Table.Messages()
	}
	if v.FS != nil {
		d := v.FS.Description()
		in.UUID, in.FSLabel, in.Features = d.UUID, d.Label, d.Features
		if d.Free >= 0 {
			in.Free = &d.Free
		}
		for _, p := range d.Problems {
			in.Problems = append(in.Problems, p.Message)
		}
	}
	return in
}

// describeDisks is what a guest's facts about disks are made of.
func (m *Machine) describeDisks(g *guest.Guest) []guest.Disk {
	disks := make([]guest.Disk, len(m.Disks))
	for i, v := range m.Volumes {
		in := inspectVolume(v)
		d := guest.Disk{
			Device: in.Name, Number: v.Number, Size: in.Size, Kind: in.Kind, PartUUID: in.PartUUID, PartLabel: in.Label,
			Encrypted: v.Encrypted(), Devices: slices.Concat(v.Devices, g.Names[v.Name]),
			Content: in.Content, UUID: in.UUID, Label: in.FSLabel, Unread: in.Error,
		}
		if i < len(disks) {
			disks[i] = d
			continue
		}
		at := m.diskOf(v.Volume)
		disks[at].Parts = append(disks[at].Parts, d)
	}
	return disks
}

func nameOf(v *volume.Volume) string {
	if v == nil {
		return ""
	}
	return v.Name
}
