package iso9660

import (
	"cmp"
	"fmt"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const plainMode = 0o555 // of what has no mode

// object is a record with what Rock Ridge says of it.
type object struct {
	record
	attributes
}

// readObject reads what a node is. A directory that was relocated is as it says itself where it lies.
func (f *FS) readObject(n filesys.Node) (object, error) {
	r, err := f.readRecord(n)
	if err != nil {
		return object{}, err
	}
	if n == f.root {
		if r, err = f.selfRecord(r.content()); err != nil {
			return object{}, err
		}
	}
	return f.complete(r)
}

// complete adds to a record what Rock Ridge says. With an error it is what could be read.
func (f *FS) complete(r record) (object, error) {
	a, err := f.attributesOf(&r)
	if err != nil || !a.moved {
		return object{r, a}, err
	}
	self, err := f.selfRecord(int64(a.child) * blockSize)
	if err != nil {
		return object{r, a}, fmt.Errorf("relocated directory of %#x: %w", r.off, err)
	}
	there, err := f.attributesOf(&self)
	there.name, there.named, there.relocated = a.name, a.named, false
	return object{self, there}, err
}

// stMode is the mode as POSIX has it. What a record is decides over what Rock Ridge says.
func (o *object) stMode() uint32 {
	switch {
	case o.isDir() && o.posix:
		return o.mode&^filesys.ModeType | filesys.ModeDir
	case o.isDir():
		return filesys.ModeDir | plainMode
	case o.posix && o.mode&filesys.ModeType == filesys.ModeDir:
		return o.mode &^ filesys.ModeType // nothing that POSIX knows
	case o.posix:
		return o.mode
	case o.link:
		return filesys.ModeSymlink | plainMode
	}
	return filesys.ModeRegular | plainMode
}

// Stat describes a node.
func (f *FS) Stat(n filesys.Node) (filesys.Stat, error) {
	st, err := f.stat(n)
	if err != nil {
		return filesys.Stat{}, fmt.Errorf("iso9660: node %d: %w", n, err)
	}
	return st, nil
}

func (f *FS) stat(n filesys.Node) (filesys.Stat, error) {
	o, err := f.readObject(n)
	if err != nil {
		return filesys.Stat{}, err
	}
	st := filesys.Stat{
		Node: n, Mode: o.stMode(), UID: o.uid, GID: o.gid, Links: cmp.Or(o.links, 1), Size: int64(o.size), Allocated: -1,
		Modify: later(o.modified, o.recorded), Access: later(o.accessed, o.recorded), Change: later(o.changed, o.recorded), Birth: o.created,
	}
	switch {
	case st.IsRegular():
		extents, size, err := f.extents(n, &o)
		if err != nil {
			return filesys.Stat{}, err
		}
		st.Size, st.Allocated = size, allocated(extents)
		if o.compressed {
			st.Size = int64(o.compressedFrom)
			st.Flags = []string{"compressed"}
		}
	case st.IsSymlink():
		st.Size = int64(len(o.target))
	case st.IsDevice():
		st.Major, st.Minor = o.deviceNumbers()
	}
	return st, nil
}

func allocated(extents []filesys.Run) (n int64) {
	for _, x := range extents {
		n += (x.Len + blockSize - 1) / blockSize * blockSize
	}
	return n
}

// deviceNumbers are those of a device, which libisofs writes into the low half alone, as Linux has them in st_rdev.
func (o *object) deviceNumbers() (major, minor uint32) {
	if o.high == 0 && o.low > 0xff {
		return o.low >> 8 & 0xfff, o.low&0xff | o.low>>12&^0xff
	}
	return o.high, o.low
}

func later(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// ReadLink returns the target of a symbolic link as it stands.
func (f *FS) ReadLink(n filesys.Node) (string, error) {
	o, err := f.readObject(n)
	switch {
	case err != nil:
	case o.stMode()&filesys.ModeType != filesys.ModeSymlink:
		err = wrongType(&o, "symlink")
	case !o.link:
		err = binread.Corrupt("a link without a target")
	case o.targetGoesOn || o.componentGoesOn:
		err = binread.Corrupt("the target %q goes on, and nothing follows", o.target)
	}
	if err != nil {
		return "", fmt.Errorf("iso9660: node %d: %w", n, err)
	}
	return string(o.target), nil
}

// Xattrs returns nothing: no system shows any of this file system.
func (f *FS) Xattrs(n filesys.Node) (map[string][]byte, error) {
	if _, err := f.readObject(n); err != nil {
		return nil, fmt.Errorf("iso9660: node %d: %w", n, err)
	}
	return nil, nil
}

func wrongType(o *object, want string) error {
	return fmt.Errorf("a %s, want a %s: %w", filesys.TypeName(o.stMode()), want, fs.ErrInvalid)
}
