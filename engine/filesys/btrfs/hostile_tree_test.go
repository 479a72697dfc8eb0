package btrfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestHostileBlocks changes blocks of trees, whose checksums are right, and the chunks of the superblock. Nothing of it is to be taken for
// good, by reading or by the check.
func TestHostileBlocks(t *testing.T) {
	const sub, chunks = 256, chunkTreeID
	put16, put32, put64 := binary.LittleEndian.PutUint16, binary.LittleEndian.PutUint32, binary.LittleEndian.PutUint64
	data := func(b []byte, i int) []byte { // of an item of a leaf
		return b[headerSize+binary.LittleEndian.Uint32(b[headerSize+i*itemSize+keySize:]):]
	}
	for name, test := range map[string]struct {
		tree   uint64 // whose root is changed; 0 for the superblock
		change func(b []byte)
		want   error
	}{
		"a level that is too deep":           {sub, func(b []byte) { b[0x64] = 200 }, binread.ErrCorrupt},
		"a level that its root item has not": {sub, func(b []byte) { b[0x64] = 3 }, binread.ErrCorrupt},
		"a node that points at itself":       {sub, func(b []byte) { copy(b[headerSize+keySize:], b[0x30:0x38]) }, binread.ErrCorrupt},
		"a node without pointers":            {sub, func(b []byte) { put32(b[0x60:], 0) }, binread.ErrCorrupt},
		"more pointers than there is room":   {sub, func(b []byte) { put32(b[0x60:], 1<<31) }, binread.ErrCorrupt},
		"a child of another generation":      {sub, func(b []byte) { b[headerSize+keySize+8]++ }, binread.ErrChecksum},
		"a child where no chunk is":          {sub, func(b []byte) { put64(b[headerSize+keySize:], 1<<60) }, binread.ErrCorrupt},
		"a child between two blocks":         {sub, func(b []byte) { b[headerSize+keySize]++ }, binread.ErrCorrupt},
		"a child that another tree has":      {sub, func(b []byte) { put64(b[0x58:], extentTreeID) }, binread.ErrChecksum},
		"two children in the wrong order":    {sub, func(b []byte) { put64(b[headerSize+pointerSize:], 1) }, binread.ErrCorrupt},
		"one child twice": {sub, func(b []byte) {
			for i := range int(b[0x60]) {
				copy(b[headerSize+i*pointerSize+keySize:], b[headerSize+keySize:headerSize+keySize+16])
			}
		}, binread.ErrCorrupt},
		"a block of another file system":             {sub, func(b []byte) { b[0x20]++ }, binread.ErrChecksum},
		"a block of another place":                   {sub, func(b []byte) { b[0x32]++ }, binread.ErrChecksum},
		"an item outside of its block":               {chunks, func(b []byte) { put32(b[headerSize+keySize:], 1<<32-1) }, binread.ErrCorrupt},
		"an item whose end overflows":                {chunks, func(b []byte) { put32(b[headerSize+keySize:], 1<<32-4); put32(b[headerSize+keySize+4:], 8) }, binread.ErrCorrupt},
		"an item in the list of items":               {chunks, func(b []byte) { put32(b[headerSize+keySize:], 3) }, binread.ErrCorrupt},
		"items of a leaf in the wrong order":         {chunks, func(b []byte) { put64(b[headerSize+itemSize:], 0) }, binread.ErrCorrupt},
		"chunks that overlap":                        {chunks, func(b []byte) { put64(data(b, 1), 1<<60) }, binread.ErrCorrupt},
		"a chunk of no bytes":                        {chunks, func(b []byte) { put64(data(b, 1), 0) }, binread.ErrCorrupt},
		"stripes of no bytes":                        {chunks, func(b []byte) { put64(data(b, 1)[16:], 0) }, binread.ErrCorrupt},
		"stripes of 4 GiB":                           {chunks, func(b []byte) { put64(data(b, 1)[16:], 1<<32) }, binread.ErrCorrupt},
		"65535 stripes":                              {chunks, func(b []byte) { put16(data(b, 1)[44:], 65535) }, binread.ErrCorrupt},
		"no stripes":                                 {chunks, func(b []byte) { put16(data(b, 1)[44:], 0) }, binread.ErrCorrupt},
		"two profiles":                               {chunks, func(b []byte) { put64(data(b, 1)[24:], 1|profileRAID0|profileRAID1) }, binread.ErrCorrupt},
		"a profile that there is not":                {chunks, func(b []byte) { put64(data(b, 1)[24:], 1|1<<11) }, binread.ErrUnsupported},
		"mirrors of one stripe":                      {chunks, func(b []byte) { put64(data(b, 1)[24:], 1|profileRAID1) }, binread.ErrCorrupt},
		"striped mirrors without pairs":              {chunks, func(b []byte) { put64(data(b, 1)[24:], 1|profileRAID10) }, binread.ErrCorrupt},
		"parity alone":                               {chunks, func(b []byte) { put64(data(b, 1)[24:], 1|profileRAID5) }, binread.ErrCorrupt},
		"a stripe behind 2^62":                       {chunks, func(b []byte) { put64(data(b, 1)[chunkHeader+8:], 1<<63) }, binread.ErrCorrupt},
		"a device item that is cut":                  {chunks, func(b []byte) { b[headerSize+keySize+4]-- }, binread.ErrCorrupt},
		"the superblock's chunks with 65535 stripes": {0, func(b []byte) { put16(b[0x32b+keySize+44:], 65535) }, binread.ErrCorrupt},
		"the superblock's chunks are cut":            {0, func(b []byte) { put32(b[0xa0:], 100) }, binread.ErrCorrupt},
		"the superblock's chunks have no stripes":    {0, func(b []byte) { put16(b[0x32b+keySize+44:], 0) }, binread.ErrCorrupt},
		"the superblock's chunks are of no bytes":    {0, func(b []byte) { put64(b[0x32b+keySize+16:], 0) }, binread.ErrCorrupt},
		"the superblock's chunks are no chunks":      {0, func(b []byte) { b[0x32b+8] = 1 }, binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := readChanged(t, test.tree, test.change); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
			if f, _ := readChanged(t, test.tree, test.change); f != nil {
				if _, found := checkAll(t, f); len(found) == 0 {
					t.Error("the check finds nothing")
				}
			}
		})
	}
}

// readChanged opens the image with the root of a tree changed, or its superblock, and reads everything.
func readChanged(t *testing.T, of uint64, change func(b []byte)) (*FS, error) {
	t.Helper()
	whole := image(t, "checked")
	f := openBytes(t, whole)
	at := int64(superOffset)
	size := superSize
	if of != 0 {
		root := f.super.chunkRoot
		if i := slices.IndexFunc(f.volumes, func(v subvolume) bool { return v.id == of }); i >= 0 {
			root = f.volumes[i].tree.root
		}
		p, err := f.places(root.block)
		if err != nil {
			t.Fatal(err)
		}
		at, size = int64(p.copies[0].off+p.off), int(f.super.nodeSize)
	}
	b := bytes.Clone(whole[at : at+int64(size)])
	change(b)
	resum(b)
	patches := []patch{{at, b}}
	if of == 0 { // its copy would be used
		patches = append(patches, patch{64 << 20, make([]byte, superSize)})
	}
	changed := &patched{whole, patches}
	f, err := Open(changed, int64(len(whole)))
	if err != nil {
		return nil, err
	}
	return f, conformance.Walk(f, func(_ string, n filesys.Node) error {
		_, err := f.Xattrs(n)
		return err
	})
}
