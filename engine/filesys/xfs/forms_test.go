package xfs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// form names the form of a fork: "local", "extents", "btree" with its levels.
func form(k *fork) string {
	switch {
	case len(k.b) == 0:
		return "none"
	case k.form == formBTree:
		c := binread.Big(k.b)
		return fmt.Sprintf("btree%d", c.U16())
	}
	return []string{formDevice: "device", formLocal: "local", formExtents: "extents"}[k.form]
}

// attrForm names the block that a tree of attributes begins with.
func attrForm(t *testing.T, f *FS, in *inode) string {
	t.Helper()
	m, err := f.newBlockMap(in, &in.attrs)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.run(0)
	if err != nil || r.hole {
		return "empty"
	}
	b, err := f.readBlock(r.start)
	if err != nil {
		t.Fatal(err)
	}
	c := binread.Big(b)
	return map[uint16]string{nodeMagic: "node", nodeMagicV5: "node", attrLeafMagic: "leaf", attrLeafMagicV5: "leaf"}[c.At(8).U16()]
}

// TestImagesHoldAllForms keeps the images from no longer testing what they were made for.
func TestImagesHoldAllForms(t *testing.T) {
	found := map[string]bool{}
	for _, name := range []string{"default", "1k", "v4", "v4-512"} {
		f := openBytes(t, image(t, name))
		version := map[bool]string{true: "v5", false: "v4"}[f.super.v5()]
		if err := conformance.Walk(f, func(_ string, n filesys.Node) error {
			in, err := f.readInode(n)
			if err != nil {
				return err
			}
			found[version+" "+filesys.TypeName(in.mode)+" "+form(&in.data)] = true
			found[version+" attributes "+form(&in.attrs)] = true
			if len(in.attrs.b) > 0 && in.attrs.form != formLocal {
				found[version+" attributes "+attrForm(t, f, &in)] = true
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for what := range found {
		got = append(got, what)
	}
	slices.Sort(got)
	for _, version := range []string{"v4 ", "v5 "} {
		for _, want := range []string{
			"dir local", "dir extents", "dir btree1", "file extents", "file btree1", "file btree2", "symlink local", "symlink extents",
			"attributes none", "attributes local", "attributes extents", "attributes leaf", "attributes node", "block device",
		} {
			if !found[version+want] {
				t.Errorf("no %q among %s", version+want, strings.Join(got, ", "))
			}
		}
	}
}
