package ext4

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
)

// TestHostileImagesEndTheCheck: what points at itself, or at everything, is damage, and costs no more than the image is large.
func TestHostileImagesEndTheCheck(t *testing.T) {
	const block = 1 << 10
	for _, test := range []struct {
		name, image string
		change      func(h *hostile)
		want        filesys.DamageKind
	}{
		{"triple indirect block that is its own", "ext2-1k", func(h *hostile) {
			at := h.get(h.root("sizes/40967")+48, 4)
			for i := range 256 {
				h.put(int(at)*block+4*i, 4, at)
			}
			h.put(h.root("sizes/40967")+56, 4, at)
		}, filesys.SharedBlock},
		{"extent index that is its own", "mutant", func(h *hostile) {
			at := h.get(h.root("pieces")+16, 4)
			h.put(h.root("pieces")+6, 2, 5)
			b := h.b[at*block:]
			copy(b, "\x0a\xf3\x54\x00\x54\x00\x04\x00")
			for i := range 84 {
				copy(b[12+12*i:], []byte{byte(i), 0, 0, 0, byte(at), byte(at >> 8), 0, 0, 0, 0, 0, 0})
			}
		}, filesys.SharedBlock},
		{"directory whose blocks are all one", "mutant", func(h *hostile) { h.repeat("hashed", h.get(h.root("hashed")+12+8, 4)) }, filesys.SharedBlock},
		{"hash tree that names its root", "mutant", func(h *hostile) { h.put(h.content("hashed", 0)+36, 4, 0) }, filesys.DamagedDirectory},
		{"hash tree of nine levels", "mutant", func(h *hostile) { h.put(h.content("hashed", 0)+30, 1, 9) }, filesys.DamagedDirectory},
		{"hash tree of no entries", "mutant", func(h *hostile) { h.put(h.content("hashed", 0)+34, 2, 0) }, filesys.DamagedDirectory},
		{"hash tree of more entries than fit", "mutant", func(h *hostile) { h.put(h.content("hashed", 0)+32, 4, 0xffffffff) }, filesys.DamagedDirectory},
		{"directory below itself", "mutant", func(h *hostile) {
			at := h.content("dir", 0)
			h.put(at+24, 4, uint64(find(h.t, h.fs, "dir")))
			h.put(at+24+7, 1, 2)
		}, filesys.DamagedDirectory},
		{"orphans in a ring", "mutant", func(h *hostile) {
			n := uint64(find(h.t, h.fs, "pieces"))
			h.super(0xe8, 4, n)
			h.put(h.inode("pieces")+0x14, 4, n)
		}, filesys.DamagedOrphans},
		{"orphan that does not exist", "mutant", func(h *hostile) { h.super(0xe8, 4, 0xffffffff) }, filesys.DamagedOrphans},
		{"groups that share everything", "ext2-1k", func(h *hostile) {
			at := h.group(0)
			copy(h.b[at+int(h.fs.super.descriptorSize):], h.b[at:at+32])
		}, filesys.SharedBlock},
		{"bitmaps behind the end", "mutant", func(h *hostile) { h.put(h.group(0), 8, 1<<63-1) }, filesys.DamagedGroup},
		{"inode table behind the end", "mutant", func(h *hostile) { h.put(h.group(8), 4, 0xffffffff) }, filesys.DamagedGroup},
		{"more reserved descriptors than fit", "mutant", func(h *hostile) { h.super(0xce, 2, 0xffff) }, filesys.DamagedSuperblock},
		{"first inode behind the last", "mutant", func(h *hostile) { h.super(0x54, 4, 0xffffffff) }, filesys.DamagedSuperblock},
		{"all inodes are unused", "mutant", func(h *hostile) {
			h.b[superblockOffset+0x64] |= roGdtCsum
			h.put(h.group(0x1c), 2, 0xffff)
		}, filesys.DamagedGroup},
		{"attribute block in the superblock", "mutant", func(h *hostile) { h.put(h.inode("dir/attributes")+0x68, 4, 1) }, filesys.SharedBlock},
		{"attribute's value in an inode that does not exist", "mutant", func(h *hostile) { h.put(h.inode("dir/attributes")+oldInodeSize+32+4+4, 4, 0xffffffff) }, filesys.DamagedXattr},
		{"size of 2^63", "mutant", func(h *hostile) { h.put(h.inode("pieces")+0x6c, 4, 1<<31) }, filesys.DamagedInode},
		{"directory of 4 GiB", "mutant", func(h *hostile) { h.put(h.inode("hashed")+0x4, 4, 0xfffffc00) }, filesys.DamagedInode},
		{"extra bytes behind the inode", "mutant", func(h *hostile) { h.put(h.inode("pieces")+0x80, 2, 0xfffc) }, filesys.DamagedInode},
		{"room for descriptors behind the end", "mutant", func(h *hostile) { h.put(h.fs.inodeOffset(resizeInode)+0x28+13*4, 4, 0xffffffff) }, filesys.DamagedInode},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			f, err := Open(bytes.NewReader(h.b), int64(len(h.b)))
			if err != nil {
				t.Fatal(err)
			}
			found, checked := checkAll(t, f)
			if !slices.Contains(kindsOf(found), test.want) {
				t.Errorf("found %+v, want damage of kind %q", found, test.want)
			}
			if len(found) > filesys.MaxDamage || uint64(len(found)) != min(checked.Damage, filesys.MaxDamage) {
				t.Errorf("%d reported, %d counted", len(found), checked.Damage)
			}
		})
	}
}

// sparse is an image that goes on with zeros.
type sparse struct{ image []byte }

func (s sparse) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	if off < int64(len(s.image)) {
		copy(b, s.image[off:])
	}
	return len(b), nil
}

// TestFileSystemOfTebibytes: what is not there, or was never written, costs no memory, and is counted.
func TestFileSystemOfTebibytes(t *testing.T) {
	if testing.Short() {
		t.Skip("checks tebibytes")
	}
	h := newHostile(t, "mutant")
	groups := uint64(1<<18 - 1)
	h.super(0x4, 4, groups*8192) // 2 TiB
	h.super(0x0, 4, groups*uint64(h.fs.super.inodesPerGroup))
	for name, r := range map[string]io.ReaderAt{"missing": bytes.NewReader(h.b), "empty": sparse{h.b}} {
		size := int64(len(h.b))
		if name == "empty" {
			size = int64(groups * 8192 << 10)
		}
		f, err := Open(r, size)
		if err != nil {
			t.Fatal(err)
		}
		found, checked := checkAll(t, f)
		switch {
		case name == "missing" && (found[0].Kind != filesys.MissingBytes || found[0].Harm != filesys.HarmFatal):
			t.Errorf("%s: first %+v, want missing bytes", name, found[0])
		case name == "empty" && (len(found) != filesys.MaxDamage || checked.Damage < groups-2):
			t.Errorf("%s: %d reported, %d counted", name, len(found), checked.Damage)
		}
	}
}

func TestCheckStopsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := openImage(t, "mutant")
	if _, err := f.Check(ctx, func(filesys.Damage) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("check: %v, want context.Canceled", err)
	}
	if _, err := f.Owners(ctx, []uint64{1}); !errors.Is(err, context.Canceled) {
		t.Errorf("owners: %v, want context.Canceled", err)
	}
}

func TestChecksAtTheSameTimeAgree(t *testing.T) {
	h := newHostile(t, "ext2-1k")
	h.put(h.inode("sizes/1024")+0x1a, 2, 7)
	f := openBytes(t, h.b)
	want, _ := checkAll(t, f)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var found []filesys.Damage
			if _, err := f.Check(context.Background(), func(d filesys.Damage) { found = append(found, d) }); err != nil || !slices.Equal(found, want) {
				t.Errorf("found %+v, %v, want %+v", found, err, want)
			}
		})
	}
	all.Wait()
	if len(want) != 1 {
		t.Errorf("found %+v, want one damage", want)
	}
}

// TestCheckSaysWhatTheDriverRecorded: e2fsck -n does not list it.
func TestCheckSaysWhatTheDriverRecorded(t *testing.T) {
	for name, change := range map[string]func(h *hostile){
		"recorded 3 errors": func(h *hostile) {
			h.super(0x194, 4, 3)
			h.super(0x1d0, 4, 77)
			copy(h.b[superblockOffset+0x1e0:], "ext4_lookup\n")
		},
		"marked as having errors": func(h *hostile) { h.super(0x3a, 2, 3) },
	} {
		h := newHostile(t, "ext2-1k")
		change(h)
		found, _ := checkAll(t, openBytes(t, h.b))
		if len(found) != 1 || found[0].Kind != filesys.RecordedError || !strings.Contains(found[0].Message, name) || strings.Contains(found[0].Message, "\n") {
			t.Errorf("found %+v, want a recorded error that says %q in one line", found, name)
		}
	}
}

// TestUnknownFeatureIsNoGreen: what may have changed the meaning of the structure is said.
func TestUnknownFeatureIsNoGreen(t *testing.T) {
	h := newHostile(t, "ext2-1k")
	h.super(0x67, 1, 0x40)
	_, checked := checkAll(t, openBytes(t, h.b))
	if !slices.ContainsFunc(checked.Unchecked, func(s string) bool { return strings.Contains(s, "FEATURE_R0x40000000") }) {
		t.Errorf("unchecked %q, want it to name the feature", checked.Unchecked)
	}
}

// FuzzCheck changes images of four kinds, checksums switched off, and checks them.
func FuzzCheck(f *testing.F) {
	images, used := withoutSums(f, "mutant", "ext2-1k", "ext4-meta_bg", "ext4-bigalloc")
	for kind := range byte(4) {
		f.Add(kind, []byte{})
		f.Add(kind, []byte("\x00\x00\x18\x00\x03\x02\x00\x00\x00"))             // block size
		f.Add(kind, []byte("\x01\x00\x08\x00\x03\xff\xff\xff\xff"))             // inode table
		f.Add(kind, []byte("\x03\x00\x80\x01\x03\x00\x40\x00\x40"))             // an inode
		f.Add(kind, []byte("\x00\x00\xe8\x00\x03\x0c\x00\x00\x00"))             // orphans
		f.Add(kind, []byte("\x08\x00\x04\x00\x01\x00\x00\x09\x00\x04\x00\x00")) // record lengths
	}
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		i := int(kind) % len(images)
		var r io.ReaderAt = &patched{images[i], patches(data, used[i])}
		opened, err := Open(r, int64(len(images[i])))
		if err != nil {
			return
		}
		reported := 0
		_, _ = opened.Check(context.Background(), func(d filesys.Damage) {
			if reported++; d.Message == "" || d.Kind == "" || d.Harm == "" || d.Block == 0 || strings.ContainsAny(d.Message, "\n\x1b") {
				t.Errorf("damage %+v", d)
			}
		})
		if reported > filesys.MaxDamage {
			t.Errorf("%d reported", reported)
		}
		if owners, err := opened.Owners(context.Background(), []uint64{1, 7, 1 << 60}); err == nil && len(owners) != 3 {
			t.Errorf("owners %v", owners)
		}
	})
}
