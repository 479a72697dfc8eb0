// Package packages collects the domain "packages" from the database of the guest's package manager.
//
// dpkg: /var/lib/dpkg/status, the updates to it in /var/lib/dpkg/updates that dpkg has not merged yet, and
// /var/lib/dpkg/status.d of distroless images (dpkg(1), deb-control(5)). rpm: the databases that package rpmdb reads.
// apk: lib/apk/db/installed (apk-package(5)). pacman: local/*/desc below its DBPath (alpm-desc). Of several managers with
// packages the first one is taken, in that order, and the others are a problem. Of Windows: the programs that have an entry for being
// uninstalled, by the names that people see.
//
// Packages of snap, flatpak, pip and their like are not packages here.
package packages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	status  = "/var/lib/dpkg/status"
	updates = "/var/lib/dpkg/updates"
	parts   = "/var/lib/dpkg/status.d"
)

// Collector collects the domain "packages".
var Collector = facts.New("packages", "The packages that the guest's package manager knows", collect).On(guest.Unix, guest.Windows)

// manager reads one kind of database. It returns where that is, and an error of kind fs.ErrNotExist when there is none.
type manager struct {
	name string
	read func(ctx context.Context, s *facts.Scope) (p *facts.Packages, path string, err error)
}

var managers = []manager{{"dpkg", dpkg}, {"rpm", rpm}, {"apk", apk}, {"pacman", pacman}}

func collect(ctx context.Context, s *facts.Scope) (*facts.Packages, error) {
	if s.Guest.System == guest.Windows {
		return windows(s)
	}
	var first *facts.Packages // one without packages, when there is no other
	var chosen *facts.Packages
	var failed error
	at := ""
	for _, m := range managers {
		p, path, err := m.read(ctx, s)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && chosen != nil:
			s.Problem(path, 0, fmt.Errorf("a second package database, of %s: %w", m.name, err))
		case err != nil && failed == nil:
			failed = err
		case err != nil:
			s.Problem(path, 0, err)
		case p.Count+len(p.Residual) == 0:
			if first == nil {
				first, at = p, path
			}
		case chosen == nil:
			chosen = p
		default:
			s.Problem(path, 0, fmt.Errorf("a second package database, of %s with %d packages, is not taken in", m.name, p.Count))
		}
	}
	switch {
	case chosen != nil && failed != nil:
		s.Problem("", 0, failed)
	case failed != nil:
		return nil, failed
	case chosen == nil && first != nil:
		s.Problem(at, 0, binread.Corrupt("holds no record of any package"))
		chosen = first
	case chosen == nil:
		return nil, fmt.Errorf("package database: %w", fs.ErrNotExist)
	}
	return chosen, nil
}

func newPackages(manager string) *facts.Packages {
	return &facts.Packages{Manager: manager, Installed: map[string][]facts.Package{}, Residual: map[string][]facts.Package{}}
}

// add puts a package in, behind the others of its name.
func add(p *facts.Packages, one facts.Package) {
	p.Installed[one.Name] = append(p.Installed[one.Name], one)
	p.Count++
}

func dpkg(ctx context.Context, s *facts.Scope) (*facts.Packages, string, error) {
	db := newDatabase()
	if err := readDpkg(ctx, s, db); err != nil {
		return nil, status, err
	}
	if !db.found {
		return nil, status, fs.ErrNotExist
	}
	p := db.packages()
	dpkgTimes(s, p)
	dpkgAuto(s, p)
	return p, status, nil
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
