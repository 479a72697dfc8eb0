package btrfs

import (
	"bytes"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestOwnersOfAllBlocks compares with where files are read from, where blocks of metadata begin, and what holds nothing at all.
func TestOwnersOfAllBlocks(t *testing.T) {
	for _, name := range []string{"checked", "mixed", "zlib"} {
		b := image(t, name)
		f := openBytes(t, b)
		blocks := make([]uint64, len(b)/4096)
		for i := range blocks {
			blocks[i] = uint64(i)
		}
		owners, err := f.Owners(t.Context(), blocks)
		if err != nil || len(owners) != len(blocks) {
			t.Fatal(len(owners), err)
		}
		uses := map[filesys.Use]int{}
		for i, o := range owners {
			uses[o.Use]++
			c := b[i*4096 : i*4096+4096]
			if bytes.Equal(c[0x20:0x30], f.super.metadataUUID[:]) && o.Use != filesys.UseTree && o.Use != filesys.UseSuperblock && o.Use != filesys.UseFree {
				t.Errorf("%s: block %d: %+v, want one of a tree", name, i, o)
			}
		}
		if uses[filesys.UseSuperblock] != 2 || uses[filesys.UseTree] == 0 || uses[filesys.UseUnknown] > 0 || uses[filesys.UseFree] == 0 {
			t.Errorf("%s: %v", name, uses)
		}
		content := 0
		err = conformance.Walk(f, func(path string, n filesys.Node) error {
			c, err := f.Open(n)
			if err != nil {
				return nil //nolint:nilerr // not a regular file
			}
			c.(filesys.Mapped).Runs(func(r filesys.Run) {
				if r.Zero {
					return
				}
				content++
				if o := owners[uint64(r.Off/4096)]; o.Use != filesys.UseContent {
					t.Errorf("%s: %s: %+v, want content", name, path, o)
				}
			})
			return nil
		})
		if err != nil || content == 0 && name != "zlib" {
			t.Error(name, content, err)
		}
	}
	if _, err := openSet(t, deviceSet(t, "raid1")).Owners(t.Context(), []uint64{1}); !errors.Is(err, binread.ErrUnsupported) {
		t.Errorf("of several devices: %v, want unsupported", err)
	}
}
