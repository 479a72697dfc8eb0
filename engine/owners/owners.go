// Package owners tells which package a file of a guest belongs to, by the databases of dpkg, rpm, apk and pacman.
//
// Lists of files name paths as they stood when the package was made: /bin/ls and /usr/bin/ls are one file on a guest whose
// /bin leads to /usr/bin. Every directory of a list is therefore resolved in the guest, and the index is by the path
// without links. dpkg's diversions move a file of one package out of the way of another's (dpkg-divert(1)).
//
// The index is large and stays out of the facts document: it is loaded when a judge or collector asks for it.
package owners

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	maxFiles    = 4_000_000 // in all lists
	maxList     = 64 << 20  // bytes of one list
	maxProblems = 100
)

// Index is which packages own which paths. The zero Index owns nothing.
type Index struct {
	// Managers are those of which a database was read: "dpkg", "rpm", "apk", "pacman". Without one, that a file has no
	// owner says nothing.
	Managers []string
	// Problems are what could not be read or is not to be believed: a file may have an owner all the same.
	Problems []Problem

	owners map[string]string // by path without links
	shared map[string][]string
	dirs   map[string]string // of lists, to where they lead
	g      *guest.Guest
	files  int
}

// Problem is something that went wrong, with the guest path it is about.
type Problem struct {
	Path string
	Err  error
}

// Load reads the lists of files of every package manager of the guest. The error is that of the context, or one of kind
// binread.ErrLimit; everything else is among the problems.
func Load(ctx context.Context, g *guest.Guest) (*Index, error) {
	x := &Index{owners: map[string]string{}, shared: map[string][]string{}, dirs: map[string]string{}, g: g}
	for _, m := range []struct {
		name string
		load func(context.Context, *Index) (bool, error)
	}{{"dpkg", dpkg}, {"rpm", rpm}, {"apk", apk}, {"pacman", pacman}} {
		found, err := m.load(ctx, x)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if errors.Is(err, binread.ErrLimit) {
			return nil, fmt.Errorf("files of packages (%s): %w", m.name, err)
		}
		if err != nil {
			x.problem("", err)
		}
		if found {
			x.Managers = append(x.Managers, m.name)
		}
	}
	return x, nil
}

// Owner returns the package that owns the path, which must be without links as guest.Object.Path is, or "". Of several
// packages that own a directory or a file that they share, it is the first.
func (x *Index) Owner(path string) string { return x.owners[path] }

// Owners returns all packages that own the path, without links.
func (x *Index) Owners(path string) []string {
	if more, ok := x.shared[path]; ok {
		return more
	}
	if one, ok := x.owners[path]; ok {
		return []string{one}
	}
	return nil
}

// Len is how many paths have an owner.
func (x *Index) Len() int { return len(x.owners) }

// OwnerOf returns the package that owns what path leads to, or the link at path itself, or "".
func (x *Index) OwnerOf(path string) string {
	if at := x.resolve(path); x.owners[at] != "" {
		return x.owners[at]
	}
	target, err := x.g.Resolve(path)
	if err != nil {
		return ""
	}
	return x.owners[target]
}

func (x *Index) problem(path string, err error) {
	if len(x.Problems) < maxProblems {
		x.Problems = append(x.Problems, Problem{path, err})
	}
}

// add makes pkg an owner of a path as a list names it.
func (x *Index) add(file, pkg string) error {
	if x.files++; x.files > maxFiles {
		return binread.Limit("more than %d files", maxFiles)
	}
	at := x.resolve(file)
	old, ok := x.owners[at]
	switch {
	case !ok:
		x.owners[at] = pkg
	case old != pkg:
		if x.shared[at] == nil {
			x.shared[at] = []string{old}
		}
		if more := x.shared[at]; more[len(more)-1] != pkg {
			x.shared[at] = append(more, pkg)
		}
	}
	return nil
}

// resolve resolves the directory that file is in, and not file itself: a package owns its links.
func (x *Index) resolve(file string) string {
	file = path.Clean("/" + file)
	dir, name := path.Split(file)
	to, ok := x.dirs[dir]
	if !ok {
		var err error
		if to, err = x.g.Resolve(dir); err != nil && to == "" || errors.Is(err, fs.ErrNotExist) {
			to = dir // it is not there, and neither is the file
		}
		x.dirs[dir] = to
	}
	return path.Join(to, name)
}

// lines calls one for each line of a list.
func (x *Index) lines(ctx context.Context, list string, one func(line string) error) error {
	b, err := x.g.ReadFile(list, maxList)
	if b == nil && err != nil {
		return err
	}
	if err != nil { // the content came with it, and is not to be believed
		x.problem(list, err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		x.problem(list, binread.Corrupt("file ends in the middle of a line"))
	}
	n := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\n"), "\n") {
		if n++; n%10_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := one(line); err != nil {
			return err
		}
	}
	return nil
}
