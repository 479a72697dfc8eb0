package btrfs

import (
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// logBlocks are the places of all blocks of log trees.
func logBlocks(t testing.TB, f *FS) (all []int64) {
	t.Helper()
	var visit func(p pointer)
	visit = func(p pointer) {
		at, err := f.places(p.block)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, int64(at.copies[0].off+at.off))
		b, err := f.readBlock(p)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.count {
			if b.level > 0 {
				visit(b.child(i, logTreeID))
			} else if b.key(i).kind == kindRoot {
				root, err := decodeRoot(b.data(i), logTreeID)
				if err != nil {
					t.Fatal(err)
				}
				visit(root)
			}
		}
	}
	visit(f.super.logRoot)
	return all
}

// FuzzReplay changes blocks of log trees, with right checksums, has them replayed and checked, and asks for everything.
func FuzzReplay(f *testing.F) {
	var wholes [][]byte
	var blocks [][]int64
	var sums []sumType
	for _, name := range []string{"crashed/names", "crashed/content", "crashed/holes"} {
		whole := image(f, name)
		original := openBytes(f, whole)
		wholes, blocks, sums = append(wholes, whole), append(blocks, logBlocks(f, original)), append(sums, original.super.sumType)
	}
	for i := range byte(len(wholes)) {
		for _, off := range []uint16{0x60, 0x65, 0x6d, 0x6e, 0x76, 16000, 16100, 16200, 16300} {
			f.Add(i, byte(1), off, []byte{1, 2, 3})
			f.Add(i, byte(1), off, []byte{0xff, 0xff, 0xff, 0xff})
		}
	}
	f.Fuzz(func(t *testing.T, which, number byte, off uint16, data []byte) {
		i := int(which) % len(wholes)
		at := blocks[i][int(number)%len(blocks[i])]
		b := make([]byte, 16<<10)
		copy(b, wholes[i][at:])
		copy(b[int(off)%len(b):], data)
		resumAs(sums[i], b)
		opened, err := Open(&patched{wholes[i], []patch{{at, b}}}, int64(len(wholes[i])))
		if err != nil {
			return
		}
		askAll(opened)
		_, _ = opened.Check(t.Context(), func(filesys.Damage) {})
		_, _ = opened.VerifyContent(t.Context(), func(filesys.Damage) {})
	})
}
