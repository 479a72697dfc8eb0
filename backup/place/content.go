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
	v := m.Volumes[i].Volume
	disk = -1
	f, err := o.Open()
	if f == nil || err != nil && !tainted(err) {
		return disk, nil
	}
	mapped, ok := f.File.(filesys.Mapped)
	if !ok {
		return disk, nil
	}
	known := true
	mapped.Runs(func(r filesys.Run) {
		if r.Zero || r.Len <= 0 || len(all) >= maxSpans || !known {
			return
		}
		on, lies := On(m, v, r.Off, r.Len)
		if known = len(lies) > 0 && (disk < 0 || on == disk); !known {
			return
		}
		disk = on
		if n := len(all); n > 0 && all[n-1].Off+all[n-1].Len == lies[0].Off {
			all[n-1].Len += lies[0].Len
			lies = lies[1:]
		}
		all = append(all, lies...)
	})
	if !known {
		return disk, nil
	}
	return disk, all
}
