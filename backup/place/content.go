package place

import (
	"slices"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
)

// ContentOf returns where the content of a file lies on which disk; nothing where that is not known.
func ContentOf(m *engine.Machine, o guest.Object) (disk int, all []Stretch) {
	i := slices.IndexFunc(m.Volumes, func(v engine.Volume) bool { return v.Name == o.Device })
	if i < 0 || !o.IsRegular() {
		return -1, nil
	}
	off, disk, ok := Address(m, m.Volumes[i].Volume)
	f, err := o.Open()
	if !ok || f == nil || err != nil && !tainted(err) {
		return disk, nil
	}
	mapped, ok := f.File.(filesys.Mapped)
	if !ok {
		return disk, nil
	}
	mapped.Runs(func(r filesys.Run) {
		if n := len(all); r.Zero || r.Len <= 0 || n == maxSpans {
			return
		} else if n > 0 && all[n-1].Off+all[n-1].Len == off+r.Off {
			all[n-1].Len += r.Len
			return
		}
		all = append(all, Stretch{off + r.Off, r.Len})
	})
	return disk, all
}
