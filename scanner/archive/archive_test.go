package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/guestctl/guestctl/engine/binread"
)

var (
	hello  = strings.Repeat("hello from an archive\n", 10)
	script = "#!/bin/sh\n" + strings.Repeat("echo this is a script\n", 10)
)

// tree is what testdata/make.sh puts into its archives.
func tree() []string { return []string{"tree/hello.txt=" + hello, "tree/sub/run.sh=" + script} }

func generous() Limits {
	return Limits{Members: 10_000, Unpacked: 1 << 30, Ratio: 200, Time: time.Hour}
}

// opened is what a walk tells: "name=content" of members, which ends with "!" and the kind of an error where reading it gave one, and
// "kind name: text" of problems.
type opened struct{ members, problems []string }

func walk(t testing.TB, content []byte, l Limits) (o opened, err error) {
	t.Helper()
	err = Walk(content, NewBudget(context.Background(), int64(len(content)), l), Visitor{
		Member: func(m Member) error {
			b, err := io.ReadAll(m)
			text := m.Name + "=" + string(b)
			if err != nil {
				text += "!" + kindName(err)
			}
			o.members = append(o.members, text)
			return nil
		},
		Problem: func(name string, err error) {
			o.problems = append(o.problems, strings.TrimSpace(kindName(err)+" "+name)+": "+err.Error())
		},
	})
	return o, err
}

func kindName(err error) string {
	for _, k := range []struct {
		kind error
		name string
	}{
		{binread.ErrCorrupt, "damaged"},
		{binread.ErrEncrypted, "encrypted"},
		{binread.ErrUnsupported, "unsupported"},
		{binread.ErrLimit, "limit"},
		{ErrTime, "time"},
	} {
		if errors.Is(err, k.kind) {
			return k.name
		}
	}
	return "other"
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".fixture"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestArchivesOfRealPrograms(t *testing.T) {
	rpm := []string{"./tree/hello.txt=" + hello, "./tree/sub/run.sh=" + script}
	both := []string{"=" + hello + script}
	for name, want := range map[string][]string{
		"tar-gnu": tree(), "tar-pax": tree(), "tar-ustar": tree(), "tar-v7": tree(),
		"tar-sparse-gnu": {"tree/hello.txt=" + hello, "tree/sparse=" + strings.Repeat("\x00", 1<<20) + "after the hole"},
		"tar-sparse-pax": {"tree/hello.txt=" + hello, "tree/sparse=" + strings.Repeat("\x00", 1<<20) + "after the hole"},
		"tar.gz":         tree(), "tar.bz2": tree(), "tar.xz": tree(), "tar-bcj.xz": tree(), "tar.lzma": tree(), "tar.zst": tree(),
		"tar.lz4": tree(), "tar-linux.lz4": tree(),
		"two.gz": both, "two.bz2": both, "two.xz": both, "two.zst": both, "two.lz4": both,
		"zip": append([]string{"tree/link=" + hello}, tree()...), "zip-stored": append([]string{"tree/link=" + hello}, tree()...),
		"zip-streamed": {"-=" + hello}, "zip-64": {"-=" + hello}, "zip-BZip2": tree(), "zip-LZMA": tree(), "zip-XZ": tree(),
		"zip-script": append([]string{"tree/link=" + hello}, tree()...),
		"cpio-newc":  tree(), "cpio-crc": tree(), "cpio.gz": tree(),
		"initrd":    append([]string{"kernel/x86/GenuineIntel.bin=microcode"}, tree()...),
		"ar-gnu":    {"hello.txt=" + hello, "run.sh=" + script},
		"ar-long":   {"a-name-that-is-longer-than-its-header.txt=" + hello, "run.sh=" + script},
		"rpm-gzdio": rpm, "rpm-xzdio": rpm, "rpm-zstdio": rpm, "rpm-lzdio": rpm, "rpm-ufdio": rpm,
	} {
		t.Run(name, func(t *testing.T) {
			b := fixture(t, name)
			if attached := name == "zip-script"; Is(b) == attached || Attached(b) != (attached || strings.HasPrefix(name, "zip")) {
				t.Errorf("Is is %t, Attached is %t", Is(b), Attached(b))
			}
			got, err := walk(t, b, generous())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got.members))); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if len(got.problems) > 0 {
				t.Errorf("problems: %q", got.problems)
			}
		})
	}
}

func TestDebianPackagesAreArchivesInAnArchive(t *testing.T) {
	for _, name := range []string{"deb-xz", "deb-zstd"} {
		var inner []string
		err := Walk(fixture(t, name), NewBudget(context.Background(), 1<<20, generous()), Visitor{
			Member: func(m Member) error {
				b, err := io.ReadAll(m)
				if err == nil && strings.HasPrefix(m.Name, "data.tar.") {
					got, err := walk(t, b, generous())
					inner = got.members
					return err
				}
				return err
			},
			Problem: func(_ string, err error) { t.Error(err) },
		})
		want := []string{"./tree/hello.txt=" + hello, "./tree/sub/run.sh=" + script}
		if diff := cmp.Diff(want, inner); err != nil || diff != "" {
			t.Errorf("%s: %v, members (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestZstdInZip(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	f, err := z.CreateHeader(&zip.FileHeader{Name: "a", Method: zstd.ZipMethodWinZip})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(f, hello)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := walk(t, b.Bytes(), generous())
	if diff := cmp.Diff([]string{"a=" + hello}, got.members); err != nil || diff != "" || len(got.problems) > 0 {
		t.Errorf("%v, problems %q, members (-want +got):\n%s", err, got.problems, diff)
	}
}

func TestZipOfMoreMembersThanItsEndCanCount(t *testing.T) {
	const n = 70_000
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for range n - 1 {
		if _, err := z.CreateRaw(&zip.FileHeader{Name: "d/"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := z.Create("last"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"alone": b.Bytes(), "behind a program": append([]byte("MZ"), b.Bytes()...)} {
		d, ok := findZip(content)
		got, err := walk(t, content, generous())
		if !ok || d.count != n || err != nil || len(got.members) != 1 || len(got.problems) > 0 {
			t.Errorf("%s: directory of %d entries (%t), %v, %q", name, d.count, ok, err, got)
		}
	}
}

func TestWhatIsNotOpenedIsSaid(t *testing.T) {
	for name, want := range map[string]opened{
		"7z":            {problems: []string{"unsupported: a 7-Zip archive is not opened"}},
		"cpio-odc":      {problems: []string{"unsupported: a cpio archive of the old ASCII format is not opened"}},
		"zip-encrypted": {problems: []string{"encrypted tree/hello.txt: it has a password", "encrypted tree/sub/run.sh: it has a password"}},
		"zip-aes":       {problems: []string{"encrypted tree/hello.txt: it has a password"}},
		"zip-Deflate64": {problems: []string{"unsupported tree/hello.txt: compressed with method 9", "unsupported tree/sub/run.sh: compressed with method 9"}},
	} {
		b := fixture(t, name)
		got, err := walk(t, b, generous())
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(opened{})); err != nil || diff != "" || !Is(b) {
			t.Errorf("%s: Is %t, %v (-want +got):\n%s", name, Is(b), err, diff)
		}
	}
	for _, magic := range []string{"Rar!\x1a\x07\x01\x00", "Rar!\x1a\x07\x00", "\x1f\x9d\x90", "LZIP\x01", "\x89LZO\x00\r\n\x1a\n", "MSCF\x00\x00\x00\x00", "xar!\x00\x1c\x00\x01", "hsqs"} {
		got, err := walk(t, []byte(magic), generous())
		if err != nil || len(got.problems) != 1 || !strings.HasSuffix(got.problems[0], " is not opened") || !Is([]byte(magic)) {
			t.Errorf("%q: %v, %q", magic, err, got.problems)
		}
	}
}

func TestOrdinaryFilesAreNoArchives(t *testing.T) {
	for _, content := range []string{
		"", "P", "PK", "#!/bin/sh\nPK\x05\x06", "\x7fELF" + strings.Repeat("\x00", 600) + "PK\x05\x06" + strings.Repeat("\x00", 18),
		strings.Repeat("\x00", 1024), strings.Repeat("text ", 500), "]\x00\x00\x80\x00 is no lzma", "0707", "BZh9 is a word",
		"\x1f\x8b", "\x28\xb5", "MZ\x90\x00",
	} {
		if Is([]byte(content)) || Attached([]byte(content)) {
			t.Errorf("%.20q is taken for an archive", content)
		}
	}
}

func TestBareNames(t *testing.T) {
	for name, want := range map[string]string{
		"ls.1.gz": "ls.1", "nf_tables.ko.xz": "nf_tables.ko", "a.tgz": "a.tar", "A.GZ": "A", ".gz": ".gz", "initrd.img-6.1": "initrd.img-6.1", "": "",
	} {
		if got := Bare(name); got != want {
			t.Errorf("Bare(%q) is %q, want %q", name, got, want)
		}
	}
}
