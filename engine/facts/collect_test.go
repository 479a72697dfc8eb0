package facts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
)

type motto struct {
	Words string `json:"words"`
}

// collectMotto reads /motto, the simplest collector there can be.
func collectMotto(_ context.Context, s *facts.Scope) (*motto, error) {
	b, err := s.ReadFile("/motto")
	if err != nil {
		return nil, err
	}
	return &motto{string(b)}, nil
}

// TestStates wants the state that each way to fail gives, and never a better one.
func TestStates(t *testing.T) {
	damage := binread.Checksum("inode 12")
	for name, c := range map[string]struct {
		file memfs.File
		want facts.State
		text string
	}{
		"read":                      {memfs.File{Data: "x"}, facts.OK, "x"},
		"missing":                   {memfs.File{Link: "nowhere"}, facts.Absent, ""},
		"damaged, with a value":     {memfs.File{Data: "x", Err: damage}, facts.Partial, "x"},
		"damaged inode":             {memfs.File{Data: "x", StatErr: damage}, facts.Partial, "x"},
		"unreadable":                {memfs.File{Data: "x", Err: io.ErrClosedPipe}, facts.Error, ""},
		"corrupt":                   {memfs.File{StatErr: binread.Corrupt("inode 12")}, facts.Error, ""},
		"encrypted":                 {memfs.File{Data: "x", Err: binread.Encrypted("a file")}, facts.Error, ""},
		"a form that is not read":   {memfs.File{Data: "x", Err: binread.Unsupported("rpm")}, facts.Unsupported, ""},
		"a directory in its place":  {memfs.Dir(), facts.Error, ""},
		"link that leads to itself": {memfs.File{Link: "motto"}, facts.Error, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := factstest.Guest(t, map[string]memfs.File{"/motto": c.file})
			got, status := factstest.Collect[motto](t, g, facts.Request{}, facts.New("motto", "A motto", collectMotto))
			if status.State != c.want {
				t.Errorf("state %s, want %s (%v)", status.State, c.want, status.Problems)
			}
			if bad := c.want != facts.OK && c.want != facts.Absent; bad != (len(status.Problems) > 0) {
				t.Errorf("problems %v with state %s", status.Problems, status.State)
			}
			if (got != nil) != (c.text != "") || got != nil && got.Words != c.text {
				t.Errorf("got %v, want %q", got, c.text)
			}
		})
	}
}

// TestNoWorseThanWhatItNeeds keeps a domain from being ok when a domain it was made of is not.
func TestNoWorseThanWhatItNeeds(t *testing.T) {
	first := facts.New("first", "", func(_ context.Context, s *facts.Scope) (*motto, error) {
		s.Problem("/a", 7, errors.New("half a line"))
		return &motto{"a"}, nil
	})
	second := facts.New("second", "", func(_ context.Context, s *facts.Scope) (*motto, error) {
		m, ok := facts.Of[motto](s, "first")
		if !ok {
			return nil, errors.New("first is missing")
		}
		return &motto{m.Words + "b"}, nil
	}, "first")
	got, status := factstest.Collect[motto](t, factstest.Guest(t, nil), facts.Request{}, first, second)
	want := facts.Status{State: facts.Partial, Problems: []facts.Problem{{Path: "/a", Line: 7, Message: "first: half a line"}}}
	if d := cmp.Diff(want.Problems, status.Problems); got == nil || got.Words != "ab" || status.State != want.State || d != "" {
		t.Errorf("got %v, %s\n%s", got, status.State, d)
	}
}

func TestADomainNobodyGathersIsUnsupported(t *testing.T) {
	d, err := facts.Collect(t.Context(), factstest.Guest(t, nil), facts.Request{Domains: []string{"weather"}}, nil, 0)
	if err != nil || d.Collectors["weather"].State != facts.Unsupported {
		t.Errorf("got %v, %v", d, err)
	}
}

func TestCollectEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := facts.New("motto", "", func(context.Context, *facts.Scope) (*motto, error) {
		cancel()
		return &motto{"x"}, nil
	})
	if _, err := facts.Collect(ctx, factstest.Guest(t, nil), facts.Request{Domains: []string{"motto"}}, []facts.Collector{c}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestScopeSaysWhatItCouldNotList(t *testing.T) {
	g := factstest.Guest(t, map[string]memfs.File{
		"/etc/a.d/one": {}, "/etc/bad.d": {Mode: 0o040755, Err: binread.Corrupt("block 9")}, "/etc/bad.d/two": {},
	})
	var seen []string
	c := facts.New("motto", "", func(_ context.Context, s *facts.Scope) (*motto, error) {
		for _, dir := range []string{"/etc/a.d", "/etc/bad.d", "/etc/missing.d"} {
			for _, e := range s.ReadDir(dir) {
				seen = append(seen, e.Name)
			}
		}
		seen = append(seen, s.Glob("/etc/a.d/o*")...)
		seen = append(seen, fmt.Sprint(s.Exists("/etc/a.d/one"), s.Exists("/etc/no"), s.Exists("/etc/bad.d/three")))
		return &motto{}, nil
	})
	_, status := factstest.Collect[motto](t, g, facts.Request{}, c)
	if d := cmp.Diff([]string{"one", "two", "/etc/a.d/one", "true false false"}, seen); d != "" {
		t.Error(d)
	}
	if status.State != facts.Partial || len(status.Problems) != 2 {
		t.Errorf("got %s with %v, want two problems about /etc/bad.d", status.State, status.Problems)
	}
}

func TestLinesAreNumberedFromOne(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	g := factstest.Guest(t, factstest.Text(map[string]string{"/f": "a\n\n" + long + "\nlast"}))
	got := map[int]string{}
	c := facts.New("motto", "", func(_ context.Context, s *facts.Scope) (*motto, error) {
		return &motto{}, s.Lines("/f", func(n int, text string) { got[n] = text })
	})
	_, status := factstest.Collect[motto](t, g, facts.Request{}, c)
	if d := cmp.Diff(map[int]string{1: "a", 2: "", 3: long, 4: "last"}, got); d != "" || status.State != facts.OK {
		t.Error(status, d)
	}
	if d := cmp.Diff([]string{"/f"}, status.Files); d != "" {
		t.Errorf("files read: %s", d)
	}
}

func TestDocumentRoundTrip(t *testing.T) {
	g := factstest.Guest(t, factstest.Text(map[string]string{"/motto": "x"}))
	collectors := []facts.Collector{facts.New("motto", "A motto", collectMotto)}
	d, err := facts.Collect(t.Context(), g, facts.Request{Domains: []string{"motto"}}, collectors, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	back, err := facts.Decode(b, collectors)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := facts.Get[motto](back, "motto"); !ok || m.Words != "x" || !bytes.Equal(b, again) {
		t.Errorf("wrote %s\nread %s", b, again)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"another schema":       `{"schema": "guestctl.facts/9"}`,
		"a domain not known":   `{"schema": "guestctl.facts/1", "weather": {}}`,
		"a domain of its type": `{"schema": "guestctl.facts/1", "motto": 7}`,
		"no JSON":              `schema`,
	} {
		if _, err := facts.Decode([]byte(text), []facts.Collector{facts.New("motto", "", collectMotto)}); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema": "guestctl.facts/1", "motto": {"words": "x"}, "collectors": {"motto": {"status": "ok"}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := facts.Decode(b, []facts.Collector{facts.New("motto", "", collectMotto)})
		if err == nil && d.Schema != facts.Schema {
			t.Errorf("read a document with schema %q", d.Schema)
		}
	})
}

func TestRequestMerge(t *testing.T) {
	a := facts.Request{Domains: []string{"os"}}
	a.AddFile("/etc/x", facts.FileRequest{Digests: []string{"sha256"}})
	a.AddFile("/etc/x", facts.FileRequest{Digests: []string{"md5"}, Content: []string{"^a"}})
	a.AddFile("/etc/*.d", facts.FileRequest{})
	got := a.Merge(facts.Request{Domains: []string{"boot", "os"}})
	want := facts.Request{
		Domains: []string{"boot", "os"}, Globs: []string{"/etc/*.d"},
		Files: map[string]facts.FileRequest{"/etc/x": {Digests: []string{"md5", "sha256"}, Content: []string{"^a"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
