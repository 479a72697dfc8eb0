// Package hostname collects the domain "hostname": the static name of the guest.
//
// Sources: the first line of /etc/hostname that is neither blank nor a comment (hostname(5)), else HOSTNAME= of
// /etc/sysconfig/network, as RHEL 6 has it; of Windows the name of TCP/IP, else that of the computer. A name that DHCP or cloud-init would set at run time is not known here.
package hostname

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

const (
	path    = "/etc/hostname"
	oldPath = "/etc/sysconfig/network"
	maxName = 64 // HOST_NAME_MAX of Linux
)

// Collector collects the domain "hostname".
var Collector = facts.New("hostname", "The static host name", collect).On(guest.Unix, guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.Hostname, error) {
	if s.Guest.System == guest.Windows {
		return windows(s)
	}
	var name *facts.Hostname
	err := s.Lines(path, func(n int, text string) {
		value := strings.TrimSpace(text)
		if name == nil && value != "" && value[0] != '#' {
			name = &facts.Hostname{Value: value, Explicit: true, Source: &facts.Source{Path: path, Line: n, Text: text}}
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		name, err = fromNetwork(s)
	}
	if err != nil {
		return nil, err
	}
	if name == nil {
		return nil, fmt.Errorf("%s holds no name: %w", path, fs.ErrNotExist)
	}
	if !valid(name.Value) {
		s.Problem(name.Source.Path, name.Source.Line, fmt.Errorf("%q is not a host name: systemd changes it at boot", name.Value))
	}
	return name, nil
}

// valid reports whether systemd takes the name as it stands (hostname_cleanup in its hostname-util.c).
func valid(name string) bool {
	const marks = "-_."
	for _, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return len(name) <= maxName
}

func fromNetwork(s *facts.Scope) (*facts.Hostname, error) {
	all, err := s.Assignments(oldPath)
	if err != nil {
		return nil, err
	}
	return facts.LastAssignment(all, "HOSTNAME"), nil
}
