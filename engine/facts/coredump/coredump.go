// Package coredump collects the domain "coredump": what systemd does with core dumps (coredump.conf(5)).
package coredump

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "coredump".
var Collector = facts.New("coredump", "What systemd does with core dumps", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Coredump, error) {
	return s.SystemdConfig(facts.SystemdProgram{
		File: "coredump.conf", Programs: []string{"systemd-coredump"},
		Bools:    []string{"Coredump.Compress", "Coredump.EnterNamespace"},
		Defaults: map[string]string{"Coredump.Storage": "external", "Coredump.Compress": "yes"},
	})
}
