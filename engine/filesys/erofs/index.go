package erofs

import "github.com/guestctl/guestctl/engine/binread"

// The kinds of logical clusters.
const (
	clusterPlain = iota
	clusterHead1
	clusterInside // it begins no cluster
	clusterHead2
)

const (
	fullEntry   = 8 // bytes of an entry of a full index
	fullPadding = 8 // bytes in front of a full index
	refPartial  = 1 << 15
	blockCount  = 1 << 11 // flag of a distance: it is the number of blocks of the cluster
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
