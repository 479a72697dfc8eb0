package btrfs

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

func TestALogTreeIsSaid(t *testing.T) {
	f := openBytes(t, image(t, "log"))
	if d := f.Description(); len(d.Problems) > 0 || !slices.Contains(d.Features, "needs_recovery") {
		t.Errorf("problems %+v, features %v", d.Problems, d.Features)
	}
	if _, err := f.Lookup(f.Root(), "new"); err != nil {
		t.Errorf("a file that only the log tree has: %v", err)
	}
}

// TestACopyOfTheSuperblockIsUsed damages the first.
func TestACopyOfTheSuperblockIsUsed(t *testing.T) {
	b := bytes.Clone(image(t, "zstd"))
	b[superOffset+0x200] ^= 1
	p := openBytes(t, b).Description().Problems
	if len(p) != 1 || !p[0].Taints || !strings.Contains(p[0].Message, "its copy at 0x4000000") {
		t.Errorf("problems %+v, want that a copy is used", p)
	}
}

func TestHostileSuperblocks(t *testing.T) {
	for name, test := range map[string]struct {
		off  int
		b    string
		want error
	}{
		"a file system on no device":        {0x88, "\x00", binread.ErrCorrupt},
		"zones":                             {0xbd, "\x13", binread.ErrUnsupported},
		"a feature without a name":          {0xc3, "\x80", binread.ErrUnsupported},
		"sectors of nothing":                {0x90, "\x00\x00", binread.ErrCorrupt},
		"blocks of 128 KiB":                 {0x94, "\x00\x00\x02", binread.ErrCorrupt},
		"a tree of 200 levels":              {0xc6, "\xc8", binread.ErrCorrupt},
		"more chunks than there is room":    {0xa0, "\xff\xff\xff\xff", binread.ErrCorrupt},
		"chunks that end within one":        {0xa0, "\x20\x00\x00\x00", binread.ErrCorrupt},
		"no bytes":                          {0x70, "\x00\x00\x00\x00\x00\x00\x00\x00", binread.ErrCorrupt},
		"a tree of roots where no chunk is": {0x50, "\x00\x00\x00\x00\x00\x00\x00\x7f", binread.ErrCorrupt},
		"chunks that are a tree of roots":   {0x58, "\x00\x00\x00\x00\x00\x00\x00\x7f", binread.ErrCorrupt},
		"another place":                     {0x30, "\x00\x00\x02", binread.ErrCorrupt},
		"a dump of metadata":                {0x3c, "\x02", binread.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			whole := image(t, "log")
			super := bytes.Clone(whole[superOffset : superOffset+superSize])
			copy(super[test.off:], test.b)
			resum(super)
			changed := &patched{whole, []patch{{superOffset, super}, {64 << 20, make([]byte, superSize)}}}
			if _, err := Open(changed, int64(len(whole))); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
}

// TestDescriptions compares with what `btrfs inspect-internal dump-super` says of the images.
func TestDescriptions(t *testing.T) {
	for name, want := range map[string]struct {
		size     int64
		features string
	}{
		"zstd":  {128 << 20, "crc32c free_space_tree free_space_tree_valid mixed_backref default_subvol compress_zstd big_metadata extended_iref skinny_metadata no_holes"},
		"lzo":   {96 << 20, "xxhash64 free_space_tree free_space_tree_valid mixed_backref compress_lzo big_metadata extended_iref skinny_metadata"},
		"zlib":  {128 << 20, "sha256 free_space_tree free_space_tree_valid mixed_backref big_metadata extended_iref skinny_metadata no_holes"},
		"mixed": {96 << 20, "blake2b free_space_tree free_space_tree_valid mixed_backref mixed_groups extended_iref skinny_metadata no_holes"},
	} {
		d := openBytes(t, image(t, name)).Description()
		if d.Label != "Btrfs test" || d.BlockSize != 4096 || d.Size != want.size || strings.Join(d.Features, " ") != want.features {
			t.Errorf("%s: %+v, want %+v", name, d, want)
		}
	}
}
