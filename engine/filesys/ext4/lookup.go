package ext4

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Lookup finds a name in a directory.
func (f *FS) Lookup(dir filesys.Node, name string) (filesys.Node, error) {
	in, sumErr := f.readInode(dir)
	if in.raw == nil {
		return 0, fmt.Errorf("ext4: inode %d: %w", dir, sumErr)
	}
	d, err := f.openDir(&in)
	if err != nil {
		return 0, fmt.Errorf("ext4: inode %d: %w", dir, err)
	}
	node, err := d.lookup(name)
	if sumErr != nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		err = sumErr
	}
	switch {
	case err == nil:
		return node, nil
	case errors.Is(err, fs.ErrNotExist):
		return 0, err
	}
	return node, fmt.Errorf("ext4: directory %d: %w", dir, err)
}

func (d *directory) lookup(name string) (filesys.Node, error) {
	if node, known := d.fs.fast.names[d.in.number][name]; known && node != 0 {
		return filesys.Node(node), nil
	} else if known || d.fs.fast.fresh[d.in.number] {
		return 0, fs.ErrNotExist
	}
	if name == "" || len(name) > 255 || name == "." || name == ".." {
		return 0, fs.ErrNotExist
	}
	var bad binread.Errors
	if d.indexed() && !d.in.has(flagCasefold) {
		node, err := d.lookupHash(name)
		if !errors.Is(err, errBadIndex) {
			return node, err
		}
		bad.Add(err)
	}
	return d.lookupLinear(name, &bad)
}

// lookupLinear looks at every block. Damage matters only where the name was not found in a good one.
func (d *directory) lookupLinear(name string, bad *binread.Errors) (filesys.Node, error) {
	var exact, folded uint32
	d.each(bad, func(b []byte) error {
		return d.parse(b, func(e dirent) bool {
			switch {
			case string(e.name) == name:
				exact = e.node
			case folded == 0 && d.in.has(flagCasefold) && bytes.EqualFold(e.name, []byte(name)):
				folded = e.node
			}
			return exact == 0
		})
	}, func() bool { return exact != 0 })
	node := exact
	if node == 0 {
		node = folded
	}
	if err := bad.Err(); err != nil {
		return filesys.Node(node), err
	}
	if node == 0 {
		return 0, fs.ErrNotExist
	}
	return filesys.Node(node), nil
}
