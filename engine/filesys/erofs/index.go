package erofs

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

// The kinds of logical clusters.
const (
	clusterPlain = iota
	clusterHead1
	clusterInside // it begins no cluster
	clusterHead2
)

const (
	fullEntry    = 8 // bytes of an entry of a full index
	fullPadding  = 8 // bytes in front of a full index
	refPartial   = 1 << 15
	blockCount   = 1 << 11 // flag of a distance: it is the number of blocks of the cluster
	maxCompact   = 14      // bytes of a logical cluster with a compact index, as a power of 2
	maxCompact2B = 12
)

// clusterIndex is an index with an entry for each logical cluster of the content.
type clusterIndex struct {
	header
	compact bool
	log     uint // bytes of a logical cluster, as a power of 2

	// tail is the logical cluster in which the last extent begins, where that is kept in another way than the rest; -1 otherwise.
	tail     int64
	tailAt   int64 // of a cluster with the inode
	fragment uint64
}

// logical is an entry of the index.
type logical struct {
	number  int64
	kind    uint8
	offset  int64 // where the cluster begins in the logical one
	block   uint64
	partial bool
	back    int64 // of one inside: distance to the one where its cluster begins
	next    int64 // of one inside: distance to the next one where a cluster begins
	blocks  int64 // of one inside: how many blocks its cluster has; 0 where it does not say
	end     int64 // where the index goes on behind it
}

func newClusterIndex(h header, l layout) (*clusterIndex, error) {
	x := &clusterIndex{header: h, compact: l == layoutCompact, log: h.clusterLog(), tail: -1}
	big := h.advise & (adviseBig1 | adviseBig2)
	switch {
	case x.compact && x.log > maxCompact:
		return nil, binread.Unsupported("a compact index of clusters of 2^%d bytes, want at most 2^%d", x.log, maxCompact)
	case x.compact && big != 0 && big != adviseBig1|adviseBig2:
		return nil, binread.Corrupt("a compact index with large clusters of only one kind")
	}
	x.fragment = uint64(h.low)
	if h.advise&adviseFragment == 0 && x.inlineSize() == 0 {
		return x, nil
	}
	last, head, err := x.find(h.size - 1)
	if err != nil {
		return nil, err
	}
	x.tail, x.tailAt = head.number, last.end
	if h.advise&adviseFragment != 0 && !x.compact {
		x.fragment |= head.block << 32
	}
	return x, nil
}

// inlineSize is how many bytes of the last cluster are with the inode.
func (x *clusterIndex) inlineSize() int64 {
	if x.advise&(adviseInline|adviseFragment) != adviseInline {
		return 0
	}
	return int64(x.low >> 16)
}

// find returns the entry of a byte of content, and the one where its cluster begins.
func (x *clusterIndex) find(off int64) (of, head logical, err error) {
	if of, err = x.load(off >> x.log); err != nil {
		return of, head, err
	}
	head = of
	back := of.back
	if of.kind != clusterInside {
		if off&(1<<x.log-1) >= of.offset {
			return of, head, nil
		}
		back = 1 // it is in the cluster before that
	}
	for head.number > of.number-maxUnpacked>>x.log-2 && back > 0 && back <= head.number {
		if head, err = x.load(head.number - back); err != nil {
			return of, head, err
		}
		if head.kind != clusterInside {
			return of, head, nil
		}
		back = head.back
	}
	return of, head, binread.Corrupt("no cluster begins before logical cluster %d, %d behind %d", of.number, back, head.number)
}

// extent implements extents.
func (x *clusterIndex) extent(off int64) (extent, error) {
	if x.advise&adviseFragment != 0 && x.tail == 0 {
		return extent{length: x.size, kind: kindFragment, fragment: x.fragment}, nil
	}
	of, head, err := x.find(off)
	if err != nil {
		return extent{}, err
	}
	e := extent{at: head.number<<x.log | head.offset}
	end, err := x.end(of, head)
	if err != nil {
		return e, err
	}
	e.length = end - e.at
	if head.number == x.tail && x.advise&adviseFragment != 0 {
		e.kind, e.fragment = kindFragment, x.fragment
		return e, nil
	}
	e.kind, e.cluster.partial = kindPacked, head.partial
	switch head.kind {
	case clusterPlain:
		if e.kind = kindShifted; x.advise&adviseInterlaced != 0 {
			e.kind = kindInterlaced
		}
	case clusterHead1:
		e.cluster.codec = codec(x.high & 15)
	case clusterHead2:
		e.cluster.codec = codec(x.high >> 4 & 15)
	}
	return e, x.locate(&e, head)
}

// locate says where the cluster of an extent is.
func (x *clusterIndex) locate(e *extent, head logical) error {
	size := x.fs.super.blockSize()
	if head.number == x.tail {
		e.cluster.off, e.cluster.stored, e.cluster.boxed = x.tailAt, x.inlineSize(), x.boxed
		if x.tailAt&(size-1)+e.cluster.stored > size {
			return binread.Corrupt("a cluster of %d bytes at %#x, want it inside of a block", e.cluster.stored, x.tailAt)
		}
		return nil
	}
	blocks, err := x.stored(head)
	if err != nil {
		return err
	}
	if blocks > maxStored>>x.fs.super.blockLog {
		return binread.Corrupt("a cluster of %d blocks, want at most %d", blocks, maxStored>>x.fs.super.blockLog)
	}
	e.cluster.stored = blocks * size
	e.cluster.off = int64(head.block << x.fs.super.blockLog)
	return nil
}

// stored is how many blocks a cluster has. The entry behind its first says so where it can be more than one.
func (x *clusterIndex) stored(head logical) (int64, error) {
	big := uint16(adviseBig2)
	if head.kind == clusterHead1 {
		big = adviseBig1
	}
	if x.advise&big == 0 || x.behind(head.number+1) {
		return 1, nil
	}
	l, err := x.load(head.number + 1)
	switch {
	case err != nil:
		return 0, err
	case l.kind != clusterInside:
		return 1, nil
	case l.back != 1 || l.blocks == 0:
		return 0, binread.Corrupt("logical cluster %d does not say how many blocks its cluster has", l.number)
	}
	return l.blocks, nil
}

// end is where the extent ends that begins with head and that the entry is of: where the next begins.
func (x *clusterIndex) end(of, head logical) (int64, error) {
	if of.kind != clusterInside && of.number > head.number {
		return of.number<<x.log | of.offset, nil
	}
	number := of.number + max(1, of.next) // 0 is what mkfs.erofs wrote before 1.0
	for !x.behind(number) {
		if number-head.number > maxUnpacked>>x.log+1 {
			return 0, binread.Corrupt("no cluster begins behind logical cluster %d", head.number)
		}
		l, err := x.load(number)
		if err != nil {
			return 0, err
		}
		if l.kind != clusterInside {
			return number<<x.log | l.offset, nil
		}
		number += max(1, l.next)
	}
	return x.size, nil
}

// behind says whether a logical cluster is behind the content.
func (x *clusterIndex) behind(number int64) bool { return number > (x.size-1)>>x.log }

// load decodes an entry.
func (x *clusterIndex) load(number int64) (logical, error) {
	if number < 0 || x.behind(number) {
		return logical{}, binread.Corrupt("logical cluster %d, want it before the end of the content", number)
	}
	l := logical{number: number}
	var err error
	if x.compact {
		err = x.loadCompact(&l)
	} else {
		err = x.loadFull(&l)
	}
	switch {
	case err != nil:
		return l, err
	case l.kind != clusterInside && l.offset >= 1<<x.log:
		return l, binread.Corrupt("logical cluster %d has its begin at %d, want it below %d", number, l.offset, 1<<x.log)
	case l.blocks != 0 && x.advise&(adviseBig1|adviseBig2) == 0:
		return l, binread.Corrupt("logical cluster %d has several blocks, and none may", number)
	}
	return l, nil
}

func (x *clusterIndex) loadFull(l *logical) error {
	at := x.start + fullPadding + l.number*fullEntry
	c, err := x.space.cursor(at, fullEntry)
	if err != nil {
		return err
	}
	advise, offset := c.U16(), c.U16()
	l.kind, l.end = uint8(advise&3), at+fullEntry
	if l.kind != clusterInside {
		l.offset, l.partial, l.block = int64(offset), advise&refPartial != 0, uint64(c.U32())
		return nil
	}
	l.setBack(int64(c.U16()))
	l.next = int64(c.U16())
	return nil
}

// setBack takes what an entry has for the distance to the first of its cluster.
func (l *logical) setBack(v int64) {
	if l.back = v; v&blockCount != 0 {
		l.back, l.blocks = 1, v&^blockCount
	}
}

// pack is some entries of a compact index, and the block that the first of their clusters is behind.
type pack struct {
	b     []byte
	low   uint // bits of an offset or a distance
	size  uint // bits of an entry
	count int
}

// entry decodes the kind of an entry, and its offset or distance.
func (p *pack) entry(i int) (kind uint8, low int64) {
	at := p.size * uint(i)
	c := binread.Little(p.b)
	v := c.At(int(at/8)).U32() >> (at % 8)
	return uint8(v >> p.low & 3), int64(v & (1<<p.low - 1))
}

// loadPack returns the pack that an entry is in, its place there, and where the pack ends.
func (x *clusterIndex) loadPack(number int64) (p pack, i int, end int64, err error) {
	total := (x.size + x.fs.super.blockSize() - 1) >> x.fs.super.blockLog
	// Packs of 16 entries have 32 bytes, and begin at a multiple of those; in front of them and behind are pairs, of 8 bytes.
	first, packed16 := (32-x.start%32)/4&7, int64(0)
	if x.advise&advise2B != 0 && first < total {
		packed16 = (total - first) &^ 15
	}
	at, width := x.start+number*4, int64(4)
	if number >= first {
		if number-first < packed16 {
			at, width = x.start+first*4+(number-first)*2, 2
		} else {
			at -= packed16 * 2
		}
	}
	p.count = 2
	if width == 2 {
		p.count = 16
		if x.log > maxCompact2B {
			return p, 0, 0, binread.Unsupported("a compact index with 2 bytes for clusters of 2^%d bytes, want at most 2^%d", x.log, maxCompact2B)
		}
	}
	n := width * int64(p.count)
	begin := at &^ (n - 1)
	p.low = max(x.log, uint(bits.Len(blockCount)))
	p.size = uint(n-4) * 8 / uint(p.count)
	p.b, err = x.space.bytes(begin, int(n))
	return p, int((at - begin) / width), begin + n, err
}

func (x *clusterIndex) loadCompact(l *logical) error {
	p, i, end, err := x.loadPack(l.number)
	if err != nil {
		return err
	}
	l.end = end
	kind, low := p.entry(i)
	if l.kind = kind; kind == clusterInside {
		x.inside(l, &p, i, low)
		return nil
	}
	l.offset = low
	c := binread.Little(p.b)
	base := uint64(c.At(len(p.b) - 4).U32())
	before, err := x.blocksBefore(&p, i)
	l.block = base + uint64(before)
	return err
}

// inside finds the distances of an entry. The last of a pack has the one to the next cluster, the others that to their own.
func (x *clusterIndex) inside(l *logical, p *pack, i int, low int64) {
	if l.setBack(low); l.blocks == 0 && i == p.count-1 {
		l.back = 1
		if kind, before := p.entry(i - 1); kind == clusterInside {
			if l.back = before + 1; before&blockCount != 0 {
				l.back = 2
			}
		}
	}
	for k := i; k < p.count; k++ {
		kind, v := p.entry(k)
		if kind != clusterInside {
			return
		}
		if l.next++; k == p.count-1 && v&blockCount == 0 {
			l.next += v - 1
		}
	}
}

// blocksBefore counts the blocks of the clusters that begin before entry i of a pack, and one more where each has one.
func (x *clusterIndex) blocksBefore(p *pack, i int) (blocks int64, err error) {
	big := x.advise&adviseBig1 != 0
	if !big {
		blocks = 1
	}
	for k := int64(i) - 1; k >= 0; k-- {
		kind, v := p.entry(int(k))
		switch {
		case kind != clusterInside:
			blocks++
		case !big:
			if k -= v; k >= 0 {
				blocks++
			}
		case v&blockCount != 0:
			blocks += v &^ blockCount
			k--
		case v <= 1:
			return 0, binread.Corrupt("an entry of a large cluster %d behind its first", v)
		default:
			k -= v - 2
		}
	}
	return blocks, nil
}
