// Package packages collects the domain "packages" from dpkg's database.
//
// Sources: /var/lib/dpkg/status, the updates to it in /var/lib/dpkg/updates that dpkg has not merged yet, and
// /var/lib/dpkg/status.d of distroless images (dpkg(1), deb-control(5)). The databases of rpm, apk and pacman are
// recognised and not read: the domain is Unsupported where they are all there is. Packages of snap, flatpak, pip and
// their like are not packages here.
package packages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	status  = "/var/lib/dpkg/status"
	updates = "/var/lib/dpkg/updates"
	parts   = "/var/lib/dpkg/status.d"
)

// Collector collects the domain "packages".
var Collector = facts.New("packages", "The packages that the guest's package manager knows", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Packages, error) {
	db := newDatabase()
	if err := readDpkg(ctx, s, db); err != nil {
		return nil, err
	}
	other, path := otherDatabase(s)
	switch {
	case !db.found && other == "":
		return nil, fmt.Errorf("package database: %w", fs.ErrNotExist)
	case len(db.records) == 0 && other != "":
		return nil, &fs.PathError{Op: "read", Path: path, Err: binread.Unsupported("the database of %s is not read by this version", other)}
	case other != "":
		s.Problem(path, 0, binread.Unsupported("a second package database, of %s, is not read by this version", other))
	case len(db.records) == 0:
		s.Problem(status, 0, binread.Corrupt("holds no record of any package"))
	}
	return db.packages(), nil
}

// readDpkg reads what there is of dpkg's database into db.
func readDpkg(ctx context.Context, s *facts.Scope, db *database) error {
	if err := readFile(ctx, s, db, status, whole); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range s.ReadDir(parts) {
		// Beside each record lies the list of its files' digests.
		if e.Type.IsDir() || strings.HasSuffix(e.Name, ".md5sums") || strings.HasPrefix(e.Name, ".") {
			continue
		}
		if err := readFile(ctx, s, db, parts+"/"+e.Name, part); err != nil {
			return err
		}
	}
	for _, e := range s.ReadDir(updates) {
		// dpkg numbers them; tmp.i is one that it was still writing.
		if strings.Trim(e.Name, "0123456789") != "" {
			continue
		}
		if err := readFile(ctx, s, db, updates+"/"+e.Name, update); err != nil {
			return err
		}
	}
	return nil
}

func readFile(ctx context.Context, s *facts.Scope, db *database, path string, k kind) error {
	b, err := s.ReadFile(path)
	if err != nil {
		return err
	}
	db.found = true
	p := parser{db: db, path: path, kind: k, problem: func(line int, err error) { s.Problem(path, line, err) }}
	return p.parse(ctx, b)
}

// others are the databases of other package managers, in the order in which they are looked for.
var others = []struct{ manager, path string }{
	{"rpm", "/var/lib/rpm/rpmdb.sqlite"},
	{"rpm", "/var/lib/rpm/Packages.db"},
	{"rpm", "/var/lib/rpm/Packages"},
	{"rpm", "/usr/lib/sysimage/rpm/rpmdb.sqlite"},
	{"rpm", "/usr/lib/sysimage/rpm/Packages.db"},
	{"rpm", "/usr/lib/sysimage/rpm/Packages"},
	{"rpm", "/usr/share/rpm/rpmdb.sqlite"},
	{"rpm", "/usr/share/rpm/Packages"},
	{"apk", "/lib/apk/db/installed"},
	{"apk", "/usr/lib/apk/db/installed"},
	{"pacman", "/var/lib/pacman/local"},
}

// otherDatabase returns the first package manager besides dpkg that has a database here, and where.
func otherDatabase(s *facts.Scope) (manager, path string) {
	for _, o := range others {
		if s.Exists(o.path) {
			return o.manager, o.path
		}
	}
	return "", ""
}
