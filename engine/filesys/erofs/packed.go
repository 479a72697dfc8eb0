package erofs

import (
	"fmt"
	"io"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

// What the header of packed content advises.
const (
	advise2B         = 1 << 0 // a compact index has packs of 16 with 2 bytes each
	adviseExtents    = 1 << 0 // a full index is a list of extents
	adviseBig1       = 1 << 1 // clusters of the first kind can have several blocks
	adviseBig2       = 1 << 2 // and those of the second, and those that are plain
	adviseInline     = 1 << 3 // the last cluster is with the inode
	adviseInterlaced = 1 << 4 // a plain cluster has its bytes where they have in the content, modulo a block
	adviseFragment   = 1 << 5 // the last of the content is in the inode of fragments

	mapHeader     = 8       // bytes
	wholeFragment = 1 << 63 // flag of the header: all of the content is a fragment, at the place in the other bits

	maxStored   = 1 << 20  // bytes of a cluster
	maxUnpacked = 12 << 20 // bytes of a cluster
)

// kind is how an extent is kept.
type kind uint8

const (
	kindHole kind = iota
	kindPacked
	kindShifted    // as it is
	kindInterlaced // as it is, turned by its place in the content modulo a block
	kindFragment
)

// extent is a piece of content and how it is kept.
type extent struct {
	at, length int64 // of the content
	kind       kind
	cluster    cluster
	fragment   uint64 // where it begins in the content of the inode of fragments
}

// cluster is where an extent is. Clusters that are unpacked are kept by all of it.
type cluster struct {
	off, stored int64 // bytes
	length      int64 // bytes that it unpacks to
	codec       codec
	partial     bool // it unpacks to more, of which these are the first
	boxed       bool // it is in the packed metadata
}

// extents finds the extent that a byte of content is in.
type extents interface {
	extent(off int64) (extent, error)
}

// packed is the content of a file that is packed. It implements filesys.File and filesys.Mapped.
type packed struct {
	fs    *FS
	node  filesys.Node
	size  int64
	index extents
}

var _ filesys.Mapped = (*packed)(nil)

// openPacked reads the header of packed content.
func (f *FS) openPacked(i *inode) (filesys.File, error) {
	p := &packed{fs: f, node: nodeOf(i.number), size: i.size}
	if i.size == 0 {
		return p, nil
	}
	start := (i.end + 7) &^ 7
	c, err := i.space.cursor(start, mapHeader)
	if err != nil {
		return nil, err
	}
	h := header{fs: f, space: i.space, boxed: i.boxed(), size: i.size, start: start + mapHeader}
	h.low, h.advise, h.high = c.U32(), c.U16(), c.U16()
	if word := c.At(0).U64(); word&wholeFragment != 0 {
		p.index = fragment{i.size, word &^ wholeFragment}
		return p, nil
	}
	if i.layout == layoutFull && h.advise&adviseExtents != 0 {
		p.index, err = newExtentList(h)
	} else {
		p.index, err = newClusterIndex(h, i.layout)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// header is what stands in front of an index.
type header struct {
	fs    *FS
	space *space
	boxed bool
	size  int64 // bytes of content
	start int64 // what follows the header

	low    uint32 // place of a fragment, or how many bytes the tail has, or how many extents there are
	high   uint16 // codecs, and bytes of a logical cluster; or more bits of the number of extents
	advise uint16
}

// clusterLog is the bytes of a logical cluster, as a power of 2.
func (h *header) clusterLog() uint { return uint(h.fs.super.blockLog) + uint(h.high>>8&15) }

// fragment is content that is a fragment as a whole.
type fragment struct {
	size  int64
	place uint64
}

func (f fragment) extent(int64) (extent, error) {
	return extent{length: f.size, kind: kindFragment, fragment: f.place}, nil
}

// Size is the length of the content in bytes.
func (p *packed) Size() int64 { return p.size }

// ReadAt reads the content.
func (p *packed) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("erofs: node %d: %w", p.node, binread.Corrupt("offset %d, want not negative", off))
	}
	if off >= p.size {
		return 0, io.EOF
	}
	short := int64(len(b)) > p.size-off
	if short {
		b = b[:p.size-off]
	}
	for done := 0; done < len(b); {
		n, err := p.read(b[done:], off+int64(done))
		if err != nil {
			return done, fmt.Errorf("erofs: node %d: content at %d: %w", p.node, off+int64(done), err)
		}
		done += n
	}
	if short {
		return len(b), io.EOF
	}
	return len(b), nil
}

// extentAt returns the extent that a byte is in, and wants it to be one.
func (p *packed) extentAt(off int64) (extent, error) {
	e, err := p.index.extent(off)
	switch {
	case err != nil:
		return e, err
	case e.length <= 0 || off < e.at || off-e.at >= e.length || e.length > p.size-e.at:
		return e, binread.Corrupt("an extent of %d bytes at %d, want byte %d in it, before the end at %d", e.length, e.at, off, p.size)
	case e.kind == kindFragment && p.node == nodeOf(p.fs.super.packedInode):
		return e, binread.Corrupt("a fragment in the inode of fragments")
	case e.kind == kindHole || e.kind == kindFragment:
		return e, nil
	case e.cluster.stored == 0 || e.cluster.stored > maxStored:
		return e, binread.Corrupt("a cluster of %d bytes, want 1 to %d", e.cluster.stored, maxStored)
	case e.kind == kindPacked && e.length > maxUnpacked:
		return e, binread.Corrupt("a cluster that unpacks to %d bytes, want at most %d", e.length, maxUnpacked)
	case e.kind != kindPacked && e.length > e.cluster.stored:
		return e, binread.Corrupt("%d bytes in a plain cluster of %d", e.length, e.cluster.stored)
	case e.kind == kindInterlaced && e.cluster.stored > p.fs.super.blockSize():
		return e, binread.Corrupt("an interlaced cluster of %d bytes, want at most a block", e.cluster.stored)
	case e.kind == kindPacked && (e.cluster.codec >= codecs || p.fs.super.codecs&(1<<e.cluster.codec) == 0):
		return e, binread.Unsupported("a cluster packed with %v, of which the superblock does not tell", e.cluster.codec)
	}
	e.cluster.length = e.length
	return e, p.fs.reaches(&e.cluster)
}

// reaches wants a cluster before the end of what it is in, and on this device.
func (f *FS) reaches(c *cluster) error {
	limit := f.size
	if c.boxed {
		limit = f.box.value.size
	} else if _, err := f.place(0, uint64(c.off)>>f.super.blockLog); err != nil {
		return err
	}
	if c.off < 0 || c.off > limit || c.stored > limit-c.off {
		return binread.Corrupt("a cluster of %d bytes at %#x, want it before the end at %#x", c.stored, c.off, limit)
	}
	return nil
}

// read reads up to the end of an extent.
func (p *packed) read(b []byte, off int64) (int, error) {
	e, err := p.extentAt(off)
	if err != nil {
		return 0, err
	}
	within := off - e.at
	b = b[:min(int64(len(b)), e.length-within)]
	switch e.kind {
	case kindHole:
		clear(b)
		return len(b), nil
	case kindFragment:
		return len(b), p.readFragment(b, e.fragment+uint64(within))
	case kindShifted:
		return len(b), p.fs.fill(b, &e.cluster, within)
	case kindInterlaced:
		return len(b), p.readInterlaced(b, &e, within)
	}
	if int64(len(b)) == e.length { // a whole one would only push others out
		return len(b), p.fs.unpackInto(b, &e.cluster)
	}
	whole, err := p.fs.unpacked(&e.cluster)
	if err != nil {
		return 0, err
	}
	copy(b, whole[within:])
	return len(b), nil
}

// readInterlaced reads bytes of a block that begins with those that begin a block of the content.
func (p *packed) readInterlaced(b []byte, e *extent, within int64) error {
	size := p.fs.super.blockSize()
	at := (e.at + within) & (size - 1)
	right := b[:min(int64(len(b)), size-at)]
	if err := p.fs.fill(right, &e.cluster, at); err != nil {
		return err
	}
	return p.fs.fill(b[len(right):], &e.cluster, 0)
}

func (p *packed) readFragment(b []byte, off uint64) error {
	file, err := p.fs.packed.get()
	switch {
	case err != nil:
		return fmt.Errorf("fragments: %w", err)
	case off > uint64(file.Size()) || uint64(len(b)) > uint64(file.Size())-off:
		return binread.Corrupt("a fragment of %d bytes at %#x, want it inside of %d bytes", len(b), off, file.Size())
	}
	return binread.Fill(file, b, int64(off))
}

// fill fills b from byte off of a cluster.
func (f *FS) fill(b []byte, c *cluster, off int64) error {
	switch {
	case len(b) == 0:
		return nil
	case c.boxed:
		return binread.Fill(f.box.value.r, b, c.off+off)
	}
	return binread.Fill(f.r, b, c.off+off)
}

// unpacked returns a cluster unpacked. It is shared and must not be changed.
func (f *FS) unpacked(c *cluster) ([]byte, error) {
	cached, mine := f.clusters.Get(*c)
	if mine {
		b := make([]byte, c.length)
		err := f.unpackInto(b, c)
		f.clusters.Put(cached, b, err)
	}
	return cached.Wait()
}

// unpackInto unpacks a cluster, which has to fill b.
func (f *FS) unpackInto(b []byte, c *cluster) error {
	src, release := f.unpacker.buffer(int(c.stored))
	defer release()
	if err := f.fill(src, c, 0); err != nil {
		return err
	}
	if err := f.unpacker.unpack(b, src, c, f.super.incompat&hasPadding != 0); err != nil {
		return fmt.Errorf("cluster at %#x: %v: %w", c.off, c.codec, err)
	}
	return nil
}

// Runs implements filesys.Mapped: content is just bytes of the volume where nothing of it is packed.
func (p *packed) Runs(each func(filesys.Run)) bool {
	var runs []filesys.Run
	for off := int64(0); off < p.size; {
		e, err := p.extentAt(off)
		if err != nil || e.kind == kindPacked || e.kind == kindFragment || e.cluster.boxed || len(runs) > maxChunks {
			return false
		}
		runs = append(runs, p.fs.plainRuns(&e)...)
		off = e.at + e.length
	}
	for _, r := range runs {
		each(r)
	}
	return true
}

// plainRuns are where an extent is that is not packed.
func (f *FS) plainRuns(e *extent) []filesys.Run {
	switch e.kind {
	case kindHole:
		return []filesys.Run{{Len: e.length, Zero: true}}
	case kindInterlaced:
		at := e.at & (f.super.blockSize() - 1)
		right := min(e.length, f.super.blockSize()-at)
		runs := []filesys.Run{{Off: e.cluster.off + at, Len: right}}
		if right < e.length {
			runs = append(runs, filesys.Run{Off: e.cluster.off, Len: e.length - right})
		}
		return runs
	}
	return []filesys.Run{{Off: e.cluster.off, Len: e.length}}
}
