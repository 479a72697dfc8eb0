package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/guestctl/guestctl/engine"
	"github.com/guestctl/guestctl/engine/cache"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/image"
)

func identity(t *testing.T, path string) engine.Identity {
	t.Helper()
	m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.Identity
}

func TestIdentityStaysWhileNothingChanges(t *testing.T) {
	a, b := identity(t, images+"debian12-small.qcow2"), identity(t, images+"debian12-small.qcow2")
	if a.Digest != b.Digest || len(a.Stamps) != 1 {
		t.Errorf("got %v, then %v", a, b)
	}
}

// TestAnEditInPlaceChangesTheIdentity changes one byte of a file's content, which no table mentions, and sets the times of
// the image back.
func TestAnEditInPlaceChangesTheIdentity(t *testing.T) {
	path := unpack(t, "bare-ext4.img.gz")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	before := identity(t, path)
	// The host counts the time of a file in steps of some milliseconds: edit until the next one, as a user is made to
	// wait by Settled.
	for changed := false; !changed; {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteAt([]byte{0xff}, info.Size()-1)
		if err := errors.Join(err, f.Close(), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
			t.Fatal(err)
		}
		now, err := image.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		changed = now.Stamp() != before.Stamps[0]
		if err := now.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := identity(t, path); after.Digest == before.Digest {
		t.Errorf("the same identity %v after an edit", after)
	}
}

func TestSettled(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	old, fresh := now.Add(-time.Minute), now.Add(-time.Millisecond)
	for name, c := range map[string]struct {
		stamp image.Stamp
		want  bool
	}{
		"old":           {image.Stamp{Modified: old, Changed: old}, true},
		"just modified": {image.Stamp{Modified: fresh, Changed: old}, false},
		"just changed":  {image.Stamp{Modified: old, Changed: fresh}, false},
		"of the future": {image.Stamp{Modified: old, Changed: now.Add(time.Hour)}, false},
	} {
		if got := c.stamp.Settled(now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestFactsComeFromTheCache puts other facts under the key of an image, which tells a hit from gathering again.
func TestFactsComeFromTheCache(t *testing.T) {
	c := &cache.Cache{Dir: filepath.Join(t.TempDir(), "cache"), Version: "1", Limit: 1 << 20}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	name := func(req facts.Request, settled bool) string {
		m, err := engine.Open(t.Context(), []string{images + "debian12-small.qcow2"}, engine.Options{Cache: c})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		m.Identity.Settled = settled
		doc, err := m.Facts(t.Context(), m.Guests[0], req, now)
		if err != nil {
			t.Fatal(err)
		}
		h, ok := facts.Get[facts.Hostname](doc, "hostname")
		if !ok || doc.Meta.Image.Format != "qcow2" || doc.Meta.Root.Device != "p2" {
			t.Fatalf("got %+v", doc)
		}
		return h.Value
	}
	hostname := facts.Request{Domains: []string{"hostname"}}
	name(hostname, false)
	if entries, err := c.List(); err != nil || len(entries) != 0 {
		t.Fatalf("kept %d documents of an image that may still change, %v", len(entries), err)
	}
	name(hostname, true)
	entries, err := c.List()
	if err != nil || len(entries) != 1 {
		t.Fatalf("kept %d documents, %v; want 1", len(entries), err)
	}
	f, err := os.Create(filepath.Join(c.Dir, entries[0].Name))
	if err != nil {
		t.Fatal(err)
	}
	err = facts.Write(f, &facts.Document{Schema: facts.Schema, Facts: map[string]any{"hostname": &facts.Hostname{Value: "kept"}}})
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := name(hostname, true); got != "kept" {
		t.Errorf("got %q, want what the cache holds", got)
	}
	if got := name(facts.Request{Domains: []string{"hostname", "os"}}, true); got != "web01" {
		t.Errorf("another request got %q", got)
	}
	now = now.AddDate(0, 0, 1)
	if got := name(hostname, true); got != "web01" {
		t.Errorf("another day got %q", got)
	}
}

// TestAMachineTellsThatItsImageWasWrittenTo writes one byte while the machine is open.
func TestAMachineTellsThatItsImageWasWrittenTo(t *testing.T) {
	path := unpack(t, "bare-ext4.img.gz")
	m, err := engine.Open(t.Context(), []string{path}, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Unchanged(); err != nil {
		t.Errorf("untouched: %v", err)
	}
	if err := os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := m.Unchanged(); !errors.Is(err, engine.ErrChanged) {
		t.Errorf("touched: %v, want %v", err, engine.ErrChanged)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if err := m.Unchanged(); !errors.Is(err, engine.ErrChanged) || !strings.Contains(err.Error(), "to 4096 bytes") {
		t.Errorf("cut short: %v, want %v and both sizes", err, engine.ErrChanged)
	}
}
