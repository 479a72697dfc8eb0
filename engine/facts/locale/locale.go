// Package locale collects the domain "locale": LANG of the system.
//
// Sources: /etc/locale.conf (locale.conf(5)), Debian's /etc/default/locale, and the files of RHEL 6 and old SUSE. The LC_
// variables, a user's own setting and locale.LANG= of the kernel's arguments are not looked at.
package locale

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/guestctl/guestctl/engine/facts"
)

// sources in order: the first that sets its variable is in effect.
var sources = []struct{ path, name string }{
	{"/etc/locale.conf", "LANG"},
	{"/etc/default/locale", "LANG"},
	{"/etc/sysconfig/i18n", "LANG"},
	{"/etc/sysconfig/language", "RC_LANG"},
}

// Collector collects the domain "locale".
var Collector = facts.New("locale", "The language of the system", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Locale, error) {
	var lang *facts.Locale
	read := map[string]bool{} // by resolved path: newer Debian links one to the other
	for _, from := range sources {
		target, err := s.Guest.Resolve(from.path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && read[target] {
			continue
		}
		read[target] = true
		all, err := s.Assignments(from.path)
		if err != nil {
			return nil, err
		}
		v := facts.LastAssignment(all, from.name)
		switch {
		case v == nil || v.Value == "":
		case lang == nil:
			lang = v
		case v.Value != lang.Value:
			lang.Shadowed = append(lang.Shadowed, facts.Shadow[string]{Source: *v.Source, Value: v.Value})
		}
	}
	if lang == nil {
		return nil, fmt.Errorf("no file sets LANG: %w", fs.ErrNotExist)
	}
	return lang, nil
}
