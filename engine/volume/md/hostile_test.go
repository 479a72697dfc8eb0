package md

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
)

// seal makes the checksum of the superblock of version 1.2 of b right.
func seal(b []byte) {
	s := b[4096:8192]
	roles := min(binary.LittleEndian.Uint32(s[220:]), maxRoles)
	binary.LittleEndian.PutUint32(s[216:], sumNew(s[:256+2*roles]))
}

func TestHostileSuperblocks(t *testing.T) {
	put32 := func(off int, v uint32) func([]byte) {
		return func(s []byte) { binary.LittleEndian.PutUint32(s[off:], v) }
	}
	put64 := func(off int, v uint64) func([]byte) {
		return func(s []byte) { binary.LittleEndian.PutUint64(s[off:], v) }
	}
	for name, c := range map[string]struct {
		array string
		edit  func(s []byte)
		kind  error
		text  string
	}{
		"no disks":                     {"five-ls", put32(92, 0), binread.ErrCorrupt, "0 disks"},
		"2^32 disks":                   {"five-ls", put32(92, math.MaxUint32), binread.ErrCorrupt, "disks"},
		"2^32 roles":                   {"five-ls", put32(220, math.MaxUint32), binread.ErrCorrupt, "roles"},
		"chunks of 0":                  {"five-ls", put32(88, 0), binread.ErrCorrupt, "chunks of 0"},
		"chunks of 2^41":               {"five-ls", put32(88, math.MaxUint32), binread.ErrCorrupt, "chunks"},
		"size of 2^64":                 {"five-ls", put64(80, math.MaxUint64), binread.ErrCorrupt, "sizes"},
		"size of 2^54 sectors":         {"five-ls", put64(80, 1<<54-1), binread.ErrCorrupt, "bytes of each member"},
		"size of 2^54, data, too":      {"five-ls", func(s []byte) { put64(80, 1<<54-1)(s); put64(136, 1<<54-1)(s) }, binread.ErrCorrupt, "bytes of each"},
		"size of 0":                    {"five-ls", put64(80, 0), binread.ErrCorrupt, "0 bytes"},
		"data behind the end":          {"five-ls", put64(128, 1<<30), binread.ErrCorrupt, "data of"},
		"superblock elsewhere":         {"five-ls", put64(144, 16), binread.ErrCorrupt, "says that it is at"},
		"level 7":                      {"five-ls", put32(72, 7), binread.ErrUnsupported, "level 7"},
		"multipath":                    {"five-ls", put32(72, math.MaxUint32-3), binread.ErrUnsupported, "level -4"},
		"layout 99":                    {"five-ls", put32(76, 99), binread.ErrUnsupported, "layout 99"},
		"level 6 of one disk":          {"mirror12", func(s []byte) { put32(72, 6)(s); put32(76, 0)(s); put32(88, 8)(s) }, binread.ErrCorrupt, "members of level 6"},
		"no copies":                    {"near2", put32(76, 0), binread.ErrCorrupt, "0 near"},
		"255 far copies":               {"near2", put32(76, 0xff02), binread.ErrCorrupt, "255 far"},
		"far sets":                     {"near2", put32(76, 0x20102), binread.ErrUnsupported, "layout"},
		"reshape":                      {"five-ls", put32(8, 0x4), binread.ErrUnsupported, "another shape"},
		"journal":                      {"five-ls", put32(8, 0x200), binread.ErrUnsupported, "journal"},
		"zones without a layout":       {"zones", put32(8, 0), binread.ErrUnsupported, "layout is not told"},
		"raid 0 of 2^63 bytes":         {"stripe", put64(136, 1<<54-1), binread.ErrCorrupt, "more than"},
		"list of bad blocks elsewhere": {"bad1", put32(188, math.MaxInt32), binread.ErrCorrupt, "bad blocks"},
	} {
		t.Run(name, func(t *testing.T) {
			d := devices(t, c.array)
			for _, b := range d {
				c.edit(b[4096:])
				seal(b)
			}
			table, err := assembleOf(t, d)
			if err == nil {
				err = table.Volumes[0].Err
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v, want %v with %q", err, c.kind, c.text)
			}
		})
	}
}

func TestADamagedSuperblockIsDamage(t *testing.T) {
	for name, off := range map[string]int{"mirror12": 4096 + 300, "mirror11": 200} {
		d := devices(t, name)
		d[0][off] ^= 1
		v := volumesOf(d)[0]
		if ok, err := Format.Probe(v, v.Size); !ok || err != nil {
			t.Errorf("%s: probe says %v, %v, want that it is a member", name, ok, err)
		}
		if _, err := Format.Set(v); !errors.Is(err, binread.ErrChecksum) {
			t.Errorf("%s: %v, want a wrong checksum", name, err)
		}
	}
}

// TestBytesAtTheEndAreNoSuperblock has what a guest can write at the end of a disk not turn it into another thing.
func TestBytesAtTheEndAreNoSuperblock(t *testing.T) {
	b := make([]byte, 1<<20)
	for _, p := range places(int64(len(b))) {
		if p.atEnd() {
			binary.LittleEndian.PutUint32(b[p.off:], magic)
			binary.LittleEndian.PutUint32(b[p.off+4:], 1)
		}
	}
	if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); ok || err != nil {
		t.Errorf("%v, %v, want no member", ok, err)
	}
}

// TestTheSuperblockOfTheLastPartition is not one of the disk that ends with it.
func TestTheSuperblockOfTheLastPartition(t *testing.T) {
	for _, name := range []string{"mirror090", "mirror10"} {
		part := devices(t, name)[0]
		disk := append(make([]byte, 1<<20), part...)
		disk[510], disk[511] = 0x55, 0xaa
		if ok, err := Format.Probe(bytes.NewReader(disk), int64(len(disk))); ok || err != nil {
			t.Errorf("%s: probe of the disk says %v, %v, want that it is no member", name, ok, err)
		}
	}
}

func TestCopiesOfAMember(t *testing.T) {
	d := devices(t, "mirror12")
	d[1] = d[0]
	table, err := assembleOf(t, d)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(table.Messages(), "\n"); !strings.Contains(text, "one of them is a copy") || !strings.Contains(text, "member 1 of 2") {
		t.Errorf("problems %q, want the copy and the member that is missing", text)
	}
}

// TestADirtyArrayWithoutAMember is not rebuilt: its parity may be that of other bytes.
func TestADirtyArrayWithoutAMember(t *testing.T) {
	d := devices(t, "five-ls")
	for _, b := range d {
		binary.LittleEndian.PutUint64(b[4096+208:], 0)
		seal(b)
	}
	table, err := assembleOf(t, d)
	if err != nil {
		t.Fatal(err)
	}
	of(t, "five-ls").holds(t, table.Volumes[0])
	if len(table.Problems) != 1 || table.Problems[0].Meaning != volume.Cosmetic {
		t.Errorf("problems %v, want that it was not stopped", table.Problems)
	}
	d[2] = nil
	if table, err = assembleOf(t, d); err != nil {
		t.Fatal(err)
	}
	if err := table.Volumes[0].Err; !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), "not stopped in order") {
		t.Errorf("%v, want that its parity may be wrong", err)
	}
}

// TestATruncatedMember: what is there is read from another copy, or not at all.
func TestATruncatedMember(t *testing.T) {
	d := devices(t, "stripe")
	d[1] = d[1][:1<<20+100<<10]
	table, err := assembleOf(t, d)
	if err != nil {
		t.Fatal(err)
	}
	v := table.Volumes[0]
	if _, err := binread.ReadAt(v, 0, v.Size, v.Size); !errors.Is(err, binread.ErrCorrupt) {
		t.Errorf("%v, want that the end is missing", err)
	}
	if len(table.Problems) != 1 || table.Problems[0].Meaning != volume.Missing {
		t.Errorf("problems %v, want what is missing", table.Problems)
	}
	m := devices(t, "mirror12")
	m[0] = m[0][:1<<20+100<<10]
	if table, err = assembleOf(t, m); err != nil {
		t.Fatal(err)
	}
	of(t, "mirror12").holds(t, table.Volumes[0])
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"mirror12", "mirror090", "five-ls", "far2", "zones", "bad1"} {
		d := devices(f, name)
		f.Add(d[0][:8192], d[1][len(d[1])-128<<10:])
	}
	f.Fuzz(func(t *testing.T, start, end []byte) {
		b := make([]byte, 1280<<10)
		copy(b, start)
		if len(end) < len(b)/2 {
			copy(b[len(b)-len(end):], end)
		}
		if len(start) >= 8192 {
			seal(b)
		}
		v := volumesOf([][]byte{b, b})
		if ok, err := Format.Probe(v[0], v[0].Size); !ok || err != nil {
			return
		}
		if _, err := Format.Set(v[0]); err != nil {
			return
		}
		table, err := Format.Open(t.Context(), v, volume.Options{})
		if err != nil {
			return
		}
		a := table.Volumes[0]
		if a.Err != nil || a.Size <= 0 {
			return
		}
		p := make([]byte, 4096)
		for _, off := range []int64{0, a.Size / 2, max(0, a.Size-4096)} {
			_, _ = a.ReadAt(p, off)
			a.Locate(off, 4096)
		}
	})
}
