package lvm

import (
	"errors"
	"fmt"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

const maxDevice = 1<<24 - 1 // of a pool

// thin is a volume of a thin pool. Its leaves are found when it is opened and read when they are needed; its pool keeps those that
// were read last, without a lock.
type thin struct {
	pool    *pool
	size    int64
	leaves  []leafAt
	outside *built // what is under chunks that were not written; nil for zeros
}

// chunks is what a leaf says.
type chunks struct {
	block uint64
	runs  []chunkRun // in order
}

// chunkRun is chunks of a volume that follow each other in the pool too.
type chunkRun struct{ first, count, data uint64 }

// thin opens a volume of a pool.
func (b *builder) thin(o *built, s segment) (piece, error) {
	id := s.number("device_id", 0, maxDevice)
	o.kind = "thin"
	if s.has("origin") {
		o.kind = "thin snapshot of " + s.text("origin")
	}
	name := s.text("thin_pool")
	if s.wrong != nil {
		return piece{}, s.wrong
	}
	if len(o.segments) != 1 {
		return piece{}, binread.Corrupt("a thin volume of %d segments, want 1", len(o.segments))
	}
	p, err := b.build(name)
	if err != nil {
		return piece{}, err
	}
	if p.pool == nil {
		return piece{}, binread.Corrupt("%s is no thin pool", name)
	}
	o.merge(p)
	t := &thin{pool: p.pool, size: o.size}
	if s.has("external_origin") {
		if t.outside, err = b.part(s.text("external_origin")); err != nil {
			return piece{}, err
		}
		o.merge(t.outside)
	}
	root, found, err := p.pool.lookup(p.pool.mappings, uint64(id))
	if err == nil && !found {
		err = binread.Corrupt("no device %d", id)
	}
	if err == nil {
		t.leaves, err = p.pool.leaves(root, b.leaves)
		b.leaves -= len(t.leaves)
	}
	if err != nil {
		return piece{}, fmt.Errorf("metadata of %s: %w", name, err)
	}
	return piece{device: t}, nil
}

// chunksOf returns what a leaf says.
func (p *pool) chunksOf(block uint64) (*chunks, error) {
	slot := &p.kept[block%uint64(len(p.kept))]
	if c := slot.Load(); c != nil && c.block == block {
		return c, nil
	}
	n, err := p.node(block)
	if err != nil {
		return nil, err
	}
	if !n.leaf {
		return nil, binread.Corrupt("block %d: an inner node among the leaves", block)
	}
	c := &chunks{block: block}
	for i, key := range n.keys {
		data := n.values[i] >> 24 // the rest is the time of the mapping
		if last := len(c.runs) - 1; last >= 0 && c.runs[last].first+c.runs[last].count == key && c.runs[last].data+c.runs[last].count == data {
			c.runs[last].count++
			continue
		}
		c.runs = append(c.runs, chunkRun{key, 1, data})
	}
	slot.Store(c)
	return c, nil
}

// find returns how many bytes from off on lie together, and where in the data of the pool; at is -1 for those nobody wrote.
func (t *thin) find(off int64) (at, n int64, err error) {
	chunk, in := uint64(off/t.pool.chunk), off%t.pool.chunk
	number := sort.Search(len(t.leaves), func(i int) bool { return t.leaves[i].first > chunk }) - 1
	until := uint64(t.size/t.pool.chunk) + 1 // first chunk that this answer does not cover
	if number+1 < len(t.leaves) {
		until = min(until, t.leaves[number+1].first)
	}
	if number < 0 {
		return -1, t.upTo(off, until), nil
	}
	c, err := t.pool.chunksOf(t.leaves[number].block)
	if err != nil {
		return 0, 0, err
	}
	i := sort.Search(len(c.runs), func(i int) bool { return c.runs[i].first > chunk })
	if i < len(c.runs) {
		until = min(until, c.runs[i].first)
	}
	if i == 0 || chunk-c.runs[i-1].first >= c.runs[i-1].count {
		return -1, t.upTo(off, until), nil
	}
	r := c.runs[i-1]
	if number+1 < len(t.leaves) && r.first+r.count > t.leaves[number+1].first {
		return 0, 0, binread.Corrupt("block %d: chunk %d, which belongs into another leaf", c.block, r.first+r.count-1)
	}
	n = t.upTo(off, r.first+r.count)
	if size := t.pool.data.size; r.data+r.count > uint64(size/t.pool.chunk) {
		return 0, 0, binread.Corrupt("%s: chunks %d to %d of the pool, which has %d", t.pool.name, r.data, r.data+r.count-1, size/t.pool.chunk)
	}
	return int64(r.data+chunk-r.first)*t.pool.chunk + in, n, nil
}

// upTo is how many bytes lie from off to the beginning of a chunk, within the volume.
func (t *thin) upTo(off int64, chunk uint64) int64 {
	if chunk > uint64(t.size/t.pool.chunk) {
		return t.size - off
	}
	return int64(chunk)*t.pool.chunk - off
}

func (t *thin) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	var damage damage
	for n < len(b) {
		at, most, err := t.find(off)
		if err != nil {
			return n, err
		}
		part := b[n:]
		if int64(len(part)) > most {
			part = part[:most]
		}
		got := len(part)
		if at >= 0 {
			got, err = t.pool.data.ReadAt(part, at)
		} else {
			err = t.unwritten(part, off)
		}
		n += got
		if err := damage.after(err, got, len(part)); err != nil {
			return n, err
		}
		off += int64(got)
	}
	return n, damage.err
}

// unwritten reads what is under chunks that were not written: the external origin as far as it reaches, and zeros behind it.
func (t *thin) unwritten(b []byte, off int64) error {
	n := 0
	var err error
	if t.outside != nil && off < t.outside.size {
		n = int(min(int64(len(b)), t.outside.size-off))
		if err = binread.Fill(t.outside.device, b[:n], off); err != nil && !errors.Is(err, binread.ErrChecksum) {
			return err
		}
	}
	clear(b[n:])
	return err
}

func (t *thin) place(off, n int64) (volume.Place, bool) {
	at, most, err := t.find(off)
	switch {
	case err != nil:
		return volume.Place{}, false
	case at >= 0:
		return t.pool.data.place(at, min(n, most))
	case t.outside != nil && off < t.outside.size:
		return t.outside.place(off, min(n, most, t.outside.size-off))
	}
	return volume.Place{}, false
}
