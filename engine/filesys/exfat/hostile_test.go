package exfat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

const sector = 512 // of the image that is attacked

// hostile is the small image under attack, whose clusters are sectors.
type hostile struct {
	t  testing.TB
	b  []byte
	fs *FS // the image before it was changed
}

func newHostile(t testing.TB) *hostile {
	t.Helper()
	b := slices.Clone(committed.Image(t, "small"))
	return &hostile{t, b, openBytes(t, b)}
}

// put writes a little-endian number of n bytes.
func (h *hostile) put(off, n int, v uint64) {
	for i := range n {
		h.b[off+i] = byte(v >> (8 * i))
	}
}

// boot changes the boot sector and its copy, and mends their checksums.
func (h *hostile) boot(off, n int, v uint64) {
	for _, region := range []int{0, regionSectors * sector} {
		h.put(region+off, n, v)
		sum := uint32(0)
		for i, v := range h.b[region : region+11*sector] {
			if i != 0x6a && i != 0x6b && i != 0x70 {
				sum = (sum<<31 | sum>>1) + uint32(v)
			}
		}
		for at := range sector / 4 {
			binary.LittleEndian.PutUint32(h.b[region+11*sector+4*at:], sum)
		}
	}
}

// entry is where the first entry of a path is.
func (h *hostile) entry(path string) int {
	h.t.Helper()
	return int(conformance.Find(h.t, h.fs, path)>>1) * entrySize
}

// change changes the entries of a path, which lie in one cluster, and mends their checksum.
func (h *hostile) change(path string, off, n int, v uint64) {
	h.t.Helper()
	at := h.entry(path)
	h.put(at+off, n, v)
	var set [][]byte
	for i := range 1 + int(h.b[at+1]) {
		set = append(set, h.b[at+i*entrySize:at+(i+1)*entrySize])
	}
	h.put(at+2, 2, uint64(checksum(set)))
}

// rootEntry is where the first entry of a kind is in the root directory.
func (h *hostile) rootEntry(kind byte) (at int) {
	h.t.Helper()
	var bad binread.Errors
	h.fs.entries(rootNode, &bad, func(e entry) bool {
		if e.kind() == kind && at == 0 {
			at = int(e.off)
		}
		return true
	})
	if at == 0 {
		h.t.Fatalf("no entry of kind %#x", kind)
	}
	return at
}

// link changes what the table says of a cluster of a path.
func (h *hostile) link(path string, v uint64) {
	h.t.Helper()
	h.put(int(h.fs.boot.tableOff())+4*int(h.start(path)), 4, v)
}

func (h *hostile) start(path string) uint32 {
	h.t.Helper()
	o, err := h.fs.object(conformance.Find(h.t, h.fs, path))
	if err != nil {
		h.t.Fatal(err)
	}
	return o.start
}

func TestHostileBootSectors(t *testing.T) {
	for name, test := range map[string]struct {
		off, n int
		v      uint64
		want   error
	}{
		"no sectors":                            {0x48, 8, 0, binread.ErrCorrupt},
		"2^63 sectors":                          {0x48, 8, 1 << 63, binread.ErrCorrupt},
		"fewer sectors than clusters":           {0x48, 8, 2000, binread.ErrCorrupt},
		"table in the boot region":              {0x50, 4, 20, binread.ErrCorrupt},
		"table of no sectors":                   {0x54, 4, 0, binread.ErrCorrupt},
		"table of 2^32 sectors":                 {0x54, 4, 1<<32 - 1, binread.ErrCorrupt},
		"clusters in the table":                 {0x58, 4, 30, binread.ErrCorrupt},
		"clusters behind the end":               {0x58, 4, 1 << 31, binread.ErrCorrupt},
		"no clusters":                           {0x5c, 4, 0, binread.ErrCorrupt},
		"2^32 clusters":                         {0x5c, 4, 1<<32 - 1, binread.ErrCorrupt},
		"root directory at cluster 0":           {0x60, 4, 0, binread.ErrCorrupt},
		"root directory behind the last":        {0x60, 4, 1 << 30, binread.ErrCorrupt},
		"revision to come":                      {0x68, 2, 0x200, binread.ErrUnsupported},
		"second table active, and there is one": {0x6a, 2, 1, binread.ErrCorrupt},
		"sectors of 256 bytes":                  {0x6c, 1, 8, binread.ErrCorrupt},
		"sectors of 2^255 bytes":                {0x6c, 1, 255, binread.ErrCorrupt},
		"clusters of 64 MiB":                    {0x6d, 1, 17, binread.ErrCorrupt},
		"clusters of 2^264 bytes":               {0x6d, 1, 255, binread.ErrCorrupt},
		"no table":                              {0x6e, 1, 0, binread.ErrCorrupt},
		"255 tables":                            {0x6e, 1, 255, binread.ErrCorrupt},
		"no signature":                          {0x1fe, 2, 0, binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t)
			h.boot(test.off, test.n, test.v)
			if _, err := Open(bytes.NewReader(h.b), int64(len(h.b))); !errors.Is(err, test.want) || !strings.HasPrefix(err.Error(), "exfat: boot region: ") {
				t.Errorf("%v, want kind %v", err, test.want)
			}
		})
	}
}

func TestDamageBesideTheFilesIsAProblem(t *testing.T) {
	for name, test := range map[string]struct {
		change func(h *hostile)
		text   string
		taints bool
	}{
		"image that ends early":          {func(h *hostile) { h.b = h.b[:len(h.b)/2] }, "the image ends at", false},
		"dirty":                          {func(h *hostile) { h.put(0x6a, 2, flagDirty) }, "not unmounted", false},
		"errors of the disk":             {func(h *hostile) { h.put(0x6a, 2, flagFailed) }, "recorded errors", false},
		"boot region damaged":            {func(h *hostile) { h.b[0x64]++ }, "the copy at 0x1800 is used", true},
		"boot region overwritten":        {func(h *hostile) { clear(h.b[:sector]) }, "the copy at 0x1800 is used", true},
		"copy damaged":                   {func(h *hostile) { h.b[0x1800+0x64]++ }, "copy of the boot region: its checksum", false},
		"copy of another":                {func(h *hostile) { h.boot(0x64, 4, 1); copy(h.b[:0x1800], committed.Image(h.t, "small")) }, "says something else", true},
		"both damaged":                   {func(h *hostile) { h.b[0x64]++; h.b[0x1800+0x64]++ }, "no copy that is whole", true},
		"no bitmap":                      {func(h *hostile) { h.b[h.rootEntry(kindBitmap)] = 1 }, "no allocation bitmap", false},
		"bitmap too short":               {func(h *hostile) { h.put(h.rootEntry(kindBitmap)+24, 8, 3) }, "has 3 bytes", false},
		"bitmap nowhere":                 {func(h *hostile) { h.put(h.rootEntry(kindBitmap)+20, 4, 0) }, "begins at cluster 0", false},
		"no capital letters":             {func(h *hostile) { h.b[h.rootEntry(kindCapitals)] = 2 }, "no table of capital letters", false},
		"capital letters damaged":        {func(h *hostile) { h.b[h.rootEntry(kindCapitals)+4]++ }, "capital letters: its checksum", false},
		"capital letters without an end": {func(h *hostile) { h.put(h.rootEntry(kindCapitals)+24, 8, 1<<62) }, "want at most 131072", false},
		"capital letters of less than 0": {func(h *hostile) { h.put(h.rootEntry(kindCapitals)+24, 8, 1<<63) }, "want at most 131072", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t)
			test.change(h)
			if ok, err := Format.Probe(bytes.NewReader(h.b), int64(len(h.b))); !ok || err != nil {
				t.Errorf("probe: %v, %v, want yes", ok, err)
			}
			f := openBytes(t, h.b)
			if !slices.ContainsFunc(f.Description().Problems, func(p filesys.Problem) bool {
				return strings.Contains(p.Message, test.text) && p.Taints == test.taints
			}) {
				t.Errorf("problems %v, want %q, taints %v", f.Description().Problems, test.text, test.taints)
			}
		})
	}
}

// TestHostileObjects breaks one object and wants the walk to say so.
func TestHostileObjects(t *testing.T) {
	const file, dir = "sizes/1553", "sizes"
	for name, test := range map[string]struct {
		change func(h *hostile)
		want   error
		text   string
	}{
		"entries whose checksum is wrong": {func(h *hostile) { h.b[h.entry(file)+8]++ }, binread.ErrChecksum, "the checksum of its entries"},
		"file without more entries":       {func(h *hostile) { h.b[h.entry(file)+1] = 0 }, binread.ErrCorrupt, "want a stream and a name"},
		"file of 255 entries":             {func(h *hostile) { h.b[h.entry(file)+1] = 255 }, binread.ErrCorrupt, "want 256"},
		"stream that is a name":           {func(h *hostile) { h.b[h.entry(file)+entrySize] = kindName }, binread.ErrCorrupt, "want a stream and a name"},
		"stream without a file":           {func(h *hostile) { h.b[h.entry(file)] = kindFile &^ kindInUse }, binread.ErrCorrupt, "belongs to none"},
		"name of no units":                {func(h *hostile) { h.change(file, entrySize+3, 1, 0) }, binread.ErrCorrupt, "a name of 0 units"},
		"name longer than its entries":    {func(h *hostile) { h.change(file, entrySize+3, 1, 200) }, binread.ErrCorrupt, "a name of 200 units"},
		"name with a slash":               {func(h *hostile) { h.change(file, 2*entrySize+2, 1, '/') }, binread.ErrCorrupt, "slash"},
		"two entries with one name": {func(h *hostile) {
			h.change("read-only", 2*entrySize+2, 8, 0x0041004100410041)
			h.change("read-only", entrySize+3, 1, 5)
			twins(h)
		}, binread.ErrCorrupt, "two entries named"},
		"more written than there is":      {func(h *hostile) { h.change(file, entrySize+8, 8, 1<<40) }, binread.ErrCorrupt, "bytes written"},
		"size of less than nothing":       {func(h *hostile) { h.change(file, entrySize+24, 8, 1<<63) }, binread.ErrCorrupt, "bytes written"},
		"content at cluster 1":            {func(h *hostile) { h.change(file, entrySize+20, 4, 1) }, binread.ErrCorrupt, "begins at cluster 1"},
		"content behind the last cluster": {func(h *hostile) { h.change(file, entrySize+20, 4, 1<<31) }, binread.ErrCorrupt, "begins at cluster"},
		"content without clusters":        {func(h *hostile) { h.change(file, entrySize+1, 1, 0) }, binread.ErrCorrupt, "begins at cluster 0"},
		"one piece over the last cluster": {func(h *hostile) {
			h.change(file, entrySize+20, 4, uint64(h.fs.boot.last()))
			h.change(file, entrySize+1, 1, 3)
		}, binread.ErrCorrupt, "want at most 512"},
		"chain that ends early":            {func(h *hostile) { h.change(file, entrySize+1, 1, 1); h.link(file, markEnd) }, binread.ErrCorrupt, "bytes early"},
		"chain to a free cluster":          {func(h *hostile) { h.change(file, entrySize+1, 1, 1); h.link(file, 0) }, binread.ErrCorrupt, "is not in one"},
		"chain to a bad cluster":           {func(h *hostile) { h.change(file, entrySize+1, 1, 1); h.link(file, markBad) }, binread.ErrCorrupt, "marked as bad"},
		"chain behind the last cluster":    {func(h *hostile) { h.change(file, entrySize+1, 1, 1); h.link(file, 1<<30) }, binread.ErrCorrupt, "the chain leads to"},
		"chain of a file that is a circle": {func(h *hostile) { h.change(file, entrySize+1, 1, 1); h.link(file, uint64(h.start(file))) }, binread.ErrCorrupt, "comes back to itself"},
		"directory that is a circle": {func(h *hostile) {
			h.change(dir, entrySize+1, 1, 1)
			h.change(dir, entrySize+24, 8, 1<<20)
			h.change(dir, entrySize+8, 8, 1<<20)
			h.link(dir, uint64(h.start(dir)))
		}, binread.ErrCorrupt, "comes back to itself"},
		"root directory that is a circle": {func(h *hostile) { h.put(int(h.fs.boot.tableOff())+4*int(h.fs.boot.root), 4, uint64(h.fs.boot.root)) }, binread.ErrCorrupt, "comes back to itself"},
		"directory that is above itself":  {func(h *hostile) { h.change("deep/level 0", entrySize+20, 4, uint64(h.start("deep"))) }, nil, "second name"},
		"directory of 2^60 bytes": {func(h *hostile) {
			h.change(dir, entrySize+24, 8, 1<<60)
			h.change(dir, entrySize+8, 8, 1<<60)
		}, binread.ErrLimit, "of which"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t)
			test.change(h)
			f := openBytes(t, h.b)
			err := conformance.WalkAll(f)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// twins gives two files of a directory one name.
func twins(h *hostile) {
	for _, name := range []string{"sizes/511", "sizes/512"} {
		h.change(name, 2*entrySize+2, 6, 0x004100410041)
	}
}

// TestWhatWasNotWrittenIsZeros: a file is longer than its ValidDataLength.
func TestWhatWasNotWrittenIsZeros(t *testing.T) {
	h := newHostile(t)
	h.change("sizes/1553", entrySize+8, 8, 700)
	f := openBytes(t, h.b)
	c, err := f.Open(conformance.Find(t, f, "sizes/1553"))
	if err != nil {
		t.Fatal(err)
	}
	b := bytes.Repeat([]byte{0xa5}, 1553)
	if n, err := c.ReadAt(b, 0); n != 1553 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if !bytes.HasPrefix(b, []byte("line 0\nline 1\n")) || b[699] == 0 || len(bytes.Trim(b[700:], "\x00")) != 0 {
		t.Errorf("%q, want what was written and zeros from 700 on", b)
	}
}

// TestDamagedDirectoriesHideNothing: what may be behind the damage is not said to be absent.
func TestDamagedDirectoriesHideNothing(t *testing.T) {
	h := newHostile(t)
	h.b[h.entry("sizes/1553")+entrySize] = kindName
	f := openBytes(t, h.b)
	dir := conformance.Find(t, f, "sizes")
	if _, err := f.Lookup(dir, "1553"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lookup behind damage: %v, want the damage", err)
	}
	if entries, err := f.ReadDir(dir); err == nil || len(entries) == 0 {
		t.Errorf("%v, %v, want what is whole, and an error", entries, err)
	}
}
