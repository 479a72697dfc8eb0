// Package logfiles collects the domain "log_files": the modes and owners of what is below /var/log.
//
// Sources: the inodes themselves, and /etc/passwd and /etc/group for the names of owners. It reads no log, and follows no
// link but those that lead to /var/log itself.
package logfiles

import (
	"cmp"
	"context"
	"slices"

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
	out := &facts.LogFiles{Files: []facts.Inode{}}
	owners := s.Owners()
	whole, err := s.Walk(ctx, root, func(path string, o guest.Object) error {
		if out.Seen++; len(out.Files) < maxFiles {
			out.Files = append(out.Files, owners.Inode(path, o))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if out.Truncated = out.Seen > maxFiles; out.Truncated {
		s.Problem(root, 0, binread.Limit("%d files, of which %d are told", out.Seen, maxFiles))
	}
	out.Complete = whole && !out.Truncated
	slices.SortFunc(out.Files, func(a, b facts.Inode) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}
