package intact_test

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/backup/intact"
	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/filesys"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/memfs"
)

const small = "../../testdata/images/debian12-small.qcow2"

func open(tb testing.TB, name string) *engine.Machine {
	tb.Helper()
	m, err := engine.Open(tb.Context(), []string{name}, engine.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = m.Close() })
	return m
}

// rawBytes are the bytes of the disk in an image.
func rawBytes(tb testing.TB, name string) []byte {
	tb.Helper()
	d := open(tb, name).Disks[0]
	b, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func write(tb testing.TB, b []byte) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "disk.img")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		tb.Fatal(err)
	}
	return name
}

func verify(tb testing.TB, name string, opts intact.Options) (*intact.Verification, map[string]finding.Finding) {
	tb.Helper()
	r, err := intact.Verify(tb.Context(), open(tb, name), opts)
	if err != nil {
		tb.Fatal(err)
	}
	byID := map[string]finding.Finding{}
	for _, f := range r.Findings() {
		byID[f.ID] = f
	}
	return r, byID
}

// seal writes the checksums of a GPT header and its entries (UEFI 2.10, section 5.3.2).
func seal(b []byte, header int) {
	le := binary.LittleEndian
	h := b[header:]
	array := int(le.Uint64(h[72:])) * 512
	n := int(le.Uint32(h[80:])) * int(le.Uint32(h[84:]))
	le.PutUint32(h[88:], crc32.ChecksumIEEE(b[array:array+n]))
	clear(h[16:20])
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:le.Uint32(h[12:])]))
}

const entry = 1024 + 128 // of p2 in the primary table

// first is where a partition begins, in bytes.
func first(b []byte) int { return int(binary.LittleEndian.Uint64(b[entry+32:])) * 512 }

func TestDamageIsFoundInItsLayer(t *testing.T) {
	whole := rawBytes(t, small)
	le := binary.LittleEndian
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		layer  string
		status finding.Status
		least  finding.Severity
		text   string
	}{
		{"nothing", func(b []byte) []byte { return b }, "", "", "", ""},
		{"file cut inside of a sector", func(b []byte) []byte { return b[:len(b)-100] }, intact.ContainerLayer, finding.Fail, finding.High, "inside of a sector"},
		{"primary header", func(b []byte) []byte { b[512+40]++; return b }, intact.TableLayer, finding.Fail, finding.Medium, "the backup is used"},
		{"entries of the primary", func(b []byte) []byte { b[entry+60]++; return b }, intact.TableLayer, finding.Fail, finding.Medium, "the backup is used"},
		{"backup header", func(b []byte) []byte { clear(b[len(b)-512:]); return b }, intact.TableLayer, finding.Fail, finding.Medium, "backup header"},
		{"both headers", func(b []byte) []byte { clear(b[len(b)-512:]); clear(b[512:1024]); return b }, intact.TableLayer, finding.Fail, finding.Critical, "no GPT header"},
		{"all of the table", func(b []byte) []byte { clear(b[len(b)-512:]); clear(b[:1024]); return b }, intact.TableLayer, finding.Unknown, "", "nothing"},
		{"protective MBR", func(b []byte) []byte { clear(b[440:512]); return b }, intact.TableLayer, finding.Fail, finding.Medium, "no protective MBR"},
		{"disk cut off", func(b []byte) []byte { return b[:len(b)-(4<<20)] }, intact.TableLayer, finding.Fail, finding.Critical, "cut off"},
		{"disk longer than its table", func(b []byte) []byte { return append(b, make([]byte, 1<<20)...) }, intact.TableLayer, finding.Fail, finding.Low, "grown"},
		{"partitions over one another", func(b []byte) []byte {
			le.PutUint64(b[entry+40:], le.Uint64(b[entry+128+32:])+10)
			seal(b, 512)
			return b
		}, intact.TableLayer, finding.Fail, finding.High, "overlaps"},
		{"file system larger than its partition", func(b []byte) []byte {
			le.PutUint64(b[entry+40:], le.Uint64(b[entry+40:])-64)
			seal(b, 512)
			return b
		}, intact.FileSystemLayer + "/p2", finding.Fail, finding.Critical, "and its volume"},
		{"superblock", func(b []byte) []byte { b[first(b)+1024+8]++; return b }, intact.FileSystemLayer + "/p2", finding.Fail, finding.Critical, "superblock"},
		{"start of a file system", func(b []byte) []byte { clear(b[first(b) : first(b)+4096]); return b }, intact.FileSystemLayer + "/p2", finding.Unknown, "", "nothing is recognised"},
		{"block bitmap and inode table", func(b []byte) []byte {
			for i := range 64 << 10 {
				b[first(b)+8192+i] ^= 0x55
			}
			return b
		}, intact.FileSystemLayer + "/p2", finding.Fail, finding.High, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, found := verify(t, write(t, c.damage(append([]byte{}, whole...))), intact.Options{})
			for id, f := range found {
				if id == c.layer && (f.Status != c.status || c.status == finding.Fail && f.Severity.Rank() < c.least.Rank()) {
					t.Errorf("%s is %s, %s", id, f.Status, f.Severity)
				}
				if c.layer == "" && f.Status != finding.Pass {
					t.Errorf("%s is %s: %s", id, f.Status, f.Message)
				}
			}
			if c.layer == "" {
				return
			}
			f, ok := found[c.layer]
			if !ok {
				t.Fatalf("no %s in %v", c.layer, found)
			}
			told := f.Message
			for _, w := range f.Where {
				told += "\n" + w.Path + " " + w.Note
			}
			if c.text != "nothing" && !strings.Contains(told, c.text) {
				t.Errorf("told %q, want %q", told, c.text)
			}
			if c.status == finding.Fail && len(r.Damage) == 0 {
				t.Error("the data have no damage")
			}
		})
	}
}

func TestDamageOfAContainerIsAttributed(t *testing.T) {
	b, err := os.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	l1 := binary.BigEndian.Uint64(b[40:])
	l2 := binary.BigEndian.Uint64(b[l1:]) & 0x00fffffffffffe00
	clusterSize := uint64(1) << b[23]
	found := -1
	for i := range clusterSize / 8 { // a compressed cluster inside of p2
		e := binary.BigEndian.Uint64(b[l2+8*i:])
		if e&(1<<62) != 0 && i*clusterSize >= 2<<20 && found < 0 {
			found = int(i)
			off := e & (1<<(62-(uint(b[23])-8)) - 1)
			b[off] ^= 0xff
			b[off+3] ^= 0xff
		}
	}
	if found < 0 {
		t.Fatal("no compressed cluster")
	}
	name := write(t, b)
	r, layers := verify(t, name, intact.Options{Full: true})
	if f := layers[intact.ContainerLayer]; f.Status != finding.Fail || len(f.Where) != 1 || !strings.HasPrefix(f.Where[0].Path, "p2: unread volume: guest 0x") {
		t.Errorf("container: %s, %v, want a place in p2", f.Status, f.Where)
	}
	if f := layers[intact.DataLayer]; f.Status != finding.Fail || !strings.HasPrefix(f.Where[0].Path, "p2: unread volume: 0x") {
		t.Errorf("data: %s, %v, want a place in p2", f.Status, f.Where)
	}
	if r.Containers[0].Damaged != 1 || r.Read == 0 {
		t.Errorf("%+v, %d bytes read", r.Containers, r.Read)
	}
}

func TestFullReadsWhatIsAllocatedAndTellsProgress(t *testing.T) {
	whole := rawBytes(t, small)
	name := write(t, whole)
	before, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	var started, done [2]int64
	for i, full := range []bool{false, true} {
		progress := make(chan int64, 1<<16)
		r, layers := verify(t, name, intact.Options{
			Full: full, Started: func(n int64) { started[i] += n }, Progress: func(n int64) { progress <- n },
		})
		close(progress)
		for n := range progress {
			done[i] += n
		}
		if _, ok := layers[intact.DataLayer]; ok != full {
			t.Errorf("full %t has a layer of data: %t", full, ok)
		}
		if r.Read != done[i] || started[i] != done[i] {
			t.Errorf("%d bytes read, %d announced, %d told", r.Read, started[i], done[i])
		}
	}
	if done[0] != 0 || done[1] != int64(len(whole)) {
		t.Errorf("%v bytes read, want 0 and %d", done, len(whole))
	}
	after, err := os.Stat(name)
	if err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("modified %v, want %v, %v", after.ModTime(), before.ModTime(), err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != string(whole) {
		t.Errorf("the image was changed, %v", err)
	}
}

func TestInterruptedVerificationIsNoResult(t *testing.T) {
	m := open(t, small)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := intact.Verify(ctx, m, intact.Options{Full: true}); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestCompressedFilesAreUnpacked(t *testing.T) {
	plain := strings.Repeat("The content of a file that compresses well. ", 100)
	for _, c := range []struct {
		name, path string
		content    []byte
		full       bool
		status     finding.Status
		severity   finding.Severity
	}{
		{"no initial RAM disk", "/boot/vmlinuz", nil, false, finding.NotApplicable, ""},
		{"whole", "/boot/initrd.img-1", gzipped(t, plain), false, finding.Pass, ""},
		{"checksum", "/boot/initrd.img-1", flip(gzipped(t, plain), -6), false, finding.Fail, finding.Critical},
		{"middle", "/boot/initramfs-1.img", flip(gzipped(t, plain), 40), false, finding.Fail, finding.Critical},
		{"cut off", "/boot/initrd.img-1", gzipped(t, plain)[:50], false, finding.Fail, finding.Critical},
		{"zeros", "/boot/initrd.img-1", make([]byte, 4096), false, finding.Fail, finding.Critical},
		{"document, not asked for", "/usr/share/doc/a.gz", flip(gzipped(t, plain), -6), false, finding.NotApplicable, ""},
		{"document", "/usr/share/doc/a.gz", flip(gzipped(t, plain), -6), true, finding.Fail, finding.Medium},
		{"document, whole", "/usr/share/doc/a.gz", gzipped(t, plain), true, finding.Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := memfs.New(map[string]memfs.File{c.path: {Mode: filesys.ModeRegular | 0o644, Data: string(c.content)}})
			g := guest.Bare(guest.Volume{Device: "p1", FS: fs})
			r := &intact.Verification{}
			if err := r.Unpack(t.Context(), g, intact.Options{Full: c.full}); err != nil {
				t.Fatal(err)
			}
			f := r.Findings()[0]
			if f.ID != intact.ArchiveLayer || f.Status != c.status || c.severity != "" && f.Severity != c.severity {
				t.Errorf("%s is %s, %s: %s, want %s, %s", f.ID, f.Status, f.Severity, f.Message, c.status, c.severity)
			}
			if c.status == finding.Fail && (len(f.Where) != 1 || f.Where[0].Path != "p1: "+c.path) {
				t.Errorf("where %v", f.Where)
			}
		})
	}
}
