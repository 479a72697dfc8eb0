// Package useradd collects the domain "useradd": what useradd(8) gives new accounts.
//
// Sources: /etc/default/useradd, or SUSE's /usr/etc/default/useradd, whose lines are NAME=value from the first column
// on; and the defaults that are compiled into useradd.
package useradd

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const maxLines = 10_000 // settings of the file

// Collector collects the domain "useradd".
var Collector = facts.New("useradd", "What useradd gives new accounts", collect)

// names are the settings that every version of useradd gives the same value where none is written.
var names = []struct{ name, value string }{
	{"HOME", "/home"},
	{"INACTIVE", "-1"},
	{"EXPIRE", ""},
	{"SKEL", "/etc/skel"},
}

func collect(_ context.Context, s *facts.Scope) (*facts.Useradd, error) {
	settings := facts.Useradd{}
	err := read(s, "/etc/default/useradd", settings)
	if errors.Is(err, fs.ErrNotExist) {
		err = read(s, "/usr/etc/default/useradd", settings)
	}
	if err != nil && (!errors.Is(err, fs.ErrNotExist) || !s.Exists("/usr/sbin/useradd")) {
		return nil, err
	}
	for _, n := range names {
		if settings[n.name] == nil {
			settings[n.name] = facts.Default(n.value)
		}
	}
	return &settings, nil
}

func read(s *facts.Scope, path string, settings facts.Useradd) error {
	count := 0
	return s.Lines(path, func(n int, text string) {
		name, value, ok := strings.Cut(text, "=")
		if !ok || !known(name) {
			return
		}
		if count++; count > maxLines {
			if count == maxLines+1 {
				s.Problem(path, n, binread.Limit("more than %d settings", maxLines))
			}
			return
		}
		settings[name] = facts.Override(settings[name], strings.TrimRight(value, "\r"), facts.At(path, n, text))
	})
}

func known(name string) bool {
	for _, n := range names {
		if n.name == name {
			return true
		}
	}
	switch name {
	case "GROUP", "GROUPS", "SHELL", "CREATE_MAIL_SPOOL", "USRSKEL", "LOG_INIT":
		return true
	}
	return false
}
