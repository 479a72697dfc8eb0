package factstest

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/internal/memfs"
)

// Trees reads guests from a txtar file, which may be packed with gzip: the first part of each name is the guest, the rest a path in it. A name
// "web/etc/a -> b" is a link, one that ends in a slash a directory, and one that ends in " +x" an executable file. The
// script trees.py makes the same trees on disk, to ask real tools about them.
func Trees(t testing.TB, file string) map[string]map[string]memfs.File {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(file, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if b, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	a := txtar.Parse(b)
	trees := map[string]map[string]memfs.File{}
	for _, f := range a.Files {
		guest, name, ok := strings.Cut(f.Name, "/")
		if !ok {
			t.Fatalf("%s: %q has no guest before its path", file, f.Name)
		}
		if trees[guest] == nil {
			trees[guest] = map[string]memfs.File{}
		}
		name, target, _ := strings.Cut(name, " -> ")
		entry := memfs.File{Data: string(f.Data), Link: target}
		switch {
		case strings.HasSuffix(name, "/"):
			entry = memfs.Dir()
		case strings.HasSuffix(name, " +x"):
			name, entry.Mode = strings.TrimSuffix(name, " +x"), 0o755
		}
		trees[guest]["/"+path.Clean(name)] = entry
	}
	return trees
}
