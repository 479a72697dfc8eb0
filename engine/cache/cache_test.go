package cache

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

type words struct {
	Text string `json:"text"`
}

func collectors() []facts.Collector {
	return []facts.Collector{facts.New("words", "", func(context.Context, *facts.Scope) (*words, error) { return nil, nil })}
}

func document(text string) *facts.Document {
	return &facts.Document{Schema: facts.Schema, Facts: map[string]any{"words": &words{text}}}
}

func text(t *testing.T, c *Cache, key string) string {
	t.Helper()
	d, ok := c.Get(key, collectors())
	if !ok {
		return ""
	}
	w, ok := facts.Get[words](d, "words")
	if !ok {
		t.Fatalf("%s: the document lost its domain", key)
	}
	return w.Text
}

func TestGetReturnsWhatWasPut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	c := &Cache{Dir: dir, Version: "1", Limit: 1 << 20}
	if got := text(t, c, "a"); got != "" {
		t.Errorf("an empty cache gave %q", got)
	}
	c.Put("a", document("one"))
	c.Put("b", document("two"))
	c.Put("b", document("three"))
	for key, want := range map[string]string{"a": "one", "b": "three", "c": ""} {
		if got := text(t, c, key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	if got := text(t, &Cache{Dir: dir, Version: "2"}, "a"); got != "" {
		t.Errorf("another version of the program got %q", got)
	}
	entries, err := c.List()
	if err != nil || len(entries) != 2 {
		t.Errorf("%d documents, %v; want 2", len(entries), err)
	}
	if n, err := c.Clear(); n != 2 || err != nil || text(t, c, "a") != "" {
		t.Errorf("cleared %d, %v", n, err)
	}
}

func TestADamagedDocumentIsNone(t *testing.T) {
	c := &Cache{Dir: t.TempDir(), Version: "1", Limit: 1 << 20}
	c.Put("a", document("one"))
	if err := os.Truncate(c.path("a"), 30); err != nil {
		t.Fatal(err)
	}
	if got := text(t, c, "a"); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestTheOldestGoesFirst fills a cache that holds two documents of its kind.
func TestTheOldestGoesFirst(t *testing.T) {
	c := &Cache{Dir: t.TempDir(), Version: "1", Limit: 1 << 30}
	c.Put("a", document("a"))
	entries, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	c.Limit = 2 * entries[0].Size
	c.Put("b", document("b"))
	for i, key := range []string{"b", "a"} { // a was used last
		used := time.Now().Add(time.Duration(i-2) * time.Hour)
		if err := os.Chtimes(c.path(key), used, used); err != nil {
			t.Fatal(err)
		}
	}
	c.Put("c", document("c"))
	got := strings.Join([]string{text(t, c, "a"), text(t, c, "b"), text(t, c, "c")}, ",")
	if got != "a,,c" {
		t.Errorf("kept %q, want a and c", got)
	}
}

func TestAFolderThatCannotBeWrittenIsNoError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Cache{Dir: filepath.Join(file, "below"), Version: "1", Limit: 1}
	c.Put("a", document("a"))
	if got := text(t, c, "a"); got != "" {
		t.Errorf("got %q", got)
	}
	var none *Cache
	none.Put("a", document("a"))
	if got := text(t, none, "a"); got != "" {
		t.Errorf("no cache gave %q", got)
	}
}
