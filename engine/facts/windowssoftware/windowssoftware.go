// Package windowssoftware collects the domain "windows_software": the programs that have an entry for being uninstalled.
//
// Sources: Microsoft\Windows\CurrentVersion\Uninstall below HKLM\SOFTWARE, its Wow6432Node, and the same of every user's hive. Programs
// without an entry, and those of the store, are not there.
package windowssoftware

import (
	"context"

	"github.com/guestctl/guestctl/engine/facts"
	"github.com/guestctl/guestctl/engine/guest"
)

// Collector collects the domain "windows_software".
var Collector = facts.New("windows_software", "The programs that a Windows guest can uninstall", collect).On(guest.Windows)

func collect(_ context.Context, s *facts.Scope) (*facts.WindowsSoftware, error) {
	h, err := s.Hives()
	if err != nil {
		return nil, err
	}
	programs := append(facts.WindowsSoftware{}, h.Programs()...)
	return &programs, nil
}
