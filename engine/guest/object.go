package guest

import (
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// Object is one file, directory or other object of the guest.
type Object struct {
	filesys.Stat
	Path   string // with every link resolved
	Device string // of the volume it is on
	Apart  string // in a walk: why the directory is not entered; "" when it is

	place  place
	stream string // its name, where the object is one
}

// File is an open regular file.
type File struct {
	filesys.File
	Object
}

// Size is the length of the file's content in bytes.
func (f *File) Size() int64 { return f.File.Size() }

// Open opens the content of a regular file. Devices, FIFOs and sockets are never opened.
func (o Object) Open() (*File, error) {
	if !o.IsRegular() {
		return nil, o.wrap("open", fmt.Errorf("%w: is a %s, want a file", fs.ErrInvalid, filesys.TypeName(o.Mode)))
	}
	f, err := o.content()
	if f == nil {
		return nil, o.wrap("open", err)
	}
	return &File{f, o}, first(o.taint("open"), o.wrap("open", err))
}

// ReadAll returns the content of a regular file. One of more than maxBytes is binread.ErrLimit.
func (o Object) ReadAll(maxBytes int64) ([]byte, error) {
	f, err := o.Open()
	return f.all(err, maxBytes)
}

// all reads a file that was opened with an error, or without one.
func (f *File) all(err error, maxBytes int64) ([]byte, error) {
	if f == nil {
		return nil, err
	}
	b, readErr := binread.ReadAt(f, 0, f.Size(), maxBytes)
	if readErr != nil {
		readErr = &fs.PathError{Op: "read", Path: f.Path, Err: readErr}
	}
	return b, first(err, readErr)
}

// ReadLink returns the target of a symbolic link as it stands.
func (o Object) ReadLink() (string, error) {
	target, err := o.place.at.fs.ReadLink(o.place.node)
	return target, first(o.wrap("readlink", err), o.taint("readlink"))
}

// Xattrs returns the extended attributes by full name.
func (o Object) Xattrs() (map[string][]byte, error) {
	attrs, err := o.place.at.fs.Xattrs(o.place.node)
	return attrs, first(o.wrap("getxattr", err), o.taint("getxattr"))
}

func (o Object) wrap(op string, err error) error { return wrap(op, o.Path, o.place, err) }

func (o Object) taint(op string) error { return o.wrap(op, o.place.at.taint) }
