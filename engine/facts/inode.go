package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// Inode is what the guest's file system says of one object. Of a link it is the link itself, unless the domain says
// otherwise; the mode of a link means nothing.
type Inode struct {
	Path  string `json:"path"`
	Type  string `json:"type"` // "file", "dir", "symlink", "char", "block", "fifo", "socket"
	Mode  string `json:"mode"` // four octal digits
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
	Owner string `json:"owner"` // by the guest's passwd; "" when it has no such id
	Group string `json:"group"`
	Size  int64  `json:"size"` // bytes
}

// Owners are the names of the guest's accounts and groups by number.
type Owners struct {
	users, groups map[uint32]string
}

// Owners reads passwd(5) and group(5). What cannot be read of them is recorded as a problem, and the names are missing.
func (s *Scope) Owners() *Owners {
	return &Owners{s.names("/etc/passwd"), s.names("/etc/group")}
}

// User returns the name of a user, or "".
func (o *Owners) User(uid uint32) string { return o.users[uid] }

// Group returns the name of a group, or "".
func (o *Owners) Group(gid uint32) string { return o.groups[gid] }

// Inode describes an object that the guest knows by path.
func (o *Owners) Inode(path string, obj guest.Object) Inode {
	return Inode{
		Path: path, Type: filesys.TypeName(obj.Mode), Mode: ModeText(obj.Mode),
		UID: obj.UID, GID: obj.GID, Owner: o.User(obj.UID), Group: o.Group(obj.GID), Size: obj.Size,
	}
}

// ModeText writes the permissions of a mode, and what goes before them, as four octal digits.
func ModeText(mode uint32) string { return fmt.Sprintf("%04o", mode&0o7777) }

// names returns the names of passwd(5) or group(5) by number. Of several names of one number the first is the one getpwuid
// gives. Lines for NIS and lines without a number name nobody.
func (s *Scope) names(path string) map[uint32]string {
	names := map[uint32]string{}
	err := s.Lines(path, func(_ int, text string) {
		name, rest, _ := strings.Cut(text, ":")
		_, rest, _ = strings.Cut(rest, ":") // the password
		number, _, _ := strings.Cut(rest, ":")
		id, err := strconv.ParseUint(number, 10, 32)
		if err != nil || name == "" || name[0] == '+' || name[0] == '-' || name[0] == '#' {
			return
		}
		if _, ok := names[uint32(id)]; !ok {
			names[uint32(id)] = name
		}
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(path, 0, err)
	}
	return names
}

// OwnersOf reads the names of a guest outside of a collection, with what could not be read of them.
func OwnersOf(g *guest.Guest) (*Owners, []Problem) {
	s := &Scope{Guest: g, files: map[string]bool{}}
	return s.Owners(), s.problems
}
