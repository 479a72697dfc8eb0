package mbr

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	diskfs "github.com/diskfs/go-diskfs/partition/mbr"
	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/conformance"
)

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// image returns the bytes of a disk that testdata/make.sh made.
func image(tb testing.TB, name string) []byte {
	tb.Helper()
	z, err := gzip.NewReader(bytes.NewReader(fixture(tb, name+".img.gz")))
	if err != nil {
		tb.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func diskOf(b []byte) *volume.Volume {
	return &volume.Volume{ReaderAt: bytes.NewReader(b), Name: "disk", Size: int64(len(b))}
}

// truth returns the table that sfdisk and fdisk saw on a disk, without the extended partition.
func truth(t *testing.T, name string) *volume.Table {
	t.Helper()
	var seen struct {
		PartitionTable struct {
			ID         string
			Partitions []struct {
				Node, Type  string
				Start, Size int64
				Bootable    bool
			}
		}
	}
	if err := json.Unmarshal(fixture(t, name+".json"), &seen); err != nil {
		t.Fatal(err)
	}
	words := strings.Split(string(fixture(t, name+".kinds")), "\n")
	table := &volume.Table{UUID: strings.TrimPrefix(seen.PartitionTable.ID, "0x")}
	for i, p := range seen.PartitionTable.Partitions {
		number, err := strconv.Atoi(strings.TrimPrefix(p.Node, name+".img"))
		if err != nil {
			t.Fatal(err)
		}
		id, err := strconv.ParseUint(p.Type, 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		kind := diskfs.Type(id)
		if (entry{kind: kind}).extended() {
			continue
		}
		words := words[i]
		if _, named := kinds[kind]; !named {
			words = kindOf(kind)
		}
		table.Volumes = append(table.Volumes, &volume.Volume{
			Name: fmt.Sprintf("p%d", number), Number: number, Offset: p.Start * 512, Size: p.Size * 512, Kind: words,
			UUID: fmt.Sprintf("%s-%02x", table.UUID, number), Active: p.Bootable,
		})
	}
	return table
}

// bare makes tables comparable: without the bytes behind them.
func bare(t *volume.Table) *volume.Table {
	out := &volume.Table{UUID: t.UUID, Problems: t.Problems}
	for _, v := range t.Volumes {
		c := *v
		c.ReaderAt, c.Parent, c.Err = nil, nil, nil
		out.Volumes = append(out.Volumes, &c)
	}
	return out
}

func TestTablesAreAsSfdiskSeesThem(t *testing.T) {
	for _, name := range []string{"primary", "logical", "order", "linuxextended"} {
		t.Run(name, func(t *testing.T) {
			disk := diskOf(image(t, name))
			if ok, err := Format.Probe(disk, disk.Size); !ok || err != nil {
				t.Fatalf("probe: %v, %v", ok, err)
			}
			got, err := conformance.Table(t, Format, disk)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(bare(got), truth(t, name)); diff != "" {
				t.Errorf("table (-got +want):\n%s", diff)
			}
		})
	}
}

// put writes an entry of the table or extended table at sector at.
func put(b []byte, at int64, slot int, status, kind byte, start, count uint32) {
	e := b[at*512+446+16*int64(slot):]
	e[0], e[4] = status, kind
	binary.LittleEndian.PutUint32(e[8:], start)
	binary.LittleEndian.PutUint32(e[12:], count)
	b[at*512+510], b[at*512+511] = 0x55, 0xaa
}

func TestBootSectorsAreNoTables(t *testing.T) {
	sector := func(edit func(b []byte)) []byte {
		b := make([]byte, 64*512)
		put(b, 0, 0, 0x80, 0x83, 2, 20)
		edit(b)
		return b
	}
	for _, c := range []struct {
		name string
		disk []byte
		want bool
	}{
		{"table without boot code", sector(func([]byte) {}), true},
		{"table behind GRUB", sector(func(b []byte) {
			copy(b, "\xeb\x63\x90") // the jump a FAT boot sector has too, over an empty parameter block
			for i := 0x5a; i < 440; i++ {
				b[i] = byte(i * 7)
			}
		}), true},
		{"table behind Windows' boot code", sector(func(b []byte) { copy(b, "\x33\xc0\x8e\xd0\xbc\x00\x7c\x8e\xc0\x8e\xd8\xbe\x00\x7c\xbf\x00\x06") }), true},
		{"no signature", sector(func(b []byte) { b[510] = 0 }), false},
		{"no entry used", sector(func(b []byte) { clear(b[446:510]) }), false},
		{"status of boot code", sector(func(b []byte) { b[446+16] = 0x24 }), false},
		{"entry over the table", sector(func(b []byte) { put(b, 0, 1, 0, 0x83, 0, 5) }), false},
		{"only a type", sector(func(b []byte) { put(b, 0, 0, 0, 0x83, 0, 0) }), false},
		{"FAT12", sector(func(b []byte) { copy(b, fixture(t, "fat12.bin")[:90]) }), false},
		{"FAT16", sector(func(b []byte) { copy(b, fixture(t, "fat16.bin")[:90]) }), false},
		{"FAT32", sector(func(b []byte) { copy(b, fixture(t, "fat32.bin")[:90]) }), false},
		{"NTFS", sector(func(b []byte) { copy(b, "\xeb\x52\x90NTFS    ") }), false},
		{"exFAT", sector(func(b []byte) { copy(b, "\xeb\x76\x90EXFAT   ") }), false},
		{"FAT without its table", fixture(t, "fat32.bin"), false},
		{"zeros", make([]byte, 4096), false},
		{"one sector short of one", make([]byte, 511), false},
		{"empty", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := Format.Probe(bytes.NewReader(c.disk), int64(len(c.disk))); got != c.want || err != nil {
				t.Errorf("probe: %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestProblemsAreSaid(t *testing.T) {
	for _, c := range []struct {
		name    string
		damage  func(b []byte) []byte
		problem string
		want    string // the volumes that are left
	}{
		{"partition cut off", func(b []byte) []byte { return b[:250*512] }, "p2 ends at sector 300, beyond the end of the disk at 250: cut off", "p1 8+100, p2 200+50"},
		{"partition beyond a cut", func(b []byte) []byte { return b[:250*512] }, "p3 starts at sector 400, beyond the end of the disk at 250: left out", "p1 8+100, p2 200+50"},
		{"count of 2^32-1", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 8, 1<<32-1); return b }, "p1 ends at sector 4294967303, beyond", "p1 8+1016, p2 200+100, p3 400+624"},
		{"start of 2^32-1", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 1<<32-1, 1<<32-1); return b }, "p1 starts at sector 4294967295, beyond", "p2 200+100, p3 400+624"},
		{"start at the end", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 1024, 1); return b }, "p1 starts at sector 1024, beyond", "p2 200+100, p3 400+624"},
		{"side by side", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 8, 192); return b }, "", "p1 8+192, p2 200+100, p3 400+624"},
		{"one over several", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 8, 393); return b }, "p3 overlaps p1 from sector 400 on", "p1 8+393, p2 200+100, p3 400+624"},
		{"start on the table", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 0, 10); return b }, "p1 starts at sector 0, on the table itself: left out", "p2 200+100, p3 400+624"},
		{"overlap", func(b []byte) []byte { put(b, 0, 0, 0, 0x83, 8, 193); return b }, "p2 overlaps p1 from sector 200 on", "p1 8+193, p2 200+100, p3 400+624"},
		{"hybrid without GPT", func(b []byte) []byte { put(b, 0, 3, 0, 0xee, 1, 7); return b }, "hybrid MBR, but no GPT header", "p1 8+100, p2 200+100, p3 400+624"},
		{"extended on the table", func(b []byte) []byte { put(b, 0, 0, 0, 0x05, 0, 100); return b }, "p1 starts at sector 0", "p2 200+100, p3 400+624"},
		{"extended without a table", func(b []byte) []byte { put(b, 0, 0, 0, 0x05, 8, 100); return b }, "extended table at sector 8: table: invalid MBR Signature", "p2 200+100, p3 400+624"},
		{"chain to itself", func(b []byte) []byte {
			put(b, 0, 0, 0, 0x05, 8, 100)
			put(b, 8, 0, 0, 0x83, 1, 10)
			put(b, 8, 1, 0, 0x05, 0, 10)
			return b
		}, "extended table at sector 8 is named twice: the chain loops", "p2 200+100, p3 400+624, p5 9+10"},
		{"chain back", func(b []byte) []byte {
			put(b, 0, 0, 0, 0x0f, 8, 100)
			put(b, 8, 1, 0, 0x05, 20, 10)
			put(b, 28, 0, 0, 0x83, 1, 10)
			put(b, 28, 1, 0, 0x85, 0, 10)
			return b
		}, "extended table at sector 8 is named twice: the chain loops", "p2 200+100, p3 400+624, p5 29+10"},
		{"chain beyond the end", func(b []byte) []byte {
			put(b, 0, 0, 0, 0x0f, 8, 100)
			put(b, 8, 0, 0, 0x83, 1, 10)
			put(b, 8, 1, 0, 0x05, 1<<32-1, 10)
			return b
		}, "extended table at sector 4294967303, beyond the end of the disk at 1024", "p2 200+100, p3 400+624, p5 9+10"},
		{"chain that forks", func(b []byte) []byte {
			put(b, 0, 0, 0, 0x0f, 8, 100)
			put(b, 8, 0, 0, 0x05, 20, 10)
			put(b, 8, 1, 0, 0x05, 30, 10)
			put(b, 28, 0, 0, 0x83, 1, 10)
			return b
		}, "extended table at sector 8 names two next ones", "p2 200+100, p3 400+624, p5 29+10"},
		{"rubbish behind the two entries", func(b []byte) []byte {
			put(b, 0, 0, 0, 0x0f, 8, 100)
			put(b, 8, 0, 0, 0x83, 1, 10)
			put(b, 8, 2, 0x13, 0x83, 1, 10)
			return b
		}, "", "p2 200+100, p3 400+624, p5 9+10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := conformance.Table(t, Format, diskOf(c.damage(image(t, "primary"))))
			if err != nil {
				t.Fatal(err)
			}
			problems := strings.Join(got.Messages(), "\n")
			if !strings.Contains(problems, c.problem) || (c.problem == "") != (problems == "") {
				t.Errorf("problems %q, want %q", got.Problems, c.problem)
			}
			var left []string
			for _, v := range got.Volumes {
				left = append(left, fmt.Sprintf("%s %d+%d", v.Name, v.Offset/512, v.Size/512))
			}
			if s := strings.Join(left, ", "); s != c.want {
				t.Errorf("volumes %s, want %s", s, c.want)
			}
		})
	}
}

func TestChainsEndAtTheLimit(t *testing.T) {
	b := make([]byte, 2048*512)
	put(b, 0, 0, 0, 0x05, 1, 2000)
	for i := range uint32(200) {
		at := int64(1 + 4*i)
		put(b, at, 0, 0, 0x83, 1, 2)
		put(b, at, 1, 0, 0x05, 4*(i+1), 4)
	}
	got, err := conformance.Table(t, Format, diskOf(b))
	if err != nil {
		t.Fatal(err)
	}
	if want := "more than 128 extended tables: the rest is not read"; len(got.Problems) != 1 || got.Problems[0].Message != want {
		t.Errorf("problems %q, want %q", got.Problems, want)
	}
	if n := len(got.Volumes); n != maxTables {
		t.Errorf("%d volumes, want %d", n, maxTables)
	}
}

func TestProtectiveMBRWithoutGPTIsCorrupt(t *testing.T) {
	b := make([]byte, 1<<20)
	put(b, 0, 0, 0, 0xee, 1, 1<<32-1)
	if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
		t.Fatalf("probe: %v, %v, want yes", ok, err)
	}
	_, err := conformance.Table(t, Format, diskOf(b))
	if !errors.Is(err, binread.ErrCorrupt) || !strings.Contains(err.Error(), "no GPT header") {
		t.Errorf("error %v, want corrupt", err)
	}
}

func TestDiskWithoutSignatureHasNoPartitionUUIDs(t *testing.T) {
	b := image(t, "primary")
	clear(b[440:444])
	got, err := conformance.Table(t, Format, diskOf(b))
	if err != nil {
		t.Fatal(err)
	}
	if got.UUID != "" || got.Volumes[0].UUID != "" {
		t.Errorf("UUIDs %q and %q, want none: two disks would share them", got.UUID, got.Volumes[0].UUID)
	}
}

func FuzzMBR(f *testing.F) {
	for _, name := range []string{"primary", "logical", "order", "linuxextended"} {
		f.Add(image(f, name))
	}
	for _, name := range []string{"fat12.bin", "fat32.bin"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		disk := diskOf(b)
		if _, err := Format.Probe(disk, disk.Size); err != nil {
			t.Errorf("probe: %v, want none: the medium is sound", err)
		}
		_, _ = conformance.Table(t, Format, disk)
	})
}

// TestDynamicDisksAreNamed tells the partition of a dynamic disk of Windows by the header behind the table: another system has its type, too.
func TestDynamicDisksAreNamed(t *testing.T) {
	b := make([]byte, 1<<20)
	copy(b[446:], []byte{0, 0, 0, 0, 0x42, 0, 0, 0, 63, 0, 0, 0, 0, 4, 0, 0})
	b[510], b[511] = 0x55, 0xaa
	for text, want := range map[string]error{"PRIVHEAD": binread.ErrUnsupported, "": nil} {
		copy(b[6*sectorSize:], "\x00\x00\x00\x00\x00\x00\x00\x00")
		copy(b[6*sectorSize:], text)
		got, err := conformance.Table(t, Format, &volume.Volume{ReaderAt: bytes.NewReader(b), Name: "disk", Size: int64(len(b))})
		if err != nil {
			t.Fatal(err)
		}
		if v := got.Volumes[0]; !errors.Is(v.Err, want) {
			t.Errorf("with %q: %s, %v, want %v", text, v.Kind, v.Err, want)
		}
	}
}
