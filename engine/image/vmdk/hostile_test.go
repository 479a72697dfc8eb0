package vmdk

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/image"
	"github.com/guestctl/guestctl/engine/image/raw"
	"github.com/guestctl/guestctl/internal/conformance"
)

// hostile are disks with one thing wrong in them. file is what is changed: of a disk in several files, the one that is not a descriptor.
var hostile = []struct {
	name, disk, file string
	change           func(f file) file
	kind             error
	text             string
}{
	{"empty file", "base", "", func(file) file { return nil }, binread.ErrCorrupt, "magic numbers"},
	{"magic number alone", "base", "", func(f file) file { return f[:4] }, binread.ErrCorrupt, "end after 4"},
	{"version 4", "base", "", func(f file) file { f.set32(4, 4); return f }, binread.ErrUnsupported, "version 4"},
	{"copied as text", "base", "", func(f file) file { f[0x4b] = '\n'; return f }, binread.ErrCorrupt, "copied as text"},
	{"capacity of 2^64 sectors", "base", "", func(f file) file { f.set64(0xc, 1<<64-1); return f }, binread.ErrCorrupt, "capacity of 18446744073709551615"},
	{"capacity of 2^63 bytes", "base", "", func(f file) file { f.set64(0xc, 1<<54-1); return f }, binread.ErrLimit, "grain tables, want at most"},
	{"capacity beyond the directory", "base", "", func(f file) file { f.set64(0xc, 1<<37); return f }, binread.ErrCorrupt, "grain directory of 2097152 entries"},
	{"grains of 0 sectors", "base", "", func(f file) file { f.set64(0x14, 0); return f }, binread.ErrCorrupt, "grains of 0 sectors"},
	{"grains of 100 sectors", "base", "", func(f file) file { f.set64(0x14, 100); return f }, binread.ErrCorrupt, "grains of 100 sectors"},
	{"grains of 2^63 sectors", "base", "", func(f file) file { f.set64(0x14, 1<<63); return f }, binread.ErrCorrupt, "grains of 9223372036854775808"},
	{"grain tables of 0 entries", "base", "", func(f file) file { f.set32(0x2c, 0); return f }, binread.ErrCorrupt, "tables of 0 entries"},
	{"grain tables of 2^32 entries", "base", "", func(f file) file { f.set32(0x2c, 1<<32-1); return f }, binread.ErrCorrupt, "tables of 4294967295 entries"},
	{"both grain directories outside", "base", "", func(f file) file { f.set64(0x38, 1<<40); f.set64(0x30, 1<<41); return f }, binread.ErrCorrupt, "grain directory at sector 1099511627776"},
	{"grain directory at 0, and no other", "base", "", func(f file) file { f.set64(0x38, 0); f.set32(8, 1); return f }, binread.ErrCorrupt, "grain directory at sector 0"},
	{"compression of an unknown kind", "base", "", func(f file) file { f.set16(0x4d, 2); return f }, binread.ErrUnsupported, "compression 2"},
	{"compressed by nothing", "base", "", func(f file) file { f.set32(8, f.u32(8)|flagPacked); return f }, binread.ErrCorrupt, "without a compression"},
	{"compressed grains of 1 GiB", "streamOptimized", "", func(f file) file { f.set64(0x14, 1<<21); return f }, binread.ErrLimit, "compressed grains of 2097152"},
	{"both grain tables outside", "base", "", func(f file) file { f.set32(f.directory(), 1<<31); f.set32(f.redundant(), 1<<31); return f }, binread.ErrCorrupt, "grain table 0 does not lie"},
	{"grain outside, in both tables", "base", "", func(f file) file { f.setGrain(1, 1<<31); return f }, binread.ErrCorrupt, "guest offset 0x10000: grain table entry"},
	{"grain in the header, in both tables", "base", "", func(f file) file { f.setGrain(1, 1); return f }, binread.ErrCorrupt, "is none"},
	{"file cut in a grain", "base", "", func(f file) file { return f[:len(f)-40<<10] }, binread.ErrCorrupt, "want it inside of a file"},
	{"descriptor outside", "base", "", func(f file) file { f.set64(0x1c, 1<<40); return f }, binread.ErrCorrupt, "descriptor at"},
	{"descriptor of 2^63 sectors", "base", "", func(f file) file { f.set64(0x24, 1<<62); return f }, binread.ErrUnsupported, "an extent of a disk"},
	{"descriptor of two extents", "base", "", func(f file) file { return f.replace("\nRW ", "\nRW 1 ZERO\nRW ") }, binread.ErrCorrupt, "2 extents"},
	{"marker of another place", "streamOptimized", "", func(f file) file { f.set64(f.grain(1), 1); return f }, binread.ErrCorrupt, "marker is of sector 1"},
	{"marker of 0 bytes", "streamOptimized", "", func(f file) file { f.set32(f.grain(1)+8, 0); return f }, binread.ErrCorrupt, "marker has 0 bytes"},
	{"marker of 4 GiB", "streamOptimized", "", func(f file) file { f.set32(f.grain(1)+8, 1<<32-1); return f }, binread.ErrCorrupt, "marker has 4294967295 bytes"},
	{"compressed garbage", "streamOptimized", "", func(f file) file { f[f.grain(1)+12] = 0; return f }, binread.ErrCorrupt, "compressed grain of"},
	{"checksum of a grain", "streamOptimized", "", func(f file) file { f[f.grain(1)+11+int(f.u32(f.grain(1)+8))] ^= 1; return f }, binread.ErrCorrupt, "checksum"},
	{"grain of half a grain", "streamOptimized", "", func(f file) file { z := deflated(make([]byte, 32<<10)); return packGrain(f, 0, len(z), z) }, binread.ErrCorrupt, "after 32768 bytes of a grain"},
	{"compressed bomb", "streamOptimized", "", func(f file) file { z := deflated(make([]byte, 64<<20)); return packGrain(f, 0, len(z), z) }, binread.ErrCorrupt, "more than a grain"},
	{"footer cut off", "footer", "", func(f file) file { return f[:len(f)-512] }, binread.ErrCorrupt, "footer"},
	{"file of the header of a stream", "footer", "", func(f file) file { return f[:11000] }, binread.ErrCorrupt, "footer"},
	{"footer of another disk", "footer", "", func(f file) file { f.set64(len(f)-1024+0xc, 1); return f }, binread.ErrCorrupt, "footer: a disk of 1 sectors"},
	{"footer that leads to the end", "footer", "", func(f file) file { f.set64(len(f)-1024+0x38, atEnd); return f }, binread.ErrCorrupt, "at the end of the file"},

	{"COWD of version 2", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { f.set32(4, 2); return f }, binread.ErrUnsupported, "version 2"},
	{"COWD in grains of 3", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { f.set32(0x10, 3); return f }, binread.ErrCorrupt, "grains of 3"},
	{"COWD with a directory outside", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { f.set32(0x14, 1<<31); return f }, binread.ErrCorrupt, "grain directory at sector"},
	{"COWD with too few tables", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { f.set32(0x18, 2); return f }, binread.ErrCorrupt, "grain directory of 2 entries"},
	{"COWD shorter than the disk", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { f.set32(0xc, 100); return f }, binread.ErrCorrupt, "51200 bytes of the guest"},
	{"COWD of a header", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { return f[:1000] }, binread.ErrCorrupt, "header"},
	{"seSparse of version 3", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(8, 3); return f }, binread.ErrUnsupported, "version 0x3"},
	{"seSparse in grains of 16", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(0x18, 16); return f }, binread.ErrUnsupported, "grains of 16"},
	{"seSparse with a flag", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(0x28, 1); return f }, binread.ErrUnsupported, "flags 0x1"},
	{"seSparse with a journal", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(512+24, 1); return f }, binread.ErrUnsupported, "journal was not replayed"},
	{"seSparse without a state", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f[512] = 0; return f }, binread.ErrCorrupt, "state"},
	{"seSparse of 2^64 sectors", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(0x10, 1<<64-1); return f }, binread.ErrCorrupt, "capacity of"},
	{"seSparse with an offset of 2^64", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(0xc0, 1<<64-1); return f }, binread.ErrCorrupt, "the grains of"},
	{"seSparse with a directory outside", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(0x80, 1<<40); return f }, binread.ErrCorrupt, "grain directory at"},
	{"seSparse with a table of no kind", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(8*512, 5<<60); return f }, binread.ErrCorrupt, "grain table 0"},
	{"seSparse with a grain of no kind", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(f.tableSE(), 4<<60); return f }, binread.ErrCorrupt, "is none"},
	{"seSparse with a grain outside", "seSparse", "seSparse-sesparse.vmdk", func(f file) file { f.set64(f.tableSE(), 3<<60|1<<59-1); return f }, binread.ErrCorrupt, "grain table entry"},
	{"seSparse as another kind", "seSparse", "seSparse.vmdk", func(f file) file { return f.replace("SESPARSE", "SPARSE") }, binread.ErrCorrupt, "a seSparse file"},
	{"sparse extent that is none", "vmfsSparse", "vmfsSparse-delta.vmdk", func(f file) file { f[0] = 'X'; return f }, binread.ErrCorrupt, "magic numbers"},

	{"extent of another file", "x", "x.vmdk", func(file) file { return text(`RW 1 FLAT "/etc/passwd" 0`) }, os.ErrNotExist, `extent "/etc/passwd"`},
	{"extent longer than its file", "x", "x.vmdk", func(file) file { return text(`RW 9 FLAT "flat" 0`) }, binread.ErrCorrupt, "4608 bytes at 0x0"},
	{"extent behind its file", "x", "x.vmdk", func(file) file { return text(`RW 1 FLAT "flat" 36028797018963967`) }, binread.ErrCorrupt, "36028797018963967"},
	{"extents over one another", "x", "x.vmdk", func(file) file { return text(`RW 3 FLAT "flat" 0`, `RW 3 FLAT "flat" 2`) }, binread.ErrCorrupt, "lie over one another"},
	{"sparse extent twice", "x", "x.vmdk", func(file) file { return text(`RW 8 SPARSE "base.vmdk"`, `RW 8 SPARSE "base.vmdk"`) }, binread.ErrCorrupt, "lie over one another"},
	{"sparse extent in the middle of a file", "x", "x.vmdk", func(file) file { return text(`RW 8 SPARSE "base.vmdk" 5`) }, binread.ErrCorrupt, "want the start"},
	{"extents of 2^64 bytes", "x", "x.vmdk", func(file) file { return text(`RW 18014398509481983 ZERO`, `RW 18014398509481983 ZERO`) }, binread.ErrCorrupt, "extents of more than"},
	{"extent of 2^64 sectors", "x", "x.vmdk", func(file) file { return text(`RW 18446744073709551615 ZERO`) }, binread.ErrCorrupt, "18446744073709551615"},
	{"extent of -1 sectors", "x", "x.vmdk", func(file) file { return text(`RW -1 ZERO`) }, binread.ErrCorrupt, `"-1" sectors`},
	{"extent of no kind", "x", "x.vmdk", func(file) file { return text(`RW 1`) }, binread.ErrCorrupt, "no kind"},
	{"extent of an unknown kind", "x", "x.vmdk", func(file) file { return text(`RW 1 WARP "flat"`) }, binread.ErrUnsupported, `kind "WARP"`},
	{"raw device mapping", "x", "x.vmdk", func(file) file { return text(`RW 1 VMFSRDM "flat"`) }, binread.ErrUnsupported, "raw device mapping (VMFSRDM)"},
	{"raw device mapping, physical", "x", "x.vmdk", func(file) file { return text(`RW 1 VMFSRAW "flat"`) }, binread.ErrUnsupported, "raw device mapping (VMFSRAW)"},
	{"delta of vSAN", "x", "x.vmdk", func(file) file { return text(`RW 1 VSANSPARSE "flat"`) }, binread.ErrUnsupported, "vSAN"},
	{"extent that must not be read", "x", "x.vmdk", func(file) file { return text(`NOACCESS 1 FLAT "flat" 0`) }, binread.ErrUnsupported, "NOACCESS"},
	{"extent without a name", "x", "x.vmdk", func(file) file { return text(`RW 1 FLAT`) }, binread.ErrCorrupt, "without a file name"},
	{"name without its end", "x", "x.vmdk", func(file) file { return text(`RW 1 FLAT "flat 0`) }, binread.ErrCorrupt, "without a file name"},
	{"name of 5000 bytes", "x", "x.vmdk", func(file) file { return text(`RW 1 FLAT "` + strings.Repeat("n", 5000) + `" 0`) }, binread.ErrCorrupt, "name of 5000 bytes"},
	{"5000 extents", "x", "x.vmdk", func(file) file { return text(flats(5000)...) }, binread.ErrLimit, "more than 4096 extents"},
	{"no extents", "x", "x.vmdk", func(file) file { return text() }, binread.ErrCorrupt, "no extents"},
	{"descriptor of 100 MB", "x", "x.vmdk", func(file) file { return text(strings.Repeat("#", 100e6)) }, binread.ErrLimit, "want at most 1048576"},
	{"line that says nothing", "x", "x.vmdk", func(file) file { return text("boo") }, binread.ErrCorrupt, `line 6: "boo"`},
	{"version 9", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO").replace("version=1", "version=9") }, binread.ErrUnsupported, `version is "9"`},
	{"no version", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO").replace("version=1", "") }, binread.ErrCorrupt, "no version"},
	{"no kind of disk", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO").replace("createType", "x") }, binread.ErrCorrupt, "no createType"},
	{"content id of no digits", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO").replace("00000001", "x") }, binread.ErrCorrupt, "hexadecimal"},
	{"two content ids", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO", "CID=00000002") }, binread.ErrCorrupt, `was "00000001" before`},
	{"encrypted", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO", `encryptionKeys="vmware:key/list/x"`) }, binread.ErrEncrypted, "encrypted (encryptionkeys)"},
	{"encrypted by ESX", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO", `ddb.iofilters = "vmwarevmcrypt"`) }, binread.ErrEncrypted, "ddb.iofilters"},
	{"parent without a name", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO").replace("ffffffff", "00000007") }, binread.ErrCorrupt, "CID 00000007 is not named"},
	{"parent that is no VMDK", "x", "x.vmdk", func(file) file { return text("RW 1 ZERO", `parentFileNameHint="flat"`).replace("ffffffff", "00000007") }, binread.ErrCorrupt, `parent "flat"`},
	{"parent that is not there", "x", "x.vmdk", func(file) file {
		return text("RW 1 ZERO", `parentFileNameHint="C:\x\gone.vmdk"`).replace("ffffffff", "00000007")
	}, os.ErrNotExist, `gone.vmdk`},
	{"COWD alone", "x", "x.vmdk", func(file) file {
		return append(file("COWD\x01\x00\x00\x00\x03\x00\x00\x00\x08\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x00"), make([]byte, 4096)...)
	}, binread.ErrUnsupported, "an extent of a disk"},
}

// tableSE is where the first grain table of a seSparse extent is: its directory has the number of it.
func (f file) tableSE() int {
	return int(f.u64(0x90))*sectorSize + int(uint32(f.u64(int(f.u64(0x80))*sectorSize)))*64*sectorSize
}

// damagedFiles are the files of a case: those that are changed.
func damagedFiles(tb testing.TB, disk, name string, change func(file) file) map[string][]byte {
	tb.Helper()
	if name == "" {
		name = disk + ".vmdk"
	}
	var f file
	if disk != "x" {
		f = read(tb, name)
	}
	return map[string][]byte{name: change(f), "flat": bytes.Repeat([]byte("f"), 8*sectorSize)}
}

func TestHostile(t *testing.T) {
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			changed := damagedFiles(t, c.disk, c.file, c.change)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := readAll(t, c.disk, changed)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v, want kind %v with %q", err, c.kind, c.text)
			}
			// The files are read from memory, and those of a chain are unpacked into it.
			if used := after.TotalAlloc - before.TotalAlloc; used > 300<<20 {
				t.Errorf("%d MiB are allocated, want less", used>>20)
			}
		})
	}
}

// readAll reads a disk whole, or says why not.
func readAll(tb testing.TB, disk string, changed map[string][]byte) error {
	img, err := files(tb, changed)(disk+".vmdk", Format.Name)
	if err != nil {
		return err
	}
	defer img.Close()
	buf := make([]byte, 1<<20)
	for off := int64(0); off < min(img.Size(), 64<<20); off += int64(len(buf)) {
		if _, err := img.ReadAt(buf, off); err != nil && err != io.EOF { //nolint:errorlint // io.ReaderAt: the error itself
			return err
		}
	}
	return nil
}

// TestPiecesAreNamedInPlaceOfDisks opens extents by themselves: alone, what lies below them is not known.
func TestPiecesAreNamedInPlaceOfDisks(t *testing.T) {
	for _, name := range []string{"split-s001.vmdk", "vmfsSparse-delta.vmdk", "seSparse-sesparse.vmdk", "pieces-s1.vmdk"} {
		_, err := conformance.Open(Format, read(t, name), nil)
		if !errors.Is(err, binread.ErrUnsupported) || binread.HintOf(err) == "" {
			t.Errorf("%s: %v (hint %q), want kind %v and a hint", name, err, binread.HintOf(err), binread.ErrUnsupported)
		}
	}
}

// openOnHost opens a file of the host as the program does, with the formats that a VMDK may name.
func openOnHost(t *testing.T, path string) (image.Image, error) {
	t.Helper()
	f, err := image.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	open := func(r io.ReaderAt, size int64, format string, sibling image.Sibling) (image.Image, error) {
		if format == image.Raw {
			return raw.Format.Open(r, size, image.Options{})
		}
		return Format.Open(r, size, image.Options{Sibling: sibling})
	}
	return open(f, f.Size(), Format.Name, image.Dirs{Open: open}.Sibling(f))
}

func TestFilesOfTheHost(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	put := func(path string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(outside, "secret"), make([]byte, 4096))
	put(filepath.Join(dir, "flat"), make([]byte, 4096))
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(dir, "disk.vmdk")
	parent := func(name string) file {
		return text("RW 8 ZERO", `parentFileNameHint="`+name+`"`).replace("ffffffff", "00000001")
	}
	for name, c := range map[string]struct {
		text file
		kind error
	}{
		"extent beside the disk":    {text(`RW 8 FLAT "flat" 0`), nil},
		"extent of another place":   {text(`RW 8 FLAT "` + outside + `/secret" 0`), binread.ErrRefused},
		"extent above":              {text(`RW 8 FLAT "../` + filepath.Base(outside) + `/secret" 0`), binread.ErrRefused},
		"extent through a link":     {text(`RW 8 FLAT "link" 0`), binread.ErrRefused},
		"extent of a device":        {text(`RW 8 FLAT "/dev/sda" 0`), binread.ErrRefused},
		"extent of Windows' device": {text(`RW 8 FLAT "\\.\PhysicalDrive0" 0`), os.ErrNotExist},
		"the descriptor itself":     {text(`RW 1 FLAT "disk.vmdk" 0`), binread.ErrRefused},
		"parent of its own":         {parent("disk.vmdk"), binread.ErrRefused},
		"parent of another place":   {parent("/etc/passwd"), binread.ErrRefused},
	} {
		put(disk, c.text)
		img, err := openOnHost(t, disk)
		if !errors.Is(err, c.kind) || (err == nil) != (c.kind == nil) {
			t.Errorf("%s: %v, want kind %v", name, err, c.kind)
		}
		if err == nil {
			err = img.Close()
		}
		_ = err
	}
	put(disk, parent("b.vmdk"))
	put(filepath.Join(dir, "b.vmdk"), parent("disk.vmdk"))
	if _, err := openOnHost(t, disk); !errors.Is(err, binread.ErrRefused) || !strings.Contains(err.Error(), "loop") {
		t.Errorf("two disks, each the parent of the other: %v, want it refused as a loop", err)
	}
}

// TestMutants damages the metadata of real disks: what opens must read, or say why not, without a panic.
func TestMutants(t *testing.T) {
	for _, c := range []struct{ disk, file string }{
		{"monolithicSparse", "monolithicSparse.vmdk"},
		{"streamOptimized", "streamOptimized.vmdk"},
		{"footer", "footer.vmdk"},
		{"vmfsSparse", "vmfsSparse-delta.vmdk"},
		{"seSparse", "seSparse-sesparse.vmdk"},
		{"split", "split.vmdk"},
	} {
		whole, refused := read(t, c.file), 0
		for seed := range uint64(20) {
			rnd := rand.New(rand.NewPCG(seed, 0))
			b := bytes.Clone(whole)
			for range 1 + rnd.IntN(6) {
				at := rnd.IntN(len(b))
				if rnd.IntN(2) == 0 {
					at = rnd.IntN(min(len(b), 128))
				}
				b[at] ^= 1 << rnd.IntN(8)
			}
			if err := readAll(t, c.disk, map[string][]byte{c.file: b}); err != nil {
				refused++
				if !strings.HasPrefix(err.Error(), "vmdk: ") {
					t.Errorf("%s, seed %d: error %q, want it to start with vmdk", c.disk, seed, err)
				}
			}
		}
		if refused == 0 {
			t.Errorf("%s: none of 20 mutants is refused, want some", c.disk)
		}
	}
}
