// Package ntfs reads NTFS 3.x file systems (the structures as Linux-NTFS documents them, "NTFS Documentation", Russon and Fledel; LZNT1 as
// [MS-XCA] 2.5 and XPRESS as 2.2, reparse data as [MS-FSCC] 2.1.2; where they leave a choice, what ntfs-3g does with its default options).
//
// What NTFS does not say in terms of POSIX is as ntfs-3g shows it: everything belongs to root and has mode 0777, a directory has one link,
// and the files of the file system itself ($MFT and its like, the records below 16) are not listed. A file with a long name and a short
// one has the long one only, and is counted once as a link.
//
// A node is the number of a record of the master file table; the root is 5. A reference whose sequence number is not that of its record is
// damage: its name is listed with node 0.
//
// Names are UTF-8; half a surrogate pair is written as three bytes of its own. Lookup takes a name as it stands, and then in any case by
// the volume's own table. A named stream is an extended attribute "user." and its name, as ntfs-3g has them, up to 64 KiB.
//
// Symbolic links and junctions are links to their substitute name; in a relative one "\" is written "/". A link of WSL is a link. A file
// that WOF compressed ("compact OS") is read as Windows shows it. Any other file with reparse data has its content elsewhere
// (deduplicated, in a cloud, in a WIM): Open is binread.ErrUnsupported.
//
// Owners and access lists are those of a file itself (NTFS 1.2) or those of $Secure, whose hash is verified and whose copy is used.
//
// The log is not replayed: a file system that was not unmounted, or whose Windows hibernates, is tainted.
package ntfs

import (
	"fmt"
	"io"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// The records of the master file table that every volume has.
const (
	recordMFT    = 0
	recordMirror = 1
	recordLog    = 2
	recordVolume = 3
	recordRoot   = 5
	recordBitmap = 6
	recordBoot   = 7
	recordUpcase = 10
	firstUser    = 16 // ntfs-3g lists no record below
)

// Format is the NTFS file system.
var Format = filesys.Format{
	Name:  "ntfs",
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
	device   *device
	boot     bootSector
	mft      *filesys.Content
	upcase   []uint16
	label    string
	version  string
	free     int64 // bytes, or -1
	problems []filesys.Problem
	dirs     filesys.Listings
	secure   secure
}

var _ filesys.FS = (*FS)(nil)

// Open opens the file system whose bytes are r, of size bytes. Damage that leaves something readable is in the description's problems, not
// in the error.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	f := &FS{device: newDevice(r, size), free: -1}
	var err error
	if err = f.findBootSector(); err != nil {
		return nil, fmt.Errorf("ntfs: boot sector: %w", err)
	}
	if err = f.findMFT(); err != nil {
		return nil, fmt.Errorf("ntfs: $MFT: %w", err)
	}
	if have, want := size, f.boot.size(); have < want {
		f.problem(false, "the image ends at %d of %d bytes; what lay behind gives errors", have, want)
	}
	f.readVolume()
	f.checkLog()
	f.readUpcase()
	f.countFree()
	f.checkHibernation()
	return f, nil
}

func (f *FS) problem(taints bool, format string, args ...any) {
	f.problems = append(f.problems, filesys.Problem{Message: fmt.Sprintf(format, args...), Taints: taints})
}

// findMFT finds the master file table by its first record, or by the copy of that.
func (f *FS) findMFT() error {
	err := f.openMFT(f.boot.mft)
	if err == nil {
		return nil
	}
	if f.openMFT(f.boot.mirror) != nil {
		return err
	}
	f.problem(true, "the first record of $MFT: %v; that of $MFTMirr is used", err)
	return nil
}

// openMFT reads the first record of the table at a cluster. The rest of a table in many pieces is described by records in its first piece.
func (f *FS) openMFT(cluster int64) error {
	raw := make([]byte, f.boot.recordSize)
	if err := f.device.fill(raw, cluster*f.boot.clusterSize); err != nil {
		return err
	}
	rec, err := decodeRecord(raw, recordMFT)
	if err != nil {
		return err
	}
	direct := node{number: recordMFT, record: rec, attrs: rec.attrs}
	data := direct.stream(typeData, "")
	if data == nil || data.resident {
		return binread.Corrupt("no content")
	}
	f.mft = f.content(data)
	whole, err := f.complete(rec, recordMFT)
	if err != nil {
		return err
	}
	data = whole.stream(typeData, "")
	if data == nil || data.resident {
		return binread.Corrupt("no content")
	}
	f.mft = f.content(data)
	return nil
}

// Description says what the volume says of itself, and what is wrong with the file system as a whole.
func (f *FS) Description() filesys.Description {
	return filesys.Description{
		Type:      "ntfs",
		UUID:      fmt.Sprintf("%016X", f.boot.serial),
		Label:     f.label,
		BlockSize: f.boot.clusterSize,
		Size:      f.boot.size(),
		Free:      f.free,
		Features:  []string{"NTFS " + f.version},
		Problems:  slices.Clone(f.problems),
	}
}

// Root is the node of the root directory.
func (f *FS) Root() filesys.Node { return recordRoot }
