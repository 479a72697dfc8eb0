// Package timesyncd collects the domain "timesyncd": the settings of systemd's SNTP client (timesyncd.conf(5)). The
// servers it was built with, and those of DHCP, are not known here.
package timesyncd

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

// Collector collects the domain "timesyncd".
var Collector = facts.New("timesyncd", "Settings of systemd's time client", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Timesyncd, error) {
	return s.SystemdConfig(facts.SystemdProgram{
		File: "timesyncd.conf", Programs: []string{"systemd-timesyncd"},
		Lists: []string{"Time.NTP", "Time.FallbackNTP"},
	})
}
