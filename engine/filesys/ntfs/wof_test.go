package ntfs

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/internal/conformance"
)

// TestWhatWOFCompressed reads files in chunks that libwim compressed, by all four methods.
func TestWhatWOFCompressed(t *testing.T) {
	truth, err := conformance.ReadTruth(filepath.Join("testdata", "wof.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	f := openBytes(t, image(t, "wof"))
	conformance.FS(t, f, truth)
	text := conformance.Find(t, f, "lzx/text")
	if streams, err := f.Streams(text); len(streams) > 0 || err != nil {
		t.Errorf("streams %v, %v, want that of WOF hidden", streams, err)
	}
	if st, err := f.Stat(text); err != nil || st.Allocated <= 0 || st.Allocated >= st.Size {
		t.Errorf("%d of %d bytes are allocated, %v, want those of the chunks", st.Allocated, st.Size, err)
	}
}

// TestWhatIsKeptElsewhere wants no zeros in place of content that a driver would bring.
func TestWhatIsKeptElsewhere(t *testing.T) {
	f := openBytes(t, image(t, "windows"))
	for _, name := range []string{"deduplicated", "in a cloud", "in a WIM", "of a later WOF", "of a driver"} {
		n := conformance.Find(t, f, name)
		if _, err := f.Open(n); !errors.Is(err, binread.ErrUnsupported) {
			t.Errorf("%q: %v, want ErrUnsupported", name, err)
		}
		if st, err := f.Stat(n); err != nil || st.Size != 100_000 || !st.IsRegular() {
			t.Errorf("%q: %+v, %v, want a file of 100000 bytes", name, st, err)
		}
	}
}

// packed returns the stream of a file that WOF compressed.
func packed(t testing.TB, f *FS, path string) []byte {
	t.Helper()
	of, err := f.readNode(conformance.Find(t, f, path))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.readAll(of.stream(typeData, wofStream), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(raw)
}

// TestHostileWOF has streams with one thing wrong each.
func TestHostileWOF(t *testing.T) {
	const size = 3 * 4096
	zeros := packed(t, openBytes(t, image(t, "wof")), "xpress4k/zeros")
	method, err := wofMethodOf(0)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"no table":               func([]byte) []byte { return nil },
		"half a table":           func(b []byte) []byte { return b[:7] },
		"a chunk behind the end": func(b []byte) []byte { b[2] = 1; return b },
		"chunks that go back":    func(b []byte) []byte { b[4], b[5] = 0, 0; return b },
		"a chunk that is cut":    func(b []byte) []byte { b[0], b[1] = 200, 0; return b },
		"another table of codes": func(b []byte) []byte { b[8] ^= 0x0f; return b },
		"a chunk of nothing":     func(b []byte) []byte { b[0], b[1] = 0, 0; return b },
	} {
		t.Run(name, func(t *testing.T) {
			file, err := newWOF(resident{bytes.NewReader(change(bytes.Clone(zeros)))}, size, method, 99)
			if err == nil {
				_, err = file.ReadAt(make([]byte, size), 0)
			}
			if !errors.Is(err, binread.ErrCorrupt) {
				t.Errorf("%v, want ErrCorrupt", err)
			}
		})
	}
}

// TestReparseDataOfWOF has what may stand in it.
func TestReparseDataOfWOF(t *testing.T) {
	data := func(words ...byte) (b []byte) {
		for _, w := range words {
			b = append(b, w, 0, 0, 0)
		}
		return b
	}
	content := attribute{kind: typeData, resident: true, value: []byte("content")}
	for name, c := range map[string]struct {
		data  []byte
		attrs []attribute
		want  error
	}{
		"cut short":            {data(1, 2, 1), nil, binread.ErrCorrupt},
		"a later version":      {data(2, 2, 1, 0), nil, binread.ErrUnsupported},
		"in a WIM":             {data(1, 1, 1, 0), nil, binread.ErrUnsupported},
		"a later one in files": {data(1, 2, 2, 0), nil, binread.ErrUnsupported},
		"a later method":       {data(1, 2, 1, 4), nil, binread.ErrUnsupported},
		"no content":           {data(1, 2, 1, 0), nil, binread.ErrCorrupt},
		"no chunks":            {data(1, 2, 1, 0), []attribute{content}, binread.ErrCorrupt},
		"an empty file":        {data(1, 2, 1, 0), []attribute{{kind: typeData, resident: true}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&FS{}).openWOF(&node{attrs: c.attrs}, c.data)
			if !errors.Is(err, c.want) || (err != nil) != (c.want != nil) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// TestDamagedChunksOnlyFail: chunks have no checksum, so a difference cannot always be seen, but every answer must come.
func TestDamagedChunksOnlyFail(t *testing.T) {
	f := openBytes(t, image(t, "wof"))
	random := rand.New(rand.NewPCG(9, 2026))
	for path, c := range map[string]struct {
		size   int
		expand func(dst, src []byte) error
	}{"xpress4k/one chunk": {4 << 10, expandXPRESS}, "lzx/one chunk": {32 << 10, expandLZX}} {
		whole, failed := packed(t, f, path), 0
		for i := range 400 {
			b := bytes.Clone(whole)
			if i%4 == 0 {
				b = b[:1+random.IntN(len(b)-3)]
			}
			for range 1 + random.IntN(3) {
				b[random.IntN(min(len(b), 1+i*len(b)/400))] = byte(random.IntN(256))
			}
			if err := c.expand(make([]byte, c.size), b); err != nil {
				failed++
				if !errors.Is(err, binread.ErrCorrupt) {
					t.Fatalf("%s: %v, want ErrCorrupt", path, err)
				}
			}
		}
		if failed < 100 {
			t.Errorf("%s: %d of 400 fail, want all that are cut and some of the others", path, failed)
		}
	}
}

// FuzzChunk expands a chunk by the method that its first byte names.
func FuzzChunk(f *testing.F) {
	opened := openBytes(f, image(f, "wof"))
	for number, path := range []string{"xpress4k/one chunk", "lzx/one chunk", "xpress8k/short", "xpress16k/a byte"} {
		f.Add(append([]byte{byte(number)}, packed(f, opened, path)...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		method, err := wofMethodOf(uint32(data[0] % 4))
		if err != nil {
			t.Fatal(err)
		}
		if err := method.expand(make([]byte, method.chunk), data[1:]); err != nil && !errors.Is(err, binread.ErrCorrupt) {
			t.Errorf("%v, want ErrCorrupt", err)
		}
	})
}
