package compare

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/image"
)

// disk writes a raw disk of 3 MiB with data, zeros that are there and a hole.
func disk(t *testing.T) string {
	t.Helper()
	random := rand.NewChaCha8([32]byte{1})
	b := make([]byte, 3<<20)
	for _, part := range [][2]int{{0, 700_000}, {1 << 20, 1<<20 + 100_000}, {5 << 19, 5<<19 + 512}} {
		if _, err := random.Read(b[part[0]:part[1]]); err != nil {
			t.Fatal(err)
		}
	}
	path := write(t, "disk.raw", b)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(5 << 20); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAgreesWithQemuImgCompare makes images of one disk in all containers, changes some, and asks qemu-img compare of every pair.
func TestAgreesWithQemuImgCompare(t *testing.T) {
	dir, raw := t.TempDir(), disk(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	must(t, "qemu-img", "convert", "-O", "raw", raw, in("raw"))
	must(t, "qemu-img", "convert", "-O", "qcow2", raw, in("qcow2"))
	must(t, "qemu-img", "convert", "-O", "qcow2", "-c", raw, in("compressed"))
	must(t, "qemu-img", "convert", "-O", "qcow2", "-c", "-o", "compression_type=zstd,cluster_size=4k", raw, in("zstd"))
	must(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "qcow2", "-F", "qcow2", in("overlay"))
	must(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "qcow2", "-F", "qcow2", in("written"))
	must(t, "qemu-io", "-f", "qcow2", "-c", "write -P 0x23 1048576 512", in("written"))
	must(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "raw", "-F", "raw", in("zeroed"))
	must(t, "qemu-io", "-f", "qcow2", "-c", "write -z 786432 65536", in("zeroed")) // where zeros are
	must(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "raw", "-F", "raw", in("discarded"))
	must(t, "qemu-io", "-f", "qcow2", "-c", "write -z 0 65536", in("discarded")) // where data is
	must(t, "qemu-img", "convert", "-O", "qcow2", raw, in("larger"))
	must(t, "qemu-img", "resize", "-q", in("larger"), "+1000448")
	must(t, "qemu-img", "convert", "-O", "qcow2", in("larger"), in("more"))
	must(t, "qemu-io", "-f", "qcow2", "-c", "write -P 1 5900000 1", in("more")) // behind the end of the others
	must(t, "qemu-img", "create", "-q", "-f", "raw", in("empty"), "5M")
	names := []string{"raw", "qcow2", "compressed", "zstd", "overlay", "written", "zeroed", "discarded", "larger", "more", "empty"}
	for i, a := range names {
		for _, b := range names[i:] {
			out, code := tool(t, "", "qemu-img", "compare", in(a), in(b))
			if code > 1 {
				t.Fatalf("qemu-img compare %s %s: %s", a, b, out)
			}
			for _, now := range []time.Time{{}, time.Now().Add(time.Hour)} {
				got, err := Images(t.Context(), openMachine(t, in(a)).Disks[0].Image, openMachine(t, in(b)).Disks[0].Image, Options{Now: now})
				if err != nil {
					t.Fatal(err)
				}
				if got.Identical() != (code == 0) {
					t.Errorf("%s and %s: different in %v, qemu-img says %s", a, b, got.Extents, out)
				}
				if want := 5 << 20; got.Compared != int64(want) && !strings.Contains(a+b, "larger") && !strings.Contains(a+b, "more") {
					t.Errorf("%s and %s: compared %d bytes, want %d", a, b, got.Compared, want)
				}
			}
		}
	}
}

// TestWhatHasTheSameOriginIsNotRead compares an overlay with what it lies over.
func TestWhatHasTheSameOriginIsNotRead(t *testing.T) {
	dir, raw := t.TempDir(), disk(t)
	overlay := filepath.Join(dir, "overlay")
	must(t, "qemu-img", "convert", "-O", "qcow2", raw, filepath.Join(dir, "base"))
	must(t, "qemu-img", "create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", overlay)
	must(t, "qemu-io", "-f", "qcow2", "-c", "write -P 0x23 0 1", overlay)
	read := func(now time.Time) int64 {
		got, err := Images(t.Context(), openMachine(t, filepath.Join(dir, "base")).Disks[0].Image, openMachine(t, overlay).Disks[0].Image, Options{Now: now})
		if err != nil || len(got.Extents) != 1 || got.Extents[0] != (Extent{0, 512}) {
			t.Fatalf("%+v, %v, want the first sector", got, err)
		}
		return got.Read
	}
	if n := read(time.Now().Add(time.Hour)); n != 2*piece {
		t.Errorf("%d bytes were read, want the first piece of both, %d", n, 2*piece)
	}
	if n := read(time.Time{}); n < 1_600_000 {
		t.Errorf("%d bytes were read where nothing is settled", n)
	}
}

// TestFindsTheSectorsThatCmpFinds overwrites bytes anywhere and asks cmp -l which they are.
func TestFindsTheSectorsThatCmpFinds(t *testing.T) {
	source, backup := bare(t)
	random := rand.New(rand.NewPCG(6, 4))
	info, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		poke(t, backup, random.Int64N(info.Size()))
	}
	out, _ := tool(t, "", "cmp", "-l", source, backup)
	want := list{gap: Sector}
	for line := range strings.Lines(out) {
		var at int64
		if _, err := fmt.Sscan(line, &at); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		sector := (at - 1) / Sector * Sector
		if n := len(want.all); n == 0 || want.all[n-1].end() <= sector {
			want.add(Extent{sector, Sector})
		}
	}
	for _, workers := range []int{1, 7} {
		got, err := Images(t.Context(), openMachine(t, source).Disks[0].Image, openMachine(t, backup).Disks[0].Image, Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.all, got.Extents); d != "" || len(got.Extents) < 250 {
			t.Errorf("%d workers: (-cmp +got)\n%s", workers, d)
		}
	}
}

func TestManyDifferencesBecomeFewer(t *testing.T) {
	l := list{gap: Sector, max: 100}
	for i := range int64(1000) {
		l.add(Extent{i * 2 * Sector, Sector})
	}
	first, last := l.all[0], l.all[len(l.all)-1]
	if len(l.all) > 100 || l.gap <= Sector || first.Offset != 0 || last.end() != (999*2+1)*Sector {
		t.Errorf("%d extents with a gap of %d, from %v to %v", len(l.all), l.gap, first, last)
	}
	for i := 1; i < len(l.all); i++ {
		if l.all[i].Offset < l.all[i-1].end() {
			t.Errorf("%v is not behind %v", l.all[i], l.all[i-1])
		}
	}
}

// broken is a disk of which some bytes cannot be read, or whose tables cannot.
type broken struct {
	image.Image
	from, to int64
	extents  func(off, n int64) (image.Extent, error)
}

func (b *broken) ReadAt(p []byte, off int64) (int, error) {
	if off < b.to && off+int64(len(p)) > b.from {
		return 0, errors.New("input/output error")
	}
	return b.Image.ReadAt(p, off)
}

func (b *broken) Extent(off, n int64) (image.Extent, error) { return b.extents(off, n) }

// TestImagesThatCannotBeRead compares a disk with itself where reading one side of it goes wrong.
func TestImagesThatCannotBeRead(t *testing.T) {
	raw := openMachine(t, disk(t)).Disks[0].Image
	asIs := func(off, n int64) (image.Extent, error) { return image.ExtentOf(raw, off, n) }
	for name, c := range map[string]struct {
		image *broken
		want  []Extent
	}{
		"a bad sector": {&broken{Image: raw, from: 70_000, to: 70_001, extents: asIs}, []Extent{{65536, 65536}}},
		"the end":      {&broken{Image: raw, from: 2621440, to: 1 << 40, extents: asIs}, []Extent{{2621440, 65536}}},
		"tables that cannot be read": {&broken{Image: raw, extents: func(int64, int64) (image.Extent, error) {
			return image.Extent{}, errors.New("corrupt")
		}}, nil},
		"tables that say nothing":          {&broken{Image: raw, extents: func(off, _ int64) (image.Extent, error) { return image.Extent{Off: off}, nil }}, nil},
		"tables that go past the end":      {&broken{Image: raw, extents: func(off, _ int64) (image.Extent, error) { return image.Extent{Off: off, Len: 1 << 62}, nil }}, nil},
		"tables with a negative length":    {&broken{Image: raw, extents: func(off, _ int64) (image.Extent, error) { return image.Extent{Off: off, Len: -5}, nil }}, nil},
		"tables that speak of other bytes": {&broken{Image: raw, extents: func(_, n int64) (image.Extent, error) { return image.Extent{Off: -7, Len: min(n, 4096)}, nil }}, nil},
	} {
		got, err := Images(t.Context(), raw, c.image, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var unread []Extent
		for _, u := range got.Unread {
			if u.Side != "backup" || u.Cause == "" {
				t.Errorf("%s: %+v", name, u)
			}
			unread = append(unread, u.Extent)
		}
		if len(got.Extents) > 0 || got.Identical() != (len(c.want) == 0) {
			t.Errorf("%s: different in %v, identical %t", name, got.Extents, got.Identical())
		}
		if name == "the end" {
			unread = unread[:min(len(unread), 1)]
		}
		if !reflect.DeepEqual(unread, c.want) {
			t.Errorf("%s: %v could not be read, want %v", name, unread, c.want)
		}
	}
}

func TestAComparisonCanBeStopped(t *testing.T) {
	raw := openMachine(t, disk(t)).Disks[0].Image
	ctx, stop := context.WithCancel(t.Context())
	seen := 0
	_, err := Images(ctx, raw, raw, Options{Workers: 2, Progress: func(int64) {
		seen++
		stop()
	}})
	if !errors.Is(err, context.Canceled) || seen == 0 {
		t.Errorf("%v after %d pieces, want %v", err, seen, context.Canceled)
	}
}

func TestProgressComesToTheWholeDisk(t *testing.T) {
	raw := openMachine(t, disk(t)).Disks[0].Image
	var steps []int64
	r, err := Images(t.Context(), raw, raw, Options{Progress: func(n int64) { steps = append(steps, n) }})
	if err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for _, n := range steps {
		sum += n
	}
	if sum != r.Compared || slices.Min(steps) < 0 {
		t.Errorf("%d of %d bytes: %v", sum, r.Compared, steps)
	}
}

func TestTheSmallestImages(t *testing.T) {
	one, same, other := write(t, "a", []byte{1}), write(t, "b", []byte{1}), write(t, "c", []byte{2})
	if r := compared(t, one, same); !slices.Equal(told(r), []string{"pass backup.compare"}) || r.Compared != 1 {
		t.Errorf("one byte and the same: %v", told(r))
	}
	r := compared(t, one, other)
	if d := cmp.Diff([]Extent{{0, 1}}, r.Bytes.Extents); d != "" || r.Findings()[0].Status == "pass" {
		t.Errorf("one byte and another: %v %s", r.Findings(), d)
	}
}

// BenchmarkEqualImages compares the real Debian disk with itself in another container.
func BenchmarkEqualImages(b *testing.B) {
	const dir = "../../build/images/"
	if _, err := os.Stat(dir + "debian12.qcow2"); err != nil {
		b.Skip(err)
	}
	var disks [2]image.Image
	for i, name := range []string{"debian12.raw", "debian12.qcow2"} {
		disks[i] = openMachine(b, dir+name).Disks[0].Image
	}
	for b.Loop() {
		if r, err := Images(b.Context(), disks[0], disks[1], Options{Now: time.Now()}); err != nil || !r.Identical() {
			b.Fatal(r, err)
		}
	}
}
