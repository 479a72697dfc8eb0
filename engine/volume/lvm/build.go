package lvm

import (
	"fmt"
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxStack   = 24   // logical volumes that lie on each other
	maxStripes = 1024 // devices of a segment
	maxNotes   = 16   // of a volume
)

// built is a logical volume that was put together.
type built struct {
	*logical
	device
	size  int64
	kind  string    // "linear", "raid1"
	on    physicals // where its bytes lie, in the order of their first use
	lost  physicals // those of them that are missing and without which some bytes cannot be read
	notes []string  // what is wrong and leaves every byte readable
	pool  *pool     // of a thin pool, which has no bytes of its own
	depth int
}

// physicals is a set of physical volumes in the order in which they came.
type physicals struct {
	list []*physical
	seen [maxPhysicals / 64]uint64
}

func (s *physicals) add(ps ...*physical) {
	for _, p := range ps {
		if bit := uint64(1) << (p.index % 64); s.seen[p.index/64]&bit == 0 {
			s.seen[p.index/64] |= bit
			s.list = append(s.list, p)
		}
	}
}

// merge notes what a part lies on.
func (o *built) merge(part *built) {
	o.lies(part)
	o.lost.add(part.lost.list...)
	o.note(part.notes)
}

func (o *built) lies(part *built) {
	o.on.add(part.on.list...)
	o.depth = max(o.depth, part.depth+1)
}

func (o *built) note(notes []string) {
	for _, n := range notes {
		if len(o.notes) < maxNotes && !slices.Contains(o.notes, n) {
			o.notes = append(o.notes, n)
		}
	}
}

// builder puts the logical volumes of a group together, each once.
type builder struct {
	*group
	physical map[string]*physical
	logical  map[string]*logical
	done     map[string]*built
	wrong    map[string]error
	open     map[string]bool
	// snapshots are by the name of their hidden volume, the stores of their changes by their own.
	snapshots map[string]snapshot
	stores    map[string]bool
	leaves    int // of thin volumes that may still be kept
	changes   int // chunks of snapshots that may still be kept
}

func newBuilder(g *group) *builder {
	b := &builder{
		g,
		map[string]*physical{},
		map[string]*logical{},
		map[string]*built{},
		map[string]error{},
		map[string]bool{},
		map[string]snapshot{},
		map[string]bool{},
		maxLeaves, maxExceptions,
	}
	for _, p := range g.physicals {
		b.physical[p.name] = p
	}
	for _, l := range g.logicals {
		b.logical[l.name] = l
		if l.segments[0].kind != "snapshot" {
			continue
		}
		s, err := snapshotOf(l)
		if err != nil {
			b.wrong[l.name] = err
			continue
		}
		b.snapshots[l.name] = s
		b.stores[s.store] = true
	}
	return b
}

// build returns the logical volume of a name. It is asked again for every volume that lies on it.
func (b *builder) build(name string) (*built, error) {
	l := b.logical[name]
	switch {
	case b.done[name] != nil:
		return b.done[name], nil
	case b.wrong[name] != nil:
		return nil, b.wrong[name]
	case l == nil:
		return nil, binread.Corrupt("no logical volume is called %s", name)
	case b.open[name]:
		return nil, binread.Corrupt("%s lies on itself", name)
	case len(b.open) > maxStack:
		return nil, binread.Limit("more than %d logical volumes on each other", maxStack)
	}
	b.open[name] = true
	o, err := b.assemble(l)
	delete(b.open, name)
	if err != nil {
		b.wrong[name] = err
		return nil, err
	}
	b.done[name] = o
	return o, nil
}

// assemble puts a logical volume together from its segments.
func (b *builder) assemble(l *logical) (*built, error) {
	o := &built{logical: l, size: l.extents * b.extentSize}
	m := &mapped{}
	for _, seg := range l.segments {
		p, err := b.segment(o, seg)
		if err == nil {
			err = seg.wrong
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		m.add(p, seg.count*b.extentSize)
	}
	if o.depth > maxStack {
		return nil, binread.Limit("%s: more than %d logical volumes on each other", l.name, maxStack)
	}
	o.device = m
	return o, nil
}

// segment returns what a segment reads from. The kinds are those of lvm2's segment types.
func (b *builder) segment(o *built, s segment) (piece, error) {
	if o.kind == "" || o.kind == "linear" {
		o.kind = s.kind
	}
	if len(s.flags) > 0 && s.kind != "thin-pool" {
		return piece{}, binread.Unsupported("%s with flag %s", s.kind, s.flags[0])
	}
	switch s.kind {
	case "striped", "linear":
		return b.stripes(o, s)
	case "mirror":
		return b.mirror(o, s)
	case "raid1", "raid0", "raid0_meta", "raid10", "raid10_near":
		return b.raid(o, s)
	case "thin-pool":
		return b.thinPool(o, s)
	case "thin":
		return b.thin(o, s)
	case "zero":
		return piece{device: nothing{}}, nil
	case "error":
		return piece{device: unreadable{binread.Corrupt("%s: no bytes behind this segment", s.path)}}, nil
	case "cache", "writecache":
		return piece{}, binread.Unsupported("%s: its newest data may be in the cache alone, which is not read", s.kind)
	}
	return piece{}, binread.Unsupported("segments of type %q are not read", s.kind)
}

// stripes is one area, or several in turns.
func (b *builder) stripes(o *built, s segment) (piece, error) {
	list := s.list("stripes")
	n := s.optional("stripe_count", 1, 1, maxStripes)
	if s.wrong != nil {
		return piece{}, s.wrong
	}
	if int64(len(list)) != 2*n || s.count%n != 0 {
		return piece{}, binread.Corrupt("%s: %d stripes, %d values for them, %d extents", s.path, n, len(list), s.count)
	}
	var pieces []device
	for pair := range slices.Chunk(list, 2) {
		p, err := b.area(o, pair, s.count/n)
		if err != nil {
			return piece{}, fmt.Errorf("%s: %w", s.path, err)
		}
		if n == 1 {
			o.oneArea()
			return p, nil
		}
		pieces = append(pieces, p)
	}
	return b.inTurns(s, pieces, s.count/n)
}

// oneArea calls a volume of the type "striped" by the name that LVM shows where there is one stripe.
func (o *built) oneArea() {
	if o.kind == "striped" {
		o.kind = "linear"
	}
}

// inTurns lays a segment over devices of so many extents each.
func (b *builder) inTurns(s segment, pieces []device, extents int64) (piece, error) {
	chunk, err := b.chunk(s, extents)
	if err != nil {
		return piece{}, err
	}
	return piece{device: striped(pieces, chunk)}, nil
}

// chunk is the size of a stripe in bytes. The devices have a whole number of them.
func (b *builder) chunk(s segment, extents int64) (int64, error) {
	chunk := sectorSize * s.number("stripe_size", 1, maxBytes/sectorSize)
	if s.wrong == nil && extents*b.extentSize%chunk != 0 {
		s.fault("stripes of %d bytes do not fill %d extents", chunk, extents)
	}
	return chunk, s.wrong
}

// area is so many extents of a physical or logical volume, as a name and the first extent.
func (b *builder) area(o *built, pair []value, extents int64) (piece, error) {
	if pair[0].kind != text || pair[1].kind != number {
		return piece{}, binread.Corrupt("an area is not a name and a number")
	}
	name, first := pair[0].text, pair[1].number
	var have int64
	p := b.physical[name]
	var part *built
	if p != nil {
		have = p.extents
	} else {
		var err error
		if part, err = b.part(name); err != nil {
			return piece{}, err
		}
		have = part.extents
	}
	if first < 0 || extents > have || first > have-extents {
		return piece{}, binread.Corrupt("extents %d to %d of %s, which has %d", first, first+extents-1, name, have)
	}
	if part != nil {
		o.merge(part)
		return piece{part.device, first * b.extentSize}, nil
	}
	o.on.add(p)
	if p.at == nil {
		o.lost.add(p)
	}
	return piece{p, p.start + first*b.extentSize}, nil
}

// part is a logical volume that others lie on: it has bytes.
func (b *builder) part(name string) (*built, error) {
	o, err := b.build(name)
	if err == nil && o.pool != nil {
		return nil, binread.Corrupt("%s is a thin pool, want a volume with bytes of its own", name)
	}
	return o, err
}
