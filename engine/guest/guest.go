// Package guest gives the root view of an operating system inside an image: one tree, put together as the guest's own
// fstab says, in which every link is resolved and none can leave.
//
// It is the only place where links and mount points are resolved. Paths are the guest's own, absolute, and bytes rather
// than text: a name that is not UTF-8 can be opened like any other. Nothing here ever touches the host.
//
// # What could not be read
//
// A path below a mount point whose file system is on none of the disks is ErrUnread: it may exist. A method may return a
// value together with an error of kind binread.ErrChecksum, as package filesys says; everything on a file system with a
// tainting problem comes with one.
package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/image"
)

// ErrUnread is the kind of errors about paths on a volume that could not be opened.
var ErrUnread = errors.New("on a volume that was not read")

// maxHops is how many links one path may pass, as Linux has it (MAXSYMLINKS, path_resolution(7)).
const maxHops = 40

// Volume is a file system that was found on the disks.
type Volume struct {
	Device    string // as volume.Volume names it: "p2"
	Number    int    // of the partition; 0 when the file system is on the bare disk
	Disk      int    // index of the disk that it is or that it is a partition of, from 0; -1 for what is neither
	PartUUID  string
	PartLabel string
	Devices   []string // as volume.Volume has them: "/dev/mapper/rl-root"
	Start     int64    // where it begins on its disk, in bytes
	FS        filesys.FS
	Layers    []string // volumes that FS lays over each other, the upper first; nil for what is one
	// Opened is the encrypted volume that this one was opened from; nil where it lies plainly.
	Opened *Volume
	// Origin tells where the n bytes at off of the volume come from, as image.Tracer does; nil where nobody knows.
	Origin func(off, n int64) (image.Origin, bool)
}

// Guest is one operating system.
type Guest struct {
	System System
	Root   Volume
	Tree   Tree // of the root's file system
	// Name is what --root calls it: the device of its root, and for one of several on it "p2:@/.snapshots/2/snapshot".
	Name     string
	Mounts   []Mount   // in the order of mounting; the first is the root
	Problems []Problem // what went wrong while the tree was put together
	Disks    []Disk    // of the machine the guest is on
	// Names are the paths below /dev that the guest gives to volumes it decrypts, by their Device.
	Names map[string][]string
	// SystemRoot is the directory that Windows is in, and Drives the letters it remembers; a guest of another kind has none.
	SystemRoot string
	Drives     []Drive

	mounts []*mounted
	over   map[place]*mounted // what is mounted over a directory

	nowhere     map[name]string // names that are missing and lead to a mount point, with why nothing is mounted there
	named       []drive         // volumes beside what is in the root
	systemDrive string          // letter of the root, in lower case: "c:"
	doubtDrives bool            // whether letters may be missing

	doubt error // of kind ErrUnread: what is missing may be on another volume; nil when fstab was read whole
}

// Mount is one entry of the guest's tree.
type Mount struct {
	Target string // guest path
	Source string // as fstab names it
	FSType string // as fstab says
	Device string // of the volume that was mounted; "" when it was not read
	// Subvolume is the path from the top of the file system to the tree that was mounted; "" where it holds one, and for the top itself.
	Subvolume string
	Unread    string // why nothing is mounted here although fstab says so; "" when it is
	Line      int    // of fstab; 0 for the root
}

// Problem is something that went wrong, with the guest path and line it is about.
type Problem struct {
	Path    string
	Line    int
	Message string
}

// Entry is one name in a directory.
type Entry struct {
	Name string
	Type fs.FileMode // as filesys.DirEntry has it
}

// mounted is a volume at its place in the tree.
type mounted struct {
	device string
	fs     filesys.FS
	root   filesys.Node
	origin func(off, n int64) (image.Origin, bool)
	taint  error  // not nil when nothing from this file system is to be believed
	unread string // not "" when there is no file system: the reason
}

// place is one object of the tree.
type place struct {
	at   *mounted
	node filesys.Node
}

// name is one name in a directory.
type name struct {
	dir  place
	name string
}

// Stat describes what path leads to.
func (g *Guest) Stat(path string) (Object, error) { return g.stat("stat", path, true) }

// Lstat describes what is at path, which may be a link itself.
func (g *Guest) Lstat(path string) (Object, error) { return g.stat("lstat", path, false) }

// Resolve returns the path that path leads to, without links.
func (g *Guest) Resolve(path string) (string, error) {
	_, t, err := g.resolve("resolve", path, true)
	return t.path(), err
}

// ReadLink returns the target of the link at path as it stands.
func (g *Guest) ReadLink(path string) (string, error) {
	p, t, err := g.resolve("readlink", path, false)
	if err != nil && !damaged(err) {
		return "", err
	}
	target, readErr := p.at.fs.ReadLink(p.node)
	return target, first(err, wrap("readlink", t.path(), p, readErr))
}

// ReadDir lists the directory at path in the order of the names' bytes. Entries that could be read come with an error
// about those that could not.
func (g *Guest) ReadDir(path string) ([]Entry, error) {
	p, t, err := g.resolve("readdir", path, true)
	if err != nil && !damaged(err) {
		return nil, err
	}
	list, readErr := p.at.fs.ReadDir(p.node)
	entries := make([]Entry, 0, len(list))
	for _, e := range list {
		entries = append(entries, Entry{e.Name, e.Type})
	}
	for _, d := range g.letters(p) {
		entries = append(entries, Entry{d.Path[1:], fs.ModeDir})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, first(err, wrap("readdir", t.path(), p, readErr))
}

// Open opens the regular file that path leads to. Devices, FIFOs and sockets are never opened.
func (g *Guest) Open(path string) (*File, error) {
	p, t, err := g.resolve("open", path, true)
	if err != nil && !damaged(err) {
		return nil, err
	}
	st, statErr := p.at.fs.Stat(p.node)
	if statErr != nil && !damaged(statErr) {
		return nil, wrap("open", t.path(), p, statErr)
	}
	f, openErr := Object{Stat: st, Path: t.path(), Device: p.at.device, place: p}.Open()
	return f, first(err, wrap("open", t.path(), p, statErr), openErr)
}

// ReadFile returns the content of the regular file that path leads to. A file of more than maxBytes is
// binread.ErrLimit.
func (g *Guest) ReadFile(path string, maxBytes int64) ([]byte, error) {
	f, err := g.Open(path)
	return f.all(err, maxBytes)
}

func (g *Guest) stat(op, path string, follow bool) (Object, error) {
	p, t, err := g.resolve(op, path, follow)
	if err != nil && !damaged(err) {
		return Object{}, err
	}
	st, statErr := p.at.fs.Stat(p.node)
	return Object{Stat: st, Path: t.path(), Device: p.at.device, place: p}, first(err, wrap(op, t.path(), p, statErr))
}

// wrap says which path and which volume an error is about.
func wrap(op, path string, p place, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := TaintOf(err); !ok && damaged(err) && p.at != nil {
		err = fmt.Errorf("%s: %w", p.at.device, err)
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// damaged tells an error that comes with a value.
func damaged(err error) bool { return errors.Is(err, binread.ErrChecksum) }

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
