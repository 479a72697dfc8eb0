// Package filesys defines a file system that is read from image bytes: read-only, by inode, never following a link.
//
// Each file system is one package below this one. Links, mount points and paths are the business of package guest: a file
// system only knows nodes. A directory entry carries the node it names, so that nothing walks a path twice, and names are
// bytes, so that a name that is not UTF-8 is reachable too.
//
// # Damage
//
// A method may return a value together with an error of kind binread.ErrChecksum: the value is complete as read and must
// not be believed. Callers that judge treat it as any other error; callers that show a person what is there may show
// both. A directory with a damaged block answers Lookup of a name it does not find with node 0 and an error of kind
// binread.ErrChecksum or binread.ErrCorrupt, never with fs.ErrNotExist.
package filesys

import (
	"io"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

// Node identifies a file, directory or other object within one file system: an inode number where there is one. 0 is no
// node.
type Node uint64

// FS is an open file system. All methods are safe for concurrent use.
type FS interface {
	Description() Description
	Root() Node
	// Stat describes a node.
	Stat(n Node) (Stat, error)
	// Lookup finds name in the directory dir. An absent name is fs.ErrNotExist.
	Lookup(dir Node, name string) (Node, error)
	// ReadDir lists the directory dir without "." and "..", in the order of their names' bytes. Entries that could be
	// read are returned even when err says that others could not.
	ReadDir(dir Node) ([]DirEntry, error)
	// ReadLink returns the target of a symbolic link as it stands.
	ReadLink(n Node) (string, error)
	// Open opens the content of a regular file.
	Open(n Node) (File, error)
	// Xattrs returns the extended attributes of a node by full name ("security.selinux"); nil when there are none.
	Xattrs(n Node) (map[string][]byte, error)
}

// File is the content of a regular file. ReadAt is safe for concurrent use; holes read as zeros.
type File interface {
	io.ReaderAt
	Size() int64 // bytes
}

// Mapped is implemented by files whose place on the volume is known.
type Mapped interface {
	// Runs calls each for the stretches of the volume that the content consists of, in order. It returns false where the content is
	// not just these bytes: kept in an inode, compressed, encrypted, or newer in a journal.
	Runs(each func(Run)) bool
}

// Run is a stretch of a file: n bytes at Off of the volume, or zeros that are nowhere.
type Run struct {
	Off, Len int64
	Zero     bool
}

// Description is what a file system says of itself.
type Description struct {
	Type      string // "ext4", as in fstab
	UUID      string // as blkid(8) writes it
	Label     string
	BlockSize int64 // bytes
	Size      int64 // bytes
	Free      int64 // bytes; -1 when not known
	Features  []string
	Problems  []Problem
}

// Problem is something wrong with a file system as a whole.
type Problem struct {
	Message string
	// Taints is set when every fact read from this file system is in doubt: a journal that could not be replayed, a
	// superblock whose checksum is wrong.
	Taints bool
}

// DirEntry is one name of a directory.
type DirEntry struct {
	Name string // bytes as they stand
	Node Node
	Type fs.FileMode // the type bits; fs.ModeIrregular when the directory does not say
}

// The bits of Stat.Mode, as POSIX stat(2) numbers them.
const (
	ModeType    = 0o170000
	ModeSocket  = 0o140000
	ModeSymlink = 0o120000
	ModeRegular = 0o100000
	ModeBlock   = 0o060000
	ModeDir     = 0o040000
	ModeChar    = 0o020000
	ModeFIFO    = 0o010000
	ModeSetUID  = 0o004000
	ModeSetGID  = 0o002000
	ModeSticky  = 0o001000
)

// Stat describes a node.
type Stat struct {
	Node         Node
	Mode         uint32 // st_mode as stored: type, setuid, setgid, sticky and permissions
	UID, GID     uint32
	Links        uint32
	Size         int64  // bytes
	Allocated    int64  // bytes on disk; -1 when not known
	Major, Minor uint32 // of a device node
	Generation   uint32
	Access       time.Time
	Modify       time.Time
	Change       time.Time
	Birth        time.Time // zero when the file system keeps none
	Flags        []string  // "immutable", "append", "encrypted", "casefold", "verity"
}

// IsDir reports whether the node is a directory.
func (s Stat) IsDir() bool { return s.Mode&ModeType == ModeDir }

// IsRegular reports whether the node is a regular file.
func (s Stat) IsRegular() bool { return s.Mode&ModeType == ModeRegular }

// IsSymlink reports whether the node is a symbolic link.
func (s Stat) IsSymlink() bool { return s.Mode&ModeType == ModeSymlink }

// IsDevice reports whether the node is a block or character device.
func (s Stat) IsDevice() bool { t := s.Mode & ModeType; return t == ModeBlock || t == ModeChar }

// FileMode returns the mode as io/fs numbers it.
func (s Stat) FileMode() fs.FileMode {
	m := fs.FileMode(s.Mode&0o777) | TypeOf(s.Mode)
	for _, bit := range []struct {
		raw uint32
		fs  fs.FileMode
	}{{ModeSetUID, fs.ModeSetuid}, {ModeSetGID, fs.ModeSetgid}, {ModeSticky, fs.ModeSticky}} {
		if s.Mode&bit.raw != 0 {
			m |= bit.fs
		}
	}
	return m
}

// TypeOf returns the type bits of a raw st_mode as io/fs numbers them. A type POSIX does not know is fs.ModeIrregular.
func TypeOf(mode uint32) fs.FileMode {
	switch mode & ModeType {
	case ModeRegular:
		return 0
	case ModeDir:
		return fs.ModeDir
	case ModeSymlink:
		return fs.ModeSymlink
	case ModeBlock:
		return fs.ModeDevice
	case ModeChar:
		return fs.ModeDevice | fs.ModeCharDevice
	case ModeFIFO:
		return fs.ModeNamedPipe
	case ModeSocket:
		return fs.ModeSocket
	}
	return fs.ModeIrregular
}

// TypeName names the type of a raw st_mode as facts and listings do.
func TypeName(mode uint32) string {
	switch mode & ModeType {
	case ModeRegular:
		return "file"
	case ModeDir:
		return "dir"
	case ModeSymlink:
		return "symlink"
	case ModeBlock:
		return "block"
	case ModeChar:
		return "char"
	case ModeFIFO:
		return "fifo"
	case ModeSocket:
		return "socket"
	}
	return "unknown"
}

// Format is one file system.
type Format struct {
	Name  string
	Probe binread.Probe
	// Open reads the file system whose bytes are r, of size bytes.
	Open func(r io.ReaderAt, size int64) (FS, error)
	// Set says of a device whether the file system on it lies on several: those that answer with one ID are opened together by OpenSet.
	// An empty ID is of a file system that lies on this device alone. It is nil for file systems that always do.
	Set func(r io.ReaderAt, size int64) (id string, err error)
	// OpenSet reads the file system that lies on the devices, of which some may be missing. It is nil where Set is.
	OpenSet func(devices []Device) (FS, error)
	// SystemArea is how many bytes at the start of its volume it leaves to others, such as a partition table: 0 for most.
	SystemArea int64
}

// Device is one of the devices that a file system lies on.
type Device struct {
	io.ReaderAt
	Name string // as people call it
	Size int64  // bytes
}
