package ntfs

import (
	"fmt"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
)

const (
	entryHasNode = 1
	entryIsLast  = 2

	indexEntryHead = 16 // bytes

	maxIndexBlock  = 64 << 10
	maxIndexBitmap = 16 << 20
)

// index is one walk over the entries of an index, in no order.
type index struct {
	f      *FS
	of     *node
	name   string                     // "$I30"
	each   func(entry []byte) error   // whose head is decoded and whose length is right
	file   filesys.File               // of its blocks; nil for a small index
	size   int64                      // bytes of a block
	scale  int64                      // bytes that blocks are numbered in
	seen   map[int64]bool             //
	queue  []int64                    // numbers of blocks
	damage func(block int64, _ error) // block is -1 for the root and for the index as a whole
}

// walkIndex calls each with the entries of an index, and damage with what is wrong.
func (f *FS) walkIndex(of *node, name string, each func(entry []byte) error, damage func(block int64, err error)) {
	x := &index{f: f, of: of, name: name, each: each, damage: damage, seen: map[int64]bool{}}
	if err := x.walk(); err != nil {
		damage(-1, err)
	}
}

// walk goes through the tree from its root.
func (x *index) walk() error {
	root := x.of.stream(typeIndexRoot, x.name)
	if root == nil || !root.resident {
		return binread.Corrupt("no root of the index")
	}
	c := binread.Little(root.value)
	x.size = int64(c.At(8).U32())
	if x.size < fixupStride || x.size > maxIndexBlock || x.size%fixupStride != 0 {
		return binread.Corrupt("index blocks of %d bytes", x.size)
	}
	if x.scale = x.f.boot.clusterSize; x.size < x.scale {
		x.scale = fixupStride
	}
	if s := x.of.stream(typeIndexAlloc, x.name); s != nil {
		file, err := x.f.open(s)
		if err != nil {
			return err
		}
		x.file = file
	}
	x.entries(-1, root.value, 16)
	for len(x.queue) > 0 {
		number := x.queue[len(x.queue)-1]
		x.queue = x.queue[:len(x.queue)-1]
		if err := x.block(number); err != nil {
			x.damage(number, fmt.Errorf("index block %d: %w", number, err))
		}
	}
	return x.allReached()
}

// block reads one block of the index.
func (x *index) block(number int64) error {
	switch {
	case x.file == nil || number < 0 || number > x.file.Size()/x.scale:
		return binread.Corrupt("not in the index")
	case x.seen[number]:
		return binread.Corrupt("reached twice")
	}
	x.seen[number] = true
	b := make([]byte, x.size)
	if n, err := x.file.ReadAt(b, number*x.scale); n < len(b) {
		return binread.Corrupt("cannot be read: %w", err)
	}
	if string(b[:4]) != "INDX" {
		return binread.Corrupt("begins with %q, want INDX", b[:4])
	}
	if err := unfix(b); err != nil {
		return err
	}
	c := binread.Little(b)
	if is := int64(c.At(0x10).U64()); is != number {
		return binread.Corrupt("says it is block %d", is)
	}
	x.entries(number, b, 0x18)
	return nil
}

// entries reads the entries behind the header at a place of b.
func (x *index) entries(block int64, b []byte, header int) {
	c := binread.Little(b)
	first, used := int64(c.At(header).U32()), int64(c.U32())
	if c.Err() != nil || first < 16 || used < first || used > int64(len(b)-header) {
		x.damage(block, binread.Corrupt("entries from %d to %d of %d bytes", first, used, len(b)-header))
		return
	}
	b = b[header+int(first) : header+int(used)]
	for len(b) >= indexEntryHead {
		c := binread.Little(b)
		length, keyLength, flags := int(c.At(8).U16()), int(c.U16()), c.U16()
		if length < indexEntryHead || length > len(b) || keyLength > length-indexEntryHead {
			x.damage(block, binread.Corrupt("an entry of %d bytes with a name of %d", length, keyLength))
			return
		}
		if flags&entryHasNode != 0 {
			below := binread.Little(b[length-8:])
			x.queue = append(x.queue, int64(below.U64()))
		}
		if flags&entryIsLast != 0 {
			return
		}
		if err := x.each(b[:length]); err != nil {
			x.damage(block, err)
		}
		b = b[length:]
	}
	x.damage(block, binread.Corrupt("entries without an end"))
}

// allReached holds the blocks that were reached against the bitmap of those in use: names in others would be missing.
func (x *index) allReached() error {
	if x.file == nil {
		return nil
	}
	s := x.of.stream(typeBitmap, x.name)
	if s == nil {
		return binread.Corrupt("no bitmap of the index")
	}
	bitmap, err := x.f.readAll(s, maxIndexBitmap)
	if err != nil {
		return fmt.Errorf("bitmap of the index: %w", err)
	}
	for i := range int64(len(bitmap)) * 8 {
		if number := i * x.size / x.scale; bitmap[i/8]>>(i%8)&1 != 0 && !x.seen[number] {
			return binread.Corrupt("index block %d is in use and was not reached", number)
		}
	}
	return nil
}

// fileName is the key of an index of names, and the value of the attribute with a name of a file.
type fileName struct {
	parent reference
	units  []uint16
	space  uint8
}

func (n *fileName) name() string { return binread.WTF8(n.units) }

func decodeFileName(b []byte) (fileName, error) {
	c := binread.Little(b)
	n := fileName{parent: reference(c.U64())}
	length := int(c.At(0x40).U8())
	n.space = c.U8()
	n.units = unitsAt(&c, length)
	return n, c.Err()
}

// indexedName decodes an entry of an index of names.
func indexedName(entry []byte) (reference, fileName, error) {
	c := binread.Little(entry)
	ref, keyLength := reference(c.U64()), int(c.At(10).U16())
	n, err := decodeFileName(entry[indexEntryHead : indexEntryHead+keyLength])
	return ref, n, err
}
