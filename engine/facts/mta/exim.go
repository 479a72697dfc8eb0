package mta

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	eximDebian  = "/etc/exim4/update-exim4.conf.conf"
	eximOwn     = "/etc/exim4/exim4.conf" // takes the place of what Debian makes
	eximMacros  = "/etc/exim4/exim4.conf.localmacros"
	eximDefault = "/etc/default/exim4"
)

// exim reads dc_local_interfaces of Debian's configuration. A configuration of another kind, or one in which more than that
// decides, is not known.
func exim(s *facts.Scope) ([]facts.MTAAddress, *bool) {
	assigned, ok := assignments(s, eximDebian)
	if !ok || s.Exists(eximOwn) {
		return nil, nil
	}
	list := []facts.MTAAddress{}
	set := facts.LastAssignment(assigned, "dc_local_interfaces")
	if set == nil {
		set = facts.Default("")
	}
	for word := range strings.SplitSeq(set.Value, ";") {
		if word = strings.TrimSpace(word); word != "" {
			list = append(list, facts.MTAAddress{Value: withoutPort(word), Source: set.Source})
		}
	}
	if len(list) == 0 {
		list = append(list, facts.MTAAddress{Value: all, Source: set.Source})
	}
	loopback := loopbackOnly(list)
	if loopback != nil && *loopback && overridden(s) {
		loopback = nil
	}
	return list, loopback
}

// withoutPort takes the port off an address, in both forms that Exim has for it: "[127.0.0.1]:25" and "127.0.0.1.25".
func withoutPort(text string) string {
	if host, _, ok := strings.Cut(text, "]:"); ok && strings.HasPrefix(text, "[") {
		return host[1:]
	}
	if _, ok := isLoopback(text); ok {
		return text
	}
	i := strings.LastIndexByte(text, '.')
	if i < 0 {
		return text
	}
	if _, ok := isLoopback(text[:i]); !ok {
		return text
	}
	return text[:i]
}

// overridden reports whether the daemon's options or a macro may set other addresses, or that is not known.
func overridden(s *facts.Scope) bool {
	options, ok := assignments(s, eximDefault)
	if !ok && s.Exists(eximDefault) {
		return true
	}
	for _, a := range options {
		if strings.Contains(a.Value, "-oX") {
			return true
		}
	}
	found := false
	err := s.Lines(eximMacros, func(_ int, text string) {
		found = found || strings.HasPrefix(strings.TrimSpace(text), "MAIN_LOCAL_INTERFACES")
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(eximMacros, 0, err)
		return true
	}
	return found
}

// assignments returns those of a file; false when it is missing or could not be read, which is a problem.
func assignments(s *facts.Scope, file string) ([]facts.Assignment, bool) {
	list, err := s.Assignments(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Problem(file, 0, err)
	}
	return list, err == nil
}
