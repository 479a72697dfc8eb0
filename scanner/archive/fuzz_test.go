package archive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/binread"
)

// small is a budget that keeps a fuzzer from reading bombs.
func small() Limits {
	return Limits{Members: 100, Unpacked: 1 << 20, Ratio: 1000, Time: time.Hour}
}

// seeds adds what the real programs made.
func seeds(f *testing.F, pattern string) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern+".fixture"))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no fixtures of %q: %v", pattern, err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// within runs a parser on a budget and holds what it tells against it.
func within(t *testing.T, content []byte, parse func(w *walker) error) {
	t.Helper()
	l := small()
	members, problems, read := 0, 0, int64(0)
	b := NewBudget(context.Background(), int64(len(content)), l)
	err := parse(&walker{budget: b, Visitor: Visitor{
		Member: func(m Member) error {
			n, err := io.Copy(io.Discard, m)
			if err != nil && kindName(err) == "other" {
				t.Errorf("%q: error of no kind: %v", m.Name, err)
			}
			members, read = members+1, read+n
			return nil
		},
		Problem: func(name string, err error) {
			if kindName(err) == "other" {
				t.Errorf("%q: problem of no kind: %v", name, err)
			}
			problems++
		},
	}})
	const buffers = 1 << 16
	if members > l.Members || problems > l.Members || read > l.Unpacked+buffers {
		t.Errorf("%d members, %d problems, %d bytes, want at most %+v", members, problems, read, l)
	}
	if (err != nil) != (b.Err() != nil) || err != nil && !errors.Is(err, binread.ErrLimit) {
		t.Errorf("ended with %v, the budget with %v", err, b.Err())
	}
}

func FuzzWalk(f *testing.F) {
	seeds(f, "*")
	f.Fuzz(func(t *testing.T, content []byte) {
		within(t, content, func(w *walker) error { return Walk(content, w.budget, w.Visitor) })
		if Is(content) != (formatOf(content) != nil) {
			t.Error("Is and Walk do not agree")
		}
	})
}

func FuzzZip(f *testing.F) {
	seeds(f, "zip*")
	f.Fuzz(func(t *testing.T, content []byte) {
		_ = Attached(content)
		within(t, content, func(w *walker) error { return w.zip(content) })
	})
}

func FuzzTar(f *testing.F) {
	seeds(f, "tar-*")
	f.Fuzz(func(t *testing.T, content []byte) {
		within(t, content, func(w *walker) error { return w.tarFile(content) })
	})
}

func FuzzCpio(f *testing.F) {
	seeds(f, "cpio*")
	seeds(f, "initrd")
	f.Fuzz(func(t *testing.T, content []byte) {
		within(t, content, func(w *walker) error { return w.cpioFile(content) })
		within(t, content, func(w *walker) error { return w.cpio(bufio.NewReader(w.meter(bytes.NewReader(content)))) })
	})
}

func FuzzAr(f *testing.F) {
	seeds(f, "ar-*")
	seeds(f, "deb-*")
	f.Fuzz(func(t *testing.T, content []byte) {
		within(t, content, func(w *walker) error { return w.ar(append([]byte("!<arch>\n"), content...)) })
	})
}

func FuzzRPM(f *testing.F) {
	seeds(f, "rpm-*")
	f.Fuzz(func(t *testing.T, content []byte) {
		within(t, content, func(w *walker) error { return w.rpm(content) })
	})
}
