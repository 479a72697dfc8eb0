package vhdx

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/internal/conformance"
)

var fixtures = []string{
	"dynamic", "large", "fixed", "empty", "lost", "crafted", "sequence", "wrapped", "torn", "grown", "parent", "child", "grandchild",
	"sector4096", "child4096",
}

// unclosed are those whose log is replayed.
var unclosed = []string{"lost", "sequence", "wrapped", "torn", "grown"}

// TestContent holds images against what qemu-img reads of them, and those that it cannot read against what their maker wrote.
func TestContent(t *testing.T) { conformance.Contents(t, Format, fixtures) }

func TestBlocksOf256MiB(t *testing.T) {
	img := conformance.Fixture(t, Format, "huge")
	if e, err := image.ExtentOf(img, 0, img.Size()); err != nil || !e.Zero || e.Len != 600<<20 || img.Description().ClusterSize != 256<<20 {
		t.Errorf("extent %+v, %v, in blocks of %d", e, err, img.Description().ClusterSize)
	}
}

func TestDescription(t *testing.T) {
	for name, want := range map[string]image.Description{
		"dynamic":    {ClusterSize: 1 << 20},
		"large":      {ClusterSize: 8 << 20},
		"sequence":   {ClusterSize: 1 << 20, Problems: []string{"the image was not closed: 7 updates of its log are replayed in memory"}},
		"torn":       {ClusterSize: 1 << 20, Problems: []string{"the image was not closed: 1 updates of its log are replayed in memory"}},
		"grandchild": {ClusterSize: 2 << 20, Backing: []string{"child.vhdx", "./parent.vhdx"}},
	} {
		want.Format, want.Version, want.Used = "vhdx", "1", int64(len(conformance.Unpack(t, name+".vhdx")))
		if diff := cmp.Diff(want, conformance.Fixture(t, Format, name).Description()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTheFileIsNotChanged replays a log and wants the bytes of the file to be what they were.
func TestTheFileIsNotChanged(t *testing.T) {
	for _, name := range unclosed {
		b := conformance.Unpack(t, name+".vhdx")
		before := bytes.Clone(b)
		img, err := conformance.Open(Format, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := img.ReadAt(make([]byte, img.Size()), 0); err != nil || !bytes.Equal(b, before) {
			t.Errorf("%s: the file changed, or %v", name, err)
		}
	}
}

// TestOneHeaderAndOneTableAreEnough damages one of each.
func TestOneHeaderAndOneTableAreEnough(t *testing.T) {
	want := conformance.Truth(t, "crafted")
	for _, c := range []struct {
		name string
		at   []int
		text string
		kind error
	}{
		{"the header that is older", []int{header2At + 100}, "header at 0x20000: checksum", nil},
		{"the first region table", []int{regions1At + 9000}, "region table at 0x30000: checksum", nil},
		{"the second region table", []int{regions2At}, "region table at 0x40000: want it to begin", nil},
		{"both headers", []int{header1At + 100, header2At + 100}, "no header", binread.ErrChecksum},
		{"both region tables", []int{regions1At + 20, regions2At + 20}, "no region table", binread.ErrChecksum},
	} {
		b := conformance.Unpack(t, "crafted.vhdx")
		for _, at := range c.at {
			b[at] ^= 0x40
		}
		img, err := conformance.Open(Format, b, nil)
		if c.kind != nil {
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%s: %v, want kind %v with %q", c.name, err, c.kind, c.text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if problems := img.Description().Problems; len(problems) != 1 || !strings.Contains(problems[0], c.text) {
			t.Errorf("%s: problems %q, want %q", c.name, problems, c.text)
		}
		if _, told, err := conformance.Check(t, img); err != nil || !strings.Contains(told, c.text) {
			t.Errorf("%s: check tells %q, %v", c.name, told, err)
		}
		got := make([]byte, len(want))
		if _, err := img.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: content differs, or %v", c.name, err)
		}
	}
}

// TestTheNewestHeaderIsTaken damages the newer header of an image, whose older one knows another identity.
func TestTheNewestHeaderIsTaken(t *testing.T) {
	b := conformance.Unpack(t, "crafted.vhdx")
	newest, err := conformance.Open(Format, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	b[header1At]++
	older, err := conformance.Open(Format, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	zero := "00000000-0000-0000-0000-000000000000"
	a, _ := image.IdentityOf(newest)
	z, _ := image.IdentityOf(older)
	if a.ID == zero || z.ID != zero {
		t.Errorf("identities %s and %s, want that of the newer header and then that of the older", a.ID, z.ID)
	}
}

func TestAParentThatWasWrittenToIsRefused(t *testing.T) {
	parent := conformance.Unpack(t, "parent.vhdx")
	parent[header1At+32]++ // the identity of its content
	seal(parent, header1At, headerSize)
	_, err := conformance.Open(Format, conformance.Unpack(t, "child.vhdx"), func(string, string) (image.Image, error) {
		return conformance.Open(Format, parent, nil)
	})
	if !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), "it is another disk, or was written to after") || binread.HintOf(err) == "" {
		t.Errorf("%v, hint %q", err, binread.HintOf(err))
	}
}

// TestTablesOfSeveralChunks reads behind the first chunk, where an entry of a sector bitmap stands between those of the blocks.
func TestTablesOfSeveralChunks(t *testing.T) {
	img := conformance.Fixture(t, Format, "chunks")
	buf := make([]byte, 3<<20)
	for off, want := range map[int64]byte{0: 1, 4096 << 20: 2, 4097 << 20: 0, 8191 << 20: 3, 8192 << 20: 4} {
		if _, err := img.ReadAt(buf[:mib], off); err != nil || bytes.Count(buf[:mib], []byte{want}) != mib {
			t.Errorf("at %#x: %d, %v, want %d", off, buf[0], err, want)
		}
	}
	b := patched(all(
		differ("parent_linkage", linkage, "relative_path", "base"), value(1, 8, (chunk+2)*mib),
		bat(chunk+1, blockAt|7), bat(2*chunk+1, (blockAt+mib)|6), put(blockAt+mib, mib, 0), put(blockAt+mib, 1, 0b10),
	))
	img, err := conformance.Open(Format, b, func(string, string) (image.Image, error) { return conformance.Open(Format, patched(nothing), nil) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.ReadAt(buf[:1536], chunk*mib); err != nil || !bytes.Equal(buf[:1536], slices.Concat(make([]byte, 512), bytes.Repeat([]byte("d"), 512), make([]byte, 512))) {
		t.Errorf("sectors of the second chunk are %q, %v", buf[:1536], err)
	}
}
