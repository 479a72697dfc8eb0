//go:build linux && cgo && !noyara

package yara

import (
	"context"
	"errors"
	"testing"

	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/scanner"
)

// load makes an engine of rules, by the names of their files.
func load(t testing.TB, opts Options) *Engine {
	t.Helper()
	e, err := Load(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func builtin(text string) Options {
	return Options{Builtin: []Source{{"test.yar", []byte(text)}}}
}

// bench is a session with its memory.
type bench struct {
	*session
	memory *scanner.Memory
}

func open(t testing.TB, e *Engine) *bench {
	t.Helper()
	memory, err := scanner.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), memory)
	if err != nil {
		t.Fatal(err)
	}
	own, ok := s.(*session)
	if !ok {
		t.Fatalf("%T", s)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), memory.Close()); err != nil {
			t.Error(err)
		}
	})
	return &bench{own, memory}
}

// object is a file with a content, in the memory of the session.
func (b *bench) object(t testing.TB, path, content string) *scanner.Object {
	t.Helper()
	region, err := b.memory.Grow(0, len(content))
	if err != nil {
		t.Fatal(err)
	}
	copy(region, content)
	return &scanner.Object{
		Object: guest.Object{Path: path}, Content: region, Class: scanner.ClassOf(region, nil), Account: "root",
	}
}

// names are the rules that match, or the reason why none could.
func (b *bench) names(t testing.TB, path, content string) []string {
	t.Helper()
	return names(b.Scan(t.Context(), b.object(t, path, content)))
}

func names(matches []scanner.Match, err error) []string {
	var all []string
	for _, m := range matches {
		all = append(all, m.Rule)
	}
	if err != nil {
		all = append(all, err.Error())
	}
	return all
}

func TestFirst(t *testing.T) {
	e := load(t, builtin(`rule a { strings: $a = "hello" condition: $a }`))
	b := open(t, e)
	t.Log(b.names(t, "/x", "why hello there"), b.names(t, "/x", "nothing"), e.Describe())
	m, err := b.Scan(context.Background(), b.object(t, "/x", "hello"))
	t.Logf("%+v %v", m, err)
}
