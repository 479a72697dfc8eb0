package erofs

import "github.com/guestctl/guestctl/engine/binread"

const (
	recordPartial = 1 << 27 // flag of a record: the cluster unpacks to more
	recordFormat  = 28      // the codec plus one, or 0 where it is plain
	recordMask    = maxStored<<1 - 1

	recordStart   = 8       // bytes of a record that says where its cluster is
	recordAny     = 16      // bytes of a record that says where its extent begins
	maxSuccessive = 1 << 20 // of extents whose clusters follow each other
)

// extentList is an index with a record for each extent. Where records do not say where their extents begin, all have one length; where
// they do not say where their clusters are, these follow each other.
type extentList struct {
	header
	record int64
	count  int64
	log    uint // bytes of an extent, as a power of 2
	first  int64
	places []uint64 // of the clusters that follow each other
}

func newExtentList(h header) (*extentList, error) {
	x := &extentList{header: h, record: 4 << (h.advise >> 1 & 3), log: h.clusterLog()}
	x.first = (h.start + x.record - 1) &^ (x.record - 1)
	if x.record >= recordAny {
		x.count = int64(h.low) | int64(h.high)<<32
		return x, nil
	}
	x.count = (h.size-1)>>x.log + 1
	if x.record >= recordStart {
		return x, nil
	}
	if x.count > maxSuccessive {
		return nil, binread.Limit("%d extents that follow each other, want at most %d", x.count, maxSuccessive)
	}
	return x, x.addUp()
}

// addUp finds the places of clusters that follow each other.
func (x *extentList) addUp() error {
	c, err := x.space.cursor(x.first, recordStart)
	if err != nil {
		return err
	}
	x.first += recordStart
	place := c.U64()
	for k := range x.count {
		if c, err = x.space.cursor(x.first+k*x.record, 4); err != nil {
			return err
		}
		x.places = append(x.places, place)
		place += uint64(c.U32() & recordMask)
	}
	return nil
}

// extent implements extents.
func (x *extentList) extent(off int64) (extent, error) {
	if x.record >= recordAny {
		return x.search(off)
	}
	k := off >> x.log
	c, err := x.space.cursor(x.first+k*x.record, int(x.record))
	if err != nil {
		return extent{}, err
	}
	e := extent{at: k << x.log}
	e.length = min(1<<x.log, x.size-e.at)
	word, last := c.U32(), k == x.count-1
	if x.places != nil {
		return x.made(e, word, x.places[k], last), nil
	}
	return x.made(e, word, uint64(c.U32()), last), nil
}

// search finds the last record that begins at off or before it.
func (x *extentList) search(off int64) (extent, error) {
	e := extent{at: x.size}
	end, word, place := x.size, uint32(0), uint64(0)
	low, high := int64(0), x.count
	for low < high {
		middle := low + (high-low)/2
		if middle > x.space.size/x.record {
			return e, binread.Corrupt("%d extents, want as many as there is room for", x.count)
		}
		c, err := x.space.cursor(x.first+middle*x.record, int(x.record))
		if err != nil {
			return e, err
		}
		w, p := c.U32(), uint64(c.U32())|uint64(c.U32())<<32
		at := int64(c.U32())
		if x.record > recordAny {
			at |= int64(c.U32()) << 32
		}
		if at < 0 || at > off {
			high, end = middle, at
		} else {
			low, e.at, word, place = middle+1, at, w, p
		}
	}
	e.length = end - e.at
	return x.made(e, word, place, low >= x.count), nil
}

// made makes an extent of what its record says.
func (x *extentList) made(e extent, word uint32, place uint64, last bool) extent {
	stored := int64(word & recordMask)
	switch {
	case last && x.advise&adviseFragment != 0:
		e.kind, e.fragment = kindFragment, uint64(word)
		if x.record > 4 {
			e.fragment |= place << 32
		}
		return e
	case stored == 0:
		e.kind = kindHole
		return e
	}
	e.cluster = cluster{off: int64(place), stored: stored, partial: word&recordPartial != 0}
	mask := uint64(x.fs.super.blockSize() - 1)
	switch format := word >> recordFormat; {
	case format > 0:
		e.kind, e.cluster.codec = kindPacked, codec(format-1)
	case x.advise&adviseInterlaced != 0 && (place|uint64(stored))&mask == 0:
		e.kind = kindInterlaced
	default:
		e.kind = kindShifted
	}
	return e
}
