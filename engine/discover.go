package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/volume"
)

const (
	maxNesting = 8    // volumes inside each other
	maxVolumes = 1024 // of one machine
)

// discover probes the disks, and every volume it finds, until nothing new turns up.
func (m *Machine) discover(ctx context.Context, opts volume.Options, headers []volume.Header) error {
	d := discovery{Machine: m, opts: opts, headers: headers, sets: map[string]*set{}, files: map[volume.Place]bool{}}
	for i, disk := range m.Disks {
		name := "disk"
		if len(m.Disks) > 1 {
			name = fmt.Sprintf("disk%d", i+1)
		}
		d.add(&volume.Volume{ReaderAt: disk, Name: name, Size: disk.Size()})
	}
	for i := 0; ; {
		for ; i < len(m.Volumes); i++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			d.look(ctx, i)
		}
		if !d.openSet(ctx) {
			d.stray()
			return ctx.Err()
		}
	}
}

// discovery is one search for volumes.
type discovery struct {
	*Machine
	opts    volume.Options
	headers []volume.Header
	sets    map[string]*set       // by format and name
	files   map[volume.Place]bool // where the files lie that are volumes
	full    bool
}

// set is what was found of a volume group, an array, or a file system on several devices.
type set struct {
	rank    int   // of the format in Volumes, behind which are those of FileSystems
	members []int // in Machine.Volumes
	opened  bool
	open    func(ctx context.Context, members []int)
}

func (d *discovery) add(v *volume.Volume) { d.Volumes = append(d.Volumes, Volume{Volume: v}) }

// look finds out what is in a volume.
func (d *discovery) look(ctx context.Context, i int) {
	v := d.Volumes[i]
	if v.Content, v.Err = d.identify(ctx, i, &v); v.Volume.Err != nil {
		v.Err = v.Volume.Err
	}
	d.Volumes[i] = v
	d.addTable(v)
	d.addFiles(v)
}

// addTable adds the volumes of a table to what is to be looked at.
func (d *discovery) addTable(v Volume) {
	if v.Table == nil {
		return
	}
	for _, child := range v.Table.Volumes {
		if !d.room(v, child) {
			return
		}
		child.Name = d.childName(v, child)
		d.add(child)
	}
}

// room reports whether there may be another volume. Where there is none the first time, it says so.
func (d *discovery) room(parent Volume, child *volume.Volume) bool {
	if !d.full && (len(d.Volumes) == maxVolumes || depth(child) > maxNesting) {
		d.Problems = append(d.Problems, fmt.Sprintf("%s: more than %d volumes, or more than %d inside each other: the rest is not read",
			parent.Name, maxVolumes, maxNesting))
		d.full = true
	}
	return !d.full
}

// childName makes the local name of a volume unique. That of a partition follows the name of its parent where there are several
// disks, or where it is inside of another volume; a set has a name of its own, unless another set has the same.
func (d *discovery) childName(parent Volume, child *volume.Volume) string {
	switch {
	case parent.Name == "disk", parent.Table.Name != "" && !d.named(child.Name):
		return child.Name
	case child.Number > 0 && parent.Table.Name == "":
		return parent.Name + child.Name
	}
	return parent.Name + "." + child.Name
}

func (d *discovery) named(name string) bool {
	return slices.ContainsFunc(d.Volumes, func(v Volume) bool { return v.Name == name })
}

// wait has a member of a set wait for the others.
func (d *discovery) wait(f volume.Format, rank, i int, v *Volume) error {
	name, err := f.Set(v.Volume)
	if err != nil {
		return err
	}
	s, err := d.join(f.Name, name, i, set{rank: rank, open: func(ctx context.Context, members []int) { d.openTable(ctx, f, members) }})
	if err != nil || f.Claims == nil {
		return err
	}
	for _, claimed := range f.Claims(v.Volume) {
		d.claim(s, f.Name+" "+claimed)
	}
	return nil
}

// join makes a volume a member of the set of that name, which is fresh where there is none yet.
func (d *discovery) join(format, name string, i int, fresh set) (*set, error) {
	key := format + " " + name
	s := d.sets[key]
	if s == nil {
		s = &fresh
		d.sets[key] = s
	}
	if s.opened {
		return nil, binread.Unsupported("%s: belongs to %s, which lies below it", format, name)
	}
	s.members = append(s.members, i)
	return s, nil
}

// claim makes the members of a set, those to come too, members of s.
func (d *discovery) claim(s *set, key string) {
	switch other := d.sets[key]; {
	case other == s || other != nil && other.opened:
		return
	case other != nil:
		s.members = append(s.members, other.members...)
		slices.Sort(s.members)
		other.members, other.opened = nil, true
	}
	d.sets[key] = s
}

// openSet opens the next set that waits: of the format that stands first, since others may lie on it. It returns false when none waits.
func (d *discovery) openSet(ctx context.Context) bool {
	var next *set
	for _, s := range d.sets {
		if !s.opened && (next == nil || cmp.Or(cmp.Compare(s.rank, next.rank), cmp.Compare(s.members[0], next.members[0])) < 0) {
			next = s
		}
	}
	if next == nil || ctx.Err() != nil {
		return false
	}
	next.opened = true
	next.open(ctx, next.members)
	return true
}

// openTable opens the table of a set.
func (d *discovery) openTable(ctx context.Context, f volume.Format, of []int) {
	var members []*volume.Volume
	for _, i := range of {
		members = append(members, d.Volumes[i].Volume)
	}
	table, err := f.Open(ctx, members, d.opts)
	for n, i := range of {
		v := &d.Volumes[i]
		switch {
		case err != nil:
			v.Err = err
		case n == 0:
			v.Table, v.Set = table, table.Name
		default:
			v.Set = table.Name
		}
	}
	d.addTable(d.Volumes[of[0]])
}

func depth(v *volume.Volume) int {
	n := 0
	for ; v.Parent != nil; v = v.Parent {
		n++
	}
	return n
}

// identify opens the table or file system in v, or names what is there and why it cannot be read.
func (d *discovery) identify(ctx context.Context, i int, v *Volume) (content string, err error) {
	if v.Volume.Err != nil {
		return "", v.Volume.Err
	}
	if h, ok := d.headerOf(v.Volume); ok {
		return d.openDetached(ctx, v, h)
	}
	for rank, f := range Volumes() {
		ok, err := f.Probe(v, v.Size)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		if f.Set != nil {
			return f.Name, d.wait(f, rank, i, v)
		}
		v.Table, err = f.Open(ctx, []*volume.Volume{v.Volume}, d.opts)
		if err != nil {
			return f.Name, err
		}
		return f.Name, readBeside(v)
	}
	for n, f := range FileSystems() {
		ok, err := f.Probe(v, v.Size)
		if err != nil {
			return "", err
		}
		if ok {
			return d.openFileSystem(f, len(Volumes())+n, i, v)
		}
	}
	for _, s := range Signatures() {
		ok, err := s.Probe(v, v.Size)
		if err != nil {
			return "", err
		}
		if ok {
			return s.Name, unread(s)
		}
	}
	return "", nil
}

// readBeside says when the bytes of a table are those of a file system too: one of the two is left over or a decoy, and
// systems differ in which they take. A file system that has room for the table, as on a hybrid disc, is read as well.
func readBeside(v *Volume) error {
	for _, f := range FileSystems() {
		ok, err := f.Probe(v, v.Size)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		problem := volume.Problemf(volume.Ambiguous, "the same bytes hold the superblock of a file system (%s), which is not read", f.Name)
		switch fs, err := openBeside(f, v); {
		case err != nil:
			problem.Message += ": " + err.Error()
		case fs != nil:
			v.FS = fs
			problem.Message = fmt.Sprintf("the same bytes are a file system (%s), which is read too", f.Name)
		}
		v.Table.Problems = append(v.Table.Problems, problem)
	}
	return nil
}

// openBeside opens a file system whose system area has the table. It returns nil where the table was made for something else, and the
// file system is what was there before: where it neither begins in a partition nor has all of them in it.
func openBeside(f filesys.Format, v *Volume) (filesys.FS, error) {
	if f.SystemArea == 0 {
		return nil, nil
	}
	fs, err := f.Open(v, v.Size)
	if err != nil {
		return nil, err
	}
	outside := 0
	for _, p := range v.Table.Volumes {
		if p.Offset <= f.SystemArea {
			return fs, nil
		}
		if size := fs.Description().Size; p.Offset > size || p.Size > size-p.Offset {
			outside++
		}
	}
	if outside > 0 {
		return nil, nil
	}
	return fs, nil
}

// unread is why something that was recognised is not read; nil where there is nothing to read.
func unread(s Signature) error {
	switch {
	case s.Kind == nil:
		return nil
	case errors.Is(s.Kind, binread.ErrEncrypted):
		return binread.WithHint(binread.Encrypted("%s: encrypted", s.Name), "this version reads no encrypted volumes: give it the decrypted disk")
	}
	return binread.WithHint(binread.Unsupported("%s: not read by this version", s.Name), "see what this version reads with: guestctl version --formats")
}
