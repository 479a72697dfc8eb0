// Package globs collects the domain "globs": the paths that match the patterns the checks asked for.
//
// Sources: the directories of the guest. It describes none of the paths it finds; that is package files.
package globs

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "globs".
var Collector = facts.New("globs", "The paths that match the patterns of checks", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Globs, error) {
	all := facts.Globs{}
	for _, pattern := range s.Request.Globs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		paths, err := s.Guest.Glob(pattern)
		g := &facts.Glob{Paths: append([]string{}, paths...)}
		if err != nil {
			g.Error = facts.ProblemText(err)
		}
		all[pattern] = g
	}
	return &all, nil
}
