// Package image defines what a disk image is: bytes of a virtual disk, whatever container they come in.
//
// Each container format is one package below this one. A format is recognised by its magic number, never by the name of
// its file.
package image

import (
	"io"

	"github.com/guestctl/guestctl/engine/binread"
)

// Image is an open disk image. ReadAt is safe for concurrent use and reads the guest's bytes; holes read as zeros.
type Image interface {
	io.ReaderAt
	io.Closer
	Size() int64              // of the virtual disk, in bytes
	Description() Description // what the container says of itself
}

// Extenter is implemented by images that know which ranges are holes, so that readers can skip them.
type Extenter interface {
	// Extent returns the longest known extent that starts at off and ends at off+n or before. An off at or beyond the
	// end gives an empty extent.
	Extent(off, n int64) (Extent, error)
}

// Extent is a run of guest bytes that are all data or all zeros.
type Extent struct {
	Off, Len int64 // bytes
	Zero     bool  // reads as zeros: a hole, or a cluster marked zero
}

// Description is what a container says of itself, for people and for the intact check.
type Description struct {
	Format      string     // "raw", "qcow2"
	Version     string     // of the format: "3"
	ClusterSize int64      // bytes; 0 when the format has none
	Used        int64      // bytes of data the container holds, its backing files not counted; -1 when not known
	Compression string     // of compressed clusters: "zlib", "zstd"
	Within      []string   // what the container was compressed with as a whole, the outermost first
	Backing     []string   // names in the chain of backing files, the nearest first
	Snapshots   []Snapshot // internal snapshots
	Problems    []string   // such as a dirty or corrupt bit
}

// Snapshot is an internal snapshot of an image.
type Snapshot struct {
	ID   string
	Name string
	Size int64 // of the virtual disk at that time, in bytes
}

// Options say how to open an image.
type Options struct {
	// Sibling opens another file an image names: a backing file or a data file.
	Sibling Sibling
	// Snapshot is the id or name of an internal snapshot; "" is the current state.
	Snapshot string
	// Inside opens the image that is inside of a compressed one; nil takes it for the bytes of a disk.
	Inside func(r io.ReaderAt, size int64) (Image, error)
	// Room is how much may be unpacked; nil is DefaultRoom for this image alone.
	Room *Room
}

// Sibling opens the file that an image calls name. A format other than "" is the format the naming image says the file
// has, and nothing is probed. It refuses names outside the allowed directories and chains that are too long
// (binread.ErrRefused, binread.ErrLimit).
type Sibling func(name, format string) (Image, error)

// Raw is the format of a file that is the bytes of a disk, or of a piece of one, and nothing else: it names no other file.
const Raw = "raw"

// Format is one container format.
type Format struct {
	Name  string
	Alias string // what QEMU calls it in images that name files, where that is another word
	Probe binread.Probe
	// Open reads the container whose file is r, of size bytes. It does not close r.
	Open func(r io.ReaderAt, size int64, opts Options) (Image, error)
}
