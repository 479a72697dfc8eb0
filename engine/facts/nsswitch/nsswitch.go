// Package nsswitch collects the domain "nsswitch": where the C library looks up accounts and names.
//
// Sources: /etc/nsswitch.conf (nsswitch.conf(5)), or SUSE's /usr/etc/nsswitch.conf where the guest has none. The GNU C
// library takes the last line of a database since its version 2.33, and the first before it.
package nsswitch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxDatabases = 1000
	maxServices  = 1000 // of one database
)

// Collector collects the domain "nsswitch".
var Collector = facts.New("nsswitch", "Where the C library looks up accounts and names", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.NSSwitch, error) {
	all, err := read(s, "/etc/nsswitch.conf")
	if errors.Is(err, fs.ErrNotExist) {
		all, err = read(s, "/usr/etc/nsswitch.conf")
	}
	if err != nil {
		return nil, err
	}
	return &all, nil
}

func read(s *facts.Scope, path string) (facts.NSSwitch, error) {
	all := facts.NSSwitch{}
	err := s.Lines(path, func(n int, text string) {
		database, services, ok, err := parse(text)
		if err != nil {
			s.Problem(path, n, err)
		}
		if !ok {
			return
		}
		old, again := all[database]
		switch {
		case again && !slices.Equal(old, services):
			s.Problem(path, n, fmt.Errorf("%s stands here again with other sources, and which line counts is for the C library's version", database))
		case !again && len(all) == maxDatabases:
			s.Problem(path, n, binread.Limit("more than %d databases", maxDatabases))
			return
		}
		all[database] = services
	})
	return all, err
}

// parse reads "database: source [STATUS=action] source". A line without a colon is none.
func parse(line string) (database string, services []string, ok bool, err error) {
	line, _, _ = strings.Cut(line, "#")
	if strings.TrimSpace(line) == "" {
		return "", nil, false, nil
	}
	database, rest, ok := strings.Cut(line, ":")
	database = strings.TrimSpace(database)
	if !ok || database == "" || strings.ContainsAny(database, " \t\x00") {
		return "", nil, false, errors.New("line is no database with its sources")
	}
	services = []string{}
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexAny(rest, " \t[")
		if rest[0] == '[' {
			if end = strings.IndexByte(rest, ']') + 1; end == 0 {
				return database, services, true, errors.New("action has no ]")
			}
		}
		if end < 0 {
			end = len(rest)
		}
		if len(services) == maxServices {
			return database, services, true, binread.Limit("more than %d sources", maxServices)
		}
		services = append(services, rest[:end])
		rest = rest[end:]
	}
	return database, services, true, nil
}
