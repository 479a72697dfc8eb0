package scanner_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/factstest"
	"github.com/guestctl/guestctl/internal/memfs"
	"github.com/guestctl/guestctl/scanner"
)

// fake is an engine that remembers what it is shown, and finds the word "evil".
type fake struct {
	match scanner.Match                  // what a file with that word gives; the zero Match has the rule "evil"
	scan  func(o *scanner.Object) error  // nil gives no error
	key   func(o *scanner.Object) string // nil keeps no verdicts
	open  error                          // of Open

	mu     sync.Mutex
	shown  []string // "path class content" in the order of the goroutines
	closed int      // sessions
}

func (f *fake) Describe() scanner.Description { return scanner.Description{Name: "fake", Rules: 1} }

func (f *fake) Key(o *scanner.Object) string {
	if f.key == nil {
		return ""
	}
	return f.key(o)
}

func (f *fake) Open(_ context.Context, m *scanner.Memory) (scanner.Session, error) {
	return &session{f, m}, f.open
}

type session struct {
	*fake
	memory *scanner.Memory
}

func (s *session) Scan(_ context.Context, o *scanner.Object) ([]scanner.Match, error) {
	content := string(o.Content)
	if there, err := s.memory.Grow(o.Depth, len(content)); err != nil || string(there) != content {
		content = "(does not stand in the memory of its depth)"
	}
	s.mu.Lock()
	s.shown = append(s.shown, o.FullPath()+" "+string(o.Class)+" "+content)
	s.mu.Unlock()
	var found []scanner.Match
	if strings.Contains(content, "evil") {
		m := s.match
		if m.Rule == "" {
			m.Match = finding.Match{Engine: "fake", Rule: "evil", Score: 80, Severity: finding.Scored(80)}
		}
		found = append(found, m)
	}
	if s.scan == nil {
		return found, nil
	}
	return found, s.scan(o)
}

func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

// sorted is what the engine was shown, by path.
func (f *fake) sorted() []string { return slices.Sorted(slices.Values(f.shown)) }

// run scans files with one fake engine. The fstab that makes them a guest is left out of what was shown.
func run(t testing.TB, files map[string]memfs.File, opts scanner.Options) (*scanner.Result, []string) {
	t.Helper()
	return runOn(t, factstest.Guest(t, files), opts)
}

func runOn(t testing.TB, g *guest.Guest, opts scanner.Options) (*scanner.Result, []string) {
	t.Helper()
	f := &fake{}
	if len(opts.Engines) == 1 {
		f = opts.Engines[0].(*fake)
	}
	opts.Engines = []scanner.Engine{f}
	r, err := scanner.Run(context.Background(), g, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r, slices.DeleteFunc(f.sorted(), func(s string) bool { return s == "/etc/fstab text " })
}

// text makes files of a guest.
func text(content map[string]string) map[string]memfs.File { return factstest.Text(content) }

// unscanned are the records of a result, as text.
func unscanned(r *scanner.Result) []string {
	var list []string
	for _, u := range r.Unscanned {
		path := u.Path
		if u.Member != "" {
			path += "!/" + u.Member
		}
		list = append(list, strings.TrimSuffix(path+" "+string(u.Reason)+": "+u.Detail, ": "))
	}
	return list
}

// hits are the places where something was found.
func hits(r *scanner.Result) []string {
	var list []string
	for _, h := range r.Hits {
		list = append(list, h.File.Path+"|"+h.File.Member+"|"+h.Match.Rule)
	}
	return list
}

// store keeps verdicts in memory.
type store struct {
	mu   sync.Mutex
	kept map[[32]byte][]byte
}

func (s *store) Get(key [32]byte) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.kept[key]
	return v, ok
}

func (s *store) Put(key [32]byte, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[[32]byte][]byte{}
	}
	s.kept[key] = value
}

func (s *store) len() int { return len(slices.Collect(maps.Keys(s.kept))) }
