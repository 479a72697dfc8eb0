package btrfs

import (
	"maps"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// fixLinks counts the names of inodes, and removes those that have none.
func (r *replay) fixLinks() error {
	for len(r.fix) > 0 {
		some := slices.Sorted(maps.Keys(r.fix))
		r.fix = map[uint64]bool{}
		for _, id := range some {
			o, err := r.object(id)
			if err != nil {
				return err
			}
			if err := r.fixLink(o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *replay) fixLink(o *revised) error {
	n := o.links()
	switch {
	case o.inode == nil:
		return nil
	case n > maxLinks:
		return binread.Limit("inode %d: %d names, want at most %d", o.id, n, maxLinks)
	case n > 0:
		o.inode = slices.Clone(o.inode)
		putLittle(o.inode[40:44], uint64(n))
		return nil
	}
	for _, index := range slices.Sorted(maps.Keys(o.entries)) {
		if err := r.unlink(o, index); err != nil {
			return err
		}
	}
	*o = revised{id: o.id}
	return nil
}

// fixSizes works out the sizes of directories, and how many bytes files have on disk.
func (r *replay) fixSizes() {
	for _, o := range r.objects {
		if o.inode == nil {
			continue
		}
		o.inode = slices.Clone(o.inode)
		n := uint64(0)
		switch o.mode() {
		case filesys.ModeDir:
			for name := range o.names {
				n += 2 * uint64(len(name))
			}
			putLittle(o.inode[16:24], n)
		case filesys.ModeRegular:
			for _, one := range o.extents {
				if e, err := decodeExtent(one.key, one.data); err == nil && (e.inline != nil || e.disk != 0) {
					n += uint64(e.length)
				}
			}
			putLittle(o.inode[24:32], n)
		}
	}
}
