// Package auditd collects the domain "auditd": the settings of the audit daemon (auditd.conf(5)). Its rules are in the
// domain "audit". Settings that nobody wrote are left out: the defaults depend on the version.
package auditd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
)

const (
	path    = "/etc/audit/auditd.conf"
	maxLine = 8 << 10 // bytes
)

// Collector collects the domain "auditd".
var Collector = facts.New("auditd", "Settings of the audit daemon", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Auditd, error) {
	c := facts.Auditd{}
	err := s.Lines(path, func(n int, text string) {
		key, value, ok, err := parseLine(text)
		if err != nil {
			s.Problem(path, n, err)
		}
		if ok {
			c[key] = facts.Override(c[key], value, facts.At(path, n, text))
		}
	})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// parseLine reads "key = value". Auditd wants spaces around the sign and one word after it; where it does not take the
// line it does not start, which is an error beside the value.
func parseLine(text string) (key, value string, ok bool, err error) {
	if len(text) > maxLine {
		return "", "", false, fmt.Errorf("line has %d bytes, want at most %d", len(text), maxLine)
	}
	words := strings.Fields(text)
	switch {
	case len(words) == 0 || words[0][0] == '#':
		return "", "", false, nil
	case len(words) == 3 && words[1] == "=":
		return strings.ToLower(words[0]), words[2], true, nil
	}
	key, value, ok = strings.Cut(text, "=")
	key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
	ok = ok && key != "" && value != ""
	return key, value, ok, errors.New("line is not key = value: auditd refuses the file")
}
