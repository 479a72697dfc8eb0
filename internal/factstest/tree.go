package factstest

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/guestctl/guestctl/internal/memfs"
)

// Tree reads the files of a guest from a txtar archive. A file whose only line is "-> target" is a symbolic link, and a
// name that ends in a slash is an empty directory. unpack.py beside this file makes the same tree on a disk, where a real
// program can be asked about it.
func Tree(t testing.TB, path string) map[string]memfs.File {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]memfs.File{}
	for _, f := range archive.Files {
		data := string(f.Data)
		target, isLink := strings.CutPrefix(data, "-> ")
		switch {
		case strings.HasSuffix(f.Name, "/"):
			files["/"+strings.TrimSuffix(f.Name, "/")] = memfs.Dir()
		case isLink && strings.Count(data, "\n") == 1:
			files["/"+f.Name] = memfs.File{Link: strings.TrimSuffix(target, "\n")}
		default:
			files["/"+f.Name] = memfs.File{Data: data}
		}
	}
	return files
}
