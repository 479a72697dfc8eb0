package md

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/conformance"
)

// members returns the devices of every array that testdata/make.sh made.
var members = sync.OnceValues(func() (map[string][][]byte, error) {
	packed, err := conformance.ReadFile("testdata/arrays.tar.zst")
	if err != nil {
		return nil, err
	}
	all := map[string][][]byte{}
	for t := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		name, _, ok := strings.Cut(strings.TrimPrefix(h.Name, "./"), ".")
		if !ok || name == "" || h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		all[name] = append(all[name], b)
	}
})

// devices returns the members of an array, which a test may change.
func devices(tb testing.TB, name string) [][]byte {
	tb.Helper()
	all, err := members()
	if err != nil {
		tb.Fatal(err)
	}
	if all[name] == nil {
		tb.Fatalf("no array %s", name)
	}
	var own [][]byte
	for _, b := range all[name] {
		own = append(own, slices.Clone(b))
	}
	return own
}

func volumesOf(devices [][]byte) []*volume.Volume {
	var all []*volume.Volume
	for i, b := range devices {
		if b != nil {
			all = append(all, &volume.Volume{ReaderAt: bytes.NewReader(b), Name: "disk" + strconv.Itoa(i+1), Size: int64(len(b))})
		}
	}
	return all
}

// assembleOf opens an array of which every member is recognised as one of the same set.
func assembleOf(tb testing.TB, devices [][]byte) (*volume.Table, error) {
	tb.Helper()
	vs := volumesOf(devices)
	names := map[string]bool{}
	for _, v := range vs {
		if ok, err := Format.Probe(v, v.Size); !ok || err != nil {
			tb.Fatalf("probe of %s: %v, %v", v.Name, ok, err)
		}
		name, err := Format.Set(v)
		if err != nil {
			return nil, err
		}
		names[name] = true
	}
	if len(names) != 1 {
		tb.Fatalf("sets %v, want one", names)
	}
	return Format.Open(tb.Context(), vs, volume.Options{})
}

// known is what the kernel said of an array.
type known struct {
	name, sum, uuid string
	size            int64
}

func truth(tb testing.TB) (all []known) {
	tb.Helper()
	b, err := os.ReadFile("testdata/truth.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		size, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, known{f[0], f[2], f[3], size})
	}
	if len(all) < 25 {
		tb.Fatalf("the truth has %d arrays", len(all))
	}
	return all
}

func of(tb testing.TB, name string) known {
	tb.Helper()
	for _, k := range truth(tb) {
		if k.name == name {
			return k
		}
	}
	tb.Fatalf("no truth of %s", name)
	return known{}
}

// holds looks whether a volume is what the kernel read.
func (k known) holds(tb testing.TB, v *volume.Volume) {
	tb.Helper()
	if v.Err != nil || v.Size != k.size {
		tb.Fatalf("%s: %d bytes, %v, want %d", k.name, v.Size, v.Err, k.size)
	}
	b, err := binread.ReadAt(v, 0, v.Size, v.Size)
	if err != nil {
		tb.Fatalf("%s: %v", k.name, err)
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != k.sum {
		tb.Errorf("%s: the bytes are not those that the kernel read", k.name)
	}
}

func TestArraysAreAsTheKernelReadsThem(t *testing.T) {
	for _, k := range truth(t) {
		table, err := assembleOf(t, devices(t, k.name))
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
			continue
		}
		if table.UUID != k.uuid {
			t.Errorf("%s: UUID %s, want %s", k.name, table.UUID, k.uuid)
		}
		k.holds(t, table.Volumes[0])
		if degraded := strings.HasPrefix(k.name, "stale") || strings.HasPrefix(k.name, "bad"); degraded == (len(table.Problems) == 0) {
			t.Errorf("%s: problems %v", k.name, table.Messages())
		}
	}
}

// redundant says which arrays can lose any one of their members.
func redundant(name string) bool {
	for _, prefix := range []string{"mirror", "level4", "five", "six", "near", "far", "offset"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func TestAnArrayWithoutAMember(t *testing.T) {
	for _, k := range truth(t) {
		if strings.HasPrefix(k.name, "stale") || strings.HasPrefix(k.name, "bad") {
			continue
		}
		for lost := range devices(t, k.name) {
			d := devices(t, k.name)
			d[lost] = nil
			table, err := assembleOf(t, d)
			if err != nil {
				t.Fatalf("%s without %d: %v", k.name, lost, err)
			}
			v := table.Volumes[0]
			if !redundant(k.name) {
				if !errors.Is(v.Err, binread.ErrCorrupt) || !strings.Contains(v.Err.Error(), "missing") || binread.HintOf(v.Err) == "" {
					t.Errorf("%s without %d: %v, want that a member is missing", k.name, lost, v.Err)
				}
				continue
			}
			k.holds(t, v)
			if len(table.Problems) != 1 || table.Problems[0].Meaning != volume.Degraded {
				t.Errorf("%s without %d: problems %v, want that it is degraded", k.name, lost, table.Problems)
			}
		}
	}
}

func TestAnArrayWithoutTwoMembersIsNotRead(t *testing.T) {
	for _, name := range []string{"five-ls", "six-ls", "level4", "far2"} {
		d := devices(t, name)
		d[0], d[1] = nil, nil
		table, err := assembleOf(t, d)
		if err != nil {
			t.Fatal(err)
		}
		v := table.Volumes[0]
		if n, err := v.ReadAt(make([]byte, 1), 0); v.Err == nil || err == nil || n != 0 {
			t.Errorf("%s: %v, reads %d bytes and %v", name, v.Err, n, err)
		}
		if len(table.Problems) == 0 || table.Problems[0].Meaning != volume.Missing {
			t.Errorf("%s: %v, want that members are missing", name, table.Problems)
		}
	}
}

func TestNamesOfArrays(t *testing.T) {
	for name, want := range map[string]string{
		"mirror12": "md/root /dev/md/root", "mirror11": "md3 /dev/md3", "mirror090": "md9 /dev/md9", "mirror10": "md/boot /dev/md/boot",
	} {
		table, err := assembleOf(t, devices(t, name))
		if err != nil {
			t.Fatal(err)
		}
		v := table.Volumes[0]
		title, device, _ := strings.Cut(want, " ")
		if v.Name != title || !slices.Contains(v.Devices, device) || v.Kind != "RAID 1" {
			t.Errorf("%s is %s, %s, with %q, want %s", name, v.Name, v.Kind, v.Devices, want)
		}
	}
}

// TestBytesLieWhereTheyAreSaidToLie reads every piece of an array from the member that it is said to lie on.
func TestBytesLieWhereTheyAreSaidToLie(t *testing.T) {
	for _, k := range truth(t) {
		table, err := assembleOf(t, devices(t, k.name))
		if err != nil {
			t.Fatal(err)
		}
		v := table.Volumes[0]
		for off := int64(0); off < v.Size; {
			p, ok := v.Locate(off, 100000)
			if !ok {
				if k.name != "stale5" { // what is rebuilt is nowhere
					t.Fatalf("%s: byte %d is nowhere", k.name, off)
				}
				off += 512
				continue
			}
			here, there := make([]byte, p.Len), make([]byte, p.Len)
			if err := errors.Join(binread.Fill(v, here, off), binread.Fill(p.At, there, p.Off)); err != nil {
				t.Fatalf("%s at %d: %v", k.name, off, err)
			}
			if !bytes.Equal(here, there) {
				t.Fatalf("%s: the %d bytes at %d are not those of %s at %d", k.name, p.Len, off, p.At.Name, p.Off)
			}
			off += p.Len
		}
	}
}

func TestReadersAtTheSameTime(t *testing.T) {
	for _, name := range []string{"five-ls", "stale5", "far2", "zones"} {
		table, err := assembleOf(t, devices(t, name))
		if err != nil {
			t.Fatal(err)
		}
		v := table.Volumes[0]
		whole, err := binread.ReadAt(v, 0, v.Size, v.Size)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(7, uint64(i)))
				for range 300 {
					off := r.Int64N(v.Size)
					b := make([]byte, r.Int64N(min(100000, v.Size-off))+1)
					if err := binread.Fill(v, b, off); err != nil || !bytes.Equal(b, whole[off:][:len(b)]) {
						t.Errorf("%s: %d bytes at %d differ, or %v", name, len(b), off, err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"mirror12", "stripe", "five-ls"} {
		table, err := assembleOf(b, devices(b, name))
		if err != nil {
			b.Fatal(err)
		}
		v := table.Volumes[0]
		p := make([]byte, 128<<10)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for i := 0; b.Loop(); i++ {
				off := int64(i) * int64(len(p)) % (v.Size - int64(len(p)))
				if _, err := v.ReadAt(p, off); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
