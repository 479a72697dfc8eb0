package iso9660

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

// hostile is an image under attack.
type hostile struct {
	t  testing.TB
	b  []byte
	fs *FS // the image before it was changed
}

func newHostile(t testing.TB, name string) *hostile {
	t.Helper()
	b := slices.Clone(committed.Image(t, name))
	return &hostile{t, b, openBytes(t, b)}
}

// put writes a number of four bytes.
func (h *hostile) put(off int, v uint32) { binary.LittleEndian.PutUint32(h.b[off:], v) }

// record is where the directory record of a path is.
func (h *hostile) record(path string) int {
	h.t.Helper()
	return int(conformance.Find(h.t, h.fs, path))
}

// content is where the content of a file or directory is.
func (h *hostile) content(path string) int {
	h.t.Helper()
	n := h.fs.Root()
	if path != "" {
		n = conformance.Find(h.t, h.fs, path)
	}
	o, err := h.fs.readObject(n)
	if err != nil {
		h.t.Fatal(err)
	}
	return int(o.content())
}

// field is where a field in the record of a path is.
func (h *hostile) field(path, signature string) int {
	h.t.Helper()
	at := h.record(path)
	for i := recordName; i < int(h.b[at])-fieldHeader; i++ {
		if string(h.b[at+i:at+i+2]) == signature && h.b[at+i+3] == 1 {
			return at + i
		}
	}
	h.t.Fatalf("%q has no field %q", path, signature)
	return 0
}

const (
	descriptorAt = firstDescriptor * blockSize
	rootAt       = descriptorAt + rootRecordOff
)

func TestHostileVolumes(t *testing.T) {
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		want   error
		text   string
	}{
		"blocks of 512 bytes":      {"plain", func(h *hostile) { h.b[descriptorAt+128], h.b[descriptorAt+129] = 0, 2 }, binread.ErrUnsupported, "512 bytes"},
		"blocks of no bytes":       {"plain", func(h *hostile) { h.b[descriptorAt+129] = 0 }, binread.ErrUnsupported, "0 bytes"},
		"no primary descriptor":    {"plain", func(h *hostile) { h.b[descriptorAt] = 3 }, binread.ErrCorrupt, "no primary"},
		"image ends in descriptor": {"plain", func(h *hostile) { h.b = h.b[:descriptorAt+1000] }, binread.ErrCorrupt, "volume descriptor"},
		"descriptors without end": {"plain", func(h *hostile) {
			for at := descriptorAt + blockSize; at < len(h.b)-6; at += blockSize {
				copy(h.b[at:], "\x03CD001")
			}
			h.b = append(h.b, bytes.Repeat(h.b[descriptorAt+blockSize:descriptorAt+2*blockSize], 64)...)
		}, binread.ErrLimit, "64 volume descriptors"},
		"root that is a file":           {"plain", func(h *hostile) { h.b[rootAt+25] = 0 }, binread.ErrCorrupt, "not that of a directory"},
		"root record of 33 bytes":       {"plain", func(h *hostile) { h.b[rootAt] = 33 }, binread.ErrCorrupt, "at least 34"},
		"root record without a name":    {"plain", func(h *hostile) { h.b[rootAt+32] = 0 }, binread.ErrCorrupt, "name of 0 bytes"},
		"root behind the end":           {"plain", func(h *hostile) { h.put(rootAt+2, 1<<31) }, binread.ErrCorrupt, "before the end of the image"},
		"root at the very end":          {"plain", func(h *hostile) { h.put(rootAt+2, 1<<32-1); h.b[rootAt+1] = 255 }, binread.ErrCorrupt, "before the end of the image"},
		"root in the descriptor":        {"plain", func(h *hostile) { h.put(rootAt+2, firstDescriptor) }, binread.ErrCorrupt, "root directory"},
		"root of zeros":                 {"rock-xorriso", func(h *hostile) { clear(h.b[h.content(""):][:34]) }, binread.ErrCorrupt, "at least 34"},
		"root that is not itself":       {"rock-xorriso", func(h *hostile) { h.b[h.content("")+33] = 1 }, binread.ErrCorrupt, "record of itself"},
		"root of Joliet behind the end": {"plain-joliet", func(h *hostile) { h.put(rootAt+blockSize+2, 1<<31) }, binread.ErrCorrupt, "before the end"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			_, err := Open(bytes.NewReader(h.b), int64(len(h.b)))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || !strings.HasPrefix(err.Error(), "iso9660: ") {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// TestHostileObjects breaks one object and wants the walk to say so of it, and of nothing that lies elsewhere.
func TestHostileObjects(t *testing.T) {
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		want   error
		text   string
	}{
		"directory of no bytes":           {"plain", func(h *hostile) { h.put(h.record("one")+10, 0) }, binread.ErrCorrupt, "no bytes"},
		"directory of 4 GiB":              {"plain", func(h *hostile) { h.put(h.record("one")+10, 1<<32-1) }, binread.ErrLimit, "of which"},
		"directory larger than the image": {"plain", func(h *hostile) { h.put(h.record("one")+10, 1<<24) }, binread.ErrCorrupt, "before the end of the image"},
		"directory behind the end":        {"plain", func(h *hostile) { h.put(h.record("one")+2, 1<<31) }, binread.ErrCorrupt, "inside of a file"},
		"directory in front of itself":    {"plain", func(h *hostile) { h.put(h.record("one/two")+2, uint32(h.content("one"))/blockSize) }, binread.ErrCorrupt, "second name"},
		"directory that is its parent's":  {"plain", func(h *hostile) { h.put(h.record("one/two")+2, uint32(h.content(""))/blockSize) }, binread.ErrCorrupt, "second name"},
		"record of 33 bytes":              {"plain", func(h *hostile) { h.b[h.record("one/two")] = 33 }, binread.ErrCorrupt, "at least 34"},
		"record over the end of a block":  {"plain", func(h *hostile) { h.put(h.record("one")+10, 80) }, binread.ErrCorrupt, "crosses the end"},
		"name longer than the record":     {"plain", func(h *hostile) { h.b[h.record("one/two")+32] = 200 }, binread.ErrCorrupt, "name of 200 bytes"},
		"name of no bytes":                {"plain", func(h *hostile) { h.b[h.record("one/two")+32] = 0 }, binread.ErrCorrupt, "name of 0 bytes"},
		"name of a zero byte in it":       {"plain", func(h *hostile) { h.b[h.record("one/two")+33] = 0 }, binread.ErrCorrupt, `name ""`},
		"name of two points":              {"plain", func(h *hostile) { copy(h.b[h.record("one/two")+32:], "\x02..") }, binread.ErrCorrupt, `name ".."`},
		"two entries with one name": {"plain", func(h *hostile) {
			copy(h.b[h.record("one/two")+32:], "\x03ONE")
			copy(h.b[h.record("a")+32:], h.b[h.record("one")+32:][:4])
		}, binread.ErrCorrupt, "two entries"},
		"content behind the end":        {"plain", func(h *hostile) { h.put(h.record("a")+2, 1<<31) }, binread.ErrCorrupt, "content at 0"},
		"content over the end":          {"plain", func(h *hostile) { h.put(h.record("a")+10, 1<<31) }, binread.ErrCorrupt, "before the end of the image"},
		"interleaved":                   {"plain", func(h *hostile) { h.b[h.record("a")+26] = 1 }, binread.ErrUnsupported, "interleaved"},
		"a gap between nothing":         {"plain", func(h *hostile) { h.b[h.record("a")+27] = 1 }, binread.ErrUnsupported, "interleaved"},
		"extents that end with another": {"plain", func(h *hostile) { h.b[h.record("a")+25] |= flagMultiExtent }, binread.ErrCorrupt, "extents of"},
		"extents that end with nothing": {"plain", func(h *hostile) { h.b[h.record("one/two/three/file.dat")+25] |= flagMultiExtent }, binread.ErrCorrupt, "extents of"},
		"Joliet name of an odd length":  {"joliet", func(h *hostile) { h.b[h.record("dir/entry number 7")+32]-- }, binread.ErrCorrupt, "units of two"},
		"Joliet name with a slash":      {"joliet", func(h *hostile) { h.b[h.record("dir/entry number 7")+34] = '/' }, binread.ErrCorrupt, "slash"},

		"Rock Ridge field of three bytes":     {"rock-xorriso", func(h *hostile) { h.b[h.field("size-1", "PX")+2] = 3 }, binread.ErrCorrupt, `field "PX" of 3 bytes`},
		"Rock Ridge field over the end":       {"rock-xorriso", func(h *hostile) { h.b[h.field("size-1", "PX")+2] = 255 }, binread.ErrCorrupt, `field "PX" of 255 bytes`},
		"modes that end early":                {"rock-xorriso", func(h *hostile) { copy(h.b[h.field("size-1", "NM"):], "PX") }, binread.ErrCorrupt, "ends before its last field"},
		"name without flags":                  {"rock-xorriso", func(h *hostile) { h.b[h.field("size-1", "NM")+2] = 4 }, binread.ErrCorrupt, ""},
		"name with a slash":                   {"rock-xorriso", func(h *hostile) { h.b[h.field("size-1", "NM")+6] = '/' }, binread.ErrCorrupt, "slash"},
		"name with a zero byte":               {"rock-xorriso", func(h *hostile) { h.b[h.field("size-1", "NM")+6] = 0 }, binread.ErrCorrupt, "zero byte"},
		"more times than bytes":               {"rock-xorriso", func(h *hostile) { h.b[h.field("size-1", "TF")+4] = 0x7f }, binread.ErrCorrupt, `field "TF"`},
		"continuation behind the end":         {"rock-xorriso", func(h *hostile) { h.put(h.field("links/250", "CE")+4, 1<<31) }, binread.ErrCorrupt, "continuation"},
		"continuation over its block":         {"rock-xorriso", func(h *hostile) { h.put(h.field("links/250", "CE")+20, 1<<31) }, binread.ErrCorrupt, "want them in it"},
		"continuation behind its block":       {"rock-xorriso", func(h *hostile) { h.put(h.field("links/250", "CE")+12, 1<<32-1) }, binread.ErrCorrupt, "want them in it"},
		"continuation that is its own":        {"rock-xorriso", continueForever, binread.ErrLimit, "32 continuations"},
		"target with a component too long":    {"rock-xorriso", func(h *hostile) { h.b[h.field("links/1", "SL")+6] = 200 }, binread.ErrCorrupt, `field "SL"`},
		"target with a component to come":     {"rock-xorriso", func(h *hostile) { h.b[h.field("links/1", "SL")+5] = 0x40 }, binread.ErrUnsupported, "flags 0x40"},
		"target that goes on and does not":    {"rock-xorriso", func(h *hostile) { h.b[h.field("links/1", "SL")+4] = 1 }, binread.ErrCorrupt, "nothing follows"},
		"component that goes on and does not": {"rock-xorriso", func(h *hostile) { h.b[h.field("links/1", "SL")+5] = 1 }, binread.ErrCorrupt, "nothing follows"},
		"link without a target":               {"rock-xorriso", func(h *hostile) { copy(h.b[h.field("links/1", "SL"):], "ZZ") }, binread.ErrCorrupt, "without a target"},
		"compressed":                          {"rock-xorriso", func(h *hostile) { copy(h.b[h.field("size-2048", "TF"):], "ZF") }, binread.ErrUnsupported, "zisofs"},
		"sparse":                              {"rock-xorriso", func(h *hostile) { copy(h.b[h.field("size-2048", "TF"):], "SF") }, binread.ErrUnsupported, "sparse"},
		"relocated behind the end":            {"deep-genisoimage", func(h *hostile) { h.put(h.field("d0/d1/d2/d3/d4/d5/d6/d7", "CL")+4, 1<<31) }, binread.ErrCorrupt, "relocated directory"},
		"relocated to a file": {"deep-genisoimage", func(h *hostile) {
			h.put(h.field("d0/d1/d2/d3/d4/d5/d6/d7", "CL")+4, uint32(h.content("d0/f0"))/blockSize)
		}, binread.ErrCorrupt, "relocated directory"},
		"relocated to what is above it": {"deep-genisoimage", func(h *hostile) {
			h.put(h.field("d0/d1/d2/d3/d4/d5/d6/d7", "CL")+4, uint32(h.content("d0/d1"))/blockSize)
		}, binread.ErrCorrupt, "second name"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			f := openBytes(t, h.b)
			err := conformance.WalkAll(f)
			if err == nil || !errors.Is(err, test.want) && test.text != "second name" || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// continueForever makes the attributes of a link go on where they went on already.
func continueForever(h *hostile) {
	ce := h.field("links/250", "CE")
	number, off := binary.LittleEndian.Uint32(h.b[ce+4:]), binary.LittleEndian.Uint32(h.b[ce+12:])
	copy(h.b[int(number)*blockSize+int(off):], h.b[ce:ce+28])
	h.put(ce+20, 28)
	h.put(int(number)*blockSize+int(off)+20, 28)
}

func TestDamageBesideTheFilesIsAProblem(t *testing.T) {
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		text   string
		taints bool
	}{
		"image that ends early":        {"rock-xorriso", func(h *hostile) { h.b = h.b[:len(h.b)/2] }, "the image ends at", false},
		"no terminator":                {"plain", func(h *hostile) { clear(h.b[descriptorAt+blockSize:][:blockSize]) }, "no terminator", false},
		"catalogue behind the end":     {"hybrid", func(h *hostile) { h.put(descriptorAt+blockSize+0x47, 1<<31) }, "boot catalogue: ", false},
		"catalogue without validation": {"hybrid", func(h *hostile) { h.b[h.content("one/boot.cat")] = 2 }, "no validation entry", false},
		"catalogue with a wrong sum":   {"hybrid", func(h *hostile) { h.b[h.content("one/boot.cat")+8]++ }, "add up to", false},
		"UDF beside it": {"plain", func(h *hostile) {
			for at := descriptorAt; ; at += blockSize {
				if h.b[at] == typeTerminator {
					copy(h.b[at+blockSize:], "\x00BEA01\x01")
					copy(h.b[at+2*blockSize:], "\x00NSR02\x01")
					return
				}
			}
		}, "UDF", true},
		"primary tree without a root beside Joliet": {"plain-joliet", func(h *hostile) { h.put(rootAt+2, 1<<31) }, "that of Joliet is used", true},
		"Joliet with other blocks":                  {"plain-joliet", func(h *hostile) { h.b[descriptorAt+blockSize+129] = 2 }, "it is not read", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			f := openBytes(t, h.b)
			if !slices.ContainsFunc(f.Description().Problems, func(p filesys.Problem) bool {
				return strings.Contains(p.Message, test.text) && p.Taints == test.taints
			}) {
				t.Errorf("problems %v, want %q, taints %v", f.Description().Problems, test.text, test.taints)
			}
		})
	}
}

// TestDamagedDirectoriesHideNothing: what may be behind the damage is not said to be absent.
func TestDamagedDirectoriesHideNothing(t *testing.T) {
	h := newHostile(t, "plain")
	h.b[h.record("one/two")] = 33
	f := openBytes(t, h.b)
	one := conformance.Find(t, f, "one")
	if _, err := f.Lookup(one, "two"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lookup behind damage: %v, want the damage", err)
	}
	if entries, err := f.ReadDir(one); err == nil || len(entries) == 0 || entries[0].Name != "empty.txt" {
		t.Errorf("%v, %v, want what is in front of the damage, and an error", entries, err)
	}
}

// TestFilesInSeveralExtents reads a file of more than 4 GiB.
func TestFilesInSeveralExtents(t *testing.T) {
	head, err := conformance.ReadFile("testdata/big.head.zst")
	if err != nil {
		t.Fatal(err)
	}
	const size, want = 4509253632, 4300 << 20
	r := conformance.Sparse{Start: head, Size: size}
	f, err := Open(r, size)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := f.ReadDir(f.Root()); len(entries) != 2 || err != nil {
		t.Errorf("%v, %v, want two files", entries, err)
	}
	n := conformance.Find(t, f, "big")
	st, err := f.Stat(n)
	if err != nil || st.Size != want || st.Allocated != want {
		t.Errorf("%d bytes, %d allocated, %v, want %d", st.Size, st.Allocated, err, want)
	}
	c, err := f.Open(n)
	if err != nil {
		t.Fatal(err)
	}
	total, runs := int64(0), 0
	whole := c.(filesys.Mapped).Runs(func(r filesys.Run) { total += r.Len; runs++ })
	if !whole || total != want || runs != 2 {
		t.Errorf("%d runs of %d bytes, %v, want 2 of %d", runs, total, whole, want)
	}
	b := make([]byte, 1<<20)
	if n, err := c.ReadAt(b, 1<<32-2048-500); n != len(b) || err != nil {
		t.Errorf("over the end of an extent: %d bytes, %v", n, err)
	}
	if n, err := c.ReadAt(b, want-10); n != 10 || !errors.Is(err, io.EOF) {
		t.Errorf("over the end: %d bytes, %v, want 10, EOF", n, err)
	}
	if _, err := c.ReadAt(b, 0); err != nil || !bytes.HasPrefix(b, []byte("the first bytes\x00")) {
		t.Errorf("%q, %v", b[:20], err)
	}
}
