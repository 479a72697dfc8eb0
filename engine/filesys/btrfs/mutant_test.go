package btrfs

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// patched is an image with some bytes changed: a test that had to copy the whole image would be slow.
type patched struct {
	image   []byte
	patches []patch
}

type patch struct {
	off int64
	b   []byte
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := bytes.NewReader(p.image).ReadAt(b, off)
	for _, c := range p.patches {
		if at := c.off - off; at >= 0 && at < int64(n) {
			copy(b[at:n], c.b)
		} else if at < 0 && -at < int64(len(c.b)) {
			copy(b[:n], c.b[-at:])
		}
	}
	return n, err
}

// blocksOf are the places of the copies of all blocks of metadata that reading meets, and of those of other trees.
func blocksOf(t testing.TB, f *FS, others ...uint64) (places [][2]int64) {
	t.Helper()
	var visit func(p pointer)
	visit = func(p pointer) {
		found, err := f.places(p.block)
		if err != nil {
			t.Fatal(err)
		}
		at := [2]int64{-1, -1}
		for i, s := range found.copies {
			at[i] = int64(s.off + found.off)
		}
		places = append(places, at)
		b, err := f.readBlock(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.count {
			if b.level > 0 {
				visit(b.child(i, p.owner))
			}
		}
	}
	for _, v := range f.volumes {
		visit(v.tree.root)
	}
	visit(f.super.root)
	visit(f.super.chunkRoot)
	for _, id := range others {
		t, err := f.treeOf(id)
		if err != nil {
			continue // not every file system has each
		}
		visit(t.root)
	}
	return places
}

// TestMutantsAreNoticed: what is not as it was comes with an error, whatever byte of the metadata is changed in all its copies.
func TestMutantsAreNoticed(t *testing.T) {
	const mutants = 8
	for _, name := range []string{"lzo", "mixed", "zlib"} {
		truth, err := conformance.ReadTruth(filepath.Join("testdata", name+".jsonl.gz"))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, o := range truth {
			want[o.Path] = o.Mode
		}
		whole := image(t, name)
		original := openBytes(t, whole)
		blocks := blocksOf(t, original)
		random := rand.New(rand.NewPCG(9, 2026))
		failed := 0
		for range mutants {
			at := blocks[random.IntN(len(blocks))]
			off, value := random.Int64N(int64(original.super.nodeSize)), byte(random.IntN(256))
			var list []patch
			for _, copyAt := range at {
				if copyAt >= 0 {
					list = append(list, patch{copyAt + off, []byte{value}})
				}
			}
			f, err := Open(&patched{whole, list}, int64(len(whole)))
			if err != nil || len(f.Description().Problems) > 0 {
				failed++
				continue
			}
			seen := 0
			err = conformance.Walk(f, func(_ string, n filesys.Node) error {
				seen++
				st, err := f.Stat(n)
				if err != nil {
					return err
				}
				if _, err := f.Xattrs(n); err != nil {
					return err
				}
				if st.IsRegular() {
					c, err := f.Open(n)
					if err != nil {
						return err
					}
					if _, err := c.ReadAt(make([]byte, 1), max(0, c.Size()-1)); err != nil && !errors.Is(err, io.EOF) {
						return err
					}
				}
				return nil
			})
			if err != nil {
				failed++
			} else if seen != len(want) {
				t.Errorf("%s: a byte at %#x: %d objects, want %d, and no error", name, list[0].off, seen, len(want))
			}
		}
		if failed < mutants/4 { // by the hashes of names, which a block in two has, nothing is found
			t.Errorf("%s: %d of %d mutants failed: the test changes the wrong places", name, failed, mutants)
		}
	}
}

// TestASecondCopyIsRead damages the first copy of every block.
func TestASecondCopyIsRead(t *testing.T) {
	whole := image(t, "zstd")
	original := openBytes(t, whole)
	damaged := bytes.Clone(whole)
	for _, at := range blocksOf(t, original) {
		if at[1] < 0 {
			t.Fatal("a block without a second copy")
		}
		damaged[at[0]+200] ^= 1
	}
	if err := conformance.Walk(openBytes(t, damaged), func(string, filesys.Node) error { return nil }); err != nil {
		t.Error(err)
	}
}
