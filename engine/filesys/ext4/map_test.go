package ext4

import (
	"bytes"
	"strings"
	"testing"
)

// TestUnwrittenExtentsAreZeros: what an earlier file left in the blocks must not show.
func TestUnwrittenExtentsAreZeros(t *testing.T) {
	h := newHostile(t, "kernel")
	const path = "extents/unwritten"
	first := h.root(path) + 12 // of struct ext4_extent
	if h.get(first+4, 2) <= maxExtentBlocks {
		t.Fatal("the first extent of the file is not unwritten: the image does not test that")
	}
	at := int(h.get(first+8, 4)) << 10
	copy(h.b[at:], strings.Repeat("what was there before ", 40))
	f := openBytes(t, h.b)
	c, err := f.Open(find(t, f, path))
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Repeat([]byte{0xa5}, 1024)
	if _, err := c.ReadAt(b, 0); err != nil || !bytes.Equal(b, make([]byte, 1024)) {
		t.Errorf("%q, %v, want zeros", b[:32], err)
	}
}

// TestTripleIndirectBlocks reads one block that all three levels of a block map lead to, and the holes beside it.
func TestTripleIndirectBlocks(t *testing.T) {
	h := newHostile(t, "ext2-1k")
	const path, block, free = "sizes/1024", 1024, 12000 // blocks from there on are not in use
	h.put(h.root(path)+4*14, 4, free)
	h.put(free*block+4*1, 4, free+1)
	h.put((free+1)*block+4*2, 4, free+2)
	h.put((free+2)*block+4*3, 4, free+3)
	copy(h.b[(free+3)*block:], "found")
	h.put(h.inode(path)+0x4, 4, 300<<20)
	f := openBytes(t, h.b)
	c, err := f.Open(find(t, f, path))
	if err != nil {
		t.Fatal(err)
	}
	const per = block / 4
	at := int64(directBlocks+per+per*per+1*per*per+2*per+3) * block
	b := make([]byte, 3*block)
	if _, err := c.ReadAt(b, at-block); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 3*block)
	copy(want[block:], "found")
	if !bytes.Equal(b, want) {
		t.Errorf("%q, want one block that says found between holes", bytes.TrimRight(b, "\x00"))
	}
}

// TestDirectoryBlocksCountOnce: extents that map one block again and again must not multiply its entries.
func TestDirectoryBlocksCountOnce(t *testing.T) {
	h := newHostile(t, "mutant")
	const dir = "hashed"
	h.repeat(dir, uint64(h.content(dir, 1)>>10))
	f := openBytes(t, h.b)
	entries, err := f.ReadDir(find(t, f, dir))
	if err == nil || len(entries) == 0 || len(entries) > 1024/12 {
		t.Errorf("%d entries, %v, want those of one block and the damage", len(entries), err)
	}
	for i := 1; i < len(entries); i++ {
		if entries[i].Name == entries[i-1].Name {
			t.Fatalf("%q is there twice", entries[i].Name)
		}
	}
}
