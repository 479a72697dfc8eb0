package qcow2

import "github.com/guestctl/guestctl/engine/image"

// Origin implements image.Tracer, through backing files too.
func (m *Image) Origin(off, n int64) (image.Origin, bool) {
	n = image.Clip(m.active.size, off, n)
	if n == 0 {
		return image.Origin{}, false
	}
	r, err := m.run(off, n)
	if err != nil {
		return image.Origin{}, false
	}
	switch r.kind {
	case data:
		return image.OriginOf(m.host(), r.host, r.n)
	case compressed:
		// The descriptor names a place in the file that holds the tables.
		o, ok := image.OriginOf(m.r, 0, 1)
		o.Len, o.Off, o.Compressed, o.Skip = min(n, r.n), r.host, true, off&(m.head.clusterSize()-1)
		return o, ok
	case unallocated:
		if m.backing == nil {
			break
		}
		if inside := image.Clip(m.backing.Size(), off, r.n); inside > 0 {
			return image.OriginOf(m.backing, off, inside)
		}
	case zero:
	}
	return image.Origin{Len: r.n, Zero: true}, true
}
