package gpt

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/internal/conformance"
)

// seal makes the checksums of the header at off right, as far as its fields lie within b.
func seal(b []byte, off, sector int) {
	if len(b) < off+92 {
		return
	}
	h := b[off:]
	size := uint64(binary.LittleEndian.Uint32(h[12:]))
	start := binary.LittleEndian.Uint64(h[72:])
	n := uint64(binary.LittleEndian.Uint32(h[80:])) * uint64(binary.LittleEndian.Uint32(h[84:]))
	if end := uint64(len(b)); start < end/uint64(sector) && n <= end-start*uint64(sector) {
		array := b[start*uint64(sector):][:n]
		binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(array))
	}
	if size >= 92 && size <= uint64(len(h)) {
		clear(h[16:20])
		binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h[:size]))
	}
}

func put32(b []byte, off int, v uint32) { binary.LittleEndian.PutUint32(b[off:], v) }
func put64(b []byte, off int, v uint64) { binary.LittleEndian.PutUint64(b[off:], v) }

// alone makes the sealed primary of b its only table.
func alone(b []byte) {
	clear(b[len(b)-512:])
	seal(b, 512, 512)
}

const (
	head   = 512  // of the primary header in "types"
	entry1 = 1024 // its first entry: p1, sectors 48 to 55
	entry2 = entry1 + 128
)

func TestHostileHeadersAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(b []byte)
		kind   error
		text   string
	}{
		{"header size 0", func(b []byte) { put32(b, head+12, 0) }, binread.ErrCorrupt, "header at 0x200: header size 0"},
		{"header size over a sector", func(b []byte) { put32(b, head+12, 513) }, binread.ErrCorrupt, "header size 513"},
		{"header size 2^32-1", func(b []byte) { put32(b, head+12, 1<<32-1) }, binread.ErrCorrupt, "header size"},
		{"header elsewhere", func(b []byte) { put64(b, head+24, 2) }, binread.ErrCorrupt, "says it is at LBA 2, want 1"},
		{"entry size 0", func(b []byte) { put32(b, head+84, 0) }, binread.ErrCorrupt, "entry size 0, want 128 times"},
		{"entry size 96", func(b []byte) { put32(b, head+84, 96) }, binread.ErrCorrupt, "entry size 96"},
		{"entry size 384", func(b []byte) { put32(b, head+84, 384) }, binread.ErrCorrupt, "entry size 384"},
		{"entry size 2^31", func(b []byte) { put32(b, head+84, 1<<31) }, binread.ErrLimit, "entry size 2147483648"},
		{"no entries", func(b []byte) { put32(b, head+80, 0) }, binread.ErrCorrupt, "0 entries"},
		{"entries 2^32-1", func(b []byte) { put32(b, head+80, 1<<32-1) }, binread.ErrLimit, "4294967295 entries"},
		{"entries of 16 MiB", func(b []byte) { put32(b, head+80, 4096); put32(b, head+84, 4096) }, binread.ErrLimit, "16777216 bytes"},
		{"array over the MBR", func(b []byte) { put64(b, head+72, 0) }, binread.ErrCorrupt, "entries at LBA 0, want"},
		{"array over the header", func(b []byte) { put64(b, head+72, 1) }, binread.ErrCorrupt, "entries at LBA 1, want"},
		{"array beyond the disk", func(b []byte) { put64(b, head+72, 1024) }, binread.ErrCorrupt, "beyond the end of the disk at 1024"},
		{"array at 2^63", func(b []byte) { put64(b, head+72, 1<<63) }, binread.ErrCorrupt, "beyond the end"},
		{"array cut by the end", func(b []byte) { put64(b, head+72, 1000) }, binread.ErrCorrupt, "end after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := image(t, "types")
			c.damage(b)
			alone(b)
			_, err := conformance.Table(t, Format, diskOf(b))
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) ||
				!strings.HasSuffix(err.Error(), "; no backup header") {
				t.Errorf("error %v, want a %v with %q", err, c.kind, c.text)
			}
		})
	}
}

func TestBothCopiesDamagedIsNamedTwice(t *testing.T) {
	b := image(t, "types")
	b[head+40]++
	b[len(b)-512+40]++
	_, err := conformance.Table(t, Format, diskOf(b))
	want := "gpt: primary header at 0x200: header checksum "
	if !errors.Is(err, binread.ErrChecksum) || !strings.HasPrefix(err.Error(), want) ||
		!strings.Contains(err.Error(), "; backup header at 0x7fe00: header checksum ") {
		t.Errorf("error %v", err)
	}
}

func TestProblemsAreSaid(t *testing.T) {
	for _, c := range []struct {
		name    string
		damage  func(b []byte) []byte
		problem string
		p1      string // what is left of p1: "", or its size in sectors
	}{
		{"no protective MBR", func(b []byte) []byte { clear(b[:512]); return b }, "no protective MBR", "8"},
		{"backup gone", func(b []byte) []byte { clear(b[len(b)-512:]); return b }, `backup header at 0x7fe00: no signature "EFI PART"`, "8"},
		{"backup damaged", func(b []byte) []byte { b[len(b)-512+50]++; return b }, "backup header at 0x7fe00: header checksum", "8"},
		{"backup entries damaged", func(b []byte) []byte { b[len(b)-33*512]++; return b }, "backup entries at LBA 991: checksum", "8"},
		{"backup of another disk", func(b []byte) []byte {
			b[len(b)-512+56]++
			seal(b, len(b)-512, 512)
			return b
		}, "the backup differs from the primary, which is used", "8"},
		{"disk grown", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }, "backup header at LBA 1023, want the last, 1031: the disk has grown", "8"},
		{"disk cut off", func(b []byte) []byte { return b[:52*512] }, "the disk ends at LBA 51, before its backup header at 1023: it was cut off", "4"},
		{"partition cut off", func(b []byte) []byte { return b[:52*512] }, "p1 ends at LBA 55, beyond the end of the disk at 52: cut off", "4"},
		{"partition beyond a cut", func(b []byte) []byte { return b[:52*512] }, "p2 starts at LBA 56, beyond the end of the disk at 52: left out", "4"},
		{"partition ends one sector late", func(b []byte) []byte { put64(b, entry1+40, 1024); return b }, "p1 ends at LBA 1024, beyond the end of the disk at 1024: cut off", "976"},
		{"partition starts at the end", func(b []byte) []byte {
			put64(b, entry1+32, 1024)
			put64(b, entry1+40, 1024)
			return b
		}, "p1 starts at LBA 1024, beyond the end of the disk at 1024: left out", ""},
		{"partition ends at 2^64-1", func(b []byte) []byte { put64(b, entry1+40, 1<<64-1); return b }, "p1 ends at LBA 18446744073709551615, beyond the end of the disk at 1024: cut off", "976"},
		{"partition starts at 2^63", func(b []byte) []byte {
			put64(b, entry1+32, 1<<63)
			put64(b, entry1+40, 1<<63+8)
			return b
		}, "p1 starts at LBA 9223372036854775808, beyond the end of the disk at 1024: left out", ""},
		{"partition ends before its start", func(b []byte) []byte { put64(b, entry1+40, 47); return b }, "p1 ends at LBA 47, before its start at 48: left out", ""},
		{"partition over the table", func(b []byte) []byte { put64(b, entry1+32, 0); return b }, "p1 starts at LBA 0, on the table itself: left out", ""},
		{"partition before the usable sectors", func(b []byte) []byte { put64(b, entry1+32, 33); return b }, "p1 is at LBA 33 to 55, want it within the usable 34 to 990", "23"},
		{"partitions overlap", func(b []byte) []byte { put64(b, entry1+40, 56); return b }, "p2 overlaps p1 from LBA 56 on", "9"},
		{"one partition over several", func(b []byte) []byte { put64(b, entry1+40, 90); return b }, "p6 overlaps p1 from LBA 88 on", "43"},
		{"GUID taken twice", func(b []byte) []byte { copy(b[entry2+16:entry2+32], b[entry1+16:]); return b }, "p2 has the GUID of p1, 0a0b0c0d-0e0f-1011-1213-141516170001", "8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.damage(image(t, "types"))
			seal(b, head, 512)
			got, err := conformance.Table(t, Format, diskOf(b))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(got.Messages(), "\n"), c.problem) {
				t.Errorf("problems %q, want %q", got.Problems, c.problem)
			}
			p1 := ""
			if v := got.Volumes[0]; v.Name == "p1" {
				p1 = sectorsOf(v.Size)
			}
			if p1 != c.p1 {
				t.Errorf("p1 has %q sectors, want %q", p1, c.p1)
			}
		})
	}
}

func TestLargerHeadersAndEntriesAreRead(t *testing.T) {
	b := image(t, "types")
	array := make([]byte, 32*256)
	for i := range 32 {
		copy(array[i*256:], b[entry1+i*128:][:128])
	}
	copy(b[entry1:], array)
	put32(b, head+12, 512)
	put32(b, head+80, 32)
	put32(b, head+84, 256)
	alone(b)
	got, err := conformance.Table(t, Format, diskOf(b))
	if err != nil {
		t.Fatal(err)
	}
	want := truth(t, "types", 512)
	if n := len(got.Volumes); n != 16 || cmp.Diff(bare(got).Volumes[15], want.Volumes[15]) != "" {
		t.Errorf("%d partitions, the last %v, want 16, the last %v", n, bare(got).Volumes[n-1], want.Volumes[15])
	}
}

func sectorsOf(n int64) string { return strconv.FormatInt(n/512, 10) }

func TestTablesForBothSectorSizesAreSaid(t *testing.T) {
	b := image(t, "types")
	other := image(t, "sector4096")
	copy(b[4096:8192], other[4096:8192])
	put64(b, 4096+72, 40) // behind the partitions of the first table
	copy(b[40*4096:], other[2*4096:6*4096])
	seal(b, 4096, 4096)
	seal(b, 512, 512)
	got, err := conformance.Table(t, Format, diskOf(b))
	if err != nil {
		t.Fatal(err)
	}
	if want := "a second table, for sectors of 4096 bytes, is not read"; !strings.Contains(strings.Join(got.Messages(), "\n"), want) {
		t.Errorf("problems %q, want %q", got.Problems, want)
	}
}
