package erofs

import (
	"math/bits"

	"github.com/guestctl/guestctl/engine/binread"
)

const (
	maxCompact   = 14 // bytes of a logical cluster with a compact index, as a power of 2
	maxCompact2B = 12
)

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
