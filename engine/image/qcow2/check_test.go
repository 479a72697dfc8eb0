package qcow2

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
)

// file is an image as bytes, with the places of its tables.
type file struct {
	b       []byte
	cluster int
}

func (f *file) u64(at int) uint64    { return binary.BigEndian.Uint64(f.b[at:]) }
func (f *file) set(at int, v uint64) { binary.BigEndian.PutUint64(f.b[at:], v) }
func (f *file) set16(at int, v int)  { binary.BigEndian.PutUint16(f.b[at:], uint16(v)) }
func (f *file) l1() int              { return int(f.u64(40)) }
func (f *file) l2(i int) int         { return int(f.u64(f.l1()+8*i) & offsetMask) }
func (f *file) table() int           { return int(f.u64(48)) }
func (f *file) block() int           { return int(f.u64(f.table())) }
func (f *file) count(off int) int    { return f.block() + 2*off/f.cluster } // of 16 bits
func (f *file) data(i int) int       { return int(f.u64(f.l2(0)+8*i) & offsetMask) }
func (f *file) clear(at, n int)      { clear(f.b[at : at+n]) }
func (f *file) xor(at int, v uint64) { f.set(at, f.u64(at)^v) }
func (f *file) add(at int, v uint64) { f.set(at, f.u64(at)+v) }
func (f *file) snapshot() int        { return int(f.u64(64)) }

// checkCases are damaged images with what qemu-img 7.2 says of them, and what is told beyond that.
var checkCases = []struct {
	name, base string
	damage     func(f *file)
	qemu, own  [2]int // corruptions and leaks; of our own, what is damaged or doubtful, and leaks
	text       string // of what is told
}{
	{"nothing", "plain", func(*file) {}, [2]int{0, 0}, [2]int{0, 0}, ""},
	{"nothing, with snapshots and a bitmap", "states", func(*file) {}, [2]int{0, 0}, [2]int{0, 0}, ""},
	{"nothing, with subclusters", "extended", func(*file) {}, [2]int{0, 0}, [2]int{0, 0}, ""},
	{"nothing, of version 2", "version2", func(*file) {}, [2]int{0, 0}, [2]int{0, 0}, ""},
	{"nothing, with counts of one bit", "bits1", func(*file) {}, [2]int{0, 0}, [2]int{0, 0}, ""},
	{"nothing, with counts of 64 bits", "bits64", func(*file) {}, [2]int{0, 0}, [2]int{0, 0}, ""},

	{"corrupt bit", "plain", func(f *file) { f.b[79] |= incompatCorrupt }, [2]int{0, 0}, [2]int{1, 0}, "the corrupt bit is set"},
	{"dirty bit", "plain", func(f *file) { f.b[79] |= incompatDirty }, [2]int{0, 0}, [2]int{1, 0}, "the dirty bit is set"},

	{"count of data 0", "plain", func(f *file) { f.set16(f.count(f.data(1)), 0) }, [2]int{2, 0}, [2]int{2, 0}, "has the reference count 0"},
	{"count of data 2", "plain", func(f *file) { f.set16(f.count(f.data(1)), 2) }, [2]int{1, 1}, [2]int{1, 1}, "leaked"},
	{"count of the L2 table 0", "plain", func(f *file) { f.set16(f.count(f.l2(0)), 0) }, [2]int{2, 0}, [2]int{2, 0}, "reference count 0"},
	{"count of the header 0", "plain", func(f *file) { f.set16(f.count(0), 0) }, [2]int{1, 0}, [2]int{1, 0}, "reference count 0"},
	{"count of a block 2", "plain", func(f *file) { f.set16(f.count(f.block()), 2) }, [2]int{0, 1}, [2]int{0, 1}, "leaked"},
	{"counts zeroed", "plain", func(f *file) { f.clear(f.block(), f.cluster) }, [2]int{20, 0}, [2]int{20, 0}, "reference count 0"},
	{"count of 1 bit cleared", "bits1", func(f *file) { f.b[f.block()+1] &^= 1 << 2 }, [2]int{2, 0}, [2]int{2, 0}, "reference count 0"},
	{"count of 64 bits raised", "bits64", func(f *file) { f.set(f.block()+8*(f.data(3)/f.cluster), 7) }, [2]int{1, 1}, [2]int{1, 1}, "leaked"},

	{"COPIED flag of data missing", "plain", func(f *file) { f.xor(f.l2(0)+8, flagCopied) }, [2]int{1, 0}, [2]int{1, 0}, "COPIED flag of an L2 entry"},
	{"COPIED flag of a table missing", "plain", func(f *file) { f.xor(f.l1(), flagCopied) }, [2]int{1, 0}, [2]int{1, 0}, "COPIED flag of an L1 entry"},
	{"COPIED flag on a compressed cluster", "plain", func(f *file) { f.xor(f.l2(0)+8*24, flagCopied) }, [2]int{1, 0}, [2]int{1, 0}, "compressed cluster with the COPIED flag"},

	{"two entries of one cluster", "plain", func(f *file) { f.set(f.l2(0)+8, f.u64(f.l2(0))) }, [2]int{1, 1}, [2]int{2, 1}, "used more often"},
	{"two entries of one cluster, counted", "plain", func(f *file) {
		f.set(f.l2(0)+8*20, f.u64(f.l2(0))&^flagCopied)
		f.xor(f.l2(0), flagCopied)
		f.set16(f.count(f.data(0)), 2)
	}, [2]int{0, 0}, [2]int{1, 0}, "two uses that exclude"},
	{"data in the L1 table, counted", "plain", func(f *file) {
		f.set(f.l2(0)+8*20, uint64(f.l1()))
		f.set16(f.count(f.l1()), 2)
	}, [2]int{0, 0}, [2]int{1, 0}, "two uses that exclude"},
	{"data in the refcount table", "plain", func(f *file) { f.set(f.l2(0)+8*20, uint64(f.table())|flagCopied) }, [2]int{1, 0}, [2]int{1, 0}, "used more often"},

	{"data beyond the end", "plain", func(f *file) { f.set(f.l2(0)+8*20, 1<<40|flagCopied) }, [2]int{2, 0}, [2]int{2, 0}, "beyond the end of the file"},
	{"data not aligned", "plain", func(f *file) { f.add(f.l2(0)+8, 512) }, [2]int{2, 0}, [2]int{2, 1}, "not aligned"},
	{"compressed beyond the end", "plain", func(f *file) { f.set(f.l2(0)+8*24, flagCompress|1<<40) }, [2]int{1, 1}, [2]int{3, 1}, "beyond the end of the file"},
	{"table not aligned", "plain", func(f *file) { f.add(f.l1(), 512) }, [2]int{129, 7}, [2]int{10, 9}, "not at a cluster"},
	{"table beyond the end", "plain", func(f *file) { f.set(f.l1(), 1<<40|flagCopied) }, [2]int{2, 9}, [2]int{10, 9}, "beyond the end"},
	{"L1 entry with reserved bits", "plain", func(f *file) { f.xor(f.l1(), 1<<60) }, [2]int{1, 0}, [2]int{1, 0}, "an L1 entry has reserved bits"},
	{"L2 entry with reserved bits", "plain", func(f *file) { f.xor(f.l2(0)+8, 1<<60) }, [2]int{1, 0}, [2]int{1, 0}, "an L2 entry has reserved bits"},

	{"block of counts not aligned", "plain", func(f *file) { f.add(f.table(), 512) }, [2]int{1, 0}, [2]int{20, 0}, "a block of reference counts"},
	{"block of counts beyond the end", "plain", func(f *file) { f.set(f.table(), 1<<40) }, [2]int{20, 0}, [2]int{20, 0}, "beyond the end"},
	{"table of counts with reserved bits", "plain", func(f *file) { f.add(f.table(), 2) }, [2]int{1, 1}, [2]int{1, 0}, "reserved bits"},

	{"L1 table zeroed", "plain", func(f *file) { f.clear(f.l1(), 8) }, [2]int{0, 9}, [2]int{9, 9}, "a table that maps 8 leaked clusters"},
	{"L2 table zeroed", "plain", func(f *file) { f.clear(f.l2(0), f.cluster) }, [2]int{0, 8}, [2]int{9, 8}, "a table maps nothing"},
	{"L2 entry zeroed", "plain", func(f *file) { f.clear(f.l2(0)+8, 8) }, [2]int{0, 1}, [2]int{1, 1}, "probably a lost mapping"},
	{"last L2 entry zeroed", "plain", func(f *file) { f.clear(f.l2(0)+8*9, 8) }, [2]int{0, 1}, [2]int{1, 1}, "leaked clusters hold data"},
	{"file cut in the middle of data", "plain", func(f *file) { f.b = f.b[:f.data(9)+100] }, [2]int{2, 0}, [2]int{4, 0}, "beyond the end of the file"},

	{"compressed data damaged", "plain", func(f *file) { f.b[f.packed(24)+5] ^= 0xff }, [2]int{0, 0}, [2]int{1, 0}, "cannot be decompressed"},

	{"snapshot's L1 table not aligned", "states", func(f *file) { f.add(f.snapshot(), 512) }, [2]int{1, 34}, [2]int{11, 34}, "snapshot"},
	{"snapshot's data counted once", "states", func(f *file) { f.set16(f.count(f.data(2)), 1) }, [2]int{2, 0}, [2]int{2, 0}, "used more often"},
	{"snapshot table gone", "states", func(f *file) { f.set(60, 0); f.set(68, 0) }, [2]int{0, 53}, [2]int{15, 53}, "leaked"},
	{"bitmaps out of date", "states", func(f *file) { f.b[95] &^= 1 }, [2]int{0, 3}, [2]int{3, 3}, "leaked"},
}

// packed is where the compressed cluster of L2 entry i is.
func (f *file) packed(i int) int {
	h, err := decodeHeader(f.b[:headerSizeType])
	if err != nil {
		panic(err)
	}
	off, _ := h.place(int64(f.u64(f.l2(0)+8*i) & (flagCompress - 1)))
	return int(off)
}

func damagedFile(tb testing.TB, base string, damage func(*file)) []byte {
	tb.Helper()
	f := &file{b: unpack(tb, "check-"+base+".qcow2")}
	f.cluster = 1 << f.b[23]
	damage(f)
	return f.b
}

// checkBytes returns what a check of an image tells.
func checkBytes(tb testing.TB, b []byte, opts image.Options) (image.Checked, []image.Damage, error) {
	tb.Helper()
	img, err := openBytes(b, opts)
	if err != nil {
		return image.Checked{}, nil, err
	}
	defer img.Close()
	var all []image.Damage
	c, ok, err := image.CheckOf(tb.Context(), img, image.CheckOptions{Report: func(d image.Damage) { all = append(all, d) }})
	if !ok {
		tb.Fatal("the image is no Checker")
	}
	return c, all, err
}

func TestCheckFindsWhatQEMUFinds(t *testing.T) {
	for _, c := range checkCases {
		t.Run(c.name, func(t *testing.T) {
			b := damagedFile(t, c.base, c.damage)
			got, all, err := checkBytes(t, b, image.Options{})
			var texts []string
			for _, d := range all {
				texts = append(texts, string(d.Harm)+": "+d.Problem+" at "+d.Place())
			}
			if err != nil {
				texts = append(texts, err.Error())
			}
			t.Log(strings.Join(texts, "\n"))
			if !strings.Contains(strings.Join(texts, "\n"), c.text) || c.text == "" && len(texts) > 0 {
				t.Errorf("told %q, want %q", texts, c.text)
			}
			if own := [2]int{got.Damaged + got.Doubtful, got.Leaks}; own != c.own {
				t.Errorf("%d damaged or doubtful and leaks, want %d", own, c.own)
			}
			if qemu := qemuCheck(t, b); qemu != c.qemu {
				t.Errorf("qemu-img finds %d corruptions and leaks, want %d", qemu, c.qemu)
			}
		})
	}
}

// qemuCheck is what qemu-img says of an image.
func qemuCheck(t *testing.T, b []byte) [2]int {
	t.Helper()
	qemu, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("qemu-img is not installed")
	}
	name := filepath.Join(t.TempDir(), "x.qcow2")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), qemu, "check", "-f", "qcow2", "--output", "json", name).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(out) == 0 {
		return [2]int{-1}
	}
	var r struct{ Corruptions, Leaks int }
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v of %q", err, out)
	}
	return [2]int{r.Corruptions, r.Leaks}
}

// TestCheckPassesSoundImages checks the images that qemu-img made for other tests: of every cluster size, with chains and data files.
func TestCheckPassesSoundImages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.qcow2.gz")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".gz")
		t.Run(name, func(t *testing.T) {
			_, all, err := checkBytes(t, unpack(t, name), image.Options{Sibling: siblings(t)})
			switch {
			case errors.Is(err, binread.ErrEncrypted):
				t.Skip("encrypted")
			case err != nil:
				t.Fatal(err)
			}
			for _, d := range all {
				if name != "dirty.qcow2" {
					t.Errorf("%s: %s at %s", d.Harm, d.Problem, d.Place())
				}
			}
		})
	}
}

// sparse is a file of zeros but for its start.
type sparse struct {
	start []byte
	size  int64
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	n := int(image.Clip(s.size, off, int64(len(p))))
	clear(p[:n])
	if off < int64(len(s.start)) {
		copy(p[:n], s.start[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestCheckOfHostileImagesEnds(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			_, all, err := checkBytes(t, c.patch(valid()), image.Options{})
			if err == nil && len(all) == 0 {
				t.Error("nothing is told")
			}
		})
	}
	for _, c := range []struct {
		name  string
		size  int64
		patch patch
	}{
		{"4 million L1 entries of one table", 1 << 40, patches(set(36, 4, maxL1), set(24, 8, 0), setBytes(l1Place, bytes.Repeat([]byte{0, 0, 0, 0, 0, 2, 0, 0}, k64/8)))},
		{"a table that maps all of 2^62 bytes", 1 << 62, func(b []byte) []byte {
			for i := range k64 / 8 {
				put(b, l2Place+8*i, 8, uint64(i)<<40)
			}
			return b
		}},
		{"counts of 2^62 bytes", 1 << 62, set(56, 4, 128)},
		{"a bitmap directory of 64 MiB", 1 << 40, patches(set(88, 8, 1), extension(extensionBitmaps, 24, "\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, err := Format.Open(sparse{c.patch(valid()), c.size}, c.size, image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			told := 0
			_, _, err = image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(image.Damage) { told++ }})
			runtime.ReadMemStats(&after)
			if err == nil && told == 0 {
				t.Error("nothing is told")
			}
			if used := int64(after.TotalAlloc - before.TotalAlloc); used > 512<<20 {
				t.Errorf("%d bytes were allocated", used)
			}
		})
	}
}

func TestCheckIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	img, err := openBytes(unpack(t, "check-plain.qcow2"), image.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := image.CheckOf(ctx, img, image.CheckOptions{Report: func(image.Damage) {}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestCheckSaysWhereTheDataIs wants the guest offset and length of damage, which tell what it means.
func TestCheckSaysWhereTheDataIs(t *testing.T) {
	b := damagedFile(t, "plain", func(f *file) {
		for i := 1; i < 4; i++ {
			f.set16(f.count(f.data(i)), 0)
			f.xor(f.l2(0)+8*i, flagCopied)
		}
	})
	_, all, err := checkBytes(t, b, image.Options{})
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v, want one damage", all, err)
	}
	if d := all[0]; d.Guest != k64 || d.Len != 3*k64 || d.Units != 3 {
		t.Errorf("guest bytes %d and %d more, %d units, want %d, %d, 3", d.Guest, d.Len, d.Units, k64, 3*k64)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(unpack(f, "check-tiny.qcow2")) // larger ones are slow to change
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := openBytes(b, image.Options{})
		if err != nil {
			return
		}
		counted := image.Checked{}
		got, _, err := image.CheckOf(t.Context(), img, image.CheckOptions{Report: func(d image.Damage) {
			counted.Add(d)
			if d.Units < 1 || d.Problem == "" || d.Place() == "" {
				t.Errorf("damage %+v says too little", d)
			}
		}})
		if err == nil && (got.Damaged != counted.Damaged || got.Doubtful != counted.Doubtful || got.Leaks != counted.Leaks) {
			t.Errorf("counted %+v, told %+v", got, counted)
		}
	})
}
