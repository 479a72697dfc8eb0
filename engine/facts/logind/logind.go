// Package logind collects the domain "logind": the settings of systemd's login manager (logind.conf(5)).
package logind

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "logind".
var Collector = facts.New("logind", "Settings of systemd's login manager", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Logind, error) {
	return s.SystemdConfig(facts.SystemdProgram{
		File: "logind.conf", Programs: []string{"systemd-logind"},
		Lists: []string{"Login.KillOnlyUsers", "Login.KillExcludeUsers"},
		Bools: []string{"Login.KillUserProcesses", "Login.RemoveIPC"},
	})
}
