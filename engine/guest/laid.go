package guest

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/filesys"
)

// Laid is what the boot of a live system lays over a directory of its root, beside what fstab says.
type Laid struct {
	Target, Source string
	Device         string
	FS             filesys.FS   // nil where it was not read
	Root           filesys.Node // the directory of FS
	Unread         string       // why it was not; "" where it was
}

// Lay mounts it. Below what was not read everything is unread.
func (g *Guest) Lay(l Laid) {
	m := Mount{Target: l.Target, Source: l.Source, Unread: l.Unread}
	over, t, err := g.resolve("mount", l.Target, true)
	nowhere := err != nil && !damaged(err)
	switch {
	case nowhere:
		m.Unread = fmt.Sprintf("mount point %s: %v", l.Target, err)
	default:
		m.Target = t.path()
	}
	if m.Unread != "" {
		why := l.Source + " is not mounted: " + m.Unread
		g.Problems = append(g.Problems, Problem{m.Target, 0, why})
		if !nowhere {
			g.mount(m, &mounted{device: l.Source, unread: why}, over)
			return
		}
		g.Mounts = append(g.Mounts, m)
		if errors.Is(err, fs.ErrNotExist) && t.missing != "" { // the boot makes it
			g.nowhere[name{t.here(), t.missing}] = why
		}
		return
	}
	m.Device, m.FSType = l.Device, l.FS.Description().Type
	g.mount(m, newMounted(Volume{Device: l.Device, FS: l.FS}, l.Root), over)
}
