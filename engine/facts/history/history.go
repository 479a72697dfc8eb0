// Package history collects the domain "history": the newest transaction of the package manager, the newest entry of
// systemd's journal and the newest record of wtmp(5).
//
// Package managers: the logs of dpkg, apt, dnf, zypper and pacman, and the times of installation in the database where it
// has them. Journals: the header of each file in /var/log/journal (systemd's "Journal File Format"). Compressed logs and
// databases of SQLite are named and not read. A clock that was wrong when a record was made is not noticed.
package history

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "history".
var Collector = facts.New("history", "Newest package transaction, journal entry and login", collect, "packages")

// unread are records that are only named.
var unread = []string{"/var/lib/dnf/history.sqlite", "/usr/lib/sysimage/libdnf5/transaction_history.sqlite", "/var/lib/wtmpdb/wtmp.db"}

func collect(ctx context.Context, s *facts.Scope) (*facts.History, error) {
	h := &facts.History{Unread: []string{}}
	h.Packages = newer(logs(s), installed(s))
	h.Wtmp = wtmp(s)
	var err error
	if h.Journal, err = journals(ctx, s); err != nil {
		return nil, err
	}
	for _, path := range unread {
		if s.Exists(path) {
			h.Unread = append(h.Unread, path)
		}
	}
	h.Newest = newer(newer(h.Packages, h.Journal), h.Wtmp)
	if h.Newest == nil && len(h.Unread) == 0 {
		return nil, fmt.Errorf("no log of packages, no journal, no wtmp: %w", fs.ErrNotExist)
	}
	return h, nil
}

// at returns the moment t.
func at(t time.Time, source facts.Source) *facts.HistoryTime {
	t = t.UTC()
	return &facts.HistoryTime{Time: t.Format(time.RFC3339), Day: int(floorDiv(t.Unix(), 86400)), Source: source}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// newer returns the later of two moments, of which either may be nil.
func newer(a, b *facts.HistoryTime) *facts.HistoryTime {
	switch {
	case a == nil:
		return b
	case b == nil || b.Time <= a.Time: // RFC 3339 in UTC compares as text, for years of four digits
		return a
	}
	return b
}

// installed returns the newest time of installation that the package database has.
func installed(s *facts.Scope) *facts.HistoryTime {
	db, ok := facts.Of[facts.Packages](s, "packages")
	if !ok {
		return nil
	}
	var newest facts.Package
	for _, versions := range db.Installed {
		for _, p := range versions {
			if p.InstallTime > newest.InstallTime || p.InstallTime == newest.InstallTime && p.Name < newest.Name {
				newest = p
			}
		}
	}
	if newest.InstallTime <= 0 || newest.InstallTime > maxTime {
		return nil
	}
	return at(time.Unix(newest.InstallTime, 0), newest.Source)
}

const maxTime = 253402300799 // the last second of the year 9999
