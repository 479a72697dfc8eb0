//go:build linux && cgo && !noyara

package yararules_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/finding"
	"github.com/guestctl/guestctl/internal/malwaretest"
	yararules "github.com/guestctl/guestctl/rules/yara"
	"github.com/guestctl/guestctl/scanner"
	"github.com/guestctl/guestctl/scanner/yara"
)

func TestMain(m *testing.M) {
	yara.RunWorker()
	os.Exit(m.Run())
}

// scan returns a function that scans a file with the built-in rules.
func scan(t *testing.T) func(path string, content []byte) []scanner.Match {
	t.Helper()
	sources, err := yararules.Sources()
	if err != nil {
		t.Fatal(err)
	}
	opts := yara.Options{Strict: true}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		opts.Builtin = append(opts.Builtin, yara.Source{Name: name, Content: []byte(sources[name])})
	}
	engine, err := yara.Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if notes := append(engine.Problems(), engine.Notes()...); len(notes) > 0 {
		t.Error(notes)
	}
	memory, err := scanner.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	session, err := engine.Open(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(session.Close(), engine.Close(), memory.Close()); err != nil {
			t.Error(err)
		}
	})
	return func(path string, content []byte) []scanner.Match {
		region, err := memory.Grow(0, len(content))
		if err != nil {
			t.Fatal(err)
		}
		copy(region, content)
		matches, err := session.Scan(t.Context(), &scanner.Object{
			Object: guest.Object{Path: path}, Content: region, Class: scanner.ClassOf(region, nil), Account: "root",
		})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return matches
	}
}

func names(matches []scanner.Match) []string {
	var all []string
	for _, m := range matches {
		all = append(all, m.Rule)
	}
	slices.Sort(all)
	return all
}

func TestSamplesAreFound(t *testing.T) {
	find := scan(t)
	for _, s := range malwaretest.Positives() {
		matches := find(s.Path, s.Content)
		want := append([]string{s.Rule}, s.Also...)
		slices.Sort(want)
		if got := names(matches); !slices.Equal(got, want) {
			t.Errorf("%s: found by %v, want %v", s.Path, got, want)
		}
		for _, m := range matches {
			if m.Severity != finding.Scored(m.Score) || len(m.Tags) == 0 || m.Description == "" {
				t.Errorf("%s: %+v", s.Path, m)
			}
		}
	}
}

func TestNearMissesAreNotFound(t *testing.T) {
	find := scan(t)
	for _, s := range malwaretest.NearMisses() {
		if got := names(find(s.Path, s.Content)); len(got) > 0 {
			t.Errorf("%s, which %s just misses, is found by %v", s.Path, s.Rule, got)
		}
	}
}

// TestWhatShippedMeans holds the rules that ask about packages against what the engine makes of them.
func TestWhatShippedMeans(t *testing.T) {
	find := scan(t)
	unless, unowned := map[string]bool{}, map[string]int{}
	for _, s := range malwaretest.Positives() {
		for _, m := range find(s.Path, s.Content) {
			if m.UnlessShipped {
				unless[m.Rule] = true
			}
			if m.Unowned != 0 {
				unowned[m.Rule] = m.Unowned
			}
		}
	}
	got := fmt.Sprint(unless, unowned)
	if want := "map[Linux_Backdoor_PAMLogger:true] map[Linux_Packed_NoSections:75 Linux_Packed_UPX:75]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestNothingOfOursIsFound scans what holds samples and rules: the sources of the samples, this test and the archive of rules.
func TestNothingOfOursIsFound(t *testing.T) {
	find := scan(t)
	files, err := filepath.Glob("../../internal/malwaretest/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources of samples: %v", err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(files, self, "rules.tar.gz", "engine_test.go", "../../docs/yara-rules.md") {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(find("/srv/"+filepath.Base(path), bytes.Clone(content))); len(got) > 0 {
			t.Errorf("%s is found by %v", path, got)
		}
	}
}
