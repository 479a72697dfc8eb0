package programs

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

const anybody = 0o002 // may write

// found is what lies at a path.
type found struct {
	exists              *bool
	resolved, typ, mode string
	uid                 uint32
	writable            string
}

// find describes what a path leads to.
func (c *collector) find(name string) found {
	if f, ok := c.at[name]; ok {
		return f
	}
	f := c.look(name)
	c.at[name] = f
	return f
}

func (c *collector) look(name string) found {
	if strings.ContainsAny(name, "$%*?\x00") {
		return found{}
	}
	o, err := c.s.Stat(name)
	switch {
	case err == nil:
		yes := true
		f := found{exists: &yes, resolved: o.Path, typ: filesys.TypeName(o.Mode), mode: facts.ModeText(o.Mode), uid: o.UID}
		if f.writable = c.open(path.Dir(o.Path), false); o.IsRegular() && o.Mode&anybody != 0 {
			f.writable = o.Path
		}
		return f
	case errors.Is(err, guest.ErrUnread):
		return found{}
	case !errors.Is(err, fs.ErrNotExist):
		c.s.Problem(name, 0, err)
		return found{}
	case atRunTime(name):
		return found{writable: c.open(path.Dir(path.Clean(name)), true)}
	}
	no := false
	return found{exists: &no, writable: c.open(path.Dir(path.Clean(name)), true)}
}

// atRunTime reports whether a path is in a directory that a running system fills.
func atRunTime(name string) bool {
	return slices.ContainsFunc([]string{"/run/", "/var/run/", "/dev/", "/proc/", "/sys/"}, func(dir string) bool { return strings.HasPrefix(name, dir) })
}

// open returns the nearest directory from dir upwards to which anybody may write, or "". In a sticky one they may put what is missing,
// and not replace what is there.
func (c *collector) open(dir string, missing bool) string {
	for {
		o, err := c.s.Stat(dir)
		if err == nil && o.IsDir() && o.Mode&anybody != 0 && (missing || o.Mode&filesys.ModeSticky == 0) {
			return o.Path
		}
		if err == nil {
			missing = false // what is above holds a directory that is there
		}
		if dir == "/" || dir == "." {
			return ""
		}
		dir = path.Dir(dir)
	}
}
