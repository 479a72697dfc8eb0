// Package shells collects the domain "shells": the shells that /etc/shells allows.
//
// Source: /etc/shells (shells(5)), or /usr/etc/shells where SUSE keeps its own, as getusershell(3) reads it: what stands
// from the first slash to the next blank or # of each line.
package shells

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxShells = 10_000

// Collector collects the domain "shells".
var Collector = facts.New("shells", "The shells that /etc/shells allows", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Shells, error) {
	path := "/etc/shells"
	all, err := read(s, path)
	if errors.Is(err, fs.ErrNotExist) {
		path = "/usr/etc/shells"
		all, err = read(s, path)
	}
	if err != nil {
		return nil, err
	}
	if len(all) > maxShells {
		s.Problem(path, 0, binread.Limit("%d shells, want at most %d", len(all), maxShells))
		all = all[:maxShells]
	}
	return &all, nil
}

func read(s *facts.Scope, path string) (facts.Shells, error) {
	all := facts.Shells{}
	err := s.Lines(path, func(_ int, text string) {
		if shell := parse(text); shell != "" {
			all = append(all, shell)
		}
	})
	return all, err
}

func parse(line string) string {
	start := strings.IndexAny(line, "/#")
	if start < 0 || line[start] == '#' {
		return ""
	}
	line = line[start:]
	if end := strings.IndexAny(line, " \t\r\v\f#"); end >= 0 {
		line = line[:end]
	}
	return line
}
