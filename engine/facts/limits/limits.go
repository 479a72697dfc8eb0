// Package limits collects the domain "limits": what pam_limits allows a session to use.
//
// Sources: /etc/security/limits.conf, then the *.conf of /etc/security/limits.d in the order of their names
// (limits.conf(5)); where /etc has no limits.conf, the one of /usr/etc/security. The last rule of a domain and item wins.
// Limits that systemd sets for its units are not known here.
package limits

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
	maxFiles = 2000
	maxRules = 50_000
	maxBad   = 100 // lines of one file that are no rules, and then it is not read on
)

// Collector collects the domain "limits".
var Collector = facts.New("limits", "The limits that PAM sets for sessions", collect)

func collect(ctx context.Context, s *facts.Scope) (*facts.Limits, error) {
	all := facts.Limits{}
	err := read(s, "/etc/security/limits.conf", &all)
	if errors.Is(err, fs.ErrNotExist) {
		err = read(s, "/usr/etc/security/limits.conf", &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	drops := s.DropIns(".conf", "/etc/security/limits.d", "/usr/etc/security/limits.d")
	if err != nil && len(drops) == 0 {
		return nil, err
	}
	if len(drops) > maxFiles {
		s.Problem("/etc/security/limits.d", 0, binread.Limit("%d files, want at most %d", len(drops), maxFiles))
		drops = drops[:maxFiles]
	}
	for _, d := range drops {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if d.Masked {
			continue
		}
		if err := read(s, d.Path, &all); err != nil {
			s.Problem(d.Path, 0, err)
		}
	}
	return &all, nil
}

func read(s *facts.Scope, name string, all *facts.Limits) error {
	full, bad := false, 0
	return s.Lines(name, func(n int, text string) {
		l, ok, err := parse(text)
		switch {
		case full:
		case err != nil:
			s.Problem(name, n, err)
			bad++
			full = bad == maxBad
		case ok && len(*all) == maxRules:
			full = true
			s.Problem(name, n, binread.Limit("more than %d rules", maxRules))
		case ok:
			l.Source = facts.At(name, n, strings.TrimSpace(text))
			*all = append(*all, l)
		}
	})
}

// parse reads "domain type item value", or "domain -" for one that is free of limits.
func parse(line string) (facts.Limit, bool, error) {
	line, _, _ = strings.Cut(line, "#")
	f := strings.Fields(line)
	switch {
	case len(f) == 0:
		return facts.Limit{}, false, nil
	case len(f) == 2 && f[1] == "-":
		return facts.Limit{Domain: f[0], Type: "-"}, true, nil
	case len(f) != 4:
		return facts.Limit{}, false, fmt.Errorf("line has %d words, want a domain, a type, an item and a value", len(f))
	}
	l := facts.Limit{Domain: f[0], Type: strings.ToLower(f[1]), Item: strings.ToLower(f[2]), Value: strings.ToLower(f[3])}
	if !slices.Contains([]string{"hard", "soft", "-"}, l.Type) {
		return facts.Limit{}, false, errors.New("type is none of hard, soft and -")
	}
	return l, true, nil
}
