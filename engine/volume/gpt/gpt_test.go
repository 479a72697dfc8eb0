package gpt

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/conformance"
)

// image returns the bytes of a disk that testdata/make.sh made.
func image(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open("testdata/" + name + ".img.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
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

// dumpLine is a partition in the words of sfdisk --dump.
var dumpLine = regexp.MustCompile(`^(\d+) : start= *(\d+), size= *(\d+), type=([-0-9A-F]+), uuid=([-0-9A-F]+)` +
	`(?:, name="(.*?)")?(?:, attrs="(.*?)")?$`)

// truth returns the table that fdisk saw on a disk.
func truth(t *testing.T, name string, sector int64) *volume.Table {
	t.Helper()
	dump, err := os.ReadFile("testdata/" + name + ".dump")
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := os.ReadFile("testdata/" + name + ".kinds")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(string(kinds), "\n")
	table := &volume.Table{}
	for line := range strings.Lines(string(dump)) {
		if id, ok := strings.CutPrefix(line, "label-id: "); ok {
			table.UUID = strings.ToLower(strings.TrimSpace(id))
		}
		m := dumpLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		var n [3]int64
		for i := range n {
			if n[i], err = strconv.ParseInt(m[i+1], 10, 64); err != nil {
				t.Fatal(err)
			}
		}
		kind := words[len(table.Volumes)]
		if kind == "unknown" {
			kind = kindOf(m[4])
		}
		label, err := strconv.Unquote(`"` + m[6] + `"`)
		if err != nil {
			t.Fatal(err)
		}
		table.Volumes = append(table.Volumes, &volume.Volume{
			Name: fmt.Sprintf("p%d", n[0]), Number: int(n[0]), Offset: n[1] * sector, Size: n[2] * sector, Kind: kind,
			UUID: strings.ToLower(m[5]), Label: label, Active: m[7] == "LegacyBIOSBootable",
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

func TestTablesAreAsFdiskSeesThem(t *testing.T) {
	for _, c := range []struct {
		name   string
		sector int64
	}{{"types", 512}, {"hybrid", 512}, {"sector4096", 4096}, {"entries256", 512}} {
		t.Run(c.name, func(t *testing.T) {
			disk := diskOf(image(t, c.name))
			if ok, err := Format.Probe(disk, disk.Size); !ok || err != nil {
				t.Fatalf("probe: %v, %v", ok, err)
			}
			got, err := conformance.Table(t, Format, disk)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(bare(got), truth(t, c.name, c.sector)); diff != "" {
				t.Errorf("table (-got +want):\n%s", diff)
			}
		})
	}
}

func TestPartitionsHoldTheirOwnBytes(t *testing.T) {
	b := image(t, "types")
	for i := range b[48*512 : 49*512] {
		b[48*512+i] = 'x'
	}
	got, err := Format.Open(context.Background(), []*volume.Volume{diskOf(b)}, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(io.NewSectionReader(got.Volumes[0], 0, got.Volumes[0].Size))
	if err != nil {
		t.Fatal(err)
	}
	if want := b[48*512 : 56*512]; !bytes.Equal(content, want) {
		t.Errorf("content of p1 differs from sectors 48 to 55")
	}
}

func TestBackupServesWhenThePrimaryIsDamaged(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		name := map[int]string{512: "types", 4096: "sector4096"}[sector]
		for _, c := range []struct {
			name    string
			damage  func(b []byte)
			problem string
		}{
			{"header gone", func(b []byte) { clear(b[sector : 2*sector]) }, "no primary header: the backup is used"},
			{"header checksum", func(b []byte) { b[sector+40]++ }, "header checksum 0x"},
			{"entries checksum", func(b []byte) { b[2*sector+60]++ }, "entries at LBA 2: checksum 0x"},
		} {
			t.Run(fmt.Sprint(c.name, " ", sector), func(t *testing.T) {
				b := image(t, name)
				c.damage(b)
				disk := diskOf(b)
				if ok, err := Format.Probe(disk, disk.Size); !ok || err != nil {
					t.Fatalf("probe: %v, %v", ok, err)
				}
				got, err := conformance.Table(t, Format, disk)
				if err != nil {
					t.Fatal(err)
				}
				if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Message, c.problem) ||
					!strings.HasSuffix(got.Problems[0].Message, ": the backup is used") {
					t.Errorf("problems %q, want one with %q", got.Problems, c.problem)
				}
				want := truth(t, name, int64(sector))
				want.Problems = got.Problems
				if diff := cmp.Diff(bare(got), want); diff != "" {
					t.Errorf("table (-got +want):\n%s", diff)
				}
			})
		}
	}
}

func TestProbeWantsAProtectiveMBRForABackup(t *testing.T) {
	b := image(t, "types")
	clear(b[:1024])
	if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); ok || err != nil {
		t.Errorf("probe of a stale backup: %v, %v, want no", ok, err)
	}
	for _, size := range []int{0, 1, 511, 512, 1023, 1024, 4096} {
		if ok, err := Format.Probe(bytes.NewReader(b[:size]), int64(size)); ok || err != nil {
			t.Errorf("probe of %d zeros: %v, %v, want no", size, ok, err)
		}
	}
}

// failing is a disk whose medium fails where the primary header is.
type failing struct {
	*bytes.Reader
	err error
}

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off >= 512 && off < 1024 {
		return 0, f.err
	}
	return f.Reader.ReadAt(b, off)
}

func TestReadErrorsAreNotDamage(t *testing.T) {
	want := errors.New("medium error")
	b := image(t, "types") // its backup could be read, but whether it is the one to use cannot be known
	disk := &volume.Volume{ReaderAt: failing{bytes.NewReader(b), want}, Size: int64(len(b))}
	if got, err := Format.Open(context.Background(), []*volume.Volume{disk}, volume.Options{}); !errors.Is(err, want) {
		t.Errorf("open: %v, %v, want %v", got, err, want)
	}
	if _, err := Format.Probe(disk, disk.Size); !errors.Is(err, want) {
		t.Errorf("probe: %v, want %v", err, want)
	}
}

func FuzzGPT(f *testing.F) {
	for _, name := range []string{"types", "hybrid", "sector4096", "entries256"} {
		b := image(f, name)
		f.Add(b, true)
		f.Add(b[:len(b)/2], true)
		b = bytes.Clone(b)
		clear(b[512:1024])
		f.Add(b, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, sealed bool) {
		if sealed { // checksums would otherwise stop nearly every mutant
			seal(b, 512, 512)
			seal(b, 4096, 4096)
		}
		_, _ = conformance.Table(t, Format, diskOf(b))
	})
}

// TestDynamicDisksAreNamed gives the second partition of a disk the type of those of Windows' dynamic disks.
func TestDynamicDisksAreNamed(t *testing.T) {
	b := image(t, "types")
	data := []byte{0xa0, 0x60, 0x9b, 0xaf, 0x31, 0x14, 0x62, 0x4f, 0xbc, 0x68, 0x33, 0x11, 0x71, 0x4a, 0x69, 0xad}
	copy(b[1024+128:], data)
	seal(b, 512, 512)
	got, err := conformance.Table(t, Format, diskOf(b))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Volumes {
		if (i == 1) != errors.Is(v.Err, binread.ErrUnsupported) || i == 1 && v.Kind != "Microsoft LDM data" {
			t.Errorf("%s (%s): %v", v.Name, v.Kind, v.Err)
		}
	}
}
