package ext4

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

const overwrites = 300

// metadata lists the blocks of each use, but files' content.
func metadata(t *testing.T, f *FS) map[filesys.Use][]uint64 {
	t.Helper()
	blocks := make([]uint64, f.super.blocks)
	for i := range blocks {
		blocks[i] = uint64(i)
	}
	owners, err := f.Owners(context.Background(), blocks)
	if err != nil || len(owners) != len(blocks) {
		t.Fatal(len(owners), err)
	}
	uses := map[filesys.Use][]uint64{}
	for _, block := range blocks {
		use := owners[block].Use
		if use != filesys.UseContent && use != filesys.UseFree && use != filesys.UseBoot {
			uses[use] = append(uses[use], block)
		}
	}
	if len(uses[filesys.UseUnknown]) > 0 {
		t.Errorf("blocks %v are in use, and nobody's", uses[filesys.UseUnknown])
	}
	return uses
}

// TestCheckFindsRandomOverwrites: whatever e2fsck finds of a sector that was overwritten is found here. With -short it tries fewer
// sectors, which is enough for the race detector.
func TestCheckFindsRandomOverwrites(t *testing.T) {
	for _, options := range [][]string{withSums, noSums, oldSums, oldMaps} {
		count := overwrites
		if !slices.Equal(options, withSums) {
			count /= 3
		}
		if testing.Short() {
			count /= 5
		}
		t.Run(fmt.Sprint(options), func(t *testing.T) { overwriteSectors(t, count, options) })
	}
}

// overwriteSectors overwrites sectors of metadata, as many of each use.
func overwriteSectors(t *testing.T, overwrites int, options []string) {
	l := newLab(t, "64M", options...)
	whole := l.bytes()
	uses := metadata(t, openBytes(t, whole))
	kinds := make([]filesys.Use, 0, len(uses))
	for use := range uses {
		kinds = append(kinds, use)
	}
	slices.Sort(kinds)
	random := rand.New(rand.NewPCG(6, 2026))
	seen := map[filesys.Use]int{}
	both := 0
	for i := range overwrites {
		use := kinds[i%len(kinds)]
		block := uses[use][random.IntN(len(uses[use]))]
		p := patch{int64(block)<<10 + 512*random.Int64N(2), make([]byte, 512)}
		for at := range p.b {
			p.b[at] = byte(random.IntN(256))
		}
		out, code := l.fsckWith(p, whole)
		said := complaints(out)
		if said != "" {
			both++
		}
		f, err := Open(&patched{whole, []patch{p}}, int64(len(whole)))
		if err != nil {
			seen[use]++
			continue
		}
		if found, _ := checkAll(t, f); len(found) > 0 {
			seen[use]++
		} else if said != "" || code != 0 {
			t.Errorf("overwrite %d at %#x, block %d (%s): nothing is found, and e2fsck says %q", i, p.off, block, use, said[:min(200, len(said))])
		}
	}
	total := 0
	for _, use := range kinds {
		t.Logf("%s: %d found", use, seen[use])
		total += seen[use]
	}
	t.Logf("%d of %d are found here, %d by e2fsck", total, overwrites, both)
	if both < overwrites/4 {
		t.Errorf("e2fsck finds only %d of %d overwrites: the test does not reach metadata", both, overwrites)
	}
}

// fsckWith is what e2fsck says of the image with one patch, which is taken back.
func (l *lab) fsckWith(p patch, whole []byte) (output string, code int) {
	l.t.Helper()
	w, err := os.OpenFile(l.path, os.O_WRONLY, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if _, err := w.WriteAt(p.b, p.off); err != nil {
		l.t.Fatal(err)
	}
	output, code = l.fsck()
	if _, err := w.WriteAt(whole[p.off:p.off+int64(len(p.b))], p.off); err != nil {
		l.t.Fatal(err)
	}
	return output, code
}
