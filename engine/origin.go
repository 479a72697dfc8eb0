package engine

import (
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/volume"
)

// originOf tells where the bytes of a volume come from, as image.Tracer does. A volume of which the bytes are no run of its parent
// has no origin.
func (m *Machine) originOf(v *volume.Volume) func(off, n int64) (image.Origin, bool) {
	disk := m.diskOf(v)
	if disk < 0 {
		return nil
	}
	start := int64(0)
	for ; v.Parent != nil; v = v.Parent {
		if v.Offset == 0 {
			return nil
		}
		start += v.Offset
	}
	return func(off, n int64) (image.Origin, bool) { return image.OriginOf(m.Disks[disk].Image, start+off, n) }
}
