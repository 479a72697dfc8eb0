// Package resolved collects the domain "resolved": the settings of systemd's name resolution (resolved.conf(5)), and what
// programs of the guest resolve names with.
package resolved

import (
	"context"
	"errors"
	"io/fs"

	"github.com/guestctl/guestctl/engine/facts"
)

const resolvConf = "/etc/resolv.conf"

// Collector collects the domain "resolved".
var Collector = facts.New("resolved", "Settings of systemd's name resolution", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Resolved, error) {
	c, err := s.SystemdConfig(facts.SystemdProgram{
		File: "resolved.conf", Programs: []string{"systemd-resolved"},
		Lists: []string{"Resolve.DNS", "Resolve.FallbackDNS", "Resolve.Domains", "Resolve.DNSStubListenerExtra"},
		Bools: []string{
			"Resolve.LLMNR", "Resolve.MulticastDNS", "Resolve.DNSSEC", "Resolve.DNSOverTLS", "Resolve.DNSStubListener",
			"Resolve.ReadEtcHosts", "Resolve.Cache",
		},
	})
	if err != nil {
		return nil, err
	}
	target, err := s.ReadLink(resolvConf)
	switch {
	case err == nil:
		(*c)["Effective.ResolvConf"] = &facts.Value[string]{Value: target, Explicit: true, Source: &facts.Source{Path: resolvConf, Text: "-> " + target}}
	case !errors.Is(err, fs.ErrNotExist):
		if o, statErr := s.Lstat(resolvConf); statErr != nil || o.IsSymlink() {
			s.Problem(resolvConf, 0, err)
		}
	}
	return c, nil
}
