package boot

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
)

// sectors is a disk whose core image begins at sector 1, with these lists of blocks.
func sectors(blocks ...[2]uint64) []byte {
	b := make([]byte, 16*sector)
	for i, list := range blocks {
		at := sector + sector - 12*(i+1)
		binary.LittleEndian.PutUint64(b[at:], list[0])
		binary.LittleEndian.PutUint16(b[at+8:], uint16(list[1]))
	}
	return b
}

func TestListsOfBlocks(t *testing.T) {
	many := make([][2]uint64, 14)
	for i := range many {
		many[i] = [2]uint64{2, 1}
	}
	for name, c := range map[string]struct {
		blocks [][2]uint64
		size   int
		kind   error
	}{
		"none":                    {nil, sector, nil},
		"one":                     {[][2]uint64{{2, 3}}, 4 * sector, nil},
		"two":                     {[][2]uint64{{2, 1}, {8, 2}}, 4 * sector, nil},
		"behind the disk":         {[][2]uint64{{16, 1}}, 0, binread.ErrCorrupt},
		"ends behind the disk":    {[][2]uint64{{15, 2}}, 0, binread.ErrCorrupt},
		"at the end of numbers":   {[][2]uint64{{1<<64 - 1, 1}}, 0, binread.ErrCorrupt},
		"as far as there is room": {many, 15 * sector, nil},
		"without an end":          {append([][2]uint64{{2, 1}}, many...), 0, binread.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			d := sectors(c.blocks...)
			got, err := readCore(bytes.NewReader(d), int64(len(d)), 1)
			if !errors.Is(err, c.kind) || (err == nil) != (c.kind == nil) || err == nil && len(got) != c.size {
				t.Errorf("%d bytes, %v; want %d, %v", len(got), err, c.size, c.kind)
			}
		})
	}
}

func TestHostileCores(t *testing.T) {
	for name, c := range map[string]struct{ packed, unpacked uint32 }{
		"nothing":                   {0, 100},
		"compressed beyond the end": {1 << 31, 100},
		"unpacks to 4 GiB":          {100, 1<<32 - 1},
		"no LZMA":                   {1000, 1000},
	} {
		b := bytes.Repeat([]byte{0xff}, 4*sector)
		binary.LittleEndian.PutUint32(b[compressedAt:], c.packed)
		binary.LittleEndian.PutUint32(b[uncompressedAt:], c.unpacked)
		if got, err := unpackCore(b, 0x20); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// one is a tree with one file.
type one struct {
	content []byte
	size    int64
}

func (o one) open(name string) (io.ReaderAt, int64, string, error) {
	if name != "/x" {
		return nil, 0, "", fs.ErrNotExist
	}
	return bytes.NewReader(o.content), o.size, name, nil
}

func (o one) libraries(elf.Machine) []string { return nil }

func ownProgram(t testing.TB) []byte {
	t.Helper()
	for _, name := range []string{"/bin/true", "/usr/bin/true"} {
		if b, err := os.ReadFile(name); err == nil {
			return b
		}
	}
	t.Skip("the host has no ELF file to damage")
	return nil
}

func TestDamagedPrograms(t *testing.T) {
	good := ownProgram(t)
	p, err := readProgram(one{good, int64(len(good))}, "/x")
	if err != nil || len(p.needed) == 0 || p.interpreter == "" {
		t.Fatalf("%+v, %v", p, err)
	}
	put := func(at int, b ...byte) []byte {
		return append(append(bytes.Clone(good[:at]), b...), good[at+len(b):]...)
	}
	for name, b := range map[string][]byte{
		"empty":                   nil,
		"zeros":                   make([]byte, len(good)),
		"cut in the header":       good[:40],
		"cut in half":             good[:len(good)/2],
		"last byte is gone":       good[:len(good)-1],
		"a core dump":             put(16, 4, 0),
		"no sections":             put(40, make([]byte, 8)...)[:len(good)],
		"segments behind the end": put(32, 0xff, 0xff, 0xff),
		"no segments":             put(56, 0, 0),
		"65535 segments":          put(56, 0xff, 0xff),
		"sections behind the end": put(40, 0xff, 0xff, 0xff, 0x7f),
	} {
		if p, err := readProgram(one{b, int64(len(b))}, "/x"); err == nil {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// bzImageOf is the smallest bzImage that the kernel link takes.
func bzImageOf(payload string) []byte {
	b := make([]byte, 128<<10)
	copy(b[0x202:], "HdrS")
	put := func(at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
	b[0x1f1] = 4
	put(0x1f4, uint32((len(b)-5*sector)/16))
	binary.LittleEndian.PutUint16(b[0x206:], 0x20f)
	binary.LittleEndian.PutUint16(b[0x20e:], 0x200)
	copy(b[0x400:], "6.1.0-x (builder) #1\x00")
	b[0x236] = 1
	put(0x248, 0x100)
	put(0x24c, uint32(len(payload)))
	copy(b[5*sector+0x100:], payload)
	crc := crc32.ChecksumIEEE(b[:len(b)-4]) ^ 0xffffffff
	put(len(b)-4, crc)
	return b
}

func TestWholeKernels(t *testing.T) {
	b := bzImageOf("\x1f\x8bpayload")
	if !whole(b) {
		t.Fatal("the CRC of the build does not hold")
	}
	for _, at := range []int{0, 0x1000, len(b) / 2, len(b) - 1} {
		c := bytes.Clone(b)
		if c[at] ^= 1; whole(c) {
			t.Errorf("a bit at %#x changed nothing", at)
		}
	}
}

func TestLinksOfAnInitrd(t *testing.T) {
	i := newInitrd()
	i.files["usr/bin/dash"], i.sizes["usr/bin/dash"] = []byte("x"), 1
	for name, target := range map[string]string{
		"bin": "usr/bin", "usr/bin/sh": "dash", "abs": "/bin/sh", "up": "../../../bin/sh", "loop": "loop", "a": "b", "b": "a", "out": "../../etc/passwd",
	} {
		i.links[name] = target
	}
	for name, want := range map[string]bool{
		"/bin/sh": true, "/bin/dash": true, "/abs": true, "/up": true, "/loop": false, "/a": false, "/out": false, "/bin/gone": false, "": false,
	} {
		_, _, full, err := i.open(name)
		if (err == nil) != want || want && full != "/usr/bin/dash" {
			t.Errorf("%q leads to %q, %v", name, full, err)
		}
	}
}

func FuzzCore(f *testing.F) {
	f.Add(sectors([2]uint64{2, 3}), uint16(0x20))
	f.Add(append(sectors([2]uint64{2, 3}), "mimg\x0c\x00\x00\x00\x20\x00\x00\x00"...), uint16(2848))
	f.Fuzz(func(t *testing.T, b []byte, decompressor uint16) {
		if image, err := readCore(bytes.NewReader(b), int64(len(b)), 1); err == nil {
			_, _ = unpackCore(image, int(decompressor))
		}
		if c, err := parseCore(b); err == nil && c == nil {
			t.Error("neither a core nor an error")
		}
	})
}

func FuzzProgram(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	if b, err := os.ReadFile("/bin/true"); err == nil {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		newClosure(one{b, int64(len(b))}).add("/x", func(string, error) {})
		if len(b) > maxOneKept {
			t.Skip()
		}
	})
}

func FuzzKernel(f *testing.F) {
	f.Add(bzImageOf("\x1f\x8bx"))
	f.Add([]byte(strings.Repeat("\xff", minKernel)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < minKernel {
			return
		}
		p := &prover{isa: elf.EM_X86_64}
		v := &verdict{}
		_ = whole(b)
		if string(b[0x202:0x206]) == "HdrS" && whole(b) {
			p.bzImage(v, "/k", b)
		}
		if len(v.good) > 0 && len(v.bad) > 0 {
			t.Errorf("%q and %q", v.good, v.bad)
		}
	})
}
