// Package journald collects the domain "journald": the settings of systemd's journal (journald.conf(5)), and where it
// would keep it.
package journald

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
)

const store = "/var/log/journal"

// Collector collects the domain "journald".
var Collector = facts.New("journald", "Settings of systemd's journal, and where it is kept", collect)

func collect(_ context.Context, s *facts.Scope) (*facts.Journald, error) {
	c, err := s.SystemdConfig(facts.SystemdProgram{
		File: "journald.conf", Programs: []string{"systemd-journald"},
		Bools: []string{
			"Journal.Compress", "Journal.Seal", "Journal.ForwardToSyslog", "Journal.ForwardToKMsg", "Journal.ForwardToConsole",
			"Journal.ForwardToWall", "Journal.ReadKMsg", "Journal.Audit",
		},
		Defaults: map[string]string{"Journal.Storage": "auto", "Journal.Compress": "yes"},
	})
	if err != nil {
		return nil, err
	}
	storage := *(*c)["Journal.Storage"]
	storage.Shadowed = nil
	if storage.Value == "auto" {
		storage.Value, storage.Explicit = "volatile", false
		if s.Exists(store) {
			storage.Value, storage.Source = "persistent", &facts.Source{Path: store}
		}
	}
	(*c)["Effective.Storage"] = &storage
	return c, nil
}
