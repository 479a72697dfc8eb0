// Package zypper collects the domain "zypper": the repositories of zypper and what is checked of them.
//
// The main file is /etc/zypp/zypp.conf; repositories are /etc/zypp/repos.d/*.repo. Without a setting the signature of a
// repository's index is checked, and with it the digests of its packages.
package zypper

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "zypper".
var Collector = facts.New("zypper", "Repositories of zypper and what is checked of them", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Zypper, error) {
	r, err := s.Repositories(facts.RepoFiles{
		Main: []string{"/etc/zypp/zypp.conf", "/usr/etc/zypp/zypp.conf"}, Dirs: []string{"/etc/zypp/repos.d"}, GPGCheck: true, RepoGPG: true,
	})
	return (*facts.Zypper)(r), err
}
