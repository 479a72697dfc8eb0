package ntfs

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/internal/conformance"
)

func checkAll(t testing.TB, f *FS) (found []filesys.Damage, checked filesys.Checked) {
	t.Helper()
	checked, err := f.Check(context.Background(), func(d filesys.Damage) { found = append(found, d) })
	if err != nil {
		t.Fatal(err)
	}
	return found, checked
}

// TestNothingIsWrongWithWhatNTFS3GWrote checks the images, of which ntfsfix and ntfsresize say nothing either.
func TestNothingIsWrongWithWhatNTFS3GWrote(t *testing.T) {
	for _, name := range []string{"default", "512", "64k", "wof", "windows"} {
		found, checked := checkAll(t, openBytes(t, image(t, name)))
		for _, d := range found {
			t.Errorf("%s: %s: %s", name, d.Kind, d.Message)
		}
		if checked.Inodes < 30 || checked.Directories < 3 || checked.Entries < 30 || checked.Blocks < 100 || len(checked.Unchecked) > 0 {
			t.Errorf("%s: %+v", name, checked)
		}
	}
}

// patient is an image that is to be damaged.
type patient struct {
	testing.TB
	*FS
	b []byte
}

// node returns the number of a file's record.
func (p *patient) node(path string) int64 { return int64(conformance.Find(p, p.FS, path)) }

// record changes a record, whose sectors are numbered as they have to be afterwards.
func (p *patient) record(number int64, change func(b []byte)) {
	p.Helper()
	at := recordAt(p, p.FS, number)
	raw := p.b[at : at+p.boot.recordSize]
	b := bytes.Clone(raw)
	if err := unfix(b); err != nil {
		p.Fatal(err)
	}
	change(b)
	numbers := int(b[4])
	for i := fixupStride; i <= len(b); i += fixupStride {
		copy(b[numbers+2*i/fixupStride:], b[i-2:i])
		copy(b[i-2:i], b[numbers:numbers+2])
	}
	copy(raw, b)
}

// value changes the first occurrence of some bytes in a record.
func (p *patient) value(number int64, old, changed []byte) {
	p.Helper()
	p.record(number, func(b []byte) {
		i := bytes.Index(b, old)
		if i < 0 {
			p.Fatalf("record %d has no %x", number, old)
		}
		copy(b[i:], changed)
	})
}

// runs returns the pairs of a file's content.
func (p *patient) runs(number int64) []byte {
	p.Helper()
	of, err := p.readNode(filesys.Node(number))
	if err != nil {
		p.Fatal(err)
	}
	return of.stream(typeData, "").pairs[:4]
}

// bit turns a bit of a bitmap over.
func (p *patient) bit(of int64, kind uint32, number int64) {
	p.Helper()
	rec, err := p.readRecord(uint64(of))
	if err != nil {
		p.Fatal(err)
	}
	n := node{number: uint64(of), record: rec, attrs: rec.attrs}
	p.content(n.stream(kind, "")).Runs(func(r filesys.Run) {
		if off := number / 8; off >= 0 && off < r.Len {
			p.b[r.Off+off] ^= 1 << (number % 8)
		}
		number -= r.Len * 8
	})
}

func utf16Of(s string) (b []byte) {
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

// TestDamageIsFound has one thing wrong in each. Whether ntfsresize -i or ntfsfix -n (libntfs-3g 2022.10.3) says anything of the same
// images was written down once: they count clusters and look at the copies, and at no name.
func TestDamageIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(p *patient)
		want   []filesys.DamageKind // in any order, each once at least
		tool   bool                 // one of the two finds something, too
	}{
		"copy of the boot sector": {func(p *patient) { p.b[p.boot.copyOff()+0x48]++ }, []filesys.DamageKind{filesys.DamagedSuperblock}, true},
		"boot sector":             {func(p *patient) { clear(p.b[:512]) }, []filesys.DamageKind{filesys.DamagedJournal}, true},
		"copy of a record":        {func(p *patient) { p.b[p.boot.mirror*p.boot.clusterSize+p.boot.recordSize+0x38]++ }, []filesys.DamageKind{filesys.DamagedInode}, true},
		"half-written record": {
			func(p *patient) { p.b[recordAt(p, p.FS, p.node("plain"))+fixupStride-1]++ },
			[]filesys.DamageKind{filesys.DamagedInode, filesys.Unconnected, filesys.DamagedJournal},
			true, // of which the name can be hiberfil.sys
		},
		"record that the bitmap has not":  {func(p *patient) { p.bit(recordMFT, typeBitmap, p.node("plain")) }, []filesys.DamageKind{filesys.DamagedBitmap}, false},
		"record that only the bitmap has": {func(p *patient) { p.bit(recordMFT, typeBitmap, 20) }, []filesys.DamageKind{filesys.DamagedInode}, false},
		"cluster that $Bitmap has not":    {func(p *patient) { p.bit(recordBitmap, typeData, p.boot.mft) }, []filesys.DamageKind{filesys.DamagedBitmap}, true},
		"cluster that only $Bitmap has":   {func(p *patient) { p.bit(recordBitmap, typeData, p.boot.clusters-1) }, []filesys.DamageKind{filesys.Unconnected}, true},
		"clusters of another": {func(p *patient) {
			pairs := p.runs(p.node("plain"))
			p.value(p.node("plain"), pairs, []byte{pairs[0], pairs[1], byte(p.boot.mft), byte(p.boot.mft >> 8)})
		}, []filesys.DamageKind{filesys.SharedBlock, filesys.Unconnected}, true},
		"run outside": {func(p *patient) {
			pairs := p.runs(p.node("plain"))
			p.value(p.node("plain"), pairs, []byte{pairs[0], pairs[1], 0xff, 0x7f})
		}, []filesys.DamageKind{filesys.DamagedMap, filesys.Unconnected}, true},
		"run too short": {func(p *patient) {
			pairs := p.runs(p.node("plain"))
			p.value(p.node("plain"), pairs, []byte{pairs[0], pairs[1] - 1})
		}, []filesys.DamageKind{filesys.DamagedMap, filesys.Unconnected}, true},
		"number of links": {func(p *patient) { p.record(p.node("empty"), func(b []byte) { b[0x12]++ }) }, []filesys.DamageKind{filesys.DamagedLinks}, false},
		"name of a file": {
			func(p *patient) { p.value(p.node("empty"), utf16Of("empty"), utf16Of("empti")) },
			[]filesys.DamageKind{filesys.DamagedDirectory, filesys.Unconnected},
			false,
		},
		"second name": {
			func(p *patient) { p.value(p.node("plain"), utf16Of("second"), utf16Of("sekond")) },
			[]filesys.DamageKind{filesys.DamagedDirectory, filesys.DamagedLinks},
			false,
		},
		"entry of a directory": {func(p *patient) {
			for at := 0; ; at++ { // in all blocks, also those that are not in use
				i := bytes.Index(p.b[at:], utf16Of("scattered"))
				if i < 0 {
					return
				}
				if at += i; bytes.LastIndex(p.b[:at], []byte("INDX")) > bytes.LastIndex(p.b[:at], []byte("FILE")) {
					p.b[at]++
				}
			}
		}, []filesys.DamageKind{filesys.DamagedDirectory, filesys.Unconnected}, false},
		"table of capital letters": {func(p *patient) {
			of, err := p.readNode(recordUpcase)
			if err != nil {
				p.Fatal(err)
			}
			p.content(of.stream(typeData, "")).Runs(func(r filesys.Run) { p.b[r.Off+2*'q']++ })
		}, []filesys.DamageKind{filesys.DamagedInode}, true},
		"no times": {func(p *patient) {
			p.record(p.node("empty"), func(b []byte) { b[b[0x14]] = 0x18 })
		}, []filesys.DamageKind{filesys.DamagedInode}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &patient{t, openBytes(t, image(t, "default")), image(t, "default")}
			c.change(p)
			if dir := os.Getenv("GUESTCTL_NTFS_MUTANTS"); dir != "" { // to see what other programs say
				if err := os.WriteFile(filepath.Join(dir, name), p.b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found, _ := checkAll(t, openBytes(t, p.b))
			for _, want := range c.want {
				if !slices.ContainsFunc(found, func(d filesys.Damage) bool { return d.Kind == want }) {
					t.Errorf("no damage of kind %q in %v", want, found)
				}
			}
			for _, d := range found {
				if !slices.Contains(c.want, d.Kind) {
					t.Errorf("%s: %s, want only %v", d.Kind, d.Message, c.want)
				}
			}
		})
	}
}

// TestTheCopyOfTheBootSector opens a volume without its first sector.
func TestTheCopyOfTheBootSector(t *testing.T) {
	b := image(t, "default")
	clear(b[:bootSize])
	if ok, err := Format.Probe(bytes.NewReader(b), int64(len(b))); !ok || err != nil {
		t.Errorf("probe: %v, %v, want yes", ok, err)
	}
	f := openBytes(t, b)
	if _, err := f.Lookup(f.Root(), "plain"); err != nil {
		t.Error(err)
	}
	if p := f.Description().Problems; len(p) != 1 || !p[0].Taints {
		t.Errorf("problems %v, want one that taints", p)
	}
	if ok, err := Format.Probe(bytes.NewReader(make([]byte, 1<<20)), 1<<20); ok || err != nil {
		t.Errorf("probe of zeros: %v, %v, want no", ok, err)
	}
}

// TestOwnersOfClusters asks for every cluster, and holds those of files against their own runs.
func TestOwnersOfClusters(t *testing.T) {
	f := openBytes(t, image(t, "default"))
	all := make([]uint64, f.boot.clusters+2)
	for i := range all {
		all[i] = uint64(i)
	}
	owners, err := f.Owners(context.Background(), all)
	if err != nil || len(owners) != len(all) {
		t.Fatal(len(owners), err)
	}
	for _, path := range []string{"plain", "turn1", "scattered", "packed/text"} {
		n := conformance.Find(t, f, path)
		of, err := f.readNode(n)
		if err != nil {
			t.Fatal(err)
		}
		list, err := f.extents(of.stream(typeData, ""))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if want := (filesys.Owner{Use: filesys.UseContent, Node: n}); e.start != hole && owners[uint64(e.start)] != want {
				t.Errorf("cluster %d of %s: %v, want %v", e.start, path, owners[uint64(e.start)], want)
			}
		}
	}
	free := int64(0)
	for _, o := range owners {
		if o.Use == filesys.UseFree {
			free += f.boot.clusterSize
		}
	}
	for block, want := range map[uint64]filesys.Use{
		0: filesys.UseBoot, uint64(f.boot.mft): filesys.UseInodeTable, uint64(f.boot.mirror): filesys.UseInodeTable,
		uint64(f.boot.clusters): filesys.UseSuperblock, uint64(f.boot.clusters) + 1: filesys.UseUnknown,
	} {
		if owners[block].Use != want {
			t.Errorf("cluster %d: %s, want %s", block, owners[block].Use, want)
		}
	}
	if free != f.Description().Free {
		t.Errorf("%d bytes are free, want %d", free, f.Description().Free)
	}
}

// TestCheckingMutantsEnds checks and asks for owners on images with damage anywhere in the metadata.
func TestCheckingMutantsEnds(t *testing.T) {
	whole := image(t, "512")
	used := usedSectors(whole)
	random := rand.New(rand.NewPCG(10, 2026))
	for range 15 {
		b := bytes.Clone(whole)
		for range 40 {
			b[used[random.IntN(len(used))]+random.Int64N(510)] = byte(random.IntN(256))
		}
		f, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			continue
		}
		found := 0
		checked, err := f.Check(context.Background(), func(filesys.Damage) { found++ })
		if err == nil && checked.Damage == 0 || found > filesys.MaxDamage {
			t.Errorf("%d reported, %+v, want some", found, checked)
		}
		_, _ = f.Owners(context.Background(), []uint64{0, 1, 2, 3})
	}
}
