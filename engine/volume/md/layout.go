package md

import (
	"slices"

	"github.com/guestctl/guestctl/engine/binread"
)

// layoutOf returns the layout that a superblock tells. The sizes of the members count where each gives what it has.
func layoutOf(s *superblock, legs []*member) (layout, error) {
	if s.level != 1 && s.level != -1 && s.chunk == 0 {
		return nil, binread.Corrupt("chunks of 0 bytes")
	}
	switch s.level {
	case -1, 0:
		if missing := slices.Index(legs, nil); missing >= 0 {
			return nil, binread.WithHint(binread.Corrupt("member %d of %d is missing, and nothing is there twice", missing, len(legs)),
				"give the other disks of the machine, too")
		}
		return stripesOf(s, legs)
	case 1:
		return mirror{s.size, len(legs), max(0, slices.IndexFunc(legs, func(m *member) bool { return m != nil && len(m.bad) == 0 }))}, nil
	case 4, 5, 6:
		return newParity(s)
	case 10:
		return newCopies(s)
	}
	return nil, binread.Unsupported("level %d", s.level)
}

// none is the part of a layout that has nothing twice.
type none struct{}

func (none) others(int64, func(target) bool)    {}
func (none) parityOf(int64) ([]int, bool)       { return nil, false }
func (none) parity() bool                       { return false }
func (none) survives(func(place int) bool) bool { return false }

// mirror is level 1.
type mirror struct {
	size     int64
	disks    int
	favoured int // the member that is read
}

func (m mirror) bytes() int64                    { return m.size }
func (m mirror) first(off int64) (target, int64) { return target{m.favoured, off}, m.size - off }
func (m mirror) parityOf(int64) ([]int, bool)    { return nil, false }
func (m mirror) parity() bool                    { return false }

func (m mirror) others(off int64, each func(target) bool) {
	for place := range m.disks {
		if place != m.favoured && !each(target{place, off}) {
			return
		}
	}
}

func (m mirror) survives(there func(int) bool) bool { return anyOf(m.disks, there) }

func anyOf(n int, there func(int) bool) bool {
	for place := range n {
		if there(place) {
			return true
		}
	}
	return false
}

// zone is a part of a striped array in which the same members take part (drivers/md/raid0.h, struct strip_zone).
type zone struct {
	off, end int64 // of the array, in bytes
	start    int64 // of the data of each member
	members  []int
}

// stripes are levels 0 and linear: zones of one member or more.
type stripes struct {
	none
	zones []zone
	chunk int64
	alt   bool // the member of a chunk is counted from its zone on, not from the start of the array
}

// maxMembers bounds the zones, of which there may be one for each member.
const maxMembers = 384

func stripesOf(s *superblock, legs []*member) (layout, error) {
	if len(legs) > maxMembers {
		return nil, binread.Limit("%d members, want at most %d", len(legs), maxMembers)
	}
	sizes := make([]int64, len(legs))
	for i, m := range legs {
		if sizes[i] = m.dataLen; s.chunk > 0 {
			sizes[i] -= sizes[i] % s.chunk
		}
	}
	l := &stripes{chunk: s.chunk}
	if s.level == -1 {
		l.chunk = 1
		for i, size := range sizes {
			if err := l.add(size, 0, []int{i}); err != nil {
				return nil, err
			}
		}
		return l, l.check()
	}
	steps := slices.Compact(slices.Sorted(slices.Values(sizes)))
	start := int64(0)
	for _, step := range steps {
		var members []int
		for i, size := range sizes {
			if size >= step {
				members = append(members, i)
			}
		}
		if err := l.add(step-start, start, members); err != nil {
			return nil, err
		}
		start = step
	}
	if len(l.zones) > 1 {
		switch {
		case !s.layouted || s.version != "0.90" && s.layout != 1 && s.layout != 2:
			return nil, binread.Unsupported("members of several sizes, and the layout is not told (raid0.default_layout)")
		case s.version == "0.90":
			return nil, binread.Unsupported("members of several sizes in an array of version 0.90, which does not tell the layout")
		}
		l.alt = s.layout == 2
	}
	return l, l.check()
}

// add appends a zone of n bytes of each member.
func (l *stripes) add(n, start int64, members []int) error {
	off := l.bytes()
	if n == 0 {
		return nil
	}
	if n > (maxSectors*sectorSize-off)/int64(len(members)) {
		return binread.Corrupt("an array of more than %d bytes", off)
	}
	l.zones = append(l.zones, zone{off, off + n*int64(len(members)), start, members})
	return nil
}

func (l *stripes) check() error {
	if len(l.zones) == 0 {
		return binread.Corrupt("members without data")
	}
	return nil
}

func (l *stripes) bytes() int64 {
	if len(l.zones) == 0 {
		return 0
	}
	return l.zones[len(l.zones)-1].end
}

func (l *stripes) first(off int64) (target, int64) {
	i, _ := slices.BinarySearchFunc(l.zones, off, func(z zone, off int64) int {
		if z.end <= off {
			return -1
		}
		return 1
	})
	z := l.zones[i]
	n := int64(len(z.members))
	in := off - z.off
	if n == 1 {
		return target{z.members[0], z.start + in}, z.end - off
	}
	count := off / l.chunk
	if l.alt {
		count = in / l.chunk
	}
	within := off % l.chunk
	return target{z.members[count%n], z.start + in/(l.chunk*n)*l.chunk + within}, l.chunk - within
}

// stripedParity is levels 4, 5 and 6.
type stripedParity struct {
	level  int
	layout uint32
	disks  int64
	chunk  int64
	size   int64
}

// The layouts of levels 5 and 6 (drivers/md/raid5.h).
const (
	leftAsymmetric = iota
	rightAsymmetric
	leftSymmetric
	rightSymmetric
	parityFirst
	parityLast
)

func newParity(s *superblock) (layout, error) {
	p := &stripedParity{s.level, s.layout, int64(s.disks), s.chunk, 0}
	if s.level == 4 {
		p.layout = parityLast
	}
	if p.layout > parityLast || s.level == 6 && p.layout > rightSymmetric {
		return nil, binread.Unsupported("layout %d of level %d", s.layout, s.level)
	}
	if p.data() < 1 {
		return nil, binread.Corrupt("%d members of level %d", s.disks, s.level)
	}
	each := s.size - s.size%s.chunk
	if each == 0 || each > maxSectors*sectorSize/p.data() {
		return nil, binread.Corrupt("%d bytes of each of %d members", s.size, s.disks)
	}
	p.size = each * p.data()
	return p, nil
}

func (p *stripedParity) bytes() int64 { return p.size }
func (p *stripedParity) parity() bool { return true }

// data is how many members hold data in a stripe.
func (p *stripedParity) data() int64 {
	if p.level == 6 {
		return p.disks - 2
	}
	return p.disks - 1
}

func (p *stripedParity) others(int64, func(target) bool) {}

func (p *stripedParity) survives(there func(int) bool) bool {
	missing := 0
	for place := range int(p.disks) {
		if !there(place) {
			missing++
		}
	}
	return missing <= 1 // of level 6 more could be had from the second parity
}

// where returns the member of a chunk, that of the second parity (-1 where there is none), and the stripe.
func (p *stripedParity) where(off int64) (data, second, stripe int64) {
	n := p.disks
	chunk := off / p.chunk
	stripe, data = chunk/p.data(), chunk%p.data()
	second = -1
	turn := stripe % n
	if p.layout == leftAsymmetric || p.layout == leftSymmetric {
		turn = n - 1 - turn
	}
	switch p.layout {
	case parityFirst:
		return data + 1, second, stripe
	case parityLast:
		return data, second, stripe
	}
	parities := n - p.data()
	if p.level == 6 {
		second = (turn + 1) % n
	}
	switch {
	case p.layout == leftSymmetric || p.layout == rightSymmetric:
		data = (turn + parities + data) % n
	case second == 0: // the parities are the last member and the first
		data++
	case data >= turn:
		data += parities
	}
	return data, second, stripe
}

func (p *stripedParity) first(off int64) (target, int64) {
	data, _, stripe := p.where(off)
	within := off % p.chunk
	return target{int(data), stripe*p.chunk + within}, p.chunk - within
}

func (p *stripedParity) parityOf(off int64) ([]int, bool) {
	data, second, _ := p.where(off)
	var places []int
	for place := range p.disks {
		if place != data && place != second {
			places = append(places, int(place))
		}
	}
	return places, true
}

// copies is level 10 (drivers/md/raid10.c, __raid10_find_phys).
type copies struct {
	disks, near, far int64
	chunk            int64
	stride           int64 // bytes from one far copy to the next
	offset           bool  // far copies follow their stripe
	size             int64
}

func newCopies(s *superblock) (layout, error) {
	c := &copies{
		disks: int64(s.disks), near: int64(s.layout & 0xff), far: int64(s.layout >> 8 & 0xff), chunk: s.chunk, offset: s.layout&0x10000 != 0,
	}
	switch {
	case s.layout>>17 != 0:
		return nil, binread.Unsupported("layout %#x of level 10", s.layout)
	case c.near == 0 || c.far == 0 || c.near*c.far > c.disks:
		return nil, binread.Corrupt("%d near and %d far copies on %d members", c.near, c.far, c.disks)
	}
	chunks := s.size / s.chunk / c.far
	if chunks > maxSectors/c.disks {
		return nil, binread.Corrupt("%d bytes of each of %d members", s.size, s.disks)
	}
	total := chunks * c.disks / c.near
	c.size = total * s.chunk
	if c.size == 0 {
		return nil, binread.Corrupt("%d bytes of each member", s.size)
	}
	if c.stride = s.chunk; !c.offset {
		used := (total*c.near*c.far + c.disks - 1) / c.disks
		c.stride = used / c.far * s.chunk
	}
	return c, nil
}

func (c *copies) bytes() int64                 { return c.size }
func (c *copies) parity() bool                 { return false }
func (c *copies) parityOf(int64) ([]int, bool) { return nil, false }

func (c *copies) first(off int64) (t target, n int64) {
	c.each(off, func(first target) bool {
		t = first
		return false
	})
	return t, c.chunk - off%c.chunk
}

func (c *copies) others(off int64, each func(target) bool) {
	first := true
	c.each(off, func(t target) bool {
		skip := first
		first = false
		return skip || each(t)
	})
}

func (c *copies) each(off int64, each func(target) bool) {
	count := off / c.chunk * c.near
	stripe, dev := count/c.disks, count%c.disks
	if c.offset {
		stripe *= c.far
	}
	at := stripe*c.chunk + off%c.chunk
	for range c.near {
		place, far := dev, at
		for i := range c.far {
			if i > 0 {
				place, far = (place+c.near)%c.disks, far+c.stride
			}
			if !each(target{int(place), far}) {
				return
			}
		}
		if dev++; dev == c.disks {
			dev, at = 0, at+c.chunk
		}
	}
}

func (c *copies) survives(there func(int) bool) bool {
	for chunk := range c.disks { // then the first members are those of the beginning
		found := false
		c.each(chunk*c.chunk, func(t target) bool {
			found = there(t.place)
			return !found
		})
		if !found {
			return false
		}
	}
	return true
}
