package lvm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/volume"
	"github.com/guestctl/guestctl/internal/conformance"
)

// truth is what LVM and the kernel say of a set that testdata/make.sh made.
type truth struct {
	SHA256 map[string]string `json:"sha256"`
	LVs    []struct {
		VG     string `json:"vg_name"`
		VGID   string `json:"vg_uuid"`
		Seqno  string `json:"vg_seqno"`
		Name   string `json:"lv_name"`
		ID     string `json:"lv_uuid"`
		Size   string `json:"lv_size"`
		Attr   string `json:"lv_attr"`
		Type   string `json:"segtype"`
		Path   string `json:"lv_dm_path"`
		Origin string `json:"origin"`
	} `json:"lvs"`
	PVs []struct {
		Name string `json:"pv_name"`
		ID   string `json:"pv_uuid"`
		VG   string `json:"vg_name"`
	} `json:"pvs"`
	Head string `json:"head"`
	Far  string `json:"at_4000000_chunks"`
}

func truthOf(tb testing.TB, name string) (t truth) {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(b, &t); err != nil {
		tb.Fatal(err)
	}
	return t
}

// disks returns the disks of a set.
func disks(tb testing.TB, name string) (all [][]byte) {
	tb.Helper()
	files, err := filepath.Glob("testdata/" + name + "-?.img.zst")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no disks of %s: %v", name, err)
	}
	slices.Sort(files)
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(1<<30))
	if err != nil {
		tb.Fatal(err)
	}
	defer d.Close()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		if b, err = d.DecodeAll(b, nil); err != nil {
			tb.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// volumes are disks as volumes: disk1, disk2, ...
func volumes(disks [][]byte) (all []*volume.Volume) {
	for i, b := range disks {
		all = append(all, &volume.Volume{ReaderAt: bytes.NewReader(b), Name: fmt.Sprintf("disk%d", i+1), Size: int64(len(b))})
	}
	return all
}

// groups opens every set of the members, in the order of their names.
func groups(tb testing.TB, members []*volume.Volume) (all []*volume.Table) {
	tb.Helper()
	sets := map[string][]*volume.Volume{}
	in := map[string]string{} // the set that claims a name
	for _, m := range members {
		name, err := Format.Set(m)
		if err != nil {
			tb.Fatal(err)
		}
		for _, c := range Format.Claims(m) {
			in[c] = name
		}
	}
	for _, m := range members {
		name, err := Format.Set(m)
		if err != nil {
			tb.Fatal(err)
		}
		if by, ok := in[name]; ok {
			name = by
		}
		sets[name] = append(sets[name], m)
	}
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		t, err := conformance.Set(tb, Format, sets[name])
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, t)
	}
	return all
}

// byName are the logical volumes of all groups.
func byName(all []*volume.Table) map[string]*volume.Volume {
	found := map[string]*volume.Volume{}
	for _, t := range all {
		for _, v := range t.Volumes {
			found[v.Name] = v
		}
	}
	return found
}

func sumOf(tb testing.TB, r io.Reader) string {
	tb.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		tb.Error(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func contentOf(tb testing.TB, v *volume.Volume) string {
	tb.Helper()
	return sumOf(tb, io.NewSectionReader(v, 0, v.Size))
}

// hidden are the volumes of a truth that a running system does not show: parts, and pools without a device of their own.
func hidden(name, kind string) bool {
	return strings.HasPrefix(name, "[") || kind == "thin-pool" || kind == "cache-pool"
}

func TestVolumesAreAsLVMSaysAndAsTheKernelReadsThem(t *testing.T) {
	for _, c := range []struct {
		name     string
		kinds    string // of the volumes, in the order in which they are found
		problems []string
	}{
		{name: "linear", kinds: "one=linear lv-two=linear only_b=linear striped=striped inactive=linear"},
		{
			name: "wrapped", kinds: "name12=linear",
		},
		{
			name: "mirror", kinds: "core=mirror disk=mirror three=mirror raid=raid1",
		},
		{
			name: "raid", kinds: "raid0=raid0 raid0_meta=raid0_meta raid10=raid10 raid4=raid4! raid5=raid5!",
		},
		{
			name: "stale1", kinds: "r=raid1",
			problems: []string{
				"stale1/r: copy 1 fell behind: it saw 12 changes of state, another one 13",
			},
		},
		{
			name: "stale2", kinds: "r=raid1",
			problems: []string{
				"stale2/r: copy 2 fell behind: it saw 12 changes of state, another one 13",
			},
		},
		{
			name: "thin", kinds: "one=thin two=thin empty=thin base=linear outside=thin snap=thin snapshot of one",
		},
		{
			name: "snapshot", kinds: "origin=linear small_chunks=snapshot of origin large_chunks=snapshot of origin full=snapshot of origin!",
			problems: []string{
				"s/full cannot be read: full: changes: the snapshot is invalid: it ran full, or its origin was changed without it",
			},
		},
		{
			name: "cached", kinds: "writeback=cache! writethrough=cache! plain=linear writecache=writecache!",
		},
		{
			name: "flags", kinds: "here=linear partly=linear lv=linear",
			problems: []string{
				"physical volume g24Q86-Dcza-XW1G-VjC1-S6WE-VKeG-P8bEBY belongs to no volume group",
				"metadata: area at 0x1000 of disk4 is of change 5, the newest of 6, which is used",
				"physical volume pv1 (0GH7kk-EhtF-thhG-p2Y1-uFQM-m6EH-25O9Yq) was missing when the group was changed: LVM does not use it until vgextend --restoremissing",
				"the group is exported: no system activates it until vgimport",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := truthOf(t, c.name)
			all := groups(t, volumes(disks(t, c.name)))
			var kinds, problems []string
			for _, table := range all {
				problems = append(problems, table.Messages()...)
				for _, v := range table.Volumes {
					_, name, _ := strings.Cut(v.Name, "/")
					kind := strings.TrimPrefix(v.Kind, "LVM ")
					if v.Err != nil {
						kind += "!"
					}
					kinds = append(kinds, name+"="+kind)
				}
			}
			if d := cmp.Diff(c.kinds, strings.Join(kinds, " ")); d != "" {
				t.Errorf("volumes (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.problems, problems); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
			found := byName(all)
			seen := map[string]bool{}
			for _, lv := range want.LVs {
				v := found[lv.VG+"/"+lv.Name]
				switch {
				case hidden(lv.Name, lv.Type):
					continue
				case v == nil:
					t.Errorf("%s/%s is not found", lv.VG, lv.Name)
					continue
				}
				seen[v.Name] = true
				// of a snapshot LVM tells the size of its store
				if size := strconv.FormatInt(v.Size, 10); v.UUID != lv.ID || size != lv.Size && lv.Attr[0] != 's' && lv.Attr[0] != 'S' {
					t.Errorf("%s: %s of %s bytes, want %s of %s", v.Name, v.UUID, size, lv.ID, lv.Size)
				}
				if !slices.Contains(v.Devices, lv.Path) || !slices.Contains(v.Devices, "/dev/"+v.Name) {
					t.Errorf("%s: devices %q, want %s among them", v.Name, v.Devices, lv.Path)
				}
				if sum := want.SHA256[v.Name]; v.Err == nil && sum != "" && contentOf(t, v) != sum {
					t.Errorf("%s: content differs", v.Name)
				}
			}
			for name, v := range found {
				if sum := want.SHA256[name]; !seen[name] && (sum == "" || contentOf(t, v) != sum) { // of an exported group LVM says nothing
					t.Errorf("%s is not there", name)
				}
			}
		})
	}
}

// TestAThinVolumeOfHalfATerabyte reads the beginning and a stretch far behind it.
func TestAThinVolumeOfHalfATerabyte(t *testing.T) {
	want := truthOf(t, "wide")
	found := byName(groups(t, volumes(disks(t, "wide"))))
	thin, small := found["w/thin"], found["w/small"]
	if got := sumOf(t, io.NewSectionReader(thin, 0, 128<<20)); got != want.Head {
		t.Error("the beginning differs")
	}
	if got := sumOf(t, io.NewSectionReader(thin, 4000000*65536, 128<<20)); got != want.Far {
		t.Error("what is far behind it differs")
	}
	if contentOf(t, small) != want.SHA256["w/small"] {
		t.Error("the small one differs")
	}
	if n, err := thin.ReadAt(make([]byte, 100), thin.Size-50); n != 50 || !errors.Is(err, io.EOF) {
		t.Errorf("read over the end: %d, %v", n, err)
	}
}

// TestAPhysicalVolumeIsMissing takes one disk of each set away.
func TestAPhysicalVolumeIsMissing(t *testing.T) {
	for _, c := range []struct {
		name string
		lost int               // the disk that is missing
		want map[string]string // of the volumes: "whole", or where reading fails
		says []string
	}{
		{"linear", 2, map[string]string{
			"vg-a.b/one": "1310720", "vg-a.b/lv-two": "whole", "vg-a.b/only_b": "0", "vg-a.b/striped": "4096",
		}, []string{
			"physical volume pv1 (cqmOcy-YYgJ-lufW-y3wb-34pG-XY8I-4Kdb3k) is missing",
			"vg-a.b/only_b lacks what is on physical volume pv1",
		}},
		{"linear", 1, map[string]string{"vg-a.b/one": "0", "vg-a.b/lv-two": "0", "vg-a.b/only_b": "whole"}, nil},
		{"wrapped", 3, map[string]string{"new/name12": "0"}, nil},
		{"wrapped", 1, map[string]string{"new/name12": "whole"}, nil},
		{"wrapped", 2, map[string]string{"new/name12": "whole"}, nil},
		{"mirror", 1, map[string]string{"m/core": "0", "m/disk": "whole", "m/three": "0", "m/raid": "whole"}, []string{
			"m/disk: leg 1 is missing", "m/raid: copy 1 is missing",
		}},
		{"mirror", 2, map[string]string{"m/core": "whole", "m/disk": "whole", "m/three": "whole", "m/raid": "whole"}, []string{"m/raid: copy 2 is missing"}},
		{"stale1", 1, map[string]string{"stale1/r": "whole"}, []string{"stale1/r: copy 1 is missing"}},
		// nothing tells that the copy that is left fell behind: the kernel would read it, too
		{"stale1", 2, map[string]string{"stale1/r": "other content"}, []string{"stale1/r: copy 2 is missing"}},
		{"raid", 1, map[string]string{"r/raid0": "0", "r/raid10": "whole"}, []string{"r/raid10: copy 1 is missing"}},
		{"raid", 4, map[string]string{"r/raid10": "whole"}, nil},
		{"thin", 2, map[string]string{"t/one": "0", "t/empty": "0", "t/base": "whole"}, nil},
	} {
		t.Run(fmt.Sprintf("%s without %d", c.name, c.lost), func(t *testing.T) {
			sums := truthOf(t, c.name).SHA256
			all := groups(t, slices.Delete(volumes(disks(t, c.name)), c.lost-1, c.lost))
			found := byName(all)
			for name, want := range c.want {
				v := found[name]
				got := "whole"
				h := sha256.New()
				if n, err := io.Copy(h, io.NewSectionReader(v, 0, v.Size)); err != nil {
					got = strconv.FormatInt(n, 10)
				} else if hex.EncodeToString(h.Sum(nil)) != sums[name] {
					got = "other content"
				}
				if _, err := strconv.Atoi(got); (err == nil) != (v.Err != nil) {
					t.Errorf("%s: %s, and the error %v", name, got, v.Err)
				}
				if got != want {
					t.Errorf("%s: %s (%v), want %s", name, got, v.Err, want)
				}
			}
			text := strings.Join(all[0].Messages(), "\n")
			for _, say := range append(c.says, "is missing") {
				if !strings.Contains(text, say) {
					t.Errorf("problems %s\nwant %q", text, say)
				}
			}
		})
	}
}

func FuzzGroup(f *testing.F) {
	for _, name := range []string{"linear", "wrapped", "mirror", "thin", "snapshot", "cached"} {
		all := volumes(disks(f, name))
		at := span{4096, 1<<20 - 4096}
		if name == "wrapped" {
			at.size = 64<<10 - 4096
		}
		if text, err := areaText(all[len(all)-1], at); err == nil && text != nil {
			f.Add(text, []byte{}, []byte{})
		}
	}
	for _, d := range [][][]byte{poolDisks(func([]byte) {}), storeDisks(func([]byte) {})} {
		n := binary.LittleEndian.Uint64(d[0][4096+48:])
		f.Add(d[0][4096+512:][:n], d[0][dataStart:][:5*nodeSize], []byte{})
	}
	empty, other := craft("a", ""), craft("b", "")
	f.Fuzz(func(t *testing.T, text, first, label []byte) {
		a := bytes.Clone(empty)
		copy(a[512:1024], label)
		n := copy(a[4096+areaHeader:dataStart], text)
		put64(a, 4096+40, areaHeader)
		put64(a, 4096+48, uint64(n))
		copy(a[dataStart:], first)
		for block := range min(len(first)/nodeSize, 8) { // checksums would otherwise stop nearly every mutant
			m := a[dataStart+block*nodeSize:][:nodeSize]
			salt := uint32(nodeSalt)
			if block == 0 {
				salt = superSalt
			}
			if binary.LittleEndian.Uint64(m[8:]) == uint64(block) {
				put32(m, 0, ^crc32.Checksum(m[4:], crc32.MakeTable(crc32.Castagnoli))^salt)
			}
		}
		seal(a)
		all := volumes([][]byte{a, other})
		if name, err := Format.Set(all[0]); err == nil && name == "" {
			t.Error("a set without a name")
		}
		table, err := conformance.Set(t, Format, all)
		if err != nil {
			return
		}
		for _, v := range table.Volumes {
			_, _ = io.CopyN(io.Discard, io.NewSectionReader(v, 0, v.Size), 1<<20)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add(groupText(linearAt("one", visible, 1, "a", 0)))
	f.Add("a = [\"x\", 1, -2.5] # comment\nb { c = \"\\\"\" }\n")
	f.Fuzz(func(_ *testing.T, text string) {
		s, err := parse([]byte(text))
		if err == nil {
			_ = s.sections()
			_, _ = decode([]byte(text))
		}
	})
}

// TestReadsAtOnceAreRight reads volumes of every kind at random places from several goroutines.
func TestReadsAtOnceAreRight(t *testing.T) {
	for _, name := range []string{"linear", "mirror", "raid", "thin", "snapshot"} {
		for _, v := range byName(groups(t, volumes(disks(t, name)))) {
			if v.Err != nil {
				continue
			}
			whole := make([]byte, v.Size)
			if n, err := v.ReadAt(whole, 0); int64(n) != v.Size || err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("%s: %d, %v", v.Name, n, err)
			}
			var wg sync.WaitGroup
			for seed := range uint64(4) {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, 0))
					for range 50 {
						off := r.Int64N(v.Size)
						b := make([]byte, 1+r.Int64N(min(v.Size-off, 200_000)))
						if _, err := v.ReadAt(b, off); err != nil || !bytes.Equal(b, whole[off:][:len(b)]) {
							t.Errorf("%s: %d bytes at %d: %v", v.Name, len(b), off, err)
						}
						if p, ok := v.Locate(off, int64(len(b))); ok {
							on := make([]byte, p.Len)
							if _, err := p.At.ReadAt(on, p.Off); err != nil || !bytes.Equal(on, whole[off:][:p.Len]) {
								t.Errorf("%s: what lies at %d of %s is not at %d: %v", v.Name, p.Off, p.At.Name, off, err)
							}
						}
					}
				})
			}
			wg.Wait()
		}
	}
}

func BenchmarkRandom4K(b *testing.B) {
	raw := volumes(disks(b, "linear"))[0]
	b.Run("disk", func(b *testing.B) { random4K(b, raw) })
	for _, c := range []struct{ set, name string }{
		{"linear", "vg-a.b/lv-two"}, {"linear", "vg-a.b/one"}, {"linear", "vg-a.b/striped"}, {"mirror", "m/raid"}, {"thin", "t/one"}, {"snapshot", "s/small_chunks"},
	} {
		v := byName(groups(b, volumes(disks(b, c.set))))[c.name]
		b.Run(v.Kind, func(b *testing.B) { random4K(b, v) })
	}
}

func random4K(b *testing.B, v *volume.Volume) {
	b.Helper()
	b.SetBytes(4096)
	b.ReportAllocs()
	buf := make([]byte, 4096)
	r := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		if _, err := v.ReadAt(buf, r.Int64N(v.Size/4096)*4096); err != nil {
			b.Fatal(err)
		}
	}
}
