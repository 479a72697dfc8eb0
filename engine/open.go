package engine

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/guestctl/guestctl/engine/appliance"
	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/parts"
)

// maxWrappings is how many compressions may be inside each other.
const maxWrappings = 3

// opener opens the disks of a machine.
type opener struct {
	opts    Options
	witness *witness
	room    *image.Room // for what is unpacked
	machine *Machine
}

// open adds what is in the file called name: a disk, or the disks of the machine that it describes.
func (o *opener) open(name string) error {
	f, err := image.OpenFile(name)
	if err != nil {
		return err
	}
	o.machine.closers = append(o.machine.closers, f)
	r := o.witness.watch(f)
	described, err := o.described(name, f, r)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case described:
		return nil
	}
	disk := Disk{Name: name}
	whole, err := o.joined(name, f, r, &disk)
	if err == nil {
		disk.Image, err = o.image(f, whole, "", o.opts.AllowDirs)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	o.machine.Disks = append(o.machine.Disks, disk)
	return nil
}

// sized is a reader that knows how many bytes it has.
type sized interface {
	io.ReaderAt
	Size() int64
}

// joined returns the disk whose first part is f, or f itself, which is read through r.
func (o *opener) joined(name string, f *image.File, r *watchedFile, disk *Disk) (sized, error) {
	files := o.files(f)
	d, why, err := parts.Join(f.Name(), r, parts.Beside{
		Has: f.Has, List: f.Beside,
		Begins: func(name string, n int64) ([]byte, error) { return o.begins(f, name, n) },
		Open:   func(name string) (parts.File, error) { return files(name) },
	})
	if why != "" {
		o.machine.Problems = append(o.machine.Problems, name+": "+why)
	}
	if d == nil || err != nil {
		return r, err
	}
	disk.Parts = d.Parts()
	return d, nil
}

// begins reads the first n bytes of a file beside f, which is no file of the machine by that.
func (o *opener) begins(f *image.File, name string, n int64) ([]byte, error) {
	other, err := image.Dirs{Allowed: o.opts.AllowDirs}.Files(f)(name)
	if err != nil {
		return nil, err
	}
	b, err := binread.ReadAt(other, 0, min(n, other.Size()), n)
	return b, errors.Join(err, other.Close())
}

// files opens files that belong to f, by the rule for files that an image names. They are open as long as the machine.
func (o *opener) files(f *image.File) func(name string) (*watchedFile, error) {
	open := image.Dirs{Allowed: o.opts.AllowDirs}.Files(f)
	return func(name string) (*watchedFile, error) {
		named, err := open(name)
		if err != nil {
			return nil, err
		}
		o.machine.closers = append(o.machine.closers, named)
		return o.witness.watch(named), nil
	}
}

// image opens the image in r, which is f or begins with it. A format other than "" is what a description says it has.
func (o *opener) image(f *image.File, r sized, format string, allowed []string) (image.Image, error) {
	dirs := image.Dirs{Allowed: allowed, Open: func(r io.ReaderAt, size int64, format string, sibling image.Sibling) (image.Image, error) {
		if file, ok := r.(*image.File); ok {
			r = o.witness.watch(file)
		}
		return o.container(r, size, format, image.Options{Sibling: sibling})
	}}
	return o.container(r, r.Size(), format, image.Options{Sibling: dirs.Sibling(f), Snapshot: o.opts.Snapshot})
}

// described opens the disks of the machine that a file describes. It returns false where the file is no description.
func (o *opener) described(name string, f *image.File, r *watchedFile) (bool, error) {
	files := o.files(f)
	m, err := appliance.Open(appliance.Source{
		File: appliance.File{ReaderAt: r, Size: f.Size()}, Name: f.Name(),
		Files: func(name string) (appliance.File, error) {
			named, err := files(name)
			if err != nil {
				return appliance.File{}, err
			}
			return appliance.File{ReaderAt: named, Size: named.Size()}, nil
		},
	})
	if m == nil || err != nil {
		return false, err
	}
	o.machine.Appliances = append(o.machine.Appliances, m)
	o.machine.Problems = append(o.machine.Problems, m.Problems...)
	for _, d := range m.Disks {
		img, err := o.member(d, filepath.Dir(name))
		if err != nil {
			return false, fmt.Errorf("%q: %w", d.Name, err)
		}
		if d.Capacity > 0 && d.Capacity != img.Size() {
			o.machine.Problems = append(o.machine.Problems, fmt.Sprintf("%q: a disk of %d bytes, the description says %d", d.Name, img.Size(), d.Capacity))
		}
		o.machine.Disks = append(o.machine.Disks, Disk{Name: name, Part: d.Name, Described: d.Capacity, Image: img})
	}
	return true, nil
}

// member opens a disk that a description names. One that is part of an archive can name no other file.
func (o *opener) member(d appliance.Disk, dir string) (image.Image, error) {
	if f, ok := d.ReaderAt.(*watchedFile); ok {
		return o.image(f.File, f, d.Format, slices.Concat(o.opts.AllowDirs, []string{dir}))
	}
	return o.container(d, d.Size, d.Format, image.Options{Snapshot: o.opts.Snapshot, Sibling: func(string, string) (image.Image, error) {
		return nil, binread.Refused("a disk inside of an archive names no other file")
	}})
}

// container opens a container, and what is inside of one that was compressed.
func (o *opener) container(r io.ReaderAt, size int64, format string, opts image.Options) (image.Image, error) {
	opts.Room = o.room
	depth := 0
	opts.Inside = func(r io.ReaderAt, size int64) (image.Image, error) {
		if depth++; depth > maxWrappings {
			return nil, binread.Limit("more than %d compressions inside each other", maxWrappings)
		}
		return openContainer(r, size, "", opts)
	}
	return openContainer(r, size, format, opts)
}

// openContainer opens the container whose file is r. A format other than "" is what another image says the file is.
func openContainer(r io.ReaderAt, size int64, format string, opts image.Options) (image.Image, error) {
	for _, f := range Images() {
		if format != "" {
			if f.Name == format || f.Alias == format {
				return f.Open(r, size, opts)
			}
			continue
		}
		ok, err := f.Probe(r, size)
		if err != nil {
			return nil, err
		}
		if ok {
			return f.Open(r, size, opts)
		}
	}
	return nil, binread.Unsupported("format %q is not read by this version", format)
}
