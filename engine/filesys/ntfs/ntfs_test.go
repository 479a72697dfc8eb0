package ntfs

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

func image(t testing.TB, name string) []byte {
	t.Helper()
	b, err := conformance.ReadFile(filepath.Join("testdata", name+".img.zst"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWhatNTFS3GSees holds every image against what ntfs-3g reads from it.
func TestWhatNTFS3GSees(t *testing.T) {
	for _, name := range []string{"default", "512", "64k"} {
		t.Run(name, func(t *testing.T) {
			truth, err := conformance.ReadTruth(filepath.Join("testdata", name+".jsonl.gz"))
			if err != nil {
				t.Fatal(err)
			}
			f := openBytes(t, image(t, name))
			conformance.FS(t, f, truth)
			d := f.Description()
			if d.Label != "NTFS TEST" || len(d.Problems) != 0 || d.Free <= 0 || len(d.UUID) != 16 {
				t.Errorf("description %+v", d)
			}
		})
	}
}

// TestNamesInAnyCase looks names up as Windows would.
func TestNamesInAnyCase(t *testing.T) {
	f := openBytes(t, image(t, "default"))
	want, err := f.Lookup(f.Root(), "UPPER lower äöü 漢字 𝄞")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Lookup(f.Root(), "upper LOWER ÄÖÜ 漢字 𝄞"); got != want || err != nil {
		t.Errorf("got %d, %v, want %d", got, err, want)
	}
	if _, err := f.Lookup(f.Root(), "$MFT"); err == nil {
		t.Error("$MFT is found, want it hidden")
	}
}

// patched is an image with some bytes changed.
type patched struct {
	image []byte
	off   []int64
	value []byte
}

func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := bytes.NewReader(p.image).ReadAt(b, off)
	for i, at := range p.off {
		if at >= off && at < off+int64(n) {
			b[at-off] = p.value[i]
		}
	}
	return n, err
}

// recordAt returns where a record is in an image whose table's beginning is in one piece.
func recordAt(t testing.TB, f *FS, number int64) int64 {
	t.Helper()
	at := int64(-1)
	f.mft.Runs(func(r filesys.Run) {
		if at < 0 {
			at = r.Off + number*f.boot.recordSize
		}
	})
	return at
}

// attributeAt returns where the value of a resident attribute is.
func attributeAt(t testing.TB, f *FS, b []byte, number int64, value []byte) int64 {
	t.Helper()
	at := recordAt(t, f, number)
	i := bytes.Index(b[at:at+f.boot.recordSize], value)
	if i < 0 {
		t.Fatalf("record %d has no %x", number, value)
	}
	return at + int64(i)
}

// TestUncleanVolumesAreTainted wants no volume with pending changes to be believed.
func TestUncleanVolumesAreTainted(t *testing.T) {
	whole := image(t, "default")
	clean := openBytes(t, whole)
	logNode, err := clean.readNode(recordLog)
	if err != nil {
		t.Fatal(err)
	}
	content := clean.content(logNode.stream(typeData, ""))
	logAt := int64(-1)
	content.Runs(func(r filesys.Run) { logAt = max(logAt, r.Off) })
	restart := make([]byte, fixupStride)
	copy(restart, "RSTR")
	restart[17], restart[24] = 0x10, 48 // pages of 4096 bytes, the area at 48
	for name, c := range map[string]struct {
		at    int64
		b     []byte
		taint bool
	}{
		"dirty flag":        {attributeAt(t, clean, whole, recordVolume, []byte{3, 1, 0, 0}) + 2, []byte{1}, true},
		"log in use":        {logAt, restart, true},
		"log of rubbish":    {logAt, []byte("RCRD"), true},
		"log that is empty": {logAt, bytes.Repeat([]byte{0xff}, 16), false},
		"log that is closed": {logAt, func() []byte {
			b := bytes.Clone(restart)
			b[48+12], b[48+13] = 0xff, 0xff
			return b
		}(), false},
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(whole)
			copy(b[c.at:], c.b)
			tainted := false
			for _, p := range openBytes(t, b).Description().Problems {
				tainted = tainted || p.Taints
			}
			if tainted != c.taint {
				t.Errorf("tainted %v, want %v", tainted, c.taint)
			}
		})
	}
}

// TestTheCopyOfMFT reads a volume whose first record is damaged.
func TestTheCopyOfMFT(t *testing.T) {
	b := image(t, "default")
	copy(b[recordAt(t, openBytes(t, b), 0):], "BAAD")
	f := openBytes(t, b)
	if _, err := f.Lookup(f.Root(), "plain"); err != nil {
		t.Error(err)
	}
	if p := f.Description().Problems; len(p) != 1 || !p[0].Taints {
		t.Errorf("problems %v, want one that taints", p)
	}
}

// TestDamageIsSaid wants damaged names and records to be errors, never absences.
func TestDamageIsSaid(t *testing.T) {
	whole := image(t, "default")
	f := openBytes(t, whole)
	many, err := f.Lookup(f.Root(), "many")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("index block", func(t *testing.T) {
		b := bytes.Clone(whole)
		for at := bytes.Index(b, []byte("INDX")); at >= 0; {
			copy(b[at:], "BAAD")
			next := bytes.Index(b[at:], []byte("INDX"))
			if next < 0 {
				break
			}
			at += next
		}
		f := openBytes(t, b)
		if _, err := f.ReadDir(many); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("ReadDir: %v, want ErrCorrupt", err)
		}
		if _, err := f.Lookup(many, "absent"); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("Lookup: %v, want ErrCorrupt", err)
		}
	})
	plain, err := f.Lookup(f.Root(), "plain")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sequence number", func(t *testing.T) {
		b := bytes.Clone(whole)
		b[recordAt(t, f, int64(plain))+0x10]++
		f := openBytes(t, b)
		if n, err := f.Lookup(f.Root(), "plain"); n != 0 || !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("Lookup: %d, %v, want 0, ErrCorrupt", n, err)
		}
	})
	t.Run("half-written record", func(t *testing.T) {
		b := bytes.Clone(whole)
		b[recordAt(t, f, int64(plain))+fixupStride-1]++
		if _, err := openBytes(t, b).Stat(plain); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("Stat: %v, want ErrCorrupt", err)
		}
	})
}

// TestExpandLZNT1 expands chunks of each form, and refuses damaged ones; compressed files in the images show the rest.
func TestExpandLZNT1(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"as it is":      {"\x02\x30abc", "abc\x00"},
		"a pair":        {"\x04\xb0\x04ab\x03\x10", "abababab"},
		"end":           {"\x00\x00\x02\x30abc", "\x00\x00\x00\x00"},
		"pair too far":  {"\x04\xb0\x04ab\x03\x20", ""},
		"cut short":     {"\x04\xb0\x04ab", ""},
		"pair at start": {"\x02\xb0\x01\x00\x00", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dst := bytes.Repeat([]byte{0xa5}, max(8, len(c.want)))
			err := expandLZNT1(dst, []byte(c.source))
			if (err != nil) != (c.want == "") || err == nil && string(dst[:len(c.want)]) != c.want {
				t.Errorf("%q, %v, want %q", dst, err, c.want)
			}
		})
	}
}

// walkBounded asks for everything, each node once and not more than some megabytes of each file.
func walkBounded(f *FS) {
	_ = f.Description()
	b := make([]byte, 64<<10)
	seen := map[filesys.Node]bool{}
	queue := []filesys.Node{f.Root(), recordBitmap, recordLog}
	for len(queue) > 0 && len(seen) < 400 {
		n := queue[0]
		if queue = queue[1:]; seen[n] {
			continue
		}
		seen[n] = true
		_, _ = f.Stat(n)
		_, _ = f.Xattrs(n)
		_, _ = f.ReadLink(n)
		if c, err := f.Open(n); err == nil {
			for _, off := range []int64{0, 64 << 10, 1 << 20, c.Size() / 2, c.Size() - 1000} {
				_, _ = c.ReadAt(b, off)
			}
		}
		entries, _ := f.ReadDir(n)
		for _, e := range entries {
			queue = append(queue, e.Node)
		}
	}
}

// usedSectors are the sectors that hold metadata.
func usedSectors(b []byte) []int64 {
	used := []int64{0}
	for at := int64(0); at+1024 <= int64(len(b)); at += 512 {
		if m := string(b[at : at+4]); m == "FILE" || m == "INDX" {
			used = append(used, at, at+512)
		}
	}
	return used
}

// TestMutantsOnlyFail: NTFS keeps no checksums, so a difference cannot always be seen, but every answer must come.
func TestMutantsOnlyFail(t *testing.T) {
	for name, count := range map[string]int{"default": 60, "512": 12, "64k": 12} {
		whole := image(t, name)
		used := usedSectors(whole)
		random := rand.New(rand.NewPCG(9, 2026))
		for i := range count {
			if testing.Short() && i == 20 {
				break
			}
			p := &patched{image: whole}
			sector := used[random.IntN(len(used))]
			if i%3 == 0 {
				sector = used[random.IntN(40)] // the boot sector and the first records
			}
			for range 1 + random.IntN(12) {
				p.off = append(p.off, sector+random.Int64N(510))
				p.value = append(p.value, byte(random.IntN(256)))
			}
			if f, err := Open(p, int64(len(whole))); err == nil {
				walkBounded(f)
			}
		}
	}
}

// FuzzNTFS changes an image: each change is the number of a sector of metadata, a place in it and a byte.
func FuzzNTFS(f *testing.F) {
	whole := image(f, "default")
	used := usedSectors(whole)
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x0d\x00\xff"))                     // clusters
	f.Add([]byte("\x01\x00\x14\x00\xf0\x01\x00\x18\x00\xff")) // $MFT's attributes
	f.Fuzz(func(_ *testing.T, data []byte) {
		p := &patched{image: whole}
		for c := binread.Little(data); c.Len() >= 5 && len(p.off) < 64; {
			p.off = append(p.off, used[int(c.U16())%len(used)]+int64(c.U16()%512))
			p.value = append(p.value, c.U8())
		}
		var r io.ReaderAt = p
		if opened, err := Open(r, int64(len(whole))); err == nil {
			walkBounded(opened)
		}
	})
}

// TestTheImagesHoldWhatTheyAreFor wants the forms that are hard to read to be in the images.
func TestTheImagesHoldWhatTheyAreFor(t *testing.T) {
	f := openBytes(t, image(t, "default"))
	packed, err := f.Lookup(f.Root(), "packed")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir   filesys.Node
		holds func(*node) bool
	}{
		"text":     {packed, func(n *node) bool { return n.stream(typeData, "").flags&attrCompressed == 1 }},
		"listed":   {f.Root(), func(n *node) bool { return len(n.attrs) > len(n.record.attrs) }},
		"turn1":    {f.Root(), func(n *node) bool { return !n.stream(typeData, "").resident }},
		"many":     {f.Root(), func(n *node) bool { return n.stream(typeIndexAlloc, indexName) != nil }},
		"resident": {f.Root(), func(n *node) bool { return n.stream(typeData, "").resident }},
	} {
		n, err := f.Lookup(c.dir, name)
		if err != nil {
			t.Fatal(err)
		}
		of, err := f.readNode(n)
		if err != nil {
			t.Fatal(err)
		}
		if !c.holds(of) {
			t.Errorf("%q is stored in another form", name)
		}
	}
}
