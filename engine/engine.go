// Package engine is the collector: it opens disk images, finds what is in them, and gathers facts about the guests.
//
// Bytes flow one way: file, image, volume, file system, guest, facts. The lists of what is known at each stage are
// literals in formats.go and collectors.go.
package engine

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/guestctl/guestctl/engine/appliance"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
)

// Options say how to open a machine.
type Options struct {
	// Snapshot is the id or name of an internal snapshot of the image; "" is the current state.
	Snapshot string
	// AllowDirs are directories in which the images may have their backing files, beside their own directory.
	AllowDirs []string
	// Keys open encrypted volumes.
	Keys []volume.Key
	// Headers are files that hold the headers of encrypted volumes.
	Headers []Header
	// MaxUnpacked is how many bytes the compressed images may have together when they are unpacked; 0 is image.DefaultRoom.
	MaxUnpacked int64
	// Cache keeps facts from one run to the next; nil keeps nothing.
	Cache *cache.Cache
}

// Header names the file that holds the header of a volume.
type Header struct {
	Device string // as volume.Volume.Called has it
	File   string
}

// Machine is a set of disks that were opened, with what was found on them.
type Machine struct {
	Disks   []Disk
	Volumes []Volume // disks first, then what was found in them, in the order of discovery
	Guests  []*guest.Guest
	// Appliances are the descriptions that named disks; most machines have none.
	Appliances []*appliance.Machine
	// Problems is what went wrong with the machine as a whole, beyond the errors of single volumes.
	Problems []string
	// Identity tells the state of the disks when they were opened.
	Identity Identity

	cache    *cache.Cache
	snapshot string
	files    []*image.File // that the images consist of
	closers  []io.Closer   // files, and headers of volumes, that are this machine's to close
}

// Disk is one open image.
type Disk struct {
	Name string // of the file, as the user gave it
	Part string // the disk's name in the description or archive that the file is; "" where it is a disk itself
	// Parts is how many files the image was split into; 0 where it is whole.
	Parts int
	// Described is how many bytes the description says that the disk has; 0 where it says nothing.
	Described int64
	image.Image
}

// Volume is a volume with what was found in it.
type Volume struct {
	*volume.Volume
	Content string        // "gpt", "ext4", "LUKS"; "" when nothing was recognised
	Table   *volume.Table // not nil for a partition table, and for the first member of a volume group or array
	Set     string        // name of the volume group or array that it is a member of, or UUID of the file system on several volumes
	FS      filesys.FS    // not nil for a file system that was opened; of one on several volumes the first has it
	Err     error         // why the content could not be read
}

// Open opens the disks of one machine and finds its guests. An error is about a disk that cannot be opened at all: what
// is wrong with single volumes is on them. Close the machine after use.
func Open(ctx context.Context, disks []string, opts Options) (*Machine, error) {
	m := &Machine{cache: opts.Cache, snapshot: opts.Snapshot}
	w := newWitness()
	o := &opener{opts, w, &image.Room{Most: opts.MaxUnpacked, Interrupted: ctx.Err}, m}
	for _, name := range disks {
		if err := o.open(name); err != nil {
			return nil, errors.Join(err, m.Close())
		}
	}
	headers, err := o.headers()
	if err == nil {
		err = m.find(ctx, volume.Options{Keys: opts.Keys}, headers)
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.Identity = w.identity(time.Now())
	m.files = w.files
	return m, nil
}

// OpenDisks finds the guests on disks that are open already, such as what a guest made of its disks when it ran. Closing the machine
// closes the disks. Nothing of it is kept from one run to the next.
func OpenDisks(ctx context.Context, disks []Disk) (*Machine, error) {
	m := &Machine{Disks: disks}
	return m, m.find(ctx, volume.Options{}, nil)
}

// find finds what is on the disks. The error is that of the context.
func (m *Machine) find(ctx context.Context, opts volume.Options, headers []volume.Header) error {
	if err := m.discover(ctx, opts, headers); err != nil {
		return err
	}
	err := m.findGuests(ctx)
	for _, g := range m.Guests {
		g.Disks = m.describeDisks(g)
	}
	return err
}

// findGuests finds the guests on the volumes. The error is that of the context.
func (m *Machine) findGuests(ctx context.Context) error {
	volumes, composed := m.compose(m.fileSystems())
	guests, err := guest.Find(ctx, volumes)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		m.Problems = append(m.Problems, "search for operating systems: "+err.Error())
	}
	if m.Guests, err = m.booted(ctx, guests); err != nil {
		return err
	}
	for _, g := range m.Guests {
		composed[g.Root.Device].finish(g)
	}
	return nil
}

// ContainerOf names the container of the disk at an index: its format, and which disk it is where there are several.
func (m *Machine) ContainerOf(disk int) string {
	format := m.Disks[disk].Description().Format
	if len(m.Disks) == 1 {
		return format
	}
	return m.Volumes[disk].Name + " (" + format + ")"
}

// Files are the files of the host that the images consist of: each image before the files that it names. They are open until Close.
func (m *Machine) Files() []*image.File { return slices.Clone(m.files) }

// Close closes the images.
func (m *Machine) Close() error {
	var errs []error
	for _, d := range m.Disks {
		errs = append(errs, d.Close())
	}
	for _, f := range m.closers {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

func (m *Machine) fileSystems() []guest.Volume {
	var vs []guest.Volume
	for _, v := range m.Volumes {
		if v.FS == nil {
			continue
		}
		g := m.guestVolume(v.Volume)
		g.FS, g.Origin, g.Opened = v.FS, m.originOf(v.Volume), m.openedFrom(v.Volume)
		vs = append(vs, g)
	}
	return vs
}

// guestVolume is what a guest knows of a volume from outside.
func (m *Machine) guestVolume(v *volume.Volume) guest.Volume {
	g := guest.Volume{Device: v.Name, Number: v.Number, Disk: -1, Devices: v.Devices}
	if v.Number > 0 {
		g.PartUUID, g.PartLabel = v.UUID, v.Label
	}
	if p, ok := v.Bottom(0, 1); ok {
		g.Start = p.Off
	}
	// the kernel numbers partitions of disks alone: what is deeper inside has other names
	if v.Parent == nil || v.Number > 0 && v.Parent.Parent == nil {
		g.Disk = m.diskOf(v)
	}
	return g
}

func (m *Machine) diskOf(v *volume.Volume) int {
	for v.Parent != nil {
		v = v.Parent
	}
	for i := range m.Disks {
		if m.Volumes[i].Volume == v {
			return i
		}
	}
	return -1
}
