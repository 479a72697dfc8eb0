package lvm

import (
	"fmt"
	"slices"
	"sort"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// The exception store of a snapshot, as the kernel's dm-snap-persistent writes it.
const (
	storeMagic    = 0x70416e53 // "SnAp"
	maxExceptions = 1 << 22    // of all snapshots of a group; 16 GiB in chunks of 4 KiB
	maxStoreChunk = 16 << 20   // bytes; the kernel takes 512 KiB at most where LVM makes it
)

// snapshot is what one of the hidden volumes "snapshot0" says.
type snapshot struct {
	origin, store string
	chunk         int64 // bytes
	extents       int64 // of the origin when the snapshot was made
	merging       bool  // its changes are on their way back into the origin
}

// errInvalid is why a snapshot is nothing any more.
var errInvalid = binread.Corrupt("the snapshot is invalid: it ran full, or its origin was changed without it")

// snapshotOf reads one of the hidden volumes.
func snapshotOf(l *logical) (snapshot, error) {
	s := l.segments[0]
	snap := snapshot{
		origin:  s.text("origin"),
		chunk:   sectorSize * s.number("chunk_size", 1, maxStoreChunk/sectorSize),
		extents: l.extents,
		merging: s.has("merging_store"),
	}
	field := "cow_store"
	if snap.merging {
		field = "merging_store"
	}
	snap.store = s.text(field)
	return snap, s.wrong
}

// overlay is an origin with what a snapshot has instead of some of its chunks.
type overlay struct {
	origin, store *built
	chunk         int64
	size          int64
	changed       []exception // in the order of the origin
}

type exception struct{ origin, store uint64 } // chunks

// snapshot opens a snapshot, or an origin into which one is being merged.
func (b *builder) snapshot(s snapshot) (*built, error) {
	origin, err := b.part(s.origin)
	if err != nil {
		return nil, err
	}
	store, err := b.part(s.store)
	if err != nil {
		return nil, err
	}
	v := &overlay{origin: origin, store: store, chunk: s.chunk, size: min(s.extents, origin.extents) * b.extentSize}
	o := &built{logical: store.logical, device: v, size: v.size, kind: "snapshot of " + s.origin}
	if s.merging {
		o.logical, o.kind = origin.logical, origin.kind
		o.note([]string{fmt.Sprintf("%s is being merged into it", s.store)})
	}
	o.merge(origin)
	o.merge(store)
	if err := v.read(b.changes); err != nil {
		return nil, fmt.Errorf("%s: changes: %w", s.store, err)
	}
	b.changes -= len(v.changed)
	return o, nil
}

// read reads the header of the store, and what was changed: chunks full of pairs, each before the chunks that it names.
func (v *overlay) read(most int) error {
	head, err := binread.ReadAt(v.store.device, 0, 16, 16)
	if err != nil {
		return err
	}
	c := binread.Little(head)
	magic, valid, version, sectors := c.U32(), c.U32(), c.U32(), c.U32()
	switch {
	case magic != storeMagic:
		return binread.Corrupt("magic 0x%08x, want 0x%08x", magic, storeMagic)
	case valid == 0:
		return errInvalid
	case version != 1:
		return binread.Unsupported("version %d, want 1", version)
	case int64(sectors)*sectorSize != v.chunk:
		return binread.Corrupt("chunks of %d sectors, the group says %d", sectors, v.chunk/sectorSize)
	}
	chunks := uint64(v.store.size / v.chunk)
	each := uint64(v.chunk / 16)
	for at := uint64(1); at < chunks; at += each + 1 {
		if more, err := v.table(at, chunks, most); err != nil || !more {
			return firstOf(err, v.order())
		}
	}
	return v.order()
}

// table reads one chunk of pairs. The last pair in use has an empty one behind it.
func (v *overlay) table(at, chunks uint64, most int) (more bool, err error) {
	b, err := binread.ReadAt(v.store.device, int64(at)*v.chunk, v.chunk, maxStoreChunk)
	if err != nil {
		return false, err
	}
	c := binread.Little(b)
	for c.Len() >= 16 {
		e := exception{c.U64(), c.U64()}
		switch {
		case e.store == 0:
			return false, nil
		case e.store >= chunks:
			return false, binread.Corrupt("chunk %d of the store, which has %d", e.store, chunks)
		case len(v.changed) >= most:
			return false, binread.Limit("more than %d changed chunks", maxExceptions)
		}
		v.changed = append(v.changed, e)
	}
	return true, nil
}

func (v *overlay) order() error {
	slices.SortFunc(v.changed, func(a, b exception) int {
		if a.origin < b.origin {
			return -1
		}
		return 1
	})
	for i := 1; i < len(v.changed); i++ {
		if v.changed[i].origin == v.changed[i-1].origin {
			return binread.Corrupt("chunk %d was changed twice", v.changed[i].origin)
		}
	}
	return nil
}

// find returns how many bytes from off on lie together, in which volume, and where.
func (v *overlay) find(off int64) (in *built, at, n int64) {
	chunk := uint64(off / v.chunk)
	i := sort.Search(len(v.changed), func(i int) bool { return v.changed[i].origin >= chunk })
	switch {
	case i == len(v.changed):
		return v.origin, off, v.size - off
	case v.changed[i].origin > chunk:
		return v.origin, off, min(v.size, int64(min(v.changed[i].origin, uint64(v.size/v.chunk)+1))*v.chunk) - off
	}
	n = v.chunk - off%v.chunk
	return v.store, int64(v.changed[i].store)*v.chunk + off%v.chunk, min(n, v.size-off)
}

func (v *overlay) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	var damage damage
	for n < len(b) {
		in, at, most := v.find(off)
		part := b[n:]
		if int64(len(part)) > most {
			part = part[:most]
		}
		got, err := in.ReadAt(part, at)
		n += got
		if err := damage.after(err, got, len(part)); err != nil {
			return n, err
		}
		off += int64(got)
	}
	return n, damage.err
}

func (v *overlay) place(off, n int64) (volume.Place, bool) {
	in, at, most := v.find(off)
	return in.place(at, min(n, most))
}
