package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/guestctl/guestctl/engine/binread"
)

// file is a file for an archive.
type file struct{ name, content string }

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, f.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipOf stores its files one after the other, with local headers that are whole.
func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Store, UncompressedSize64: uint64(len(f.content)), CompressedSize64: uint64(len(f.content))}
		h.CRC32 = crcOf(f.content)
		z, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(z, f.content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// edit is content with the n-th occurrence of old, from 0, in the place of new.
func edit(content []byte, n int, old, by string) []byte {
	parts := strings.SplitAfterN(string(content), old, n+2)
	parts[n] = strings.TrimSuffix(parts[n], old) + by
	return []byte(strings.Join(parts, ""))
}

// put is content with bytes at an offset from the n-th occurrence of sig.
func put(content []byte, sig string, n, off int, b ...byte) []byte {
	content = bytes.Clone(content)
	at := 0
	for range n + 1 {
		at += 1 + bytes.Index(content[at:], []byte(sig))
	}
	copy(content[at-1+off:], b)
	return content
}

func TestHostileZip(t *testing.T) {
	two := zipOf(t, file{"a", "first"}, file{"b", "second"})
	both := []string{"a=first", "b=second"}
	for name, test := range map[string]struct {
		content []byte
		want    opened
	}{
		"an entry that the directory does not have": {
			hide(t, two), opened{[]string{"b=second", "a=first"}, []string{"damaged: a member at 0x0 is not in the central directory"}},
		},
		"no directory": {
			two[:bytes.Index(two, []byte(zipCentral))], opened{both, []string{"damaged: no central directory: it breaks off, or was never whole"}},
		},
		"broken off in the content": {
			two[:bytes.Index(two, []byte("second"))+3],
			opened{[]string{"a=first", "b=sec!damaged"}, []string{"damaged: no central directory: it breaks off, or was never whole"}},
		},
		"another name in the local header": {
			put(two, zipLocal, 0, 30, 'x'), opened{both, []string{`damaged a: its local header calls it "x"`}},
		},
		"another method in the local header": {
			put(two, zipLocal, 0, 8, 8), opened{both, []string{"damaged a: method 0 in the central directory, 8 in its local header"}},
		},
		"another size in the local header": {
			put(two, zipLocal, 0, 18, 1), opened{both, []string{"damaged a: the central directory and its local header contradict each other on its size or checksum"}},
		},
		"encrypted in the directory only": {
			put(two, zipCentral, 0, 8, 1), opened{both, []string{"damaged a: the central directory and its local header contradict each other on whether it is encrypted"}},
		},
		"a size that is too large": {
			put(put(two, zipCentral, 0, 24, 99), zipLocal, 0, 22, 99), opened{[]string{"a=first!damaged", "b=second"}, nil},
		},
		"a checksum that is wrong": {
			put(put(two, zipCentral, 0, 16, 1), zipLocal, 0, 14, 1), opened{[]string{"a=first!damaged", "b=second"}, nil},
		},
		"an offset beyond the file": {
			put(two, zipCentral, 0, 42, 0, 0, 0, 0x7f),
			opened{[]string{"b=second", "a=first"}, []string{
				"damaged a: local header at 0x7f000000, the file has 0xbd bytes", "damaged: a member at 0x0 is not in the central directory",
			}},
		},
		"two entries at one place": {
			put(two, zipCentral, 1, 42, 0, 0, 0, 0),
			opened{[]string{"a=first", "b=firstP!damaged"}, []string{
				"damaged: members share bytes with each other or the central directory, at 0x0", `damaged b: its local header calls it "a"`,
			}},
		},
		"a count that is wrong": {
			put(two, zipEnd, 0, 10, 9), opened{both, []string{"damaged: the central directory has 2 entries, its end says 9"}},
		},
		"a file before it":     {append([]byte("MZ\x90 PK\x03\x04 is part of the program "), two...), opened{both, nil}},
		"something after it":   {append(bytes.Clone(two), "a comment that nobody announced"...), opened{both, nil}},
		"nothing in it":        {[]byte(zipEnd + strings.Repeat("\x00", 18)), opened{}},
		"only its first bytes": {[]byte(zipLocal), opened{nil, []string{"damaged: no central directory: it breaks off, or was never whole"}}},
	} {
		got, err := walk(t, test.content, generous())
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(opened{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// hide takes the first entry out of the directory.
func hide(t *testing.T, b []byte) []byte {
	t.Helper()
	start := bytes.Index(b, []byte(zipCentral))
	second := start + 4 + bytes.Index(b[start+4:], []byte(zipCentral))
	out := append(bytes.Clone(b[:start]), b[second:]...)
	end := bytes.Index(out, []byte(zipEnd))
	size := end - start
	return put(put(out, zipEnd, 0, 8, 1, 0, 1, 0), zipEnd, 0, 12, byte(size), byte(size>>8))
}

func TestHostileTar(t *testing.T) {
	two := tarOf(t, file{"a", "first"}, file{"b", "second"})
	three := append(bytes.Clone(two[:1024]), tarOf(t, file{"c", "third"})...)
	for name, test := range map[string]struct {
		content []byte
		want    opened
	}{
		"another after its end": {append(bytes.Clone(two), three...), opened{[]string{"a=first", "b=second", "a=first", "c=third"}, nil}},
		"something after its end": {
			append(bytes.Clone(two), "evil"...),
			opened{[]string{"a=first", "b=second"}, []string{"damaged: something that is no member follows the end of the archive"}},
		},
		"a header that is broken": {
			append(append(bytes.Clone(two[:1024]), bytes.Repeat([]byte("x"), 512)...), three...),
			opened{[]string{"a=first", "a=first", "c=third"}, []string{"damaged: archive/tar: invalid tar header"}},
		},
		"broken off in the content": {two[:514], opened{[]string{"a=fi!damaged"}, []string{"damaged: it breaks off"}}},
		"broken off in a header":    {two[:1500], opened{[]string{"a=first"}, []string{"damaged: it breaks off"}}},
		"a type that nobody knows":  {retype(two, 'Z'), opened{[]string{"a=first", "b=second"}, nil}},
		"a link with a name":        {retype(two, tar.TypeSymlink), opened{[]string{"b=second"}, []string{}}},
	} {
		got, err := walk(t, test.content, generous())
		if name == "a link with a name" { // its content is no member, and no header either
			if len(got.problems) == 0 || got.members[len(got.members)-1] != "b=second" {
				t.Errorf("%s: %q", name, got)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(opened{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// retype gives the first member another type.
func retype(b []byte, kind byte) []byte {
	b = bytes.Clone(b)
	b[156] = kind
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func TestHostileCpioArAndRPM(t *testing.T) {
	cpio, ar, rpm := fixture(t, "cpio-newc"), fixture(t, "ar-gnu"), fixture(t, "rpm-ufdio")
	h := func(s string) string { return "tree/hello.txt=" + s }
	for name, test := range map[string]struct {
		content []byte
		want    opened
	}{
		"cpio broken off in the content": {
			cpio[:bytes.Index(cpio, []byte("hello from"))+5], opened{[]string{h("hello!damaged")}, []string{"damaged: it breaks off"}},
		},
		"cpio with another header": {
			edit(cpio, 2, "070701", "070799"), opened{[]string{h(hello)}, []string{`damaged: header of a member begins with "070799", want 070701`}},
		},
		"cpio with a size of no digits": {
			edit(cpio, 0, "070701", "070701zzzzzzzz")[:len(cpio)], opened{nil, []string{`damaged: header of a member has "zzzzzzzz", want 8 hexadecimal digits`}},
		},
		"cpio with a name of no bytes": {
			put(cpio, "070701", 0, 94, []byte("00000000")...), opened{nil, []string{"damaged: name of a member has 0 bytes, want 1 to 65536"}},
		},
		"cpio with a name of 4 GiB": {
			put(cpio, "070701", 0, 94, []byte("ffffffff")...), opened{nil, []string{"damaged: name of a member has 4294967295 bytes, want 1 to 65536"}},
		},
		"cpio with something after its end": {
			append(bytes.Clone(cpio), "evil"...), opened{tree(), []string{"damaged: something follows the end of the archive"}},
		},
		"ar broken off in the content": {ar[:80], opened{[]string{"hello.txt=hello from a!damaged"}, nil}},
		"ar broken off in a header":    {ar[:20], opened{nil, []string{"damaged: no header where the next member should be"}}},
		"ar with a size of no digits": {
			put(ar, "hello.txt", 0, 48, 'x'), opened{nil, []string{`damaged: size of a member is "x20       "`}},
		},
		"ar with a long name beyond its table": {
			put(ar, "hello.txt", 0, 0, []byte("/99999999       ")...), opened{[]string{"/99999999=" + hello, "run.sh=" + script}, nil},
		},
		"rpm broken off in its header":  {rpm[:150], opened{nil, []string{"damaged: it breaks off before its payload"}}},
		"rpm with another header":       {put(rpm, "\x8e\xad\xe8\x01", 0, 0, 1), opened{nil, []string{"damaged: header at 0x60 begins with 0x1ade801, want 0x8eade801"}}},
		"rpm with a header of 64 GiB":   {put(rpm, "\x8e\xad\xe8\x01", 0, 8, 0xff, 0xff, 0xff, 0xff), opened{nil, []string{"damaged: it breaks off before its payload"}}},
		"rpm with a payload of no kind": {edit(rpm, 0, "070701", "xxxxxx"), opened{nil, []string{"unsupported: payload that is neither a cpio archive nor compressed by a known program"}}},
	} {
		got, err := walk(t, test.content, generous())
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(opened{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestDamagedCompression(t *testing.T) {
	for _, name := range []string{"gz", "bz2", "xz", "lzma", "zst", "lz4"} {
		whole := fixture(t, "tar."+name)
		got, err := walk(t, whole[:len(whole)-len(whole)/3], generous())
		broken := len(got.problems) > 0 || len(got.members) > 0 && strings.HasSuffix(got.members[len(got.members)-1], "!damaged")
		if err != nil || !broken {
			t.Errorf("%s that breaks off: %v, %q", name, err, got)
		}
		got, err = walk(t, append(bytes.Clone(whole), "evil"...), generous())
		if err != nil || len(got.members) != 2 || len(got.problems) != 1 || !strings.HasPrefix(got.problems[0], "damaged: ") {
			t.Errorf("%s with something behind it: %v, %q", name, err, got)
		}
		got, err = walk(t, append(bytes.Clone(whole), make([]byte, 512)...), generous())
		if padded := name == "gz" || name == "xz" || name == "lzma"; err != nil || len(got.members) != 2 || (len(got.problems) == 0) != padded {
			t.Errorf("%s with zeros behind it: %v, %q", name, err, got)
		}
		flipped := bytes.Clone(whole)
		flipped[len(whole)/2] ^= 0x55
		if got, err := walk(t, flipped, generous()); err != nil || len(got.problems) == 0 && !strings.Contains(strings.Join(got.members, " "), "!damaged") {
			t.Errorf("%s with another byte in it: %v, %q", name, err, got)
		}
	}
}

func TestLargeDictionariesAreRefused(t *testing.T) {
	xz := fixture(t, "two.xz")
	xz[15] = 40 // of 4 GiB; the checksum of its header is then wrong, too
	lzma := fixture(t, "tar.lzma")
	copy(lzma[1:], "\x00\x00\x00\x10")                    // 256 MiB
	zst := []byte("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00") // a window of 1 GiB
	for name, content := range map[string][]byte{"xz": xz, "lzma": lzma, "zstd": zst} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := walk(t, content, generous())
		runtime.ReadMemStats(&after)
		if text := fmt.Sprint(got); err != nil || !strings.Contains(text, "limit") && name != "xz" || !strings.Contains(text, "!") && len(got.problems) == 0 {
			t.Errorf("%s: %v, %q", name, err, got)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s: %d bytes were allocated", name, n)
		}
	}
}

func crcOf(s string) uint32 {
	c := &zipChecked{sum: crc32.NewIEEE()}
	_, _ = io.WriteString(c.sum, s)
	return c.sum.Sum32()
}

func TestBombsEndWithTheirBudget(t *testing.T) {
	zeros := make([]byte, 32<<20)
	for name, content := range map[string][]byte{
		"gzip of zeros":           gz(t, zeros),
		"gzip in gzip members":    bytes.Repeat(gz(t, zeros[:1<<20]), 100),
		"tar of a large hole":     sparseTar(t),
		"one million members":     bytes.Repeat(gz(t, bytes.Repeat(tarOf(t, file{"a", ""})[:512], 10_000)), 100),
		"members over each other": overlapping(t, 300),
	} {
		var most int64
		b := NewBudget(context.Background(), int64(len(content)), generous())
		err := Walk(content, b, Visitor{
			Member:  func(m Member) error { n, _ := io.Copy(io.Discard, m); most += n; return nil },
			Problem: func(string, error) {},
		})
		if limit := max(freeBytes, 200*int64(len(content))) + 1<<20; !errors.Is(err, binread.ErrLimit) || most > limit || !errors.Is(err, b.Err()) {
			t.Errorf("%s: %v after %d bytes, want at most %d", name, err, most, limit)
		}
	}
}

// sparseTar has a member of 2 GiB, nearly all of it a hole.
func sparseTar(t *testing.T) []byte {
	t.Helper()
	b := bytes.Clone(fixture(t, "tar-sparse-gnu"))
	at := bytes.Index(b, []byte("tree/sparse"))
	// realsize at 483, and the offset of the one part that has bytes at 386
	copy(b[at+483:], "20000000000\x00")
	copy(b[at+386:], "17777777762\x00")
	copy(b[at+410:], "20000000000\x00") // and of the end
	return append(bytes.Clone(b[:at]), retype(b[at:], 'S')...)
}

// overlapping has n entries at one place, which holds 1 MiB of zeros in few bytes.
func overlapping(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	z, err := w.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(make([]byte, 1<<20))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	start, end := bytes.Index(b.Bytes(), []byte(zipCentral)), bytes.Index(b.Bytes(), []byte(zipEnd))
	entry := b.Bytes()[start:end]
	out := append(bytes.Clone(b.Bytes()[:start]), bytes.Repeat(entry, n)...)
	out = append(out, b.Bytes()[end:]...)
	size := n * len(entry)
	return put(put(out, zipEnd, 0, 8, byte(n), byte(n>>8), byte(n), byte(n>>8)), zipEnd, 0, 12, byte(size), byte(size>>8))
}

func TestTheWalkEndsWithItsContextAndItsTime(t *testing.T) {
	content := tarOf(t, file{"a", "x"}, file{"b", "x"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	never := Visitor{Member: func(Member) error { t.Error("a member"); return nil }, Problem: func(_ string, err error) { t.Error(err) }}
	if err := Walk(content, NewBudget(ctx, 100, generous()), never); !errors.Is(err, context.Canceled) {
		t.Errorf("context: %v", err)
	}
	l := generous()
	l.Time = -time.Second
	if err := Walk(content, NewBudget(context.Background(), 100, l), never); !errors.Is(err, ErrTime) {
		t.Errorf("time: %v", err)
	}
	mine := errors.New("mine")
	v := Visitor{Member: func(Member) error { return mine }}
	for _, name := range []string{"tar-gnu", "tar.gz", "zip", "cpio-newc", "initrd", "ar-gnu", "rpm-zstdio", "two.gz"} {
		if err := Walk(fixture(t, name), NewBudget(context.Background(), 100, generous()), v); !errors.Is(err, mine) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProblemsAreLimited(t *testing.T) {
	broken := append(bytes.Clone(tarOf(t, file{"a", ""})[:512]), bytes.Repeat([]byte("x"), 512)...)
	l := generous()
	l.Members = 50
	got, err := walk(t, bytes.Repeat(broken, 100), l)
	if !errors.Is(err, binread.ErrLimit) || len(got.problems) > 50 {
		t.Errorf("%v, %d problems", err, len(got.problems))
	}
}
