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

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/guest"
)

// Index is which packages own which paths. The zero Index owns nothing. Its Problems are what could not be read or is not to be
// believed: a file may have an owner all the same.
type Index struct {
	Lists
	// Managers are those of which a database was read: "dpkg", "rpm", "apk", "pacman". Without one, that a file has no
	// owner says nothing.
	Managers []string

	owners map[string]string // by path without links
	shared map[string][]string
}

// Load reads the lists of files of every package manager of the guest. The error is that of the context, or one of kind
// binread.ErrLimit; everything else is among the problems.
func Load(ctx context.Context, g *guest.Guest) (*Index, error) {
	x := &Index{Lists: NewLists(g), owners: map[string]string{}, shared: map[string][]string{}}
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
			x.Problem("", err)
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
	if at := x.Resolve(path); x.owners[at] != "" {
		return x.owners[at]
	}
	target, err := x.guest.Resolve(path)
	if err != nil {
		return ""
	}
	return x.owners[target]
}

// add makes pkg an owner of a path as a list names it.
func (x *Index) add(file, pkg string) error {
	if err := x.Count(); err != nil {
		return err
	}
	at := x.Resolve(file)
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
