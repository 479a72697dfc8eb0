// Package factstest runs collectors on guests in memory, for their tests.
package factstest

import (
	"context"
	"testing"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
	"github.com/guestctl/guestctl/internal/memfs"
)

// Guest returns the one guest whose root has files. A directory /etc with an fstab is made where files have none.
func Guest(t testing.TB, files map[string]memfs.File) *guest.Guest {
	t.Helper()
	all := map[string]memfs.File{"/etc/fstab": {}}
	for path, f := range files {
		all[path] = f
	}
	guests, err := guest.Find(context.Background(), []guest.Volume{{Device: "p1", Number: 1, FS: memfs.New(all)}})
	if err != nil && len(guests) == 0 {
		t.Fatal(err)
	}
	if len(guests) != 1 {
		t.Fatalf("found %d guests, want 1", len(guests))
	}
	return guests[0]
}

// Text makes the files of a guest from their content by path.
func Text(content map[string]string) map[string]memfs.File {
	files := map[string]memfs.File{}
	for path, data := range content {
		files[path] = memfs.File{Data: data}
	}
	return files
}

// Collect returns what the last of the collectors finds on g, or nil, and its status. The others are what it needs.
func Collect[T any](t testing.TB, g *guest.Guest, req facts.Request, collectors ...facts.Collector) (*T, facts.Status) {
	t.Helper()
	name := collectors[len(collectors)-1].Name
	req.Domains = append(req.Domains, name)
	d, err := facts.Collect(context.Background(), g, req, collectors, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	v, _ := facts.Get[T](d, name)
	return v, d.Collectors[name]
}
