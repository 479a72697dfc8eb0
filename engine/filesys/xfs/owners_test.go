package xfs

import (
	"maps"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestOwners asks for blocks whose places xfs_db told: of what the first group begins with, its trees, the log, and those of files.
func TestOwners(t *testing.T) {
	f := openBytes(t, image(t, "default"))
	g, err := f.groupFree(0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.groupInode(0)
	if err != nil {
		t.Fatal(err)
	}
	find := func(path string) filesys.Node { return conformance.Find(t, f, path) }
	block := func(path string, logical uint64, attrs bool) uint64 {
		in, err := f.readInode(find(path))
		if err != nil {
			t.Fatal(err)
		}
		k := &in.data
		if attrs {
			k = &in.attrs
		}
		m, err := f.newBlockMap(&in, k)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.run(logical)
		if err != nil || r.hole {
			t.Fatalf("%q has no block %d: %v", path, logical, err)
		}
		return f.super.linear(r.start)
	}
	pieces, err := f.readInode(find("sparse/pieces"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.newBlockMap(&pieces, &pieces.data)
	if err != nil {
		t.Fatal(err)
	}
	want := map[uint64]filesys.Owner{
		0:                                {Use: filesys.UseSuperblock},
		uint64(f.super.agBlocks):         {Use: filesys.UseSuperblock},
		uint64(g.byPlace.block):          {Use: filesys.UseBlockBitmap},
		uint64(n.inodes.block):           {Use: filesys.UseInodeBitmap},
		f.super.linear(f.super.logStart): {Use: filesys.UseJournal},
		f.super.linear(f.super.root >> f.super.inodesLog): {Use: filesys.UseInodeTable},
		block("dirs/leaf", 1, false):                      {Use: filesys.UseDirectory, Node: find("dirs/leaf")},
		block("sizes/4000", 0, false):                     {Use: filesys.UseContent, Node: find("sizes/4000")},
		block("links/1000", 0, false):                     {Use: filesys.UseContent, Node: find("links/1000")},
		block("attributes/large", 0, true):                {Use: filesys.UseXattr, Node: find("attributes/large")},
		f.super.linear(m.root.children[0]):                {Use: filesys.UseMap, Node: find("sparse/pieces")},
		f.super.blocks - 1:                                {Use: filesys.UseFree},
		1 << 50:                                           {Use: filesys.UseUnknown},
	}
	var asked []uint64
	for b := range maps.Keys(want) {
		asked = append(asked, b)
	}
	got, err := f.Owners(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	for b, w := range want {
		if got[b] != w {
			t.Errorf("block %d: %+v, want %+v", b, got[b], w)
		}
	}
}
