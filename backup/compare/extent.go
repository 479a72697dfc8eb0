package compare

// Sector is the smallest difference that is told, in bytes.
const Sector = 512

// maxExtents is how many differences are kept apart. Where there are more, those that lie close together become one.
const maxExtents = 1 << 18

// Extent is a stretch of the virtual disk, in bytes.
type Extent struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

func (e Extent) end() int64 { return e.Offset + e.Length }

// list puts extents together that are added in order.
type list struct {
	all []Extent
	gap int64 // extents less than gap apart become one
	max int   // 0: maxExtents
}

func (l *list) add(e Extent) {
	l.all = join(l.all, e, l.gap)
	most := l.max
	if most == 0 {
		most = maxExtents
	}
	for len(l.all) > most {
		l.gap *= 2
		kept := l.all[:0]
		for _, e := range l.all {
			kept = join(kept, e, l.gap)
		}
		l.all = kept
	}
}

func join(all []Extent, e Extent, gap int64) []Extent {
	if len(all) > 0 {
		if last := &all[len(all)-1]; e.Offset-last.end() < gap {
			last.Length = e.end() - last.Offset
			return all
		}
	}
	return append(all, e)
}
