package parts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

type part struct{ *bytes.Reader }

func (p part) Size() int64 { return p.Reader.Size() }

// beside are files in memory.
func beside(files map[string]string) Beside {
	return Beside{
		Has:  func(name string) bool { _, ok := files[name]; return ok },
		List: func() ([]string, error) { return slices.Collect(maps.Keys(files)), nil },
		Begins: func(name string, n int64) ([]byte, error) {
			return []byte(files[name][:min(n, int64(len(files[name])))]), nil
		},
		Open: func(name string) (File, error) {
			s, ok := files[name]
			if !ok {
				return nil, fs.ErrNotExist
			}
			return part{bytes.NewReader([]byte(s))}, nil
		},
	}
}

func join(files map[string]string, name string) (*Disk, string, error) {
	return Join(name, part{bytes.NewReader([]byte(files[name]))}, beside(files))
}

// TestNamesOfSplit wants every series that split wrote joined in its order.
func TestNamesOfSplit(t *testing.T) {
	for _, kind := range []string{"default", "letters", "letters3", "digits", "one"} {
		b, err := os.ReadFile("testdata/names-" + kind + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		names := strings.Fields(string(b))
		files := map[string]string{"disk.raw": "whole", "README": ""}
		want := ""
		for i, name := range names {
			files[name] = string(rune('a' + i%26))
			want += files[name]
		}
		d, why, err := join(files, names[0])
		if err != nil || d == nil || why != "" {
			t.Fatalf("%s: %v, %q, %v", kind, d, why, err)
		}
		got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		if err != nil || string(got) != want || d.Parts() != len(names) {
			t.Errorf("%s: %d parts, %d bytes, %v, want %d", kind, d.Parts(), len(got), err, len(want))
		}
	}
}

// TestSizesOfSplit joins parts as split -n sizes them: the last has what is left, which is more.
func TestSizesOfSplit(t *testing.T) {
	b, err := os.ReadFile("testdata/sizes.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var bytes int64
		var n int
		var sizes [4]int
		if _, err := fmt.Sscan(line, &bytes, &n, &sizes[0], &sizes[1], &sizes[2], &sizes[3]); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for i, size := range sizes {
			files["xa"+string(rune('a'+i))] = strings.Repeat(string(rune('a'+i)), size)
		}
		d, _, err := join(files, "xaa")
		if err != nil || d == nil || d.Size() != bytes || d.Parts() != n {
			t.Errorf("%s: %+v, %v", line, d, err)
		}
	}
}

func TestWhatIsWhole(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"disk.raw":   {"disk.raw": "a", "disk.001": "b", "disk.002": "c"},
		"disk.001":   {"disk.001": "a", "disk.raw": "b"},
		"disk.1":     {"disk.1": "a", "disk.2": "b"},
		"vm.img.11":  {"vm.img.11": "a", "vm.img.12": "b", "vm.img.10": "c"}, // numbered backups
		"disk.vmdk":  {"disk.vmdk": "a", "disk.vmdl": "b"},
		"disk.gz":    {"disk.gz": "a", "disk.ga": "b"},
		"disk.002":   {"disk.002": "a", "disk.003": "b"},
		"disk.aa":    {"disk.aa": "a", "other.ab": "b"},
		"disk2026":   {"disk2026": "a", "disk2027": "b"},
		"":           {"": "a"},
		"disk.partx": {"disk.partx": "a", "disk.party": "b"},
	} {
		if d, why, err := join(files, name); d != nil || why != "" || err != nil {
			t.Errorf("%s: %v, %q, %v, want it to be whole", name, d, why, err)
		}
	}
}

// TestNumberedBackupsAreNoParts takes two disks that begin alike for two.
func TestNumberedBackupsAreNoParts(t *testing.T) {
	files := map[string]string{"disk.01": "QFI\xfb\x00\x00\x00\x03 and so on, A", "disk.02": "QFI\xfb\x00\x00\x00\x03 and so on, B"}
	if d, why, err := join(files, "disk.01"); d != nil || err != nil || !strings.Contains(why, "begins like a disk of its own") {
		t.Errorf("%v, %q, %v", d, why, err)
	}
	zeros := strings.Repeat("\x00", 64)
	if d, _, err := join(map[string]string{"disk.01": zeros, "disk.02": zeros}, "disk.01"); d == nil || err != nil {
		t.Errorf("parts that begin with zeros: %v, %v", d, err)
	}
}

func TestPartsThatDoNotFit(t *testing.T) {
	many := map[string]string{}
	for i := range maxParts + 2 {
		many[fmt.Sprintf("disk.%04d", i)] = "a"
	}
	for name, c := range map[string]struct {
		files map[string]string
		given string
		kind  error
		says  string
	}{
		"a part in the middle is missing":        {map[string]string{"d.001": "aa", "d.002": "bb", "d.004": "dd"}, "d.001", binread.ErrCorrupt, `part "d.003" is missing, and "d.004" is there`},
		"the second part is missing":             {map[string]string{"d.001": "aa", "d.009": "dd"}, "d.001", binread.ErrCorrupt, `part "d.002" is missing, and "d.009" is there`},
		"a part in the middle is shorter":        {map[string]string{"d.aa": "aa", "d.ab": "b", "d.ac": "cc"}, "d.aa", binread.ErrCorrupt, `part "d.ab" has 1 bytes, the first has 2`},
		"a part in the middle is longer":         {map[string]string{"d.aa": "aa", "d.ab": "bbb", "d.ac": "cc"}, "d.aa", binread.ErrCorrupt, `part "d.ab" has 3 bytes, the first has 2`},
		"the last part is far longer":            {map[string]string{"d.00": "aa", "d.01": "bbbb"}, "d.00", binread.ErrCorrupt, "more than the first"},
		"a part is empty":                        {map[string]string{"d.00": "aa", "d.01": ""}, "d.00", binread.ErrCorrupt, `part "d.01" is empty`},
		"a later part is given":                  {map[string]string{"d.001": "aa", "d.002": "bb", "d.003": "bb"}, "d.003", binread.ErrRefused, `"d.003" is part 3 of a disk that was split`},
		"the second of a series from 0 is given": {map[string]string{"d.000": "aa", "d.001": "bb"}, "d.001", binread.ErrRefused, `"d.001" is part 2`},
		"more parts than the limit":              {many, "disk.0000", binread.ErrLimit, "more than 1000 parts"},
	} {
		t.Run(name, func(t *testing.T) {
			d, _, err := join(c.files, c.given)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, error %v, want one of %v that says %q", d, err, c.kind, c.says)
			}
		})
	}
}

// TestReadsAcrossParts holds random reads, many at a time, against the bytes that were split.
func TestReadsAcrossParts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	whole := make([]byte, 10_007)
	for i := range whole {
		whole[i] = byte(rnd.Uint32())
	}
	files := map[string]string{}
	for i := 0; i*701 < len(whole); i++ {
		files[fmt.Sprintf("d.%03d", i+1)] = string(whole[i*701 : min(len(whole), i*701+701)])
	}
	d, _, err := join(files, "d.001")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for seed := range uint64(4) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, 3))
			for range 500 {
				off, n := rnd.IntN(len(whole)+50), rnd.IntN(3000)
				b := make([]byte, n)
				got, err := d.ReadAt(b, int64(off))
				want := whole[min(off, len(whole)):min(off+n, len(whole))]
				if !bytes.Equal(b[:got], want) || errors.Is(err, io.EOF) != (got < n) || err != nil && !errors.Is(err, io.EOF) {
					t.Errorf("%d bytes at %d: %d bytes, %v", n, off, got, err)
					return
				}
				e, err := d.Extent(int64(off), int64(n))
				if err != nil || e.Off != int64(off) || e.Len > int64(n) || off < len(whole) && n > 0 && e.Len < 1 {
					t.Errorf("extent of %d bytes at %d: %+v, %v", n, off, e, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := d.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a read at -1 is no error")
	}
	if o, ok := image.OriginOf(d, 0, 10); ok {
		t.Errorf("bytes in memory have the origin %+v", o)
	}
}

// FuzzSeries wants names that lead to their numbers, and back.
func FuzzSeries(f *testing.F) {
	for _, name := range []string{"disk.001", "xaa", "disk.raw.partzz", "disk.999999", "a.part00", "disk-zzzzzz", "_99"} {
		f.Add(name, 5)
	}
	f.Fuzz(func(t *testing.T, name string, i int) {
		s, number, ok := seriesOf(name)
		if !ok {
			return
		}
		if got := s.numbered(number); got != name {
			t.Fatalf("%q is number %d, which is called %q", name, number, got)
		}
		for _, s := range []series{s, s.wider()} {
			if i = min(max(i, 0), maxParts); s.part(i) != "" && s.part(i) == s.part(i+1) {
				t.Fatalf("parts %d and %d of %q have one name", i, i+1, name)
			}
		}
	})
}
