// Package exfat reads exFAT file systems (Microsoft, "exFAT file system specification", revision 1.00; where that leaves a choice, what
// Linux's fs/exfat does with the options that Debian mounts with).
//
// What exFAT does not say is as Linux shows it: everything belongs to root, directories have mode 0755, files too, without the write bits
// where the attribute for read-only is set. Times without a zone are taken as UTC. All nodes have one link.
//
// A node is the place of its first directory entry on the volume in units of 32 bytes, times two, and one more where the directory lies in
// one piece, so that its clusters are not in the table; the root is 1.
//
// Names are UTF-8; a surrogate without its other half is written as binread.WTF8 does. Lookup takes a name in any case, as the volume's
// table of capital letters has it, and ignores dots at the end, as Linux does.
//
// The checksums of the boot regions, of the table of capital letters and of directory entries are verified. Content beyond what was
// written (ValidDataLength) is zeros.
package exfat

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	rootNode   = 1
	cacheBytes = 4 << 20
)

// Format is the exFAT file system.
var Format = filesys.Format{
	Name:  "exfat",
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
	r        io.ReaderAt
	size     int64 // bytes of r
	pages    *binread.Pages
	boot     bootSector
	capitals map[rune]rune
	label    string
	guid     string
	free     int64 // bytes, or -1
	problems []filesys.Problem
	dirs     filesys.Listings
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the description's problems,
// not in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{r: r, size: size, pages: binread.NewPages(r, size, cacheBytes), free: -1}
	if err := f.findBootSector(); err != nil {
		return nil, fmt.Errorf("exfat: %w", err)
	}
	if have, want := f.size, f.boot.size(); have < want {
		f.problem(false, "the image ends at %d of %d bytes; what lay behind gives errors", have, want)
	}
	if f.boot.flags&flagDirty != 0 {
		f.problem(false, "the file system was not unmounted")
	}
	if f.boot.flags&flagFailed != 0 {
		f.problem(false, "the file system has recorded errors of its disk")
	}
	f.readRoot()
	return f, nil
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// readRoot reads what the root directory says of the volume: its label, its GUID, its bitmap and its table of capital letters.
func (f *FS) readRoot() {
	var bad binread.Errors // ReadDir says what is wrong
	var bitmap, capitals *entry
	f.entries(rootNode, &bad, func(e entry) bool {
		switch e.kind() {
		case kindBitmap:
			if bitmap == nil && e.raw[1]&1 == f.boot.active() {
				bitmap = &e
			}
		case kindCapitals:
			if capitals == nil {
				capitals = &e
			}
		case kindLabel:
			c := binread.Little(e.raw[2:])
			f.label = binread.WTF8(units(&c, min(int(e.raw[1]), maxLabel)))
		case kindGUID:
			c := binread.Little(e.raw[6:])
			f.guid = c.GUID().String()
		}
		return e.kind() != kindEnd
	})
	f.readCapitals(capitals)
	f.readBitmap(bitmap)
}

// Description says what the boot sector and the root directory say, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	d := filesys.Description{
		Type:      "exfat",
		UUID:      fmt.Sprintf("%04X-%04X", f.boot.serial>>16, f.boot.serial&0xffff),
		Label:     f.label,
		BlockSize: f.boot.clusterSize(),
		Size:      f.boot.size(),
		Free:      f.free,
		Problems:  slices.Clone(f.problems),
	}
	if f.guid != "" {
		d.Features = []string{"volume GUID " + f.guid}
	}
	return d
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return rootNode }
