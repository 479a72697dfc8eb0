// Package logindefs collects the domain "login_defs": the settings of the shadow tools.
//
// Sources: /etc/login.defs (login.defs(5)); where the guest has none, SUSE's /usr/etc/login.defs; and, where libeconf
// reads it, the drop-ins of /usr/etc/login.defs.d and /etc/login.defs.d. The last line of a name is in effect. Accounts
// that exist keep their own ageing, and PAM's modules have options that go before these settings.
package logindefs

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/binread"
	"github.com/guestctl/guestctl/engine/facts"
)

const (
	maxSettings = 10_000
	etcPath     = "/etc/login.defs"
	vendorPath  = "/usr/etc/login.defs"
)

// Collector collects the domain "login_defs".
var Collector = facts.New("login_defs", "The settings of /etc/login.defs in effect", collect, "os")

func collect(_ context.Context, s *facts.Scope) (*facts.LoginDefs, error) {
	r := reader{s, facts.LoginDefs{}, 0}
	err := r.file(etcPath)
	if errors.Is(err, fs.ErrNotExist) {
		err = r.file(vendorPath)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	drops := s.DropIns(".defs", "/etc/login.defs.d", "/usr/etc/login.defs.d")
	if err != nil && len(drops) == 0 {
		return nil, err
	}
	if len(drops) > 0 && !econf(s) {
		s.Problem(drops[0].Path, 0, errors.New("it is not known whether this guest's shadow tools read drop-ins: they are not counted"))
		return &r.defs, nil
	}
	for _, d := range drops {
		if d.Masked {
			continue
		}
		if err := r.file(d.Path); err != nil {
			s.Problem(d.Path, 0, err)
		}
	}
	return &r.defs, nil
}

// econf reports whether the shadow tools of this guest read drop-ins.
func econf(s *facts.Scope) bool {
	os, ok := facts.Of[facts.OS](s, "os")
	return ok && os.Family == "suse" || s.Exists(vendorPath)
}

type reader struct {
	s        *facts.Scope
	defs     facts.LoginDefs
	settings int
}

func (r *reader) file(path string) error {
	return r.s.Lines(path, func(n int, text string) {
		name, value, ok := parse(text)
		if !ok {
			return
		}
		if r.settings++; r.settings > maxSettings {
			if r.settings == maxSettings+1 {
				r.s.Problem(path, n, binread.Limit("more than %d settings", maxSettings))
			}
			return
		}
		r.defs[name] = facts.Override(r.defs[name], value, facts.At(path, n, text))
	})
}

// parse reads a line as getdef.c of the shadow tools does: a name, blanks, and the rest as the value, whose quotes are
// taken off and which has no comments in it. A name alone sets nothing.
func parse(line string) (name, value string, ok bool) {
	line = strings.Trim(line, " \t\r\n\v\f")
	if line == "" || line[0] == '#' {
		return "", "", false
	}
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return "", "", false
	}
	value = strings.TrimLeft(line[end:], " \"\t")
	value, _, _ = strings.Cut(value, `"`)
	return line[:end], value, true
}
