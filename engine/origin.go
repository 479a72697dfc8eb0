package engine

import (
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
)

// originOf tells where the bytes of a volume come from, as image.Tracer does.
func (m *Machine) originOf(v *volume.Volume) func(off, n int64) (image.Origin, bool) {
	if _, ok := v.Bottom(0, 1); !ok {
		return nil
	}
	disks := map[*volume.Volume]image.Image{}
	for i := range m.Disks {
		disks[m.Volumes[i].Volume] = m.Disks[i].Image
	}
	return func(off, n int64) (image.Origin, bool) {
		p, ok := v.Bottom(off, n)
		if !ok {
			return image.Origin{}, false
		}
		return image.OriginOf(disks[p.At], p.Off, p.Len)
	}
}
