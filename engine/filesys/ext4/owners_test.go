package ext4

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// TestOwnersAreWhatDebugfsSays asks debugfs whose each block of an image is.
func TestOwnersAreWhatDebugfsSays(t *testing.T) {
	for _, options := range [][]string{withSums, oldMaps, {"-t", "ext4", "-b", "4096"}} {
		l := newLab(t, "33M", options...)
		f := openBytes(t, l.bytes())
		blocks := make([]uint64, f.super.blocks)
		numbers, want := "", ""
		for i := range blocks {
			blocks[i] = uint64(i)
			if i > 0 {
				numbers += fmt.Sprint(" ", i)
			}
			if i%4096 == 0 || i == len(blocks)-1 { // a line may not be longer
				said, _ := l.run("debugfs", "-R", "icheck"+numbers, l.path)
				want, numbers = want+said, ""
			}
		}
		nodes := map[string]string{}
		for _, line := range strings.Split(want, "\n") {
			block, node, _ := strings.Cut(line, "\t")
			nodes[block] = node
		}
		owners, err := f.Owners(context.Background(), blocks)
		if err != nil || len(owners) != len(blocks) {
			t.Fatal(len(owners), err)
		}
		said, _ := l.run("debugfs", "-R", fmt.Sprintf("testb 1 %d", len(blocks)-1), l.path)
		free := map[string]bool{}
		for _, line := range strings.Split(said, "\n") {
			free[line] = true
		}
		for block := uint64(1); block < f.super.blocks; block++ {
			o := owners[block]
			got := nodes[itoa(block)]
			node := itoa(uint64(o.Node))
			if o.Node == 0 || o.Use == filesys.UseDescriptors {
				node = "<block not found>"
			}
			if got != node && (got != "7" || o.Use != filesys.UseDescriptors) {
				t.Errorf("%v: block %d: %+v, debugfs says %q", options, block, o, got)
			}
			if got == "8" && o.Use != filesys.UseJournal && o.Use != filesys.UseMap {
				t.Errorf("%v: block %d: %+v, debugfs says %q", options, block, o, got)
			}
			if used := !free[fmt.Sprintf("Block %d not in use", block)]; used == (o.Use == filesys.UseFree) {
				t.Errorf("%v: block %d: %+v, debugfs says in use: %v", options, block, o, used)
			}
		}
	}
}

// TestOwnersOfKnownBlocks names one block of each use.
func TestOwnersOfKnownBlocks(t *testing.T) {
	h := newHostile(t, "mutant")
	for name, test := range map[string]struct {
		block int
		want  filesys.Owner
	}{
		"boot block":         {0, filesys.Owner{Use: filesys.UseBoot}},
		"superblock":         {1, filesys.Owner{Use: filesys.UseSuperblock}},
		"descriptors":        {2, filesys.Owner{Use: filesys.UseDescriptors}},
		"block bitmap":       {h.bitmap(false) >> 10, filesys.Owner{Use: filesys.UseBlockBitmap}},
		"inode bitmap":       {h.bitmap(true) >> 10, filesys.Owner{Use: filesys.UseInodeBitmap}},
		"inode table":        {h.inode("pieces") >> 10, filesys.Owner{Use: filesys.UseInodeTable}},
		"directory":          {h.content("hashed", 1) >> 10, filesys.Owner{Use: filesys.UseDirectory, Node: find(t, h.fs, "hashed")}},
		"content":            {h.content("pieces", 0) >> 10, filesys.Owner{Use: filesys.UseContent, Node: find(t, h.fs, "pieces")}},
		"map":                {h.leaf("pieces") >> 10, filesys.Owner{Use: filesys.UseMap, Node: find(t, h.fs, "pieces")}},
		"attributes":         {int(h.get(h.inode("dir/attributes")+0x68, 4)), filesys.Owner{Use: filesys.UseXattr, Node: find(t, h.fs, "dir/attributes")}},
		"behind the end":     {1 << 40, filesys.Owner{Use: filesys.UseUnknown}},
		"last block, unused": {len(h.b)>>10 - 1, filesys.Owner{Use: filesys.UseFree}},
	} {
		owners, err := h.fs.Owners(context.Background(), []uint64{uint64(test.block), 1, uint64(test.block)})
		if got := owners[uint64(test.block)]; err != nil || got != test.want {
			t.Errorf("%s: block %d: %+v, %v, want %+v", name, test.block, got, err, test.want)
		}
	}
}
