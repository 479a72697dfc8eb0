package engine

import (
	"context"

	"github.com/guestctl/guestctl/engine/filesys"
)

// openFileSystem opens a file system, or has its volume wait for the others that it lies on.
func (d *discovery) openFileSystem(f filesys.Format, rank, i int, v *Volume) (content string, err error) {
	id := ""
	if f.Set != nil {
		if id, err = f.Set(v, v.Size); err != nil {
			return f.Name, err
		}
	}
	if id != "" {
		_, err = d.join(f.Name, id, i, set{rank: rank, open: func(_ context.Context, members []int) { d.openSpread(f, members) }})
		return f.Name, err
	}
	if v.FS, err = f.Open(v, v.Size); err != nil {
		return f.Name, err
	}
	return v.FS.Description().Type, nil
}

// openSpread opens a file system on several devices. The first of them has it, the others say that they belong to it.
func (d *discovery) openSpread(f filesys.Format, members []int) {
	var devices []filesys.Device
	for _, i := range members {
		v := d.Volumes[i]
		devices = append(devices, filesys.Device{ReaderAt: v, Name: v.Name, Size: v.Size})
	}
	fs, err := f.OpenSet(devices)
	for n, i := range members {
		v := &d.Volumes[i]
		if err != nil {
			v.Err = err
			continue
		}
		v.Content, v.Set = fs.Description().Type, fs.Description().UUID
		if n == 0 {
			v.FS = fs
		}
	}
}
