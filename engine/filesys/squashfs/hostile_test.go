package squashfs

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
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

func (h *hostile) put16(off int, v uint16) { binary.LittleEndian.PutUint16(h.b[off:], v) }
func (h *hostile) put32(off int, v uint32) { binary.LittleEndian.PutUint32(h.b[off:], v) }
func (h *hostile) put64(off int, v uint64) { binary.LittleEndian.PutUint64(h.b[off:], v) }
func (h *hostile) get64(off int) uint64    { return binary.LittleEndian.Uint64(h.b[off:]) }

// inode is where the inode of a path is; its metadata is not packed.
func (h *hostile) inode(path string) int {
	h.t.Helper()
	n := h.fs.Root()
	if path != "" {
		n = conformance.Find(h.t, h.fs, path)
	}
	reference := uint64(n) - 1
	return int(h.fs.super.inodeTable + reference>>16 + metadataHeader + reference&0xffff)
}

// entries is where the first header of a directory is.
func (h *hostile) entries(path string) int {
	h.t.Helper()
	i, err := h.fs.readInode(conformance.Find(h.t, h.fs, path))
	if err != nil {
		h.t.Fatal(err)
	}
	return int(h.fs.super.dirTable+i.start) + metadataHeader + int(i.offset)
}

// find is where some bytes are.
func (h *hostile) find(what string, from int) int {
	h.t.Helper()
	at := bytes.Index(h.b[from:], []byte(what))
	if at < 0 {
		h.t.Fatalf("no %q", what)
	}
	return from + at
}

func TestHostileSuperblocks(t *testing.T) {
	for name, test := range map[string]struct {
		change func(h *hostile)
		want   error
		text   string
	}{
		"another magic":            {func(h *hostile) { h.b[0] = 'x' }, binread.ErrCorrupt, "magic"},
		"big-endian":               {func(h *hostile) { copy(h.b, "sqsh") }, binread.ErrUnsupported, "big-endian"},
		"version 3.1":              {func(h *hostile) { h.put32(28, 0x10003) }, binread.ErrUnsupported, "version 3.1"},
		"image of 50 bytes":        {func(h *hostile) { h.b = h.b[:50] }, binread.ErrCorrupt, "superblock"},
		"blocks of 2 KiB":          {func(h *hostile) { h.put32(12, 2048); h.put16(22, 11) }, binread.ErrCorrupt, "2048 bytes"},
		"blocks of 2 MiB":          {func(h *hostile) { h.put32(12, 1<<21); h.put16(22, 21) }, binread.ErrCorrupt, "2097152 bytes"},
		"blocks of two sizes":      {func(h *hostile) { h.put16(22, 12) }, binread.ErrCorrupt, "one size"},
		"shift of 65535":           {func(h *hostile) { h.put16(22, 65535) }, binread.ErrCorrupt, "one size"},
		"compressor 7":             {func(h *hostile) { h.put16(20, 7) }, binread.ErrUnsupported, "compressor 7"},
		"compressor 0":             {func(h *hostile) { h.put16(20, 0) }, binread.ErrUnsupported, "compressor 0"},
		"no bytes in all":          {func(h *hostile) { h.put64(40, 0) }, binread.ErrCorrupt, "0 bytes in all"},
		"2^63 bytes in all":        {func(h *hostile) { h.put64(40, 1<<63) }, binread.ErrLimit, "in all"},
		"inodes behind the end":    {func(h *hostile) { h.put64(64, 1<<40) }, binread.ErrCorrupt, "table of inodes"},
		"inodes in the superblock": {func(h *hostile) { h.put64(64, 0) }, binread.ErrCorrupt, "table of inodes"},
		"inodes after directories": {func(h *hostile) { h.put64(64, h.get64(72)+1) }, binread.ErrCorrupt, "before that of directories"},
		"directories nowhere":      {func(h *hostile) { h.put64(72, none) }, binread.ErrCorrupt, "table of directories"},
		"owners nowhere":           {func(h *hostile) { h.put64(48, none) }, binread.ErrCorrupt, "table of owners"},
		"no owners":                {func(h *hostile) { h.put16(26, 0) }, binread.ErrCorrupt, "no owners"},
		"65535 owners":             {func(h *hostile) { h.put16(26, 65535) }, binread.ErrCorrupt, "table of owners"},
		"owners in no block":       {func(h *hostile) { h.put64(int(h.get64(48)), 1<<50) }, binread.ErrCorrupt, "table of owners"},
		"fragments nowhere":        {func(h *hostile) { h.put64(80, none) }, binread.ErrCorrupt, "table of fragments"},
		"exports behind the end":   {func(h *hostile) { h.put64(88, 1<<40) }, binread.ErrCorrupt, "table of exports"},
		"attributes after their table": {
			func(h *hostile) { h.put64(int(h.get64(56)), 1<<40) }, binread.ErrCorrupt,
			"table of extended attributes",
		},
		"root in no block":    {func(h *hostile) { h.put64(32, 1<<47) }, binread.ErrCorrupt, "root directory"},
		"root over its block": {func(h *hostile) { h.put64(32, 0xffff) }, binread.ErrCorrupt, "root directory"},
		"root that is a file": {func(h *hostile) { h.put16(h.inode(""), kindFile) }, binread.ErrCorrupt, "of type 2"},
		"root of type 15":     {func(h *hostile) { h.put16(h.inode(""), 15) }, binread.ErrCorrupt, "type 15"},
		"root of type 0":      {func(h *hostile) { h.put16(h.inode(""), 0) }, binread.ErrCorrupt, "type 0"},
		"root of no owner":    {func(h *hostile) { h.put16(h.inode("")+4, 60000) }, binread.ErrCorrupt, "owner 60000"},
		"options that are packed": {
			func(h *hostile) { h.put16(24, flagOptions); h.put16(superSize, 8) }, binread.ErrCorrupt,
			"options of the compressor",
		},
		"options of no bytes": {
			func(h *hostile) { h.put16(24, flagOptions); h.put16(superSize, 0x8000) }, binread.ErrCorrupt,
			"options of the compressor",
		},
		"lz4 in version 2": {func(h *hostile) {
			h.put16(20, uint16(compLZ4))
			h.put16(24, flagOptions)
			h.put16(superSize, 0x8008)
			h.put32(superSize+2, 2)
		}, binread.ErrUnsupported, "version 2"},
		"xz with a dictionary of 4 GiB": {func(h *hostile) {
			h.put16(20, uint16(compXZ))
			h.put16(24, flagOptions)
			h.put16(superSize, 0x8008)
			h.put32(superSize+2, 1<<32-1)
		}, binread.ErrLimit, "dictionary"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, "plain")
			test.change(h)
			_, err := Open(bytes.NewReader(h.b), int64(len(h.b)))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || !strings.HasPrefix(err.Error(), "squashfs: ") {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// TestHostileObjects breaks one object and wants the walk to say so.
func TestHostileObjects(t *testing.T) {
	for name, test := range map[string]struct {
		image  string
		change func(h *hostile)
		want   error
		text   string
	}{
		"directory that is its own child": {"plain", func(h *hostile) {
			n := uint64(conformance.Find(h.t, h.fs, "dirs/deep")) - 1
			h.put32(h.entries("dirs/deep")+4, uint32(n>>16))
			h.put16(h.entries("dirs/deep")+dirHeader, uint16(n))
		}, nil, "second name"},
		"directory of 65535 bytes":      {"plain", func(h *hostile) { h.put16(h.inode("dirs/deep")+24, 65535) }, binread.ErrCorrupt, ""},
		"directory one byte too long":   {"plain", func(h *hostile) { h.b[h.inode("dirs/deep")+24]++ }, binread.ErrCorrupt, ""},
		"directory one byte too short":  {"plain", func(h *hostile) { h.b[h.inode("dirs/deep")+24]-- }, binread.ErrCorrupt, "its entries have"},
		"directory in no block":         {"plain", func(h *hostile) { h.put32(h.inode("dirs/deep")+16, 1<<31) }, binread.ErrCorrupt, "end of its table"},
		"directory over its block":      {"plain", func(h *hostile) { h.put16(h.inode("dirs/deep")+26, 8192) }, binread.ErrCorrupt, "byte 8192"},
		"257 entries behind one header": {"plain", func(h *hostile) { h.put32(h.entries("dirs/deep"), 256) }, binread.ErrCorrupt, "257 entries"},
		"2^32 entries":                  {"plain", func(h *hostile) { h.put32(h.entries("dirs/deep"), 1<<32-1) }, binread.ErrCorrupt, "4294967296 entries"},
		"name of 257 bytes":             {"plain", func(h *hostile) { h.put16(h.entries("dirs/deep")+18, 256) }, binread.ErrCorrupt, "name of 257"},
		"name with a slash":             {"plain", func(h *hostile) { h.b[h.entries("dirs/deep")+20] = '/' }, binread.ErrCorrupt, "slash"},
		"name with a zero byte":         {"plain", func(h *hostile) { h.b[h.entries("dirs/deep")+20] = 0 }, binread.ErrCorrupt, "zero byte"},
		"entry of no inode":             {"plain", func(h *hostile) { h.put16(h.entries("dirs/deep")+12, 0xffff) }, binread.ErrCorrupt, "not the reference"},
		"two entries with one name": {"plain", func(h *hostile) {
			h.b[h.find("entry with some more bytes to its name 2", h.entries("dirs/few"))+39] = '1'
		}, binread.ErrCorrupt, "two entries"},
		"target of 4 GiB":           {"plain", func(h *hostile) { h.put32(h.inode("links/60")+20, 1<<32-1) }, binread.ErrLimit, "target of"},
		"file of 4 GiB":             {"plain", func(h *hostile) { h.put32(h.inode("sizes/100")+28, 1<<32-1) }, binread.ErrCorrupt, ""},
		"fragment of no table":      {"plain", func(h *hostile) { h.put32(h.inode("sizes/100")+20, 1<<31) }, binread.ErrCorrupt, "number 2147483648"},
		"tail over its fragment":    {"plain", func(h *hostile) { h.put32(h.inode("sizes/100")+24, 131000) }, binread.ErrCorrupt, "inside of a block"},
		"tail at 4 GiB":             {"plain", func(h *hostile) { h.put32(h.inode("sizes/100")+24, 1<<32-1) }, binread.ErrCorrupt, "inside of a block"},
		"block larger than a block": {"plain-blocks", func(h *hostile) { h.put32(h.inode("sizes/100")+32, 65537|blockPlain) }, binread.ErrCorrupt, "a block of 65537"},
		"block with unknown flags":  {"plain-blocks", func(h *hostile) { h.put32(h.inode("sizes/100")+32, 1<<30|100) }, binread.ErrCorrupt, "a block of"},
		"block of one byte too few": {"plain-blocks", func(h *hostile) { h.put32(h.inode("sizes/100")+32, 99|blockPlain) }, binread.ErrCorrupt, "a block of 99"},
		"block that is not packed":  {"plain-blocks", func(h *hostile) { h.put32(h.inode("sizes/100")+32, 100) }, binread.ErrCorrupt, "gzip"},
		"block of too few bytes, packed": {"plain-blocks", func(h *hostile) {
			var short bytes.Buffer
			w := zlib.NewWriter(&short)
			_, _ = w.Write(make([]byte, 99))
			_ = w.Close()
			at := h.inode("sizes/100")
			copy(h.b[binary.LittleEndian.Uint32(h.b[at+16:]):], short.Bytes())
			h.put32(at+32, uint32(short.Len()))
		}, binread.ErrCorrupt, "a block of 99"},
		"content behind the end":      {"plain-blocks", func(h *hostile) { h.put32(h.inode("sizes/100")+16, 1<<31) }, binread.ErrCorrupt, "content at"},
		"attributes of no table":      {"plain", func(h *hostile) { h.put32(h.inode("attributes/fifo")+20, 1<<30) }, binread.ErrCorrupt, "number 1073741824"},
		"attribute of type 3":         {"plain", func(h *hostile) { h.b[h.find("comment\x05", int(h.fs.xattrData))-4] = 3 }, binread.ErrUnsupported, "type 0x3"},
		"attribute without a name":    {"plain", func(h *hostile) { h.put16(h.find("comment\x05", int(h.fs.xattrData))-2, 0) }, binread.ErrCorrupt, "name of 0"},
		"attribute of 4 GiB":          {"plain", func(h *hostile) { h.put32(h.find("comment\x05", int(h.fs.xattrData))+7, 1<<32-1) }, binread.ErrLimit, "a value of"},
		"attribute that is elsewhere": {"plain", func(h *hostile) { h.b[h.find("comment\x05", int(h.fs.xattrData))-3] = 1 }, binread.ErrCorrupt, "the place of a value"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, test.image)
			test.change(h)
			f := openBytes(t, h.b)
			err := conformance.WalkAll(f)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v, want kind %v with %q", err, test.want, test.text)
			}
		})
	}
}

// TestDamagedDirectoriesHideNothing: what may be behind the damage is not said to be absent.
func TestDamagedDirectoriesHideNothing(t *testing.T) {
	h := newHostile(t, "plain")
	h.put32(h.entries("dirs/few"), 1<<20)
	f := openBytes(t, h.b)
	if _, err := f.Lookup(conformance.Find(t, f, "dirs/few"), "x"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lookup behind damage: %v, want the damage", err)
	}
}

func TestImageThatEndsEarlyIsAProblem(t *testing.T) {
	b := committed.Image(t, "plain")
	f, err := Open(bytes.NewReader(b), openBytes(t, b).super.size-1)
	if err != nil || len(f.Description().Problems) != 1 {
		t.Errorf("%v, %v, want one problem", f, err)
	}
}

// TestBombsAreBounded packs more than a block into what is said to be one.
func TestBombsAreBounded(t *testing.T) {
	for c := compGzip; c <= compZstd; c++ {
		b := committed.Image(t, c.String())
		at := int(openBytes(t, b).super.inodeTable)
		n, packed := stored(b[at:])
		u, err := newUnpacker(c)
		if err != nil || !packed {
			t.Fatal(c, err, packed)
		}
		src := b[at+metadataHeader : at+metadataHeader+int(n)]
		if n, err := u.unpack(make([]byte, metadataSize), src); err != nil || n != metadataSize {
			t.Errorf("%v: %d bytes, %v, want %d", c, n, err, metadataSize)
		}
		if _, err := u.unpack(make([]byte, metadataSize-1), src); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%v: %v, want it refused for a byte too many", c, err)
		}
		if _, err := u.unpack(make([]byte, metadataSize), src[:n/2]); !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%v: %v, want half of a block refused", c, err)
		}
	}
}
