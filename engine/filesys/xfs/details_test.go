package xfs

import (
	"bytes"
	"encoding/hex"
	"maps"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/internal/conformance"
)

// TestUnwrittenBlocksAreZeros puts into the unwritten blocks of a file what stood on the disk before: nobody may see it.
func TestUnwrittenBlocksAreZeros(t *testing.T) {
	h := newHostile(t, "default")
	in := h.inode("sparse/unwritten")
	list, err := h.fs.super.decodeExtents(in.data.b[:in.data.extents*recordSize], 0, maxLogical)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, e := range list {
		if e.unwritten {
			count++
			h.write(int(h.fs.super.offset(e.start)), bytes.Repeat([]byte("secret"), int(e.count)*4096/6))
		}
	}
	f, err := h.open()
	if err != nil || count == 0 {
		t.Fatal(count, err)
	}
	c, err := f.content(in)
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Repeat([]byte{0xa5}, int(c.Size()))
	if _, err := c.ReadAt(b, 0); err != nil || bytes.Contains(b, []byte("secret")) || bytes.IndexByte(b, 0xa5) >= 0 {
		t.Errorf("what was on the disk before is content: %v", err)
	}
}

// TestACLs: entries for no one by number have a number all the same, which getxattr does not give.
func TestACLs(t *testing.T) {
	disk, err := hex.DecodeString("00000003" + "00000001" + "00000000" + "0006" + "0000" +
		"00000002" + "000003e8" + "0004" + "0000" + "00000020" + "00000007" + "0000" + "0000")
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeACL(disk)
	want := "02000000" + "01000600ffffffff" + "02000400e8030000" + "20000000ffffffff"
	if hex.EncodeToString(got) != want || err != nil {
		t.Errorf("%x, %v, want %s", got, err, want)
	}
}

// TestAttributesOfNobody: parent pointers and values that were never finished are no attributes of a file.
func TestAttributesOfNobody(t *testing.T) {
	for _, test := range []struct {
		path   string
		change func(h *hostile, path string)
		want   []string
	}{
		{"attributes/user", func(h *hostile, p string) { h.attrs(p, 6, 1, attrParent) }, nil},
		{"attributes/large", func(h *hostile, p string) { h.block(p, 0, true, 12, 86, 1, attrIncomplete|attrLocal) }, []string{"trusted.large"}},
	} {
		h := newHostile(t, "default")
		test.change(h, test.path)
		f, err := h.open()
		if err != nil {
			t.Fatal(err)
		}
		attrs, err := f.Xattrs(conformance.Find(t, h.fs, test.path))
		if got := slices.Sorted(maps.Keys(attrs)); !slices.Equal(got, test.want) || err != nil {
			t.Errorf("%s: %q, %v, want %q", test.path, got, err, test.want)
		}
	}
}

// TestTheLastGroupMayBeSmaller: nothing lies behind its end.
func TestTheLastGroupMayBeSmaller(t *testing.T) {
	h := newHostile(t, "default")
	h.super(8, 8, 16384-100)
	f, err := h.open()
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(3) << f.super.agLog
	if !f.super.hasBlocks(last+4096-101, 1) || f.super.hasBlocks(last+4096-100, 1) || f.super.hasBlocks(last+4096-101, 2) {
		t.Error("the end of the last group is not where the file system ends")
	}
	if first := uint64(2) << f.super.agLog; !f.super.hasBlocks(first+4095, 1) || f.super.hasBlocks(first+4095, 2) {
		t.Error("another group does not end where the next begins")
	}
}
