// Package globs collects the domain "globs": the paths that match the patterns the checks asked for, with what their inodes
// say.
//
// Sources: the directories of the guest, and /etc/passwd and /etc/group for the names of owners. Links on the way to a path
// are followed; the path itself is not, that is package files.
package globs

import (
	"context"
	"errors"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "globs".
var Collector = facts.New("globs", "The paths that match the patterns of checks, with type, mode and owner", collect).On(guest.Unix, guest.Windows)

func collect(ctx context.Context, s *facts.Scope) (*facts.Globs, error) {
	all := facts.Globs{}
	if len(s.Request.Globs) == 0 {
		return &all, nil
	}
	owners := s.Owners()
	for _, pattern := range s.Request.Globs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		paths, err := s.Guest.Glob(pattern)
		g := &facts.Glob{Paths: append([]string{}, paths...), Files: []facts.GlobFile{}}
		for _, path := range paths {
			f, readErr := describe(s, owners, path)
			if readErr == nil || damaged(readErr) {
				g.Files = append(g.Files, f)
			}
			if err == nil {
				err = readErr
			}
		}
		if err != nil {
			g.Error = facts.ProblemText(err)
		}
		all[pattern] = g
	}
	return &all, nil
}

// describe reads one inode. An error of kind binread.ErrChecksum comes with the value.
func describe(s *facts.Scope, owners *facts.Owners, path string) (facts.GlobFile, error) {
	o, err := s.Guest.Lstat(path)
	if err != nil && !damaged(err) {
		return facts.GlobFile{}, err
	}
	f := facts.GlobFile{Inode: owners.Inode(path, o)}
	if !o.IsSymlink() {
		return f, err
	}
	target, linkErr := o.ReadLink()
	f.Link = target
	if linkErr != nil {
		err = linkErr
	}
	return f, err
}

func damaged(err error) bool { return errors.Is(err, binread.ErrChecksum) }
