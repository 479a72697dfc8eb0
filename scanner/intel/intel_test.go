package intel

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/scanner"
)

// nist is the message of two blocks in the examples of FIPS 180, with the digests that stand there, and that of RFC 1321 made by md5sum.
const (
	nist       = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
	nistMD5    = "8215ef0796a20bcaaae116d3876c664a"
	nistSHA1   = "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
	nistSHA256 = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
	nistSHA512 = "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c33596fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445"
)

// parse reads one feed, as the file name would be, and returns all that became of it.
func parse(t testing.TB, name, content string, good bool) ([]Indicator, map[string]int, error) {
	t.Helper()
	b, err := newBuilder(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	b.good, b.most = good, 1000
	err = b.read(&file{name: name, r: bufio.NewReader(strings.NewReader(content))}, []byte(content[:min(len(content), sniffed)]), false)
	if err != nil {
		return nil, b.meta.Unused, err
	}
	return dump(t, compiled(t, b)), b.meta.Unused, nil
}

// compiled is what a builder makes of what it has.
func compiled(t testing.TB, b *builder) *Feed {
	t.Helper()
	out := &spool{}
	if err := b.write(out); err != nil {
		t.Fatal(err)
	}
	f, err := Open(out, out.size)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

// dump lists all indicators of a feed, without the name of their source.
func dump(t testing.TB, f *Feed) (all []Indicator) {
	t.Helper()
	for i, d := range digests() {
		s := f.h.section(uint32(sectionDigests + i))
		search := search{f, s, d.hash.Size(), perBlock(d.hash.Size(), f.h.good()), new([page]byte)}
		for number := range s.length / page {
			n, err := search.load(number)
			if err != nil {
				t.Fatal(err)
			}
			for e := range n {
				sum := bytes.Clone(search.entry(e))
				infos, found, err := f.Lookup(d.kind, sum)
				if err != nil || !found {
					t.Fatalf("%s %x: found %t, %v", d.kind, sum, found, err)
				}
				if f.KnownGood() {
					all = append(all, Indicator{Term: Term{Kind: d.kind, Value: hexOf(sum)}})
				}
				for _, n := range infos {
					info, err := f.Info(n)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, Indicator{Term{Kind: d.kind, Value: hexOf(sum)}, info})
				}
			}
		}
	}
	if err := f.Others(func(i Indicator) error { all = append(all, i); return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].Source = ""
	}
	slices.SortStableFunc(all, func(a, b Indicator) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds(), a.Kind), slices.Index(kinds(), b.Kind)), cmp.Compare(a.Value, b.Value))
	})
	return all
}

// write makes a file of a feed.
func write(t testing.TB, name, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func load(t testing.TB, opts Options, paths ...string) *Engine {
	t.Helper()
	e, err := Load(t.Context(), paths, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func object(path, member, content string) *scanner.Object {
	return &scanner.Object{Object: guest.Object{Path: path}, Member: member, Class: scanner.Text, Content: []byte(content)}
}

// scan holds one object against an engine, and returns the matches as "rule score source line".
func scan(t testing.TB, e *Engine, o *scanner.Object) (all []scanner.Match) {
	t.Helper()
	s, err := e.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err = s.Scan(t.Context(), o)
	if err = errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return all
}

func rules(matches []scanner.Match) (names []string) {
	for _, m := range matches {
		names = append(names, m.Rule)
	}
	return names
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// day is the day of the tests.
func day(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, "2026-11-28T12:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func reader(b []byte) io.ReaderAt { return bytes.NewReader(b) }
