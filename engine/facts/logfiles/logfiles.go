// Package logfiles collects the domain "log_files": the modes and owners of what is below /var/log.
//
// Sources: the inodes themselves, and /etc/passwd and /etc/group for the names of owners. It reads no log, and follows no
// link but those that lead to /var/log itself.
package logfiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	root     = "/var/log"
	maxFiles = 20_000
)

// Collector collects the domain "log_files".
var Collector = facts.New("log_files", "Modes and owners of everything below /var/log", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.LogFiles, error) {
	o, err := s.Stat(root)
	if err != nil {
		return nil, err
	}
	if !o.IsDir() {
		return nil, fmt.Errorf("%s: %w: no directory", root, fs.ErrInvalid)
	}
	w := walker{s: s, owners: s.Owners(), at: o.Path, out: &facts.LogFiles{Complete: true, Files: []facts.Inode{}}}
	if err := s.Guest.Walk(ctx, o.Path, w.visit); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w.problem(root, err)
	}
	if w.out.Truncated {
		w.problem(root, binread.Limit("%d files, of which %d are told", w.out.Seen, maxFiles))
	}
	slices.SortFunc(w.out.Files, func(a, b facts.Inode) int { return cmp.Compare(a.Path, b.Path) })
	return w.out, nil
}

type walker struct {
	s      *facts.Scope
	owners *facts.Owners
	at     string // where /var/log is when its links are resolved
	out    *facts.LogFiles
}

func (w *walker) problem(path string, err error) {
	w.out.Complete = false
	w.s.Problem(path, 0, err)
}

func (w *walker) visit(o guest.Object, err error) error {
	path := root + strings.TrimPrefix(o.Path, w.at)
	if err != nil {
		w.problem(path, err)
		var pathErr *fs.PathError
		if o.Mode == 0 || errors.As(err, &pathErr) && pathErr.Op == "readdir" {
			return nil // a directory comes a second time when its entries cannot be read
		}
	}
	if path == root {
		return nil
	}
	if w.out.Seen++; len(w.out.Files) == maxFiles {
		w.out.Truncated = true
		return nil
	}
	w.out.Files = append(w.out.Files, w.owners.Inode(path, o))
	return nil
}
