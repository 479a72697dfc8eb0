// Package fat reads FAT12, FAT16 and FAT32 file systems with the long names of VFAT (Microsoft, "FAT: General Overview of
// On-Disk Format", 1.03; where that leaves a choice, what Linux's fs/fat does with the options that Debian mounts with).
//
// What FAT does not say is as Linux shows it: everything belongs to root, directories have mode 0755, files too, without the
// write bits where the attribute for read-only is set. Times are local times of an unknown zone on the disk, and are taken as UTC. All
// nodes have one link.
//
// A node is the place of its short directory entry on the volume, in units of 32 bytes; the root is 1.
//
// Names are UTF-8. Short names are in code page 437, and in lower case where the entry says so. A surrogate without its other
// half is written as three bytes of its own, which are not valid UTF-8, so that no two names become one. Lookup takes a name
// in any case of the letters A to Z, the short name of what has a long one, and ignores dots at the end, as vfat does.
//
// The file allocation table is read from its active copy. Where a copy says something else, the file system is tainted.
package fat

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	rootNode = 1

	pageSize  = 4 << 10 // bytes that are read at once of the table and of directory entries
	pageCount = 1 << 10
)

// Format is the FAT12, FAT16 and FAT32 file system.
var Format = filesys.Format{
	Name:  "vfat",
	Probe: probe,
	Open: func(r io.ReaderAt, size int64) (filesys.FS, error) {
		f, err := Open(r, size)
		if err != nil {
			return nil, err
		}
		return f, nil
	},
}

// FS is an open file system. It implements filesys.FS.
type FS struct {
	device   device
	boot     bootSector
	label    string
	free     int64 // bytes, or -1
	problems []filesys.Problem
	dirs     filesys.Listings
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the
// description's problems, not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{device: device{r: r, size: size, pages: binread.NewCache(pageCount)}, free: -1}
	if err := f.findBootSector(); err != nil {
		return nil, fmt.Errorf("fat: %w", err)
	}
	f.describeState()
	if f.boot.usedTable() <= maxSurvey {
		f.free = f.surveyTable(f.problem)
	}
	f.label = f.volumeLabel()
	return f, nil
}

// findBootSector reads the boot sector, or the copy that FAT32 keeps when that is damaged.
func (f *FS) findBootSector() error {
	boot, err := readBootSector(&f.device, 0)
	if err == nil {
		f.boot = boot
		return nil
	}
	copied, off, found := findBackup(&f.device)
	if !found {
		return fmt.Errorf("boot sector: %w", err)
	}
	f.boot = copied
	f.problem(true, "boot sector: %v; the copy at %#x is used", err, off)
	return nil
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// describeState turns what the boot sector and the table say of the file system's health into problems.
func (f *FS) describeState() {
	b := &f.boot
	if have, want := f.device.size, b.size(); have < want {
		f.problem(false, "the image ends at %d of %d bytes; what lay behind gives errors", have, want)
	}
	if b.clusters < b.declared {
		f.problem(false, "the file allocation table has room for %d clusters, and the volume has %d", b.clusters, b.declared)
	}
	dirty, failed := b.state&stateDirty != 0, false
	if clean, working := b.healthBits(); clean != 0 {
		health, err := f.entry(1)
		dirty = dirty || err == nil && health&clean == 0
		failed = err == nil && health&working == 0
	}
	if dirty {
		f.problem(false, "the file system was not unmounted")
	}
	if failed {
		f.problem(false, "the file system has recorded errors of its disk")
	}
}

// Description says what the boot sector says, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	return filesys.Description{
		Type:      "vfat",
		UUID:      f.boot.uuid(),
		Label:     f.label,
		BlockSize: f.boot.blockSize(),
		Size:      f.boot.size(),
		Free:      f.free,
		Features:  []string{fmt.Sprintf("FAT%d", f.boot.bits)},
		Problems:  slices.Clone(f.problems),
	}
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return rootNode }
